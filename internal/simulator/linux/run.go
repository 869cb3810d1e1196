//go:build linux

package linux

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// commandTime is how long a program may take that sets something up, or runs
	// in a host. None needs more than seconds, but on a busy machine these are long.
	commandTime = time.Minute
	// lookTime is the same for programs that look at hosts from outside: a scan of
	// all ports may take minutes.
	lookTime = 5 * time.Minute
	// outputTime is how long an ended program's output may stay open, as by a
	// child that it left behind.
	outputTime = 5 * time.Second
)

// newCommand is a program that ends, and all its children with it, when ctx does.
//
// Killing the program alone is not enough: a host that hangs while it shuts down
// has stopped all its processes, and those that began outside it would stay.
// SIGKILL ends what is stopped, too.
func newCommand(ctx context.Context, name string, args ...string) *exec.Cmd {
	//nolint:gosec // G204: names and arguments are the caller's business
	command := exec.CommandContext(ctx, name, args...)
	command.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return unix.Kill(-command.Process.Pid, unix.SIGKILL) }
	command.WaitDelay = outputTime
	return command
}

// runToEnd runs a program and returns what it printed. One that takes
// longer than the limit is ended. Prepare may change the command before.
func runToEnd(ctx context.Context, limit time.Duration, prepare func(*exec.Cmd), name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("ended after %s, as it had not by itself", limit))
	defer cancel()
	command := newCommand(ctx, name, args...)
	prepare(command)
	output, err := command.CombinedOutput()
	if err != nil && command.Process != nil {
		_ = command.Cancel() // children that it left; mostly there are none
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return string(output), err
}

// runner runs a program to its end and returns what it printed. An error holds
// the program's own words. What the program reads on its standard input is not
// shown in errors, and it is where secrets belong.
type runner func(stdin, name string, args ...string) (string, error)

// newRunner returns a runner that outlives the cancellation of ctx: what was
// set up has to be taken down after an interrupt, too.
func newRunner(ctx context.Context) runner {
	ctx = context.WithoutCancel(ctx)
	return func(stdin, name string, args ...string) (string, error) {
		read := func(command *exec.Cmd) { command.Stdin = strings.NewReader(stdin) }
		output, err := runToEnd(ctx, commandTime, read, name, args...)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(output))
		}
		return output, nil
	}
}
