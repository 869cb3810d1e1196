package hostconfig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// cutOff makes beamctl die when it writes or removes a file for the nth time, as
// when the power goes; half of the file is written beside it.
func (m managed) cutOff(t *testing.T, n int) {
	t.Helper()
	m.write(t, "/cut", fmt.Sprint(n))
	host := m.read(t, "/usr/local/lib/beam/beamctl/host.py")
	if strings.Contains(host, "def cut(") {
		return
	}
	m.write(t, "/usr/local/lib/beam/beamctl/host.py", strings.NewReplacer(
		"            os.rename(file.name, path)\n", "            cut()\n            os.rename(file.name, path)\n",
		"        os.remove(path)\n", "        cut()\n        os.remove(path)\n",
	).Replace(host)+`

def cut() -> None:
    with open("`+m.root+`/cut", "r+") as file:
        left = int(file.read()) - 1
        file.seek(0)
        file.truncate()
        file.write(str(left))
    if left == 0:
        os._exit(137)
`)
}

// Wherever a change is cut off, the host has all of the old or all of the new once
// it has started again, and takes the change when it is told once more.
func TestAChangeThatIsCutOffIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	n := r.node
	n.Environment, n.MigrationDatabaseURL = map[string]string{"A": "b"}, "postgresql://chat_owner:OTHER@database.chat.internal:5432/chat"
	n.SyncTimeoutMS = 1234
	bundle, err := n.Bundle(hostconfig.PartEnvironment, hostconfig.PartVM)
	bundle.Restart = &hostconfig.Restart{PatienceSeconds: 100, Rollback: true}
	told := r.told(t)(bundle, err)
	files := []string{"/etc/beam/env", "/etc/beam/migrate.env", "/etc/beam/sync.env", "/etc/beam/cluster.config"}
	content := func() string {
		var all strings.Builder
		for _, file := range files {
			all.WriteString(r.read(t, file))
		}
		return all.String()
	}
	before := map[string]string{}
	for _, file := range files {
		before[file] = r.read(t, file)
	}
	old := content()
	r.apply(t, told)
	whole := content()
	cuts := 0
	for status := 137; status == 137; cuts++ {
		for file, text := range before {
			r.write(t, file, text)
		}
		r.cutOff(t, cuts+1)
		var messages string
		if _, messages, status = r.ask(t, hostconfig.CommandApply, told); status != 137 && status != 0 {
			t.Fatalf("exit status %d: %s", status, messages)
		}
		r.write(t, "/cut", "0")
		if _, messages, status := r.ask(t, "recover", ""); status != 0 {
			t.Fatalf("recover: exit status %d: %s", status, messages)
		}
		if got := content(); got != old && got != whole {
			t.Errorf("cut off at write %d the host has\n%s", cuts+1, got)
		}
		if got := r.read(t, "/state"); got != "active\n" {
			t.Errorf("cut off at write %d the release is %s", cuts+1, got)
		}
	}
	// The journal, the three files and the end of the journal.
	if cuts < 5 {
		t.Errorf("there were only %d moments to cut the change off", cuts)
	}
	if got := content(); got != whole {
		t.Errorf("at last the host has\n%s", got)
	}
}

// The power goes twice: while the change is made, and while it is undone.
func TestAnUndoneChangeThatIsCutOffIsUndone(t *testing.T) {
	t.Parallel()
	for cut := 1; cut <= 4; cut++ {
		r := newRestarted(t)
		before := r.read(t, "/etc/beam/env")
		r.cutOff(t, cut)
		// The release crashes, and so does the host while it goes back.
		broken := r.environment(t, "BROKEN", hostconfig.Restart{PatienceSeconds: 100, Rollback: true})
		_, _, _ = r.ask(t, hostconfig.CommandApply, broken)
		r.write(t, "/cut", "0")
		if _, messages, status := r.ask(t, "recover", ""); status != 0 {
			t.Fatalf("recover: exit status %d: %s", status, messages)
		}
		if got := r.read(t, "/etc/beam/env"); got != before || r.read(t, "/state") != "active\n" {
			t.Errorf("cut off at write %d the release is %s with\n%s", cut, r.read(t, "/state"), got)
		}
	}
}
