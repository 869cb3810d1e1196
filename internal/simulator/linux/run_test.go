//go:build linux

package linux

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// shortly is longer than programs take that end, and as long as these tests
// wait for those that do not.
const shortly = 2 * time.Second

func alone(*exec.Cmd) {}

func TestProgramsRunToTheirEnd(t *testing.T) {
	t.Parallel()
	output, err := runToEnd(t.Context(), time.Minute, func(c *exec.Cmd) { c.Stdin = strings.NewReader("in") }, "sh", "-c", "cat; echo err >&2")
	if output != "inerr\n" || err != nil {
		t.Errorf("got %q, %v", output, err)
	}
	_, err = runToEnd(t.Context(), time.Minute, alone, "sh", "-c", "exit 3")
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 3 {
		t.Errorf("a program that fails ends with %v, want its exit code", err)
	}
}

func TestProgramsThatDoNotEndAreEnded(t *testing.T) {
	t.Parallel()
	for story, script := range map[string]string{
		"it takes too long":                         "exec sleep 600",
		"it is stopped":                             "kill -STOP $$",
		"a child of it is stopped":                  "sh -c 'kill -STOP $$'; :",
		"a child that is stopped holds its output":  "sh -c 'kill -STOP $$' & exit 1",
		"it ignores what asks it to end, and stops": "trap '' TERM INT HUP; kill -STOP $$; sleep 600",
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			go func() {
				_, err := runToEnd(t.Context(), shortly, alone, "sh", "-c", script)
				ended <- err
			}()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("it counts as a success")
				}
			case <-time.After(shortly + 3*outputTime):
				t.Error("it hangs")
			}
		})
	}
}

func TestTheErrorTellsThatAProgramWasEnded(t *testing.T) {
	t.Parallel()
	_, err := runToEnd(t.Context(), time.Millisecond, alone, "sleep", "600")
	if err == nil || !strings.Contains(err.Error(), "ended after 1ms") {
		t.Errorf("the time is over: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = runToEnd(ctx, time.Minute, alone, "sleep", "600"); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller gives up: %v", err)
	}
}

func TestAChildThatIsLeftIsEnded(t *testing.T) {
	t.Parallel()
	output, err := runToEnd(t.Context(), time.Minute, alone, "sh", "-c", "sh -c 'echo $$; kill -STOP $$' & exit 1")
	if err == nil {
		t.Error("a program that fails counts as a success")
	}
	id, err := strconv.Atoi(strings.TrimSpace(output))
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	if err == nil && strings.Contains(string(status), "(stopped)") {
		t.Error("the child is still there, stopped")
	}
}

// A host that shuts down stops what runs in it, and with it the nsenter outside,
// which then nothing but its killer ends. The namespace of processes can only end
// when that is gone.
func TestAStoppedProgramDoesNotKeepItsHostAlive(t *testing.T) {
	t.Parallel()
	host, first := fakeHost(t)
	_, err := runToEnd(t.Context(), shortly, alone, "nsenter", "--target="+first, "--user", "--preserve-credentials", "--pid", "--",
		"sh", "-c", "kill -STOP $$")
	if err == nil || !strings.Contains(err.Error(), "ended after") {
		t.Fatalf("the program in the host ends with %v", err)
	}
	id, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(id, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- host.Wait() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the host does not end")
	}
}

// fakeHost is a namespace of processes, and the id of its first one. It has users
// of its own, too, so that this takes no root.
func fakeHost(t *testing.T) (host *exec.Cmd, first string) {
	t.Helper()
	host = newCommand(t.Context(), "unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c", "echo up; read -r forever")
	if _, err := host.StdinPipe(); err != nil { // nothing is written to it
		t.Fatal(err)
	}
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		testtool.Skip(t, "this machine lets its users make no namespaces")
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", host.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return host, strings.TrimSpace(string(children))
}
