package hostconfig_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// newPostgresHost is a database's host whose volume is mounted, before Postgres
// is set up.
func newPostgresHost(t *testing.T, initdb string) bootHost {
	t.Helper()
	return postgresHostOf(t, exampleDatabase(), initdb)
}

func postgresHostOf(t *testing.T, db hostconfig.Database, initdb string) bootHost {
	t.Helper()
	h := newBootHost(t, db)
	h.write(t, "/usr/lib/postgresql/15/bin/initdb", "", true)
	h.write(t, "/usr/share/postgresql/15/postgresql.conf.sample", "sample", false)
	h.standIn(t, "install", `for folder; do :; done; mkdir -p "$folder"`)
	h.standIn(t, "pg_createcluster", `mkdir -p '`+h.dir+`'/etc/postgresql/15/main`)
	h.initdb(t, initdb)
	return h
}

// initdb begins a folder of data, and goes on as it is told.
func (h bootHost) initdb(t *testing.T, then string) {
	t.Helper()
	h.standIn(t, "runuser", `for word; do case $word in --pgdata=*) data=${word#*=} ;; esac; done
mkdir "$data"
echo 15 >"$data/PG_VERSION"
`+then)
}

// postgres runs the step that installs Postgres.
func (h bootHost) postgres(t *testing.T) (string, error) {
	t.Helper()
	return h.run(t, fmt.Sprintf("/usr/local/lib/beam/steps/%02d-postgres", slices.Index(h.steps(t), "postgres")+1))
}

const dataFile = "/srv/postgresql/15/main/tuples"

func TestDataThatInitdbDidNotFinishIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := newPostgresHost(t, "kill -9 0")
	if out, err := h.postgres(t); err == nil {
		t.Fatalf("the step was not cut off\n%s", out)
	}
	h.initdb(t, `echo rows >"$data/tuples"`)
	if out, err := h.postgres(t); err != nil || h.read(t, dataFile) != "rows\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDataThatIsWholeIsNeverMadeAnew(t *testing.T) {
	t.Parallel()
	h := newPostgresHost(t, "exit 1")
	h.write(t, "/srv/postgresql/15/main/PG_VERSION", "15\n", false)
	h.write(t, dataFile, "rows\n", false)
	for range 2 { // the second time as after a power cycle
		if out, err := h.postgres(t); err != nil || h.read(t, dataFile) != "rows\n" || strings.Contains(h.calls(t), "runuser") {
			t.Fatalf("%v\n%s%s", err, out, h.calls(t))
		}
	}
}

func TestDataOfAnotherPostgresIsToldAtOnce(t *testing.T) {
	t.Parallel()
	h := newPostgresHost(t, "exit 1")
	h.write(t, "/srv/postgresql/13/main/PG_VERSION", "13\n", false)
	out, err := h.postgres(t)
	if err == nil || err.Error() != "exit status 65" || !strings.Contains(out, "the volume holds data of Postgres 13") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A client's package makes a folder of its version as well.
func TestPostgresIsTheNewestThatCanServe(t *testing.T) {
	t.Parallel()
	h := newPostgresHost(t, "")
	h.write(t, "/usr/lib/postgresql/9.6/bin/initdb", "", true)
	h.write(t, "/usr/lib/postgresql/18/bin/psql", "", true)
	if out, err := h.postgres(t); err != nil || h.read(t, "/srv/postgresql/15/main/PG_VERSION") != "15\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

const tuningFile = "/etc/postgresql/15/main/conf.d/tuning.conf"

// tunedDatabase is one whose user brings settings of Postgres.
func tunedDatabase() hostconfig.Database {
	db := exampleDatabase()
	db.Files = map[string]hostconfig.BroughtFile{
		tuningFile:           {Content: "work_mem = '77MB'\n", Owner: "postgres", Group: "postgres", Mode: "0600"},
		"/etc/chat/settings": {Owner: "root", Group: "root", Mode: "0644"},
	}
	return db
}

// What lies beside the user's settings is an image's, and goes.
func TestSettingsOfTheUsersOutliveTheFirstBoot(t *testing.T) {
	t.Parallel()
	h := postgresHostOf(t, tunedDatabase(), "")
	h.write(t, "/etc/postgresql/15/main/postgresql.conf", "of an image", false)
	h.write(t, "/etc/postgresql/15/main/conf.d/image.conf", "of an image", false)
	for range 2 { // the second time as after a power cycle
		if out, err := h.postgres(t); err != nil || h.read(t, tuningFile) != "work_mem = '77MB'\n" {
			t.Fatalf("%v\n%s", err, out)
		}
		if found, _ := filepath.Glob(filepath.Join(h.dir, "/etc/postgresql/15/main/*")); len(found) != 1 {
			t.Errorf("beside the user's are %v", found)
		}
		if found, _ := filepath.Glob(filepath.Join(h.dir, "/etc/postgresql/15/main/conf.d/*")); len(found) != 1 {
			t.Errorf("beside the user's are %v", found)
		}
	}
	steps := h.steps(t)
	order := []int{slices.Index(steps, "postgres"), slices.Index(steps, "file-owners"), slices.Index(steps, "postgres-settings")}
	if order[0] < 0 || !slices.IsSorted(order) {
		t.Errorf("Postgres starts before the user's settings are its own: %v", steps)
	}
}

// The real pg_createcluster takes a folder that holds settings, and the real
// Postgres reads them.
func TestPostgresReadsSettingsOfTheUsers(t *testing.T) {
	t.Parallel()
	create, postgres := testtool.Require(t, "pg_createcluster"), filepath.Join(postgresPrograms(t), "postgres")
	version := filepath.Base(filepath.Dir(filepath.Dir(postgres)))
	db := exampleDatabase()
	db.Files = map[string]hostconfig.BroughtFile{
		"/etc/postgresql/" + version + "/main/conf.d/tuning.conf": {Content: "work_mem = '77MB'\nrandom_page_cost = 1.5\n", Owner: "root", Group: "root", Mode: "0644"},
	}
	h := newBootHost(t, db)
	h.write(t, "/usr/lib/postgresql/"+version+"/bin/initdb", "", true)
	h.write(t, "/srv/postgresql/"+version+"/main/PG_VERSION", version+"\n", false)
	h.standIn(t, "cp", `exec /bin/cp "/usr/share/postgresql/`+version+`/postgresql.conf.sample" "$2"`)
	h.write(t, "/createcluster.conf", "add_include_dir = 'conf.d'\ndata_directory = '"+h.dir+"/srv/postgresql/%v/%c'\n", false)
	h.standIn(t, "pg_createcluster", `PATH=/usr/sbin:/usr/bin:/sbin:/bin PG_CLUSTER_CONF_ROOT='`+h.dir+`/etc/postgresql' exec `+create+` --createclusterconf='`+
		h.dir+`/createcluster.conf' --logfile='`+h.dir+`/log' "$@"`)
	settings := "/etc/postgresql/" + version + "/main/"
	for range 2 {
		if out, err := h.postgres(t); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		h.write(t, settings+"conf.d/beam.conf", h.read(t, "/etc/beam/postgresql/postgresql.conf"), false)
		for name, want := range map[string]string{"work_mem": "78848", "random_page_cost": "1.5", "effective_io_concurrency": "200"} {
			got, err := exec.CommandContext(t.Context(), postgres, "-C", name, "-D", filepath.Join(h.dir, settings)).Output()
			if err != nil || strings.TrimSpace(string(got)) != want {
				t.Errorf("%s is %q (%v), want %s", name, got, err, want)
			}
		}
	}
}
