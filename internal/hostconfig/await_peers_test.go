package hostconfig_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/program"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// waiting is a node about to start: a folder with what await-peers reads, and
// the flags that the VM will get.
type waiting struct{ dir string }

func newWaiting(t *testing.T) waiting {
	t.Helper()
	testtool.Require(t, hostPython)
	w := waiting{t.TempDir()}
	userData := renderNode(t, exampleNode())
	for _, name := range []string{"await-peers", "epmd.py"} {
		must(t, program.Write(w.path(name), fileOf(t, userData, "/usr/local/lib/beam/"+name)))
	}
	must(t, os.WriteFile(w.path("peers"), []byte("'chat@127.0.0.1'.\n"), 0o600))
	must(t, os.WriteFile(w.path("vm.args"), []byte("+P 5\n"), 0o600))
	return w
}

func (w waiting) path(name string) string { return filepath.Join(w.dir, name) }

// await runs await-peers to its end and returns what the VM is left to wait.
func (w waiting) await(t *testing.T, epmdPort int, timeout time.Duration) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.path("await-peers"), w.path("peers"), fmt.Sprint(epmdPort), fmt.Sprint(timeout.Milliseconds()), w.dir, w.path("staged"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	flags, err := os.ReadFile(w.path("vm.args"))
	must(t, err)
	var remaining int64
	if _, err := fmt.Sscanf(string(flags), "+P 5\n-kernel sync_nodes_timeout %d\n", &remaining); err != nil {
		t.Fatalf("the flags are %q: %v", flags, err)
	}
	return time.Duration(remaining) * time.Millisecond
}

func TestANodeStartsOnceItsPeersAreThere(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	epmd := newFakeEPMD(t, "\x77\x01", "", "\x77\x00\x23\x8c")
	if remaining := w.await(t, epmd.port, time.Hour); remaining < time.Minute {
		t.Errorf("the VM is left %s", remaining)
	}
	for range 3 {
		if question := <-epmd.asked; question != "\x00\x05zchat" {
			t.Errorf("epmd was asked %q", question)
		}
	}
}

func TestANodeAsksARealEPMD(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	port := erltest.StartEPMD(t, "127.0.0.1")
	erl := exec.CommandContext(t.Context(), testtool.Require(t, "erl"), "-noinput", "-name", "chat@127.0.0.1", "-setcookie", "test")
	erl.Env = append(os.Environ(), fmt.Sprintf("ERL_EPMD_PORT=%d", port), "HOME="+t.TempDir())
	erltest.Start(t, erl)
	if remaining := w.await(t, port, time.Hour); remaining < time.Minute {
		t.Errorf("the VM is left %s", remaining)
	}
}

func TestANodeStartsWithoutPeersThatDoNotCome(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close()) // nobody answers there
	w := newWaiting(t)
	if remaining := w.await(t, listener.Addr().(*net.TCPAddr).Port, 300*time.Millisecond); remaining != time.Millisecond {
		t.Errorf("the VM is left %s, want the least", remaining)
	}
}

func TestTheFirstNodeWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	must(t, os.Remove(w.path("peers")))
	if remaining := w.await(t, 1, time.Hour); remaining < time.Minute {
		t.Errorf("the VM is left %s", remaining)
	}
}

// They may refuse it until its dialer has tried both cookies. The VM's own wait
// would be in vain, and with sync = "mandatory" the boot would fail.
func TestANodeDoesNotWaitForPeersWhileACookieIsStaged(t *testing.T) {
	t.Parallel()
	w := newWaiting(t)
	must(t, os.Remove(w.path("peers")))
	must(t, os.WriteFile(w.path("staged"), []byte("cookie"), 0o600))
	w.await(t, 1, time.Hour)
	flags, err := os.ReadFile(w.path("vm.args"))
	must(t, err)
	if !strings.HasSuffix(string(flags), "\n-kernel sync_nodes_optional [] -kernel sync_nodes_mandatory []\n") {
		t.Errorf("the flags are %q", flags)
	}
}

// fakeEPMD gives one answer after the other, an empty one by hanging up.
type fakeEPMD struct {
	port  int
	asked chan string
}

func newFakeEPMD(t *testing.T, answers ...string) *fakeEPMD {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	epmd := &fakeEPMD{port: listener.Addr().(*net.TCPAddr).Port, asked: make(chan string, len(answers))}
	done := make(chan error, 1)
	go func() { done <- epmd.serve(listener, answers) }()
	t.Cleanup(func() {
		_ = listener.Close() // an error of serve is told
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return epmd
}

func (e *fakeEPMD) serve(listener net.Listener, answers []string) error {
	for _, answer := range answers {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		question := make([]byte, len("\x00\x05zchat"))
		if _, err := io.ReadFull(conn, question); err != nil {
			return err
		}
		e.asked <- string(question)
		if _, err := io.Copy(conn, strings.NewReader(answer)); err != nil {
			return err
		}
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}
