package erltest

import (
	"bufio"
	"context"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for nodes to find each other.
const Patience = 60 * time.Second

// VM is a running Erlang VM whose output is read line by line.
type VM struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	last  string        // the last line
	lines chan struct{} // closed and replaced at each line
	ended chan struct{} // closed when there will be no more lines
}

// quiet gives VMs one scheduler each, which sleeps where there is nothing to do: a
// dozen of them share the processors.
const quiet = "ERL_AFLAGS=+S 1:1 +SDcpu 1:1 +SDio 1 +sbwt none +sbwtdcpu none +sbwtdio none"

// StartVM starts a VM and kills it, if it still runs, when the test ends.
func StartVM(t testing.TB, cmd *exec.Cmd) *VM {
	t.Helper()
	cmd.Env = append(cmd.Environ(), quiet)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v := &VM{cmd: cmd, lines: make(chan struct{}), ended: make(chan struct{})}
	Start(t, cmd)
	go v.read(bufio.NewScanner(out))
	return v
}

func (v *VM) read(scanner *bufio.Scanner) {
	defer close(v.ended)
	for scanner.Scan() {
		v.mu.Lock()
		v.last = scanner.Text()
		close(v.lines)
		v.lines = make(chan struct{})
		v.mu.Unlock()
	}
}

// Await returns once the VM's last line is the wanted one. It fails the test when
// the VM has ended with another one.
func (v *VM) Await(t testing.TB, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	for {
		last, next := v.line()
		if last == want {
			return
		}
		select {
		case <-next:
		case <-v.ended:
			if last, _ := v.line(); last != want {
				t.Fatalf("the VM has ended, and last said %q, want %q", last, want)
			}
		case <-ctx.Done():
			t.Fatalf("the VM last said %q, want %q", last, want)
		}
	}
}

// line returns the last line, and what is closed when there is another one.
func (v *VM) line() (last string, next <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last, v.lines
}

// Kill ends the VM as a power cut does.
func (v *VM) Kill(t testing.TB) {
	t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.cmd.Wait() // the error is the kill
}
