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

// A host that shuts down stops what runs in it, then kills it, and can only end
// when somebody has taken the end of each of its processes.
func TestAProgramDoesNotKeepItsHostFromShuttingDown(t *testing.T) {
	t.Parallel()
	host, first, shutDown := fakeHost(t)
	program := newCommand(t.Context(), "nsenter", intoHost(first, inUsers, "sh", []string{"-c", "echo here; exec sleep 600"})...)
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(stdout).ReadString('\n'); said != "here\n" {
		t.Fatalf("the program in the host says %q, %v", said, err)
	}
	shutDown()
	for who, command := range map[string]*exec.Cmd{"host": host, "program in it": program} {
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Errorf("the %s does not end", who)
		}
	}
}

// What a host's own user runs is in the host: it sees the host's processes, and
// hands on its exit code.
func TestProgramsInAHostAreInIt(t *testing.T) {
	t.Parallel()
	_, first, _ := fakeHost(t)
	output, err := runToEnd(t.Context(), time.Minute, alone, "nsenter", intoHost(first, inUsers, "kill", []string{"-0", "1"})...)
	if err != nil {
		t.Errorf("the first process of the host: %v: %s", err, output)
	}
	output, err = runToEnd(t.Context(), time.Minute, alone, "nsenter", intoHost(first, inUsers, "kill", []string{"-0", strconv.Itoa(os.Getpid())})...)
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 1 {
		t.Errorf("a process outside is reached: %v: %s", err, output)
	}
}

// inUsers enters a fake host's users, too.
var inUsers = []string{"--user", "--preserve-credentials"}

// fakeHost is a namespace of processes, the id of its first one, and what shuts
// it down as systemd does (systemd's shutdown.c): stop all, kill all, wait for all.
// It has users of its own, too, so that this takes no root.
func fakeHost(t *testing.T) (host *exec.Cmd, first int, shutDown func()) {
	t.Helper()
	host = newCommand(t.Context(), "unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c",
		"echo up; read -r end; kill -STOP -1; sleep 1; kill -KILL -1; while kill -0 -1 2>/dev/null; do sleep 0.1; done")
	stdin, err := host.StdinPipe()
	if err != nil {
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
	if first, err = strconv.Atoi(strings.TrimSpace(string(children))); err != nil {
		t.Fatal(err)
	}
	return host, first, func() { _ = stdin.Close() } // the host's end shows that it was
}
