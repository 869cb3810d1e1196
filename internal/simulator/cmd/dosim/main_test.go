package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// lockedBuffer is written by the server while the test may read it.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs the command until the test ends and returns its address.
func start(t *testing.T, stderr io.Writer, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stdoutReader, stdout := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, stdout, stderr)
		stdout.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("dosim ended with %v", err)
		}
	})
	address, err := bufio.NewReader(stdoutReader).ReadString('\n')
	if err != nil {
		t.Fatalf("read the address: %v", err)
	}
	return strings.TrimSpace(address)
}

func client(t *testing.T, address, token string) *godo.Client {
	t.Helper()
	client := godo.NewFromToken(token)
	if err := godo.SetBaseURL(address + "/")(client); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestServesAnyClientOfTheAPI(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	address := start(t, &log, "--listen", "127.0.0.1:0", "--droplet-limit", "3", "--log")
	account, _, err := client(t, address, "whatever").Account.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if account.DropletLimit != 3 {
		t.Errorf("droplet limit %d, want 3", account.DropletLimit)
	}
	if !strings.Contains(log.String(), "200 GET /v2/account") {
		t.Errorf("log %q has no line about the call", log.String())
	}
}

func TestTokenIsChecked(t *testing.T) {
	t.Parallel()
	address := start(t, io.Discard, "--token", "secret")
	if _, _, err := client(t, address, "secret").Account.Get(t.Context()); err != nil {
		t.Errorf("the right token: %v", err)
	}
	_, response, err := client(t, address, "other").Account.Get(t.Context())
	if err == nil || response.StatusCode != http.StatusUnauthorized {
		t.Errorf("another token: error %v, want status 401", err)
	}
}

func TestRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--lisen", "x"}, {"extra"}, {"--listen", "nonsense"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("dosim %v started", args)
		}
	}
}

// asCommand makes the test binary behave as the command itself.
const asCommand = "DOSIM_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestStopsOnSignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), asCommand+"=1")
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatalf("read the address: %v", err)
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil {
				t.Errorf("ended with %v, want status 0", err)
			}
		})
	}
}

// writeFaults puts a list of faults into a file.
func writeFaults(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "faults.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFaultsComeFromAFile(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	faults := writeFaults(t, "- kind: bad_gateway\n  call: GET /v2/account\n  times: 1\n")
	address := start(t, &log, "--faults", faults, "--log")
	// The client tries again by itself, and then the fault is used up.
	if _, _, err := client(t, address, "whatever").Account.Get(t.Context()); err != nil {
		t.Errorf("the second try: %v", err)
	}
	if !strings.Contains(log.String(), "502 GET /v2/account fault=bad_gateway\n") {
		t.Errorf("log %q has no line about the fault", log.String())
	}
}

func TestRefusesFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		writeFaults(t, "- kind: gremlins\n"): `no kind "gremlins"`,
		"not-there.yaml":                     "no such file",
	} {
		err := run(t.Context(), []string{"--faults", file}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--faults %s: %v, want an error with %q", file, err, want)
		}
	}
}

// The list of faults in the usage text is one that can be used.
func TestUsageShowsFaultsThatWork(t *testing.T) {
	t.Parallel()
	var usage lockedBuffer
	if err := run(t.Context(), []string{"--help"}, io.Discard, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(usage.String(), "strikes some of them:\n")
	example, _, _ := strings.Cut(rest, "\n  kind ")
	if faults, err := simulator.ParseFaults([]byte(example)); err != nil || len(faults) != 5 {
		t.Errorf("the example has %d faults (%v), want 5", len(faults), err)
	}
}
