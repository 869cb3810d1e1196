// Package erltest lets tests run real Erlang nodes on loopback addresses
// without touching an epmd that may already run on the machine.
package erltest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// StartEPMD starts an epmd of the test's own on one free port of all the given
// IPv4 loopback addresses and ends it with the test. It returns the port.
func StartEPMD(t testing.TB, addresses ...string) int {
	t.Helper()
	epmd := testtool.Require(t, "epmd")
	sockets, port := listen(t, addresses)
	// The sockets are handed over as systemd does it: listening before epmd
	// runs, so that no node can come too early.
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" -systemd -port "$1"`, epmd, fmt.Sprint(port))
	cmd.Env = append(os.Environ(), fmt.Sprintf("LISTEN_FDS=%d", len(sockets)))
	cmd.ExtraFiles = sockets
	Start(t, cmd)
	return port
}

// Start starts a program and kills it, if it still runs, when the test ends.
func Start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// attempts is how often listen looks for a port that is free on all addresses.
const attempts = 20

func listen(t testing.TB, addresses []string) ([]*os.File, int) {
	t.Helper()
	for range attempts {
		if sockets, port, err := tryListen(addresses); err == nil {
			t.Cleanup(func() { closeAll(sockets) })
			return sockets, port
		}
	}
	t.Fatalf("no port is free on all of %v", addresses)
	return nil, 0
}

func tryListen(addresses []string) (sockets []*os.File, port int, err error) {
	for _, address := range addresses {
		listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(address), Port: port})
		if err != nil {
			closeAll(sockets)
			return nil, 0, err
		}
		port = listener.Addr().(*net.TCPAddr).Port
		socket, err := listener.File()
		_ = listener.Close() // socket is a copy
		if err != nil {
			closeAll(sockets)
			return nil, 0, err
		}
		sockets = append(sockets, socket)
	}
	return sockets, port, nil
}

func closeAll(files []*os.File) {
	for _, file := range files {
		_ = file.Close()
	}
}
