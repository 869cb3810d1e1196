//go:build linux

package e2e_test

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"golang.org/x/crypto/ssh"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// person is somebody with an SSH key.
type person struct {
	ssh.Signer
	name        string
	line        string // of authorized_keys
	fingerprint string // as DigitalOcean names the key
}

func newPerson(t *testing.T, name string) person {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	public := signer.PublicKey()
	return person{signer, name, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))), ssh.FingerprintLegacyMD5(public)}
}

// member is somebody whose key the account has.
func (w *world) member(t *testing.T, name string) person {
	t.Helper()
	p := newPerson(t, name)
	api, err := godo.New(&http.Client{Transport: simulator.Transport(w.Simulator)}, godo.SetRequestHeaders(map[string]string{"Authorization": "Bearer " + name}))
	must(t, err)
	_, _, err = api.Keys.Create(t.Context(), &godo.KeyCreateRequest{Name: name, PublicKey: p.line + " " + name + "@laptop"})
	must(t, err)
	return p
}

// isLetIn says whether the person logs in at every host as the user, or at none. An
// sshd that refused a few keys refuses all else from there for a while.
func (w *world) isLetIn(t *testing.T, p person, user string, want bool) {
	t.Helper()
	for _, d := range w.droplets(t) {
		client, err := w.login(t, d.PublicIPv4, user, ssh.PublicKeys(p))
		if (err == nil) != want {
			t.Errorf("%s logs in to %s as %s: %t (%v), want %t", p.name, d.Name, user, err == nil, err, want)
		}
		if err == nil {
			must(t, client.Close())
		}
	}
}

// replacesAnn lets Bob in, in her stead, after somebody let Eve in by hand.
func replacesAnn(t *testing.T, d *dayTwo) {
	d.isLetIn(t, d.ann, "deploy", true)
	d.bob, d.eve = d.member(t, "bob"), newPerson(t, "eve")
	for _, host := range d.droplets(t) {
		d.on(t, host.Name, fmt.Sprintf("echo '%s eve' >>/home/deploy/.ssh/authorized_keys; echo '%s eve' >>/root/.ssh/authorized_keys", d.eve.line, d.eve.line))
	}
	d.chat["ssh_keys"] = []string{d.bob.fingerprint}
}

func bobAndEveLogIn(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	d.isLetIn(t, d.bob, "deploy", true)
	d.isLetIn(t, d.eve, "deploy", true)
	d.isLetIn(t, d.ann, "deploy", false)
	d.isLetIn(t, d.ann, "root", false)
	for _, host := range d.droplets(t) {
		for _, home := range []string{"/home/deploy", "/root"} {
			if got := d.on(t, host.Name, "cat "+home+"/.ssh/authorized_keys"); got != d.eve.line+" eve" {
				t.Errorf("%s has in %s\n%s", host.Name, home, got)
			}
		}
	}
}
