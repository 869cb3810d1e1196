//go:build linux

package e2e_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func theCookieIsOne(t *testing.T, w *world) {
	for name := range w.state.Nodes {
		got := w.on(t, name, "printf %s \"$(cat /home/deploy/.erlang.cookie)\" | sha256sum | cut -c1-12")
		if got != w.state.CookieFingerprint {
			t.Errorf("%s has a cookie with the fingerprint %s, want %s", name, got, w.state.CookieFingerprint)
		}
	}
}

// tellSecrets are commands that print secrets of a node to whom it lets.
var tellSecrets = []string{
	"cat /home/deploy/.erlang.cookie",
	"cat /etc/beam/env",
	"cat /etc/beam/migrate.env",
	"cat /etc/beam/release.json",
	"cat /etc/beam/management.json",
	"cat /var/lib/cloud/instance/user-data.txt",
	"curl -sS -f -m 3 http://169.254.169.254/metadata/v1/user-data",
	`sh -c 'cat /proc/[0-9]*/environ | tr "\000" "\n" | grep -a ^DATABASE_URL='`,
}

// reads lists the commands that print something on a node when a user runs them.
func (w *world) reads(t *testing.T, node, user, group string) []string {
	t.Helper()
	var printing []string
	for _, command := range tellSecrets {
		script := fmt.Sprintf("setpriv --reuid %s --regid %s --clear-groups %s 2>/dev/null | head -c 1 | wc -c", user, group, command)
		if w.on(t, node, script) != "0" {
			printing = append(printing, command)
		}
	}
	return printing
}

// othersReadNoSecret has root read them all, so that it is known that they are
// there and that the programs work.
func othersReadNoSecret(t *testing.T, w *world) {
	for name := range w.state.Nodes {
		if got := w.reads(t, name, "root", "root"); !slices.Equal(got, tellSecrets) {
			t.Errorf("on %s root reads with %q alone", name, got)
		}
		if got := w.reads(t, name, "nobody", "nogroup"); len(got) > 0 {
			t.Errorf("on %s nobody reads with %q", name, got)
		}
	}
}

func processesShowNoSecret(t *testing.T, w *world) {
	memory, err := w.Memory()
	must(t, err)
	secrets := memory.Secrets
	hidden := []string{secrets.Cookie, secrets.SecretKeyBase, secrets.UserPassword, secrets.OwnerPassword, secrets.StatsPassword}
	for _, d := range w.droplets(t) {
		shown := w.on(t, d.Name, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
		for i, secret := range hidden {
			if secret == "" {
				t.Fatalf("secret %d is not known", i)
			}
			if strings.Contains(shown, secret) {
				t.Errorf("a command line on %s shows secret %d", d.Name, i)
			}
		}
	}
}

// login tries to log in at a host over SSH, as the operator.
func (w *world) login(t *testing.T, address, user string, methods ...ssh.AuthMethod) (*ssh.Client, error) {
	t.Helper()
	var connection net.Conn
	connection, err := w.Hosts.Client().Dial(context.WithoutCancel(t.Context()), "tcp", address+":22")
	must(t, err)
	memory, err := w.Memory()
	must(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(memory.Secrets.Management.HostPublicKey))
	must(t, err)
	client, channels, requests, err := ssh.NewClientConn(connection, address, &ssh.ClientConfig{
		User: user, Auth: methods, HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: []string{key.Type()},
	})
	if err != nil {
		connection.Close()
		return nil, err
	}
	return ssh.NewClient(client, channels, requests), nil
}

func sshRefusesPasswordsAndRoot(t *testing.T, w *world) {
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	for _, d := range w.droplets(t) {
		// With its key allowed, root must still not get in.
		line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
		w.on(t, d.Name, fmt.Sprintf("mkdir -p /root/.ssh; echo '%s' >/root/.ssh/authorized_keys; usermod -p \"$(openssl passwd -6 known)\" deploy", line))
		if _, err := w.login(t, d.PublicIPv4, "root", ssh.PublicKeys(signer)); err == nil {
			t.Errorf("root logs in to %s", d.Name)
		}
		if _, err := w.login(t, d.PublicIPv4, "deploy", ssh.Password("known")); err == nil {
			t.Errorf("%s takes a password", d.Name)
		}
		w.on(t, d.Name, "rm /root/.ssh/authorized_keys; passwd -l deploy")
	}
}

func theManagementKeyRunsBeamctlOnly(t *testing.T, w *world) {
	memory, err := w.Memory()
	must(t, err)
	signer, err := ssh.ParsePrivateKey([]byte(memory.Secrets.Management.ClientKeyPEM))
	must(t, err)
	for _, d := range w.droplets(t) {
		client, err := w.login(t, d.PublicIPv4, "beamctl", ssh.PublicKeys(signer))
		must(t, err)
		if output, err := runs(client, "status"); err != nil || !strings.HasPrefix(output, "{") {
			t.Errorf("%s: status: %q, %v", d.Name, output, err)
		}
		for _, command := range []string{"id", "sh -i", "status; id", "set-nodes\nid", "await 1 && id", ""} {
			if output, err := runs(client, command); err == nil || strings.Contains(output, "uid=") {
				t.Errorf("%s: %q: %q, %v", d.Name, command, output, err)
			}
		}
		if _, err := client.Dial("tcp", "127.0.0.1:22"); err == nil {
			t.Errorf("%s forwards ports", d.Name)
		}
		if _, err := w.login(t, d.PublicIPv4, "deploy", ssh.PublicKeys(signer)); err == nil {
			t.Errorf("%s lets the management key in as deploy", d.Name)
		}
		must(t, client.Close())
	}
}

func runs(client *ssh.Client, command string) (string, error) {
	session, err := client.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	output, err := session.CombinedOutput(command)
	return string(output), err
}
