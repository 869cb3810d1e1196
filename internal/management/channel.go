// Package management runs commands on the hosts of a cluster over SSH. It
// speaks to one server only: the one that holds the cluster's host key.
package management

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// defaultTimeout bounds each of the stages before a command runs:
	// connecting, and the handshake with the start of the command.
	defaultTimeout = 10 * time.Second
	// maxStdout is the most that a command may print; a report of a host
	// with 150 peers takes some 30 kB.
	maxStdout = 4 << 20
	// maxStderr is how much of a command's messages is kept, from the end.
	maxStderr = 8 << 10
)

// keepAlive notices within half a minute that a host is gone while a command
// runs there: packets of a host that lost its power or network just stop.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// Channel reaches the hosts of one cluster. The zero Timeout is ten seconds.
type Channel struct {
	User          string        // login on the hosts
	ClientKeyPEM  string        // Keys.ClientKeyPEM
	HostPublicKey string        // Keys.HostPublicKey
	Timeout       time.Duration // for connecting, and again until the command is started

	dial dialer // nil is TCP
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Run runs the command on the host and returns what it printed. Stdin is read as
// fast as the host takes it, and nil is an empty one; a command need not read all
// of it. A command takes as long as it likes, until the context ends.
//
// The error wraps ErrUnreachable, ErrRefused, ErrHostKey, ErrKeyRefused or
// ErrLost, or is a *CommandError; when the context has ended it wraps the
// context's error instead.
func (c Channel) Run(ctx context.Context, address string, port int, command string, stdin io.Reader) ([]byte, error) {
	target := net.JoinHostPort(address, strconv.Itoa(port))
	stdout, err := c.run(ctx, target, command, stdin)
	if err != nil && ctx.Err() != nil {
		// Whatever stage failed did so because its connection was closed.
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("SSH to %s: %w", target, err)
	}
	return stdout, nil
}

func (c Channel) run(ctx context.Context, target, command string, stdin io.Reader) ([]byte, error) {
	conn, err := c.connect(ctx, target)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// Closing the connection ends whatever waits for it.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()

	if err := conn.SetDeadline(time.Now().Add(c.timeout())); err != nil {
		return nil, lost(err)
	}
	client, err := c.handshake(conn, target)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return runCommand(client, conn, command, stdin)
}

func (c Channel) timeout() time.Duration { return cmp.Or(c.Timeout, defaultTimeout) }

func (c Channel) connect(ctx context.Context, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	dial := c.dial
	if dial == nil {
		dial = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	}
	conn, err := dial(ctx, "tcp", target)
	if err != nil {
		return nil, connectError(err)
	}
	return conn, nil
}

// handshake proves who the server is, then who the client is.
func (c Channel) handshake(conn net.Conn, target string) (*ssh.Client, error) {
	signer, err := ssh.ParsePrivateKey([]byte(c.ClientKeyPEM))
	if err != nil {
		return nil, fmt.Errorf("read the management key: %w", err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostPublicKey))
	if err != nil {
		return nil, fmt.Errorf("read the host key: %w", err)
	}
	verified := false
	config := &ssh.ClientConfig{
		User:              c.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyAlgorithms: []string{hostKey.Type()},
		HostKeyCallback: func(name string, remote net.Addr, key ssh.PublicKey) error {
			if ssh.FixedHostKey(hostKey)(name, remote, key) != nil {
				return wrongHostKey(key)
			}
			verified = true
			return nil
		},
	}
	sshConn, channels, requests, err := ssh.NewClientConn(conn, target, config)
	if err != nil {
		return nil, handshakeError(err, verified)
	}
	return ssh.NewClient(sshConn, channels, requests), nil
}

func runCommand(client *ssh.Client, conn net.Conn, command string, stdin io.Reader) ([]byte, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, lost(err)
	}
	defer func() { _ = session.Close() }()
	stdout, stderr := &capped{limit: maxStdout}, &tail{limit: maxStderr}
	session.Stdout, session.Stderr = stdout, stderr
	input := &source{reader: stdin}
	if stdin != nil {
		session.Stdin = input
	}
	if err := session.Start(command); err != nil {
		return nil, lost(err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, lost(err)
	}
	// Wait gives io.EOF for a command that ended well before it had read all.
	err = session.Wait()
	if readErr := input.err(); readErr != nil {
		return nil, fmt.Errorf("read what %q is sent: %w", command, readErr)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, commandError(command, stderr.String(), err)
	}
	if stdout.full {
		return nil, fmt.Errorf("%q printed more than %d bytes", command, maxStdout)
	}
	return stdout.kept, nil
}

// source remembers why it could not be read: the host sees no more than its end.
type source struct {
	reader io.Reader
	failed atomic.Pointer[error]
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed.Store(&err)
	}
	return n, err
}

func (s *source) err() error {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	return nil
}

// capped keeps what is written to it up to its limit in bytes. It goes on
// taking more: a command whose output nobody reads would never end.
type capped struct {
	kept  []byte
	limit int
	full  bool
}

func (c *capped) Write(p []byte) (int, error) {
	if c.full = c.full || len(c.kept)+len(p) > c.limit; !c.full {
		c.kept = append(c.kept, p...)
	}
	return len(p), nil
}

// tail keeps the last bytes that are written to it.
type tail struct {
	kept  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - t.limit; extra > 0 {
		t.kept = t.kept[extra:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }
