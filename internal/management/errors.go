package management

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// What keeps a command from running. Each error of Channel.Run that has one of
// these causes wraps it.
var (
	// ErrUnreachable: nothing answers at the address, or not in time.
	ErrUnreachable = errors.New("the host does not answer; access.ssh_from or management.from must contain the address that this machine has on the internet")
	// ErrRefused: the host is there, and nothing listens on the port.
	ErrRefused = errors.New("the host refuses the connection: no SSH server listens there")
	// ErrHostKey: the server does not have the cluster's host key.
	ErrHostKey = errors.New("the server has another host key than the cluster's: another machine has this address now, or someone intercepts the connection")
	// ErrKeyRefused: the server is the right one and does not take the key.
	ErrKeyRefused = errors.New("the host does not accept the management key")
	// ErrLost: the connection ended before the command did.
	ErrLost = errors.New("the connection was lost")
)

// CommandError says that the command ran on the host and failed there.
type CommandError struct {
	Command string // as given to Run
	Status  int    // exit status; 0 when a signal ended the command
	Signal  string // such as "KILL"; empty when the command ended by itself
	Stderr  string // its last messages
}

func (e *CommandError) Error() string {
	end := fmt.Sprintf("exit status %d", e.Status)
	if e.Signal != "" {
		end = "signal " + e.Signal
	}
	if said := strings.TrimSpace(e.Stderr); said != "" {
		end += ": " + said
	}
	return fmt.Sprintf("%q failed with %s", e.Command, end)
}

func connectError(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return ErrRefused
	}
	return fmt.Errorf("%w (%w)", ErrUnreachable, err)
}

func wrongHostKey(found ssh.PublicKey) error {
	return fmt.Errorf("%w (it shows %s)", ErrHostKey, ssh.FingerprintSHA256(found))
}

// handshakeError tells from how far the handshake came what is wrong. Verified
// says that the server has shown the right key.
func handshakeError(err error, verified bool) error {
	var noCommon *ssh.AlgorithmNegotiationError
	var network net.Error
	switch {
	case errors.Is(err, ErrHostKey):
		return err
	case errors.As(err, &noCommon) && noCommon.What == "host key":
		// Every host of the cluster has a key of the one type that is asked for.
		return fmt.Errorf("%w (%w)", ErrHostKey, err)
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%w (%w)", ErrUnreachable, err)
	case errors.As(err, &network), errors.Is(err, io.EOF):
		// A host that is still starting hangs up before it lets anyone in.
		return lost(err)
	case verified:
		return fmt.Errorf("%w (%w)", ErrKeyRefused, err)
	}
	return lost(err)
}

func lost(err error) error { return fmt.Errorf("%w (%w)", ErrLost, err) }

func commandError(command, stderr string, err error) error {
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return &CommandError{Command: command, Status: exit.ExitStatus(), Signal: exit.Signal(), Stderr: stderr}
	}
	return lost(err)
}
