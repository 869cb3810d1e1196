package management

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// server is an SSH server whose commands are told what to do by their names.
type server struct{ config *ssh.ServerConfig }

func newServer(t *testing.T, keys Keys) *server {
	t.Helper()
	hostKey, err := ssh.ParsePrivateKey([]byte(keys.HostKeyPEM))
	if err != nil {
		t.Fatal(err)
	}
	authorized, _, _, _, err := ssh.ParseAuthorizedKey([]byte(keys.AuthorizedKey))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if meta.User() != "beamctl" || !bytes.Equal(key.Marshal(), authorized.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	config.AddHostKey(hostKey)
	return &server{config}
}

func newRSAServer(t *testing.T) *server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{&ssh.ServerConfig{NoClientAuth: true}}
	s.config.AddHostKey(signer)
	return s
}

// serve handles one connection until the client ends it.
func (s *server) serve(conn net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offer := range channels {
		channel, requests, err := offer.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range requests {
				_ = request.Reply(request.Type == "exec", nil)
				// The payload is a string: four bytes of length first.
				go runExample(conn, channel, string(request.Payload[4:]))
			}
		}()
	}
}

// pipe connects two ends in memory. Unlike those of net.Pipe, which they are
// made of, they take what is written without waiting for a reader: both sides of
// SSH begin by writing.
func pipe() (a, b net.Conn) {
	c, d := net.Pipe()
	return newBuffered(c), newBuffered(d)
}

type buffered struct {
	net.Conn
	out    chan []byte
	closed chan struct{}
	once   sync.Once
}

func newBuffered(c net.Conn) *buffered {
	b := &buffered{Conn: c, out: make(chan []byte, 1000), closed: make(chan struct{})}
	go b.deliver()
	return b
}

// deliver ends the connection once what was written before is read.
func (b *buffered) deliver() {
	defer b.Conn.Close()
	for {
		select {
		case p := <-b.out:
			_, _ = b.Conn.Write(p)
		case <-b.closed:
			for len(b.out) > 0 {
				_, _ = b.Conn.Write(<-b.out)
			}
			return
		}
	}
}

func (b *buffered) Write(p []byte) (int, error) {
	select {
	case b.out <- bytes.Clone(p):
		return len(p), nil
	case <-b.closed:
		return 0, io.ErrClosedPipe
	}
}

func (b *buffered) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func runExample(conn net.Conn, channel ssh.Channel, command string) {
	status := uint32(0)
	switch command {
	case "hang up":
		_ = conn.Close()
		return
	case "wait":
		return
	case "fail":
		_, _ = io.WriteString(channel.Stderr(), "no such node\n")
		status = 3
	case "flood":
		_, _ = channel.Write(make([]byte, maxStdout+1))
	case "read nothing":
	case "count":
		n, _ := io.Copy(io.Discard, channel)
		_, _ = fmt.Fprint(channel, n)
	case "take an hour":
		<-time.After(time.Hour)
		_, _ = io.WriteString(channel, "done")
	default:
		input, _ := io.ReadAll(channel)
		_, _ = io.WriteString(channel, command+" got "+string(input))
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = channel.Close()
}
