package hostconfig_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
)

// runMigration runs the step that migrates the database, as a managed node has
// it. Stand-ins say what the database and the migration do; whatever they are
// called with is returned, a call a line.
func runMigration(t *testing.T, checkDatabase, migrate string) (calls, said string, err error) {
	t.Helper()
	step := stepOf(t, renderNode(t, managedNode()), "migrate")
	dir := t.TempDir()
	for name, body := range map[string]string{
		"beamctl":    checkDatabase,
		"systemctl":  `[ "$1" != start ] || { ` + migrate + `; }`,
		"journalctl": "echo '** no such table'",
	} {
		script := "#!/bin/sh\necho \"" + name + " $*\" >>" + dir + "/calls\n" + body + "\n"
		if err := program.Write(dir+"/"+name, script); err != nil {
			t.Fatal(err)
		}
	}
	pause := "sleep() { echo \"sleep $*\" >>" + dir + "/calls; }\n" // a function: there are hundreds
	command := exec.CommandContext(t.Context(), "sh", "-c", pause+strings.ReplaceAll(step, "/usr/local/sbin/beamctl", "beamctl"))
	command.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
	out, err := command.CombinedOutput()
	log, readErr := os.ReadFile(dir + "/calls")
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(log), string(out), err
}

func TestAMigrationWaitsForTheDatabaseAndThenFailsSoon(t *testing.T) {
	t.Parallel()
	// The database lets the app in at the second try.
	calls, said, err := runMigration(t, `[ -e "${0%/*}/tried" ] || { touch "${0%/*}/tried"; exit 1; }`, "false")
	want := "beamctl check-database\nsleep 2\nbeamctl check-database\n" +
		strings.Repeat("systemctl start beam-migrate@2c26b46b68ffc68f.service\nsleep 10\n", 2) +
		"systemctl start beam-migrate@2c26b46b68ffc68f.service\njournalctl --no-pager --lines 20 --unit beam-migrate@2c26b46b68ffc68f.service\n"
	if calls != want {
		t.Errorf("got the calls\n%swant\n%s", calls, want)
	}
	if err == nil || !strings.Contains(said, "** no such table") {
		t.Errorf("the step ends with %v and says %q", err, said)
	}
}

func TestAMigrationThatWorksRunsOnce(t *testing.T) {
	t.Parallel()
	calls, said, err := runMigration(t, "true", "true")
	if err != nil || strings.Count(calls, "beam-migrate") != 1 {
		t.Errorf("%v\n%s%s", err, calls, said)
	}
}

func TestADatabaseThatNeverAnswersIsToldOf(t *testing.T) {
	t.Parallel()
	_, said, err := runMigration(t, "echo 'FATAL: no such role' >&2; exit 1", "true")
	if want := "beam: the database does not let the app in after ten minutes: FATAL: no such role\n"; err == nil || said != want {
		t.Errorf("got %v and %q, want %q", err, said, want)
	}
}
