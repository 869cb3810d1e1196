package hostconfig_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// postgres is a throwaway server on a loopback port, configured by the files
// of a rendered database host.
type postgres struct {
	dir        string // its files, rendered ones included
	bin        string // folder of initdb and pg_ctl
	port       string
	superuser  string
	credential *syscall.Credential // nil runs it as the user of the test
	config     hostconfig.Database
}

// startPostgres runs the server that the database's files describe. The
// differences to a host are the folder, the port and the address.
func startPostgres(t *testing.T, db hostconfig.Database) *postgres {
	t.Helper()
	userData, err := db.Render()
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{dir: sharedTempDir(t), bin: postgresPrograms(t), port: freePort(t), config: db}
	p.becomeUnprivileged(t)
	for _, f := range filesOf(t, userData) {
		if filepath.Dir(f.Path) != "/etc/beam/postgresql" {
			continue
		}
		content := strings.ReplaceAll(f.Content, "/etc/beam/postgresql", p.dir)
		p.write(t, filepath.Base(f.Path), content)
	}
	data := filepath.Join(p.dir, "data")
	p.run(t, filepath.Join(p.bin, "initdb"), "--no-sync", "--username="+p.superuser, "--pgdata="+data)
	p.write(t, "test.conf", strings.Join([]string{
		"listen_addresses = '127.0.0.1'",
		"port = " + p.port,
		"unix_socket_directories = '" + p.dir + "'",
		"fsync = off",
		"include '" + filepath.Join(p.dir, "postgresql.conf") + "'",
		"data_directory = '" + data + "'",
		"",
	}, "\n"))
	control := filepath.Join(p.bin, "pg_ctl")
	p.run(t, control, "start", "--wait", "--pgdata="+data, "--log="+filepath.Join(p.dir, "log"),
		"--options=--config-file="+filepath.Join(p.dir, "test.conf"))
	t.Cleanup(func() { p.run(t, control, "stop", "--mode=immediate", "--pgdata="+data) })
	return p
}

// sharedTempDir is a folder that other users may enter, unlike t.TempDir.
func sharedTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "beam-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// postgresPrograms finds the newest Postgres where Debian puts it.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	testtool.Require(t, "psql")
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return filepath.Dir(testtool.Require(t, "initdb"))
	}
	return filepath.Dir(slices.Max(found))
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// becomeUnprivileged picks the system's user: Postgres refuses to run as root.
func (p *postgres) becomeUnprivileged(t *testing.T) {
	t.Helper()
	account, err := user.Current()
	if err == nil && account.Uid == "0" {
		account, err = user.Lookup("postgres")
	}
	if err != nil {
		t.Fatal(err)
	}
	p.superuser = account.Username
	if os.Getuid() != 0 {
		return
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	p.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	p.own(t, p.dir)
}

func (p *postgres) own(t *testing.T, path string) {
	t.Helper()
	if p.credential == nil {
		return
	}
	if err := os.Chown(path, int(p.credential.Uid), int(p.credential.Gid)); err != nil {
		t.Fatal(err)
	}
}

func (p *postgres) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p.own(t, path)
}

// command prepares a program to run as the server's user.
func (p *postgres) command(name string, arguments ...string) *exec.Cmd {
	// Cleaning up needs programs after the test's own context has ended.
	command := exec.Command(name, arguments...)
	command.Dir = p.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: p.credential}
	return command
}

func (p *postgres) run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	// The server inherits pg_ctl's output, so it must not be a pipe.
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	command := p.command(name, arguments...)
	command.Stdout, command.Stderr = output, output
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(output.Name())
		log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		t.Fatalf("%s: %v\n%s%s", filepath.Base(name), err, said, log)
	}
}

// setUpRoles runs the rendered SQL as the host's boot script does.
func (p *postgres) setUpRoles(t *testing.T) {
	t.Helper()
	script := `. "$1/roles.env" && exec psql -X -q -h "$1" -p "$2" -U "$3" -d postgres -f "$1/roles.sql"`
	out, err := p.command("sh", "-c", script, "sh", p.dir, p.port, p.superuser).CombinedOutput()
	if err != nil {
		t.Fatalf("roles.sql: %v\n%s", err, out)
	}
}

// login is who comes in over the network.
type login struct{ role, password, sslmode, database string }

// query runs SQL over the network and returns what psql printed.
func (p *postgres) query(l login, sql string) (string, error) {
	connection := strings.Join([]string{
		"host=" + p.config.ServerName, "hostaddr=127.0.0.1", "port=" + p.port,
		"dbname=" + l.database, "user=" + l.role,
		"sslmode=" + l.sslmode, "sslrootcert=" + filepath.Join(p.dir, "ca.crt"),
	}, " ")
	command := p.command("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connection, "-c", sql)
	// psql looks for certificates of its user at home.
	command.Env = append(os.Environ(), "HOME="+p.dir, "PGPASSWORD="+l.password)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return strings.TrimSpace(out.String()), err
}

func TestPostgresLetsInTheTwoRolesAndNobodyElse(t *testing.T) {
	t.Parallel()
	db := exampleDatabase()
	// Names that SQL and pg_hba.conf understand differently unless quoted.
	db.Name, db.User, db.Owner = "table", "user", "select"
	db.ClientCIDRs = []string{"127.0.0.1/32"}
	userPassword, ownerPassword := secret.Password(), secret.Password()
	db.UserVerifier, db.OwnerVerifier = mustVerify(t, userPassword), mustVerify(t, ownerPassword)
	ca, certificate, key, err := secret.DatabaseCertificates(db.ServerName, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	db.CertificatePEM, db.PrivateKeyPEM = certificate, key

	p := startPostgres(t, db)
	p.write(t, "ca.crt", ca)
	// Up to Postgres 14 everyone may create tables in a new database.
	p.run(t, "psql", "-X", "-q", "-h", p.dir, "-p", p.port, "-d", "template1", "-c", "GRANT CREATE ON SCHEMA public TO PUBLIC")
	p.setUpRoles(t)
	p.setUpRoles(t)

	app := login{db.User, userPassword, "verify-full", db.Name}
	owner := login{db.Owner, ownerPassword, "verify-full", db.Name}
	with := func(l login, change func(*login)) login {
		change(&l)
		return l
	}
	for _, tt := range []struct {
		story string
		login login
		sql   string
		want  string // the answer, or part of the error
		fails bool
	}{
		{"the app logs in over TLS", app, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "t", false},
		{"the app must use TLS", with(app, func(l *login) { l.sslmode = "disable" }), "SELECT 1", "no pg_hba.conf entry", true},
		{"the app must know its password", with(app, func(l *login) { l.password = "wrong" }), "SELECT 1", "password authentication failed", true},
		{"the owner must use TLS", with(owner, func(l *login) { l.sslmode = "disable" }), "SELECT 1", "no pg_hba.conf entry", true},
		{"the app sees no other database", with(app, func(l *login) { l.database = "postgres" }), "SELECT 1", "no pg_hba.conf entry", true},
		{"the superuser stays inside", with(app, func(l *login) { l.role = p.superuser }), "SELECT 1", "no pg_hba.conf entry", true},
		{"nobody is a superuser", app, "SELECT count(*) FROM pg_roles WHERE rolname IN ('all', 'Select') AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)", "0", false},
		{"the app makes no tables", app, "CREATE TABLE mine (id int)", "permission denied for schema public", true},
		{"the owner migrates", owner, "CREATE TABLE messages (id serial, body text)", "", false},
		{"the owner makes further schemas", owner, "CREATE SCHEMA jobs; CREATE TABLE jobs.queue (id int)", "", false},
		{"the app writes to the owner's new tables", app, "INSERT INTO messages (body) VALUES ('hello'); INSERT INTO jobs.queue VALUES (1)", "", false},
		{"the app reads them", app, "SELECT id, body FROM messages", "1|hello", false},
		{"the app changes rows", app, "UPDATE messages SET body = 'bye'; DELETE FROM jobs.queue", "", false},
		{"the app does not drop tables", app, "DROP TABLE messages", "must be owner of table messages", true},
		{"the app does not empty tables", app, "TRUNCATE messages", "permission denied for table messages", true},
	} {
		got, err := p.query(tt.login, tt.sql)
		switch {
		case tt.fails && (err == nil || !strings.Contains(got, tt.want)):
			t.Errorf("%s: got %q (%v), want an error with %q", tt.story, got, err, tt.want)
		case !tt.fails && (err != nil || got != tt.want):
			t.Errorf("%s: got %q (%v), want %q", tt.story, got, err, tt.want)
		}
	}

	p.setUpRoles(t)
	if got, err := p.query(app, "SELECT body FROM messages"); err != nil || got != "bye" {
		t.Errorf("after the SQL ran once more the app reads %q (%v)", got, err)
	}
}

func mustVerify(t *testing.T, password string) string {
	t.Helper()
	verifier, err := secret.Verifier(password)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func TestDatabaseRefusesWhatPostgresCannotCarry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		story  string
		change func(*hostconfig.Database)
		want   string
	}{
		{"a quote in a name", func(db *hostconfig.Database) { db.Name = `chat"` }, `name is "chat\""; use 1 to 63 of the characters a-z`},
		{"a name that is too long", func(db *hostconfig.Database) { db.Owner = strings.Repeat("x", 64) }, `owner is "xxxx`},
		{"Postgres' own database", func(db *hostconfig.Database) { db.Name = "template1" }, `name is "template1"; use`},
		{"the administrator's role", func(db *hostconfig.Database) { db.User = "postgres" }, `user is "postgres"; use`},
		{"a reserved prefix", func(db *hostconfig.Database) { db.User = "pg_app" }, `user is "pg_app"; use`},
		{"one role for both", func(db *hostconfig.Database) { db.User = db.Owner }, `the app's role must not own the schema`},
		{"a plain password", func(db *hostconfig.Database) { db.UserVerifier = "hunter2" }, `must be given as SCRAM-SHA-256 verifiers`},
		{"an address for a network", func(db *hostconfig.Database) { db.ClientCIDRs = []string{"10.0.0.1"} }, `client network "10.0.0.1" is not a CIDR`},
		{"a network with host bits", func(db *hostconfig.Database) { db.ClientCIDRs = []string{"10.0.0.1/8"} }, `client network "10.0.0.1/8" is not a CIDR`},
		{"a volume with a path", func(db *hostconfig.Database) { db.VolumeName = "../sda" }, `volume name is "../sda"`},
	} {
		db := exampleDatabase()
		tt.change(&db)
		_, err := db.Render()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.story, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows a password", tt.story)
		}
	}
}
