package management

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Keys are the two key pairs of a cluster's management channel. The provider
// draws both, so that it knows a host's key before the host exists and its very
// first connection is verified.
type Keys struct {
	// ClientKeyPEM opens the channel. It never leaves Terraform's state.
	ClientKeyPEM string
	// AuthorizedKey is its public half, as a line of authorized_keys.
	AuthorizedKey string
	// HostKeyPEM is the private key that sshd of every host has.
	HostKeyPEM string
	// HostPublicKey is its public half, as a line of ssh_host_ed25519_key.pub.
	HostPublicKey string
}

// NewKeys draws two Ed25519 pairs, the private keys in OpenSSH's PEM form.
// Name is put into the keys' comments and must be one word.
func NewKeys(name string) (Keys, error) {
	var keys Keys
	var err error
	if keys.ClientKeyPEM, keys.AuthorizedKey, err = newPair(name + "-management"); err != nil {
		return Keys{}, fmt.Errorf("draw the management key: %w", err)
	}
	if keys.HostKeyPEM, keys.HostPublicKey, err = newPair(name + "-host"); err != nil {
		return Keys{}, fmt.Errorf("draw the host key: %w", err)
	}
	return keys, nil
}

func newPair(comment string) (privatePEM, publicLine string, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return "", "", err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", "", err
	}
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n") + " " + comment
	return string(pem.EncodeToMemory(block)), line, nil
}
