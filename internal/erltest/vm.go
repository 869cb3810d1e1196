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
}

// StartVM starts a VM and kills it, if it still runs, when the test ends.
func StartVM(t testing.TB, cmd *exec.Cmd) *VM {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v := &VM{cmd: cmd, lines: make(chan struct{})}
	Start(t, cmd)
	go v.read(bufio.NewScanner(out))
	return v
}

func (v *VM) read(scanner *bufio.Scanner) {
	for scanner.Scan() {
		v.mu.Lock()
		v.last = scanner.Text()
		close(v.lines)
		v.lines = make(chan struct{})
		v.mu.Unlock()
	}
}

// Await returns once the VM's last line is the wanted one.
func (v *VM) Await(t testing.TB, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	for {
		v.mu.Lock()
		last, next := v.last, v.lines
		v.mu.Unlock()
		if last == want {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			t.Fatalf("the VM last said %q, want %q", last, want)
		}
	}
}

// Kill ends the VM as a power cut does.
func (v *VM) Kill(t testing.TB) {
	t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.cmd.Wait() // the error is the kill
}
