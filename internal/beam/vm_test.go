package beam_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const testCookie = `a "legal" cookie: $HOME 'x' \ #1`

// patience is how long a test waits for nodes to find each other.
const patience = 60 * time.Second

// host is a folder with everything that a node on one loopback address reads.
// A VM registers itself with the epmd of 127.0.0.1 whatever its own address is,
// so hosts share one epmd, and their names differ before the @ too.
type host struct {
	address  string
	dir      string
	epmdPort int
	node     beam.Node
}

func newHost(t *testing.T, address string, epmdPort int, peers ...string) *host {
	t.Helper()
	dir := t.TempDir()
	h := &host{address: address, dir: dir, epmdPort: epmdPort, node: beam.Node{
		Basename:      basename(address),
		PortMin:       21000,
		PortMax:       21999,
		Peers:         peers,
		Sync:          beam.SyncOptional,
		SyncTimeoutMS: 100,
		Dir:           dir,
		LearnedFile:   filepath.Join(dir, "learned"),
		NodesFile:     filepath.Join(dir, "nodes"),
	}}
	h.write(t, beam.VMArgsFile, h.node.VMArgs())
	h.write(t, beam.SysConfigFile, h.node.SysConfig())
	h.write(t, beam.PeersFile, h.node.PeersFileContent())
	h.write(t, beam.DialerFile, h.node.DialerEvery(200*time.Millisecond))
	h.write(t, ".erlang.cookie", testCookie)
	return h
}

// write puts a file in place with the host's address filled in.
func (h *host) write(t *testing.T, name, content string) {
	t.Helper()
	content = strings.NewReplacer(
		beam.AddressToken, h.address,
		beam.AddressTupleToken, "{"+strings.ReplaceAll(h.address, ".", ",")+"}",
	).Replace(content)
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (h *host) name() string { return beam.LongName(basename(h.address), h.address) }

// basename is chat1 for 127.0.0.1.
func basename(address string) string {
	return "chat" + address[strings.LastIndex(address, ".")+1:]
}

// vm is a running Erlang VM whose output is read line by line.
type vm struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	last  string        // the last line
	lines chan struct{} // closed and replaced at each line
}

// start runs plain erl with the host's files and one more expression.
func (h *host) start(t *testing.T, expression string) *vm {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "erl"),
		"-noinput", "-args_file", filepath.Join(h.dir, beam.VMArgsFile), "-eval", expression)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "HOME="+h.dir,
		fmt.Sprintf("ERL_EPMD_PORT=%d", h.epmdPort), "ERL_EPMD_ADDRESS="+h.address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v := &vm{cmd: cmd, lines: make(chan struct{})}
	erltest.Start(t, cmd)
	go v.read(bufio.NewScanner(out))
	return v
}

func (v *vm) read(scanner *bufio.Scanner) {
	for scanner.Scan() {
		v.mu.Lock()
		v.last = scanner.Text()
		close(v.lines)
		v.lines = make(chan struct{})
		v.mu.Unlock()
	}
}

// await returns once the VM's last line is the wanted one.
func (v *vm) await(t *testing.T, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

func (v *vm) kill(t *testing.T) {
	t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.cmd.Wait() // the error is the kill
}
