package playground_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// strike is what befalls a run of the command line.
type strike string

// Interrupts reach the provider, too, as those of a terminal do.
const (
	killProvider   strike = "SIGKILL of the provider before a call"
	killAfterCall  strike = "SIGKILL of the provider after a call"
	killTerraform  strike = "SIGKILL of Terraform"
	interruptOnce  strike = "SIGINT"
	interruptTwice strike = "SIGINT twice"
)

var strikes = []strike{killProvider, killAfterCall, killTerraform, interruptOnce, interruptTwice}

// endsWithState says that Terraform comes to write down what the provider
// reached.
func (s strike) endsWithState() bool { return s == interruptOnce }

// tearsState says that Terraform may end while it writes its state.
func (s strike) tearsState() bool { return s == killTerraform || s == interruptTwice }

// patience is how long a process may take to do what it surely does, on a busy
// machine.
const patience = 60 * time.Second

// gate stands before the simulator and counts what is asked. At one request, of
// a number given beforehand, it lets the strike fall, and holds the request until
// the signals have arrived: the moment does not hang on the clock.
type gate struct {
	next http.Handler

	mu     sync.Mutex
	seen   int
	at     int // 0 for never
	blow   strike
	victim *victim
	err    error
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	blow, victim := g.count()
	if blow == killAfterCall {
		g.next.ServeHTTP(w, r)
	}
	if blow != "" {
		if err := victim.strike(r.Context(), blow); err != nil {
			g.fail(err)
		}
	}
	switch blow {
	case killProvider, killAfterCall:
		panic(http.ErrAbortHandler) // nobody is left to be answered
	default:
		g.next.ServeHTTP(w, r)
	}
}

// count says what the request meets.
func (g *gate) count() (strike, *victim) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	if g.victim == nil || g.seen != g.at {
		return "", nil
	}
	return g.blow, g.victim
}

func (g *gate) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = errors.Join(g.err, err)
}

// watch begins to count anew for a run that begins.
func (g *gate) watch(v *victim, blow strike, at int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.at, g.blow, g.victim, g.err = 0, at, blow, v, nil
}

// result is how many requests there were, and what went wrong with the strike.
func (g *gate) result() (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.at > g.seen {
		return g.seen, fmt.Errorf("the run ended after %d requests, before the %dth", g.seen, g.at)
	}
	return g.seen, g.err
}

// victim is a run of the command line that a strike may befall.
type victim struct {
	command *exec.Cmd
	started chan struct{} // closed once the process has a number

	mu        sync.Mutex
	output    bytes.Buffer
	providers []process
	printed   chan struct{} // closed and made anew at each output
}

func newVictim(command *exec.Cmd) *victim {
	v := &victim{command: command, started: make(chan struct{}), printed: make(chan struct{})}
	command.Stdout, command.Stderr = v, v
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group for the signals of a terminal
	return v
}

// run starts the command, waits for its end and for that of every provider that
// a strike found running.
func (v *victim) run(ctx context.Context) (string, error) {
	err := v.command.Start()
	close(v.started)
	if err != nil {
		return "", err
	}
	err = v.command.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if orphan := awaitEnd(ctx, v.providers); orphan != nil {
		return v.output.String(), orphan
	}
	return v.output.String(), err
}

// Write implements io.Writer for what the command says.
func (v *victim) Write(text []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.printed)
	v.printed = make(chan struct{})
	return v.output.Write(text)
}

// says waits until the command has said the words.
func (v *victim) says(ctx context.Context, words string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		v.mu.Lock()
		said, more := strings.Contains(v.output.String(), words), v.printed
		v.mu.Unlock()
		if said {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("Terraform did not say %q: %w", words, ctx.Err())
		}
	}
}

// strike carries out what a request was chosen for.
func (v *victim) strike(ctx context.Context, blow strike) error {
	<-v.started
	pid := v.command.Process.Pid
	providers, err := children(pid)
	if err != nil || len(providers) == 0 {
		return fmt.Errorf("process %d has no provider: %w", pid, err)
	}
	v.mu.Lock()
	v.providers = providers
	v.mu.Unlock()
	switch blow {
	case killTerraform:
		return v.command.Process.Kill()
	case interruptOnce, interruptTwice:
		ctx = context.WithoutCancel(ctx) // an interrupt may end the call that waits here
		if err := errors.Join(syscall.Kill(-pid, syscall.SIGINT), v.says(ctx, "Interrupt received")); err != nil || blow == interruptOnce {
			return err
		}
		return errors.Join(syscall.Kill(-pid, syscall.SIGINT), v.says(ctx, "Two interrupts received"))
	default:
		for _, p := range providers {
			err = errors.Join(err, p.kill())
		}
		return err
	}
}
