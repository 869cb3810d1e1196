package management

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// TestOpenSSHHoldsTheKeyToItsOneCommand runs the system's own sshd with the keys
// as a host has them.
func TestOpenSSHHoldsTheKeyToItsOneCommand(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	channel := Channel{User: currentUser(t), ClientKeyPEM: keys.ClientKeyPEM, HostPublicKey: keys.HostPublicKey}
	port := startSSHD(t, keys)

	out, err := channel.Run(t.Context(), "127.0.0.1", port, "cat /etc/shadow; reboot", strings.NewReader("input\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), "asked for: cat /etc/shadow; reboot\ninput\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	others := newKeys(t)
	stranger, elsewhere := channel, channel
	stranger.ClientKeyPEM = others.ClientKeyPEM
	elsewhere.HostPublicKey = others.HostPublicKey
	if _, err := stranger.Run(t.Context(), "127.0.0.1", port, "status", nil); !errors.Is(err, ErrKeyRefused) {
		t.Errorf("another key: got %v, want %v", err, ErrKeyRefused)
	}
	if _, err := elsewhere.Run(t.Context(), "127.0.0.1", port, "status", nil); !errors.Is(err, ErrHostKey) {
		t.Errorf("another host key: got %v, want %v", err, ErrHostKey)
	}
}

func currentUser(t *testing.T) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return me.Username
}

// startSSHD serves each connection to a loopback port with an sshd of its own,
// as inetd would. It returns the port.
func startSSHD(t *testing.T, keys Keys) int {
	t.Helper()
	sshd := testtool.RequireSSHD(t)
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hostKey := write("host_key", keys.HostKeyPEM)
	authorized := write("authorized_keys",
		`restrict,command="printf 'asked for: %s\n' \"$SSH_ORIGINAL_COMMAND\"; cat" `+keys.AuthorizedKey+"\n")
	// The folders of tests are everyone's to write to, hence no StrictModes.
	config := write("sshd_config", fmt.Sprintf(
		"HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n", hostKey, authorized))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveInetd(t, sshd, config, conn.(*net.TCPConn))
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func serveInetd(t *testing.T, sshd, config string, conn *net.TCPConn) {
	socket, err := conn.File()
	_ = conn.Close() // socket is a copy
	if err != nil {
		return
	}
	defer socket.Close()
	command := exec.CommandContext(t.Context(), sshd, "-i", "-e", "-f", config)
	command.Stdin, command.Stdout = socket, socket
	var log strings.Builder
	command.Stderr = &log
	_ = command.Run() // it fails for a client that is refused
}
