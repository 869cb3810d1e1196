package management

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

func newKeys(t *testing.T) Keys {
	t.Helper()
	keys, err := NewKeys("chat")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// channelTo makes a channel whose connections lead to the server. It works
// through pipes, so that it also runs in virtual time.
func channelTo(serve func(net.Conn), keys Keys) Channel {
	return Channel{
		User: "beamctl", ClientKeyPEM: keys.ClientKeyPEM, HostPublicKey: keys.HostPublicKey,
		dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := pipe()
			go func() {
				defer theirs.Close()
				serve(theirs)
			}()
			return ours, nil
		},
	}
}

func TestACommandGetsItsInputAndGivesItsOutput(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	server := newServer(t, keys)
	out, err := channelTo(server.serve, keys).Run(t.Context(), "10.0.0.1", 22, "set-nodes", strings.NewReader("chat-us-1"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), "set-nodes got chat-us-1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// endless counts what is read of it, so that a test sees that it is not hoarded.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return len(p), nil
}

func TestInputIsStreamed(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	channel := channelTo(newServer(t, keys).serve, keys)
	run := func(command string, stdin io.Reader) (string, error) {
		out, err := channel.Run(t.Context(), "10.0.0.1", 22, command, stdin)
		return string(out), err
	}
	const size = 20 << 20
	if out, err := run("count", io.LimitReader(&endless{}, size)); err != nil || out != strconv.Itoa(size) {
		t.Errorf("the host got %q, want %d bytes: %v", out, size, err)
	}
	// A host that has the archive already need not read it.
	unread := &endless{}
	if _, err := run("read nothing", unread); err != nil {
		t.Errorf("a command that reads nothing: %v", err)
	}
	if read := unread.read.Load(); read > size {
		t.Errorf("%d bytes were read for a command that takes none", read)
	}
	// What the host says of half an archive is not the cause.
	broken := io.MultiReader(io.LimitReader(&endless{}, 1000), iotest.ErrReader(os.ErrClosed))
	if _, err := run("count", broken); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), `read what "count" is sent`) {
		t.Errorf("got %v, want the error of reading", err)
	}
}

func TestErrorsTellWhatKeepsACommandFromRunning(t *testing.T) {
	t.Parallel()
	keys, others := newKeys(t), newKeys(t)
	impostor := keys
	impostor.HostKeyPEM = others.HostKeyPEM
	closed := keys
	closed.AuthorizedKey = others.AuthorizedKey
	for _, tt := range []struct {
		story   string
		channel Channel
		command string
		want    error
		text    string
	}{
		{"no route", failingDial(keys, syscall.EHOSTUNREACH), "status", ErrUnreachable, "SSH to 10.0.0.1:22: the host does not answer; access.ssh_from or management.from must contain the address that this machine has on the internet (no route to host)"},
		{"no server", failingDial(keys, syscall.ECONNREFUSED), "status", ErrRefused, "no SSH server listens there"},
		{"another machine", channelTo(newServer(t, impostor).serve, keys), "status", ErrHostKey, "(it shows SHA256:"},
		{"a machine with RSA only", channelTo(newRSAServer(t).serve, keys), "status", ErrHostKey, "another machine has this address now"},
		{"a key nobody knows", channelTo(newServer(t, closed).serve, keys), "status", ErrKeyRefused, "the host does not accept the management key"},
		{"a server that hangs up", channelTo(func(c net.Conn) { _ = c.Close() }, keys), "status", ErrLost, "the connection was lost"},
		{"a connection cut amid the command", channelTo(newServer(t, keys).serve, keys), "hang up", ErrLost, "the connection was lost"},
		{"too much output", channelTo(newServer(t, keys).serve, keys), "flood", nil, `"flood" printed more than 4194304 bytes`},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			_, err := tt.channel.Run(t.Context(), "10.0.0.1", 22, tt.command, nil)
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got error %v, want one with %q", err, tt.text)
			}
			for _, kind := range []error{ErrUnreachable, ErrRefused, ErrHostKey, ErrKeyRefused, ErrLost} {
				if got := errors.Is(err, kind); got != errors.Is(tt.want, kind) {
					t.Errorf("errors.Is(%v, %q) is %v", err, kind, got)
				}
			}
		})
	}
}

func failingDial(keys Keys, err error) Channel {
	c := channelTo(nil, keys)
	c.dial = func(context.Context, string, string) (net.Conn, error) { return nil, err }
	return c
}

func TestAFailedCommandBringsItsMessages(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	_, err := channelTo(newServer(t, keys).serve, keys).Run(t.Context(), "10.0.0.1", 22, "fail", nil)
	var failed *CommandError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a CommandError", err)
	}
	if failed.Status != 3 || failed.Stderr != "no such node\n" {
		t.Errorf("got status %d and %q", failed.Status, failed.Stderr)
	}
	if want := `SSH to 10.0.0.1:22: "fail" failed with exit status 3: no such node`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func saysNothing(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// Whatever a server leaves undone, Run returns.
func TestASilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	signer, err := ssh.ParsePrivateKey([]byte(keys.HostKeyPEM))
	if err != nil {
		t.Fatal(err)
	}
	for story, serve := range map[string]func(net.Conn){
		"that accepts and says nothing": saysNothing,
		"that lets in and opens no session": func(c net.Conn) {
			config := &ssh.ServerConfig{NoClientAuth: true}
			config.AddHostKey(signer)
			if _, channels, _, err := ssh.NewServerConn(c, config); err == nil {
				<-channels
				saysNothing(c)
			}
		},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := channelTo(serve, keys).Run(t.Context(), "10.0.0.1", 22, "status", nil)
				if err == nil {
					t.Fatal("no error")
				}
				if took := time.Since(start); took != defaultTimeout {
					t.Errorf("given up after %s, want %s: %v", took, defaultTimeout, err)
				}
			})
		})
	}
}

func TestTheContextEndsEveryStage(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	server := newServer(t, keys)
	connecting := channelTo(nil, keys)
	connecting.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for story, channel := range map[string]Channel{
		"connecting":          connecting,
		"the handshake":       channelTo(saysNothing, keys),
		"a command that runs": channelTo(server.serve, keys),
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := channel.Run(ctx, "10.0.0.1", 22, "wait", nil)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("ended after %s with %v", time.Since(start), err)
				}
			})
		})
	}
}

func TestALongCommandOutlivesTheHandshakesTimeout(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	server := newServer(t, keys)
	synctest.Test(t, func(t *testing.T) {
		out, err := channelTo(server.serve, keys).Run(t.Context(), "10.0.0.1", 22, "take an hour", nil)
		if err != nil || string(out) != "done" {
			t.Errorf("got %q, %v", out, err)
		}
	})
}

func TestEachClusterHasKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	one, other := newKeys(t), newKeys(t)
	if one.ClientKeyPEM == other.ClientKeyPEM || one.HostKeyPEM == other.HostKeyPEM || one.ClientKeyPEM == one.HostKeyPEM {
		t.Error("keys repeat")
	}
	for _, pair := range [][2]string{{one.ClientKeyPEM, one.AuthorizedKey}, {one.HostKeyPEM, one.HostPublicKey}} {
		signer, err := ssh.ParsePrivateKey([]byte(pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
		if !strings.HasPrefix(pair[1], public+" chat-") || strings.Contains(pair[1], "\n") {
			t.Errorf("the public key is %q, want the one line %q and a comment", pair[1], public)
		}
	}
}
