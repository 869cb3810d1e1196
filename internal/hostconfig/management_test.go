package hostconfig_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestTheManagementFilesAreAsTheGoldenFileShows(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	for _, name := range []string{"node-managed", "loadbalancer-managed", "database-managed"} {
		userData, err := managedHosts()[name].Render()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "==== %s\n", name)
		for _, f := range filesOf(t, userData) {
			if strings.HasSuffix(f.Path, ".py") {
				fmt.Fprintf(&shown, "---- %s %s\n", f.Path, f.Permissions)
			} else if strings.Contains(f.Path, "beamctl") || strings.Contains(f.Path, "management") {
				fmt.Fprintf(&shown, "---- %s %s\n%s", f.Path, f.Permissions, f.Content)
			}
		}
		var config struct {
			Users   any
			SSHKeys any `yaml:"ssh_keys"`
		}
		if err := yaml.Unmarshal(userData, &config); err != nil {
			t.Fatal(err)
		}
		rest, err := yaml.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "---- #cloud-config\n%s", rest)
	}
	testtool.Golden(t, "management.txt", shown.String())
}

func TestPythonCompilesEveryScript(t *testing.T) {
	t.Parallel()
	python := testtool.Require(t, hostPython)
	var scripts []string
	for _, pattern := range []string{"templates/*/*.py", "templates/*/*/*.py"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, found...)
	}
	if len(scripts) < 7 {
		t.Fatalf("found only the scripts %v", scripts)
	}
	for _, script := range scripts {
		// Warnings, such as those of doubtful escapes, are errors here.
		check := exec.CommandContext(t.Context(), python, "-W", "error", "-c",
			"import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')", script)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}

func TestVisudoAcceptsTheRule(t *testing.T) {
	t.Parallel()
	visudo := testtool.Require(t, "visudo")
	m := newManaged(t, managedNode())
	out, err := exec.CommandContext(t.Context(), visudo, "-c", "-f", m.root+"/etc/sudoers.d/beamctl").CombinedOutput()
	if err != nil {
		t.Errorf("visudo: %v\n%s", err, out)
	}
}

func TestSSHDLetsTheManagementUserRunBeamctlAlone(t *testing.T) {
	t.Parallel()
	sshd := testtool.RequireSSHD(t)
	m := newManaged(t, managedNode())
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), testtool.Require(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	m.write(t, "/sshd_config", "Include "+m.root+"/etc/ssh/sshd_config.d/*.conf\nX11Forwarding yes\n")
	settings := func(user string) string {
		out, err := exec.CommandContext(t.Context(), sshd, "-T", "-f", m.root+"/sshd_config", "-h", key,
			"-C", "user="+user+",host=example.com,addr=203.0.113.7").CombinedOutput()
		if err != nil {
			t.Fatalf("sshd -T: %v\n%s", err, out)
		}
		return string(out)
	}
	for _, want := range []string{
		"forcecommand /usr/bin/sudo -n /usr/local/sbin/beamctl", "disableforwarding yes", "permittty no",
		"permituserrc no", "authenticationmethods publickey", "authorizedkeysfile /etc/beam/beamctl.keys",
		"passwordauthentication no",
	} {
		if !strings.Contains(settings(hostconfig.ManagementUser), want+"\n") {
			t.Errorf("sshd does not understand %q", want)
		}
	}
	const usual = "authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2"
	for user, files := range map[string]string{"deploy": usual + " /etc/beam/user.keys", "root": usual, "ann": usual} {
		for _, want := range []string{"forcecommand none", "disableforwarding no", "x11forwarding yes", files} {
			if !strings.Contains(settings(user), want+"\n") {
				t.Errorf("the settings reach beyond their user: %s lacks %q", user, want)
			}
		}
	}
}

func TestWhatCanBeToldLaterIsNoReasonToMakeAHostAnew(t *testing.T) {
	t.Parallel()
	node, moved := managedNode(), managedNode()
	moved.DatabaseAddress = "10.108.0.77"
	if node.Fingerprint() != moved.Fingerprint() {
		t.Error("another address of the database makes a managed node anew")
	}
	balancer, fewer := managedLoadBalancer(), managedLoadBalancer()
	fewer.Servers = fewer.Servers[:1]
	if balancer.Fingerprint() != fewer.Fingerprint() {
		t.Error("other servers make a managed load balancer anew")
	}
	if balancer.Fingerprint() == exampleLoadBalancer().Fingerprint() {
		t.Error("a host that cannot be managed counts as one that can")
	}
}

func TestManagementKeysThatSSHCannotReadAreRefused(t *testing.T) {
	t.Parallel()
	for story, change := range map[string]func(*hostconfig.Management){
		"a second line": func(m *hostconfig.Management) { m.AuthorizedKey += "\nssh-ed25519 AAAA" },
		"an option":     func(m *hostconfig.Management) { m.AuthorizedKey = `command="sh" ` + m.AuthorizedKey },
		"no host key":   func(m *hostconfig.Management) { m.HostKeyPEM = "" },
	} {
		n := managedNode()
		change(n.Management)
		if _, err := n.Render(); err == nil || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: got error %v", story, err)
		}
	}
}

// report asks for the host's report and reads it loosely.
func (m managed) report(t *testing.T) map[string]any {
	t.Helper()
	out, messages, status := m.ask(t, "status", "")
	if status != 0 {
		t.Fatalf("beamctl status exits with %d: %s", status, messages)
	}
	var report map[string]any
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return report
}

// boot lets the host count as set up.
func (m managed) boot(t *testing.T) {
	t.Helper()
	m.write(t, "/var/lib/beam/boot-step", "done\n")
	m.write(t, "/run/cloud-init/result.json", "{}")
	m.program(t, "cloud-init", `echo '{"status": "done"}'`)
}

const activeService = `[ "$1" = show ] && printf 'ActiveState=active\nExecMainCode=0\nExecMainStatus=0\n'`

func TestANodeTellsWhomItSeesAndWhyNotOthers(t *testing.T) {
	t.Parallel()
	epmd, distribution := newEPMD(t)
	node := managedNode()
	node.EPMDPort = epmd
	m := newManaged(t, node)
	m.boot(t)
	m.program(t, "systemctl", activeService)
	m.program(t, "psql", `[ "$PGPASSWORD $PGUSER $PGHOST $PGSSLMODE $PGDATABASE" = "PASSWORD chat database.chat.internal verify-full chat" ] && echo 1`)
	m.write(t, "/etc/beam/node.env", "RELEASE_NODE=chat@127.0.0.1\n")
	m.write(t, "/home/deploy/.erlang.cookie", "COOKIE\n")
	m.write(t, "/run/beam/nodes", "chat@127.0.0.3\n")
	m.write(t, "/etc/beam/peers", "%% Nodes\n'chat@127.0.0.1'.\n'chat@127.0.0.3'.\n'missing@127.0.0.1'.\n'answers@127.0.0.1'.\n")
	m.write(t, "/var/lib/beam-node/learned", "{'closed@127.0.0.1',1795234000}.\n{'chat@127.0.0.9',1795234000}.\n")

	report := m.report(t)
	want := map[string]any{
		"name":               "chat@127.0.0.1",
		"cookie_fingerprint": cookie.Fingerprint("COOKIE"),
		"started":            true,
		"nodes":              []any{"chat@127.0.0.3"},
		"missing": []any{
			map[string]any{"name": "answers@127.0.0.1", "state": "answers", "detail": ""},
			map[string]any{"name": "chat@127.0.0.9", "state": "no_node", "detail": "no epmd runs there"},
			map[string]any{"name": "closed@127.0.0.1", "state": "no_port", "detail": "port 1: [Errno 111] Connection refused"},
			map[string]any{"name": "missing@127.0.0.1", "state": "no_node", "detail": "epmd there does not know the name"},
		},
	}
	if diff := cmp.Diff(want, report["node"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"ok": true, "detail": ""}, report["database"]); diff != "" {
		t.Errorf("database (-want +got):\n%s", diff)
	}
	if distribution.tried() == 0 {
		t.Error("the node's own port was not tried")
	}
}

func TestACrashingReleaseIsToldInItsOwnWordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	node := managedNode()
	node.Environment = map[string]string{"API_KEY": "line one\nKEY \"quoted\" \\ $HOME", "PIN": "pin1", "LEVEL": "on"}
	m := newManaged(t, node)
	m.boot(t)
	m.write(t, "/home/deploy/.erlang.cookie", node.Cookie)
	m.program(t, "systemctl", `[ "$1" = show ] && printf 'ActiveState=activating\nExecMainCode=1\nExecMainStatus=1\n'`)
	m.program(t, "journalctl", `case "$*" in
*MESSAGE_ID*) printf 'again\nagain\nagain\nagain\n' ;;
*) cat <<'LOG'
no `+node.DatabaseURL+` nor PASSWORD alone, cookie `+node.Cookie+`
KEY "quoted" \ $HOME; pin1 but not pin12 nor on; https://me:word@example.com/ on port 8080
LOG
;;
esac`)
	m.program(t, "psql", `echo 'FATAL:  password authentication failed for user "chat"' >&2; exit 2`)
	report := m.report(t)
	want := map[string]any{
		"unit": "beam.service", "state": "activating", "exit_code": 1.0, "signal": 0.0, "restarts": 4.0,
		"log": []any{
			"no [hidden] nor [hidden] alone, cookie [hidden]",
			"[hidden]; [hidden] but not pin12 nor on; https://[hidden]@example.com/ on port 8080",
		},
	}
	if diff := cmp.Diff(want, report["service"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"ok": false, "detail": `FATAL:  password authentication failed for user "chat"`}, report["database"]); diff != "" {
		t.Errorf("database (-want +got):\n%s", diff)
	}
	// It may crash because it cannot log in. Once it can, nothing is gained by
	// waiting for it.
	m.program(t, "psql", "echo 1")
	if out, messages, status := m.ask(t, "await 900", ""); status != 0 || !strings.Contains(out, `"restarts": 4`) {
		t.Errorf("await: %d %s", status, messages)
	}
}

func TestCrashesCountOnlyWhileTheNodeHasItsDatabase(t *testing.T) {
	t.Parallel()
	m := newManaged(t, managedNode())
	m.boot(t)
	m.program(t, "systemctl", activeService)
	m.program(t, "journalctl", `case "$*" in *MESSAGE_ID*) echo "$*" >"${0%/*}/asked" ;; esac`)
	since := func(psql string) string {
		m.program(t, "psql", psql)
		m.report(t)
		_, rest, _ := strings.Cut(m.read(t, "/bin/asked"), "--since=")
		return strings.Fields(rest)[0]
	}
	if got := since("exit 2"); got != "-2min" {
		t.Errorf("without a database crashes count from %s, want -2min", got)
	}
	// The first login was this very moment, on a slow machine some seconds ago.
	for range 2 {
		if got := since("echo 1"); !regexp.MustCompile(`^-[0-9]{1,2}s$`).MatchString(got) {
			t.Errorf("with a database crashes count from %s, want the first login", got)
		}
	}
	if got := since("exit 2"); got != "-2min" {
		t.Errorf("when the database is lost crashes count from %s, want -2min", got)
	}
}

func TestADatabaseTellsOfVolumePostgresAndRoles(t *testing.T) {
	t.Parallel()
	m := newManaged(t, managedDatabase())
	m.boot(t)
	m.program(t, "systemctl", activeService)
	m.program(t, "pg_isready", `echo '/var/run/postgresql:5432 - accepting connections'`)
	m.program(t, "runuser", `case "$*" in *pg_roles*) printf 'postgres\nchat\n' ;; *) printf 'postgres\nchat\n' ;; esac`)
	want := map[string]any{
		"mounted": false, "ready": true, "missing_roles": []any{"chat_owner"},
		"detail": "/var/run/postgresql:5432 - accepting connections",
	}
	if diff := cmp.Diff(want, m.report(t)["postgres"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m.write(t, "/etc/postgresql/15/main/postgresql.conf", "")
	m.write(t, "/etc/postgresql/17/main/conf.d/tuning.conf", "") // of the user's
	service, _ := m.report(t)["service"].(map[string]any)
	if service["unit"] != "postgresql@15-main.service" {
		t.Errorf("the service is %v, want Postgres 15", service["unit"])
	}
}

func TestANodeGetsAnotherAddressOfItsDatabase(t *testing.T) {
	t.Parallel()
	m := newManaged(t, managedNode())
	m.write(t, "/etc/hosts", "127.0.0.1 localhost\n10.108.0.9 database.chat.internal\n10.9.9.9 database.chat.internal.example\n")
	for range 2 {
		if _, messages, status := m.ask(t, "set-database 10.108.0.77", ""); status != 0 {
			t.Fatalf("exit status %d: %s", status, messages)
		}
	}
	want := "127.0.0.1 localhost\n10.9.9.9 database.chat.internal.example\n10.108.0.77 database.chat.internal\n"
	if got := m.read(t, "/etc/hosts"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestBeamctlRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	node, balancer := newManaged(t, managedNode()), newManaged(t, managedLoadBalancer())
	for _, tt := range []struct {
		host    managed
		command string
		status  int
		message string
	}{
		{node, "", 2, "not a command of this host"},
		{node, "bash", 2, "not a command of this host"},
		{node, "status; id", 2, "not a command of this host"},
		{node, "status\nid", 2, "not a command of this host"},
		{node, "status --help", 2, "not a command of this host"},
		{node, "await", 2, "not a command of this host"},
		{node, "await -1", 2, "not a command of this host"},
		{node, "await 1000", 2, "not a command of this host"},
		{node, "set-nodes", 2, "not a command of this host"},
		{node, "set-database 10.0.0.1 10.0.0.2", 2, "not a command of this host"},
		{node, "set-database 999.1.1.1", 1, "999.1.1.1 is not an IPv4 address"},
		{balancer, "set-database 10.0.0.1", 2, "not a command of this host"},
	} {
		out, messages, status := tt.host.ask(t, tt.command, "")
		if status != tt.status || !strings.Contains(messages, tt.message) || out != "" {
			t.Errorf("%q: exit status %d, %q, %q", tt.command, status, out, messages)
		}
	}
}

// newEPMD stands for an epmd: it knows the node "answers", whose port it
// counts connections to, and "closed", whose port is shut.
type counter struct{ connections chan struct{} }

func (c *counter) tried() int { return len(c.connections) }

func newEPMD(t *testing.T) (port int, distribution *counter) {
	t.Helper()
	distribution = &counter{make(chan struct{}, 10)}
	own := listen(t, func(net.Conn) { distribution.connections <- struct{}{} })
	return listen(t, func(c net.Conn) {
		question := make([]byte, 100)
		n, _ := c.Read(question)
		answer := []byte{119, 1}
		switch string(question[3:n]) {
		case "answers":
			answer = []byte{119, 0, byte(own >> 8), byte(own)}
		case "closed":
			answer = []byte{119, 0, 0, 1}
		}
		_, _ = c.Write(answer)
	}), distribution
}

// listen serves connections to a port of 127.0.0.1 one after another.
func listen(t *testing.T, serve func(net.Conn)) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serve(c)
			_ = c.Close()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}
