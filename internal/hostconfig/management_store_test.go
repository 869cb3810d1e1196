package hostconfig_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// newManagedStore is a node that the provider brings releases to. It shares them
// at a port of this machine.
func newManagedStore(t *testing.T, sharePort string) managed {
	t.Helper()
	node := managedNode()
	node.Release.URL, node.Release.Pushed = "", true
	var err error
	node.PortMax, err = strconv.Atoi(sharePort)
	must(t, err)
	m := newManaged(t, node)
	m.write(t, "/etc/beam/node.env", "RELEASE_NODE=chat@127.0.0.1\n")
	must(t, os.MkdirAll(m.root+"/opt", 0o700))
	must(t, os.MkdirAll(m.root+"/var/lib/beam", 0o700))
	return m
}

// must asks beamctl for something that has to work.
func (m managed) must(t *testing.T, command, stdin string) string {
	t.Helper()
	out, messages, status := m.ask(t, command, stdin)
	if status != 0 {
		t.Fatalf("%q: exit status %d: %s", command, status, messages)
	}
	return out
}

// python runs a line of Python beside beamctl's modules.
func (m managed) python(t *testing.T, line string) string {
	t.Helper()
	program := fmt.Sprintf("import sys; sys.path.insert(0, %q); from beamctl import releases; %s", m.root+"/usr/local/lib/beam", line)
	out, err := m.command(t, testtool.Require(t, hostPython), "-c", program).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestAReleaseComesOverTheChannelAndIsCheckedOnce(t *testing.T) {
	t.Parallel()
	m := newManagedStore(t, freePort(t))
	// More than beamctl takes of anything else.
	archive := archiveOf(t, map[string]string{"bin/chat": "first", "lib/noise": noise(3 << 20)}, 0o755)
	if _, messages, status := m.ask(t, hostconfig.CommandStore(digest(archive)), string(archive[:len(archive)/2])); status != 1 || !strings.Contains(messages, "it is not used") {
		t.Errorf("half an archive: exit status %d: %s", status, messages)
	}
	m.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	m.must(t, hostconfig.CommandStore(digest(archive)), "") // it is there already
	if got := m.read(t, "/var/lib/beam/releases/"+digest(archive)[:16]+"/bin/chat"); got != "first" {
		t.Errorf("the release in the store says %q", got)
	}
	if got, err := os.ReadFile(m.root + "/var/lib/beam/releases/" + digest(archive)[:16] + ".tar.gz"); err != nil || !bytes.Equal(got, archive) {
		t.Errorf("the archive is not kept: %v", err)
	}
}

// noise is text that no compression makes small.
func noise(size int) string {
	var text strings.Builder
	for n := 0; text.Len() < size; n++ {
		text.WriteString(digest(fmt.Append(nil, n)))
	}
	return text.String()
}

func TestNodesGetAReleaseFromEachOther(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	has, wants, elsewhere := newManagedStore(t, port), newManagedStore(t, port), newManagedStore(t, freePort(t))
	archive := tarball(t, "bin/chat", "shared")
	has.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	source, err := hostconfig.ReleaseSource{SHA256: digest(archive), From: []string{"127.0.0.2", "127.0.0.1"}}.Encode()
	must(t, err)
	atPort, err := hostconfig.ReleaseSource{SHA256: digest(archive), From: []string{"127.0.0.1:" + port}}.Encode()
	must(t, err)

	share := exec.CommandContext(t.Context(), testtool.Require(t, hostPython), "-I", has.root+"/usr/local/lib/beam/beamctl/main.py")
	share.Env = append(os.Environ(), "SSH_ORIGINAL_COMMAND="+hostconfig.CommandShare(digest(archive), 60))
	connection, err := share.StdinPipe()
	must(t, err)
	said, err := share.StdoutPipe()
	must(t, err)
	must(t, share.Start())
	line := make([]byte, 100)
	n, err := said.Read(line)
	if want := "sharing at 127.0.0.1:" + port + "\n"; err != nil || string(line[:n]) != want {
		t.Fatalf("it says %q, want %q: %v", line[:n], want, err)
	}
	// Others wait for nothing meanwhile, and get nothing else.
	has.must(t, hostconfig.CommandStore(digest(archive)), "")
	for _, path := range []string{"/", "/" + digest(archive)[:16], "/../../etc/passwd", "/" + digest(archive) + "/"} {
		if status := statusOf(t, "http://127.0.0.1:"+port+path); status != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, status)
		}
	}
	wants.must(t, hostconfig.CommandFetch, string(source))
	elsewhere.must(t, hostconfig.CommandFetch, string(atPort))
	for _, other := range []managed{wants, elsewhere} {
		if got := other.read(t, "/var/lib/beam/releases/"+digest(archive)[:16]+"/bin/chat"); got != "shared" {
			t.Errorf("the other node has %q", got)
		}
	}
	must(t, connection.Close()) // as when the connection is lost
	if err := share.Wait(); err != nil {
		t.Errorf("sharing ended with %v", err)
	}
	if _, messages, status := has.ask(t, hostconfig.CommandShare(strings.Repeat("0", 64), 1), ""); status != 1 || !strings.Contains(messages, "has no archive of the release 0000000000000000") {
		t.Errorf("what is not there: exit status %d: %s", status, messages)
	}
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	request.URL.Opaque = strings.TrimPrefix(url, "http:") // as it stands
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func TestANodeGoesBackToWhatItRanBefore(t *testing.T) {
	t.Parallel()
	m := newManagedStore(t, freePort(t))
	first, second := tarball(t, "bin/chat", "first"), tarball(t, "bin/chat", "second")
	runs := func() string {
		content, _ := os.ReadFile(m.root + "/opt/chat/bin/chat")
		return string(content)
	}
	// Something was deployed by hand before.
	must(t, os.MkdirAll(m.root+"/opt/chat/bin", 0o700))
	m.write(t, "/opt/chat/bin/chat", "by hand")
	for _, archive := range [][]byte{first, second} {
		m.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	}
	if runs() != "by hand" {
		t.Errorf("storing a release changes what runs to %q", runs())
	}
	for _, step := range []struct{ call, says, runs string }{
		{fmt.Sprintf("print(releases.activate(%q, 2))", digest(first)), "", "first"},
		{fmt.Sprintf("print(releases.activate(%q, 2))", digest(second)), digest(first)[:16], "second"},
		{fmt.Sprintf("print(releases.activate(%q, 2))", digest(second)), digest(second)[:16], "second"},
		{fmt.Sprintf("releases.restore(%q)", digest(first)[:16]), "", "first"},
		{"print(releases.report()['running'])", digest(first)[:16], "first"},
		{"releases.restore('')", "", "by hand"},
		{"releases.restore('')", "", "by hand"},
	} {
		if got := m.python(t, step.call); got != step.says || runs() != step.runs {
			t.Errorf("%s says %q and %q runs, want %q and %q", step.call, got, runs(), step.says, step.runs)
		}
	}
}

func TestAMigrationRunsTheReleaseThatIsNamed(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	m := newManagedStore(t, port)
	archive := tarball(t, "bin/chat", "first")
	migrate := hostconfig.CommandMigrate(digest(archive))
	release := *managedNode().Release
	release.Migrate = "Chat.Release.migrate(:other)"
	told := managedNode()
	var err error
	told.PortMax, err = strconv.Atoi(port)
	must(t, err)
	told.Release, told.Environment = &release, map[string]string{"NEW": "variable"}
	bundle, err := told.Bundle(hostconfig.PartEnvironment, hostconfig.PartRelease)
	must(t, err)
	encoded, err := bundle.Encode()
	must(t, err)
	input := strings.ReplaceAll(m.moved(string(encoded)), `"user\":\"deploy\"`, `"user\":\"`+myGroup(t)+`\"`)
	if _, messages, status := m.ask(t, migrate, input); status != 1 || !strings.Contains(messages, "is not in this node's store") {
		t.Errorf("a release that is not there: exit status %d: %s", status, messages)
	}
	m.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	before := m.read(t, "/etc/beam/env") + m.read(t, "/usr/local/lib/beam/migrate")
	m.program(t, "systemctl", `echo "$*" >>"${0%/*}/asked"
[ "$1" != start ] || cat "${0%/*}/../etc/beam/env" "${0%/*}/../usr/local/lib/beam/migrate" >"${0%/*}/with"`)
	m.must(t, migrate, input)
	unit := "beam-migrate@" + digest(archive)[:16] + ".service"
	if got, want := m.read(t, "/bin/asked"), "start "+unit+"\n"; got != want {
		t.Errorf("systemctl was asked to %q, want %q", got, want)
	}
	if with := m.read(t, "/bin/with"); !strings.Contains(with, "variable") || !strings.Contains(with, "(:other)") {
		t.Errorf("it ran with\n%s", with)
	}
	if after := m.read(t, "/etc/beam/env") + m.read(t, "/usr/local/lib/beam/migrate"); after != before {
		t.Errorf("afterwards the node has\n%s", after)
	}
	m.program(t, "systemctl", "exit 1")
	m.program(t, "journalctl", `case "$*" in *_SYSTEMD_UNIT=`+unit+`) echo '** (Postgrex.Error) no table, PASSWORD wrong' ;; esac`)
	_, messages, status := m.ask(t, migrate, input)
	if want := "beamctl: the migration failed:\n** (Postgrex.Error) no table, [hidden] wrong\n"; status != 1 || messages != want {
		t.Errorf("exit status %d and %q, want %q", status, messages, want)
	}
}

func TestAReleaseThatLiesWhereNobodyStartsItIsFound(t *testing.T) {
	t.Parallel()
	node := managedNode()
	node.Release.URL = ""
	m := newManaged(t, node)
	m.boot(t)
	found := func() any { return m.report(t)["release"].(map[string]any)["elsewhere"] }
	if got := found(); got != "" {
		t.Errorf("without a release one was found at %v", got)
	}
	m.write(t, "/opt/chat/chat/releases/start_erl.data", "13.1 0.1.0")
	if got, want := found(), filepath.Join(m.root, "opt/chat/chat"); got != want {
		t.Errorf("a release was found at %v, want %s", got, want)
	}
	m.write(t, "/opt/chat/bin/chat", "x")
	if got := found(); got != "" {
		t.Errorf("beside a release that runs one was found at %v", got)
	}
}
