//go:build linux

package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// psql runs a statement on a droplet with the credentials of a database URL,
// and returns what psql says, errors included.
func (w *world) psql(t *testing.T, host, databaseURL, sslMode, statement string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	must(t, err)
	password, _ := u.User.Password()
	script := fmt.Sprintf(`export PGCONNECT_TIMEOUT=3 PGHOST=%s PGUSER=%s PGPASSWORD='%s' PGDATABASE=%s PGSSLMODE=%s PGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt
psql -XAtqw -c "%s" 2>&1 || true`, u.Hostname(), u.User.Username(), password, strings.Trim(u.Path, "/"), sslMode, statement)
	return w.on(t, host, script)
}

const whoAmI = "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

func theAppLogsInWithTLSOnly(t *testing.T, w *world) {
	for name := range w.state.Nodes {
		if got := w.psql(t, name, w.state.DatabaseURL, "verify-full", whoAmI); got != "chat|t" {
			t.Errorf("%s with TLS: %s", name, got)
		}
		if got := w.psql(t, name, w.state.DatabaseURL, "disable", whoAmI); !strings.Contains(got, "FATAL") {
			t.Errorf("%s without TLS: %s", name, got)
		}
	}
}

func theBalancerReachesNoDatabase(t *testing.T, w *world) {
	address := w.droplet(t, "chat-database").PrivateIPv4
	script := fmt.Sprintf(`python3 -c 'import socket; socket.create_connection(("%s", 5432), 2)' 2>&1 || true`, address)
	if got := w.on(t, "chat-lb-1", script); !strings.Contains(got, "timed out") {
		t.Errorf("the load balancer and the database: %q", got)
	}
}

func theMigrationRoleOwnsTheTables(t *testing.T, w *world) {
	const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'rows'"
	if got := w.psql(t, "chat-us-1", w.state.MigrationDatabaseURL, "verify-full", owner); got != "chat_owner" {
		t.Errorf("the table's owner is %s", got)
	}
	for _, statement := range []string{"CREATE TABLE more (name text)", "DROP TABLE rows", "ALTER TABLE rows ADD extra text"} {
		if got := w.psql(t, "chat-us-1", w.state.DatabaseURL, "verify-full", statement); !strings.Contains(got, "ERROR") {
			t.Errorf("the app's role may %s: %s", statement, got)
		}
	}
}

func everyNodeKeepsRows(t *testing.T, w *world) {
	for range len(w.state.Nodes) {
		if got, _ := w.get(t, "/row/first"); got != "first\n" {
			t.Errorf("the row reads %q", got)
		}
	}
}

// theDatabaseComesBack destroys its droplet behind Terraform's back, and lets
// another one take the address.
func theDatabaseComesBack(t *testing.T, w *world, chat e2e.Cluster) {
	before, database := w.state.Nodes, w.droplet(t, "chat-database")
	must(t, w.DeleteDroplet(t.Context(), database.ID))
	w.newNeighbour(t)
	w.apply(t, chat)
	if now := w.droplet(t, "chat-database").PrivateIPv4; now == database.PrivateIPv4 {
		t.Fatalf("the database has the address %s again, so nobody had to be told of another", now)
	}
	for name, node := range w.state.Nodes {
		if node.DropletID != before[name].DropletID {
			t.Errorf("%s was made anew", name)
		}
	}
	if got := w.psql(t, "chat-us-1", w.state.DatabaseURL, "verify-full", "SELECT name FROM rows"); got != "first" {
		t.Errorf("the rows are %q", got)
	}
	for name := range w.state.Nodes {
		if got := w.on(t, name, "curl -sS -m 10 http://127.0.0.1:8080/row/of-"+name); got != "of-"+name {
			t.Errorf("%s reads its new row as %q", name, got)
		}
	}
}
