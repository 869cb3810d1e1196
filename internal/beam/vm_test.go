package beam_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const testCookie = `a "legal" cookie: $HOME 'x' \ #1`

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
		CookieFile:    filepath.Join(dir, ".erlang.cookie"),
		StagedFile:    filepath.Join(dir, "staged"),
		RunningFile:   filepath.Join(dir, "running"),
		RequestFile:   filepath.Join(dir, "request"),
		AnswerFile:    filepath.Join(dir, "answer"),
	}}
	h.write(t, beam.VMArgsFile, h.node.VMArgs())
	h.write(t, beam.SysConfigFile, h.node.SysConfig())
	h.write(t, beam.PeersFile, h.node.PeersFileContent())
	h.write(t, beam.DialerFile, h.node.DialerEvery(200*time.Millisecond, 500*time.Millisecond))
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

// start runs plain erl with the host's files and one more expression.
func (h *host) start(t *testing.T, expression string) *erltest.VM {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "erl"),
		"-noinput", "-args_file", filepath.Join(h.dir, beam.VMArgsFile), "-eval", expression)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "HOME="+h.dir,
		fmt.Sprintf("ERL_EPMD_PORT=%d", h.epmdPort), "ERL_EPMD_ADDRESS="+h.address)
	return erltest.StartVM(t, cmd)
}
