package hostconfig_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newPostgresHost is a database's host whose volume is mounted, before Postgres
// is set up.
func newPostgresHost(t *testing.T, initdb string) bootHost {
	t.Helper()
	h := newBootHost(t, exampleDatabase())
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
