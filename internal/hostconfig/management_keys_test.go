package hostconfig_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Public keys, as an account may have them.
const (
	annsKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvTwm+zMSL4mPWScilmPTYAgCQhn2VWg8wFpJ/gqFHk"
	bobsKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICnRsDIzQ8Wrhkmu0Dqo0V2zkTY8L7JJ0iXBhC8RWLkB"
	evesKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWAtbqo0wWS1NE/5XgTZfQTbxzb6m3tpgRD7+m9ArXm"
)

const (
	usersKeys = "/home/deploy/.ssh/authorized_keys"
	rootsKeys = "/root/.ssh/authorized_keys"
	toldKeys  = "/etc/beam/user.keys"
	keysHead  = "# The keys of ssh_keys: others belong into ~/.ssh/authorized_keys\n"
)

// madeWith is a host that was made with Ann's key and Bob's, where somebody let Eve
// in by hand.
func madeWith(t *testing.T, host renderer) managed {
	t.Helper()
	m := newManaged(t, host)
	m.write(t, "/run/cloud-init/instance-data.json", fmt.Sprintf(`{"v1": {"public_ssh_keys": ["%s ann@laptop", "%s"]}}`, annsKey, bobsKey))
	m.write(t, usersKeys, annsKey+" ann@laptop\n# eve, until May\n"+evesKey+" eve\n"+bobsKey+"\n")
	const elsewhere = `no-port-forwarding,command="echo 'Please login as the user \"deploy\" rather than the user \"root\".';exit 142" `
	m.write(t, rootsKeys, elsewhere+annsKey+" ann@laptop\n"+elsewhere+bobsKey+"\nrestrict "+evesKey+"\n")
	return m
}

// moveKeys is what the step of the first boot does.
func (m managed) moveKeys(t *testing.T) {
	t.Helper()
	if _, messages, status := m.ask(t, "move-keys", ""); status != 0 {
		t.Fatalf("move-keys exits with %d: %s", status, messages)
	}
}

func (m managed) expectFile(t *testing.T, path, want string) {
	t.Helper()
	if diff := cmp.Diff(want, m.read(t, path)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// letsIn is a bundle that tells the keys.
func (m managed) letsIn(t *testing.T, host bundler, keys ...string) string {
	t.Helper()
	bundle, err := host.Bundle(hostconfig.PartKeys)
	if err == nil {
		err = bundle.TellKeys(keys)
	}
	return m.told(t)(bundle, err)
}

type bundler interface {
	Bundle(parts ...hostconfig.Part) (hostconfig.Bundle, error)
}

func TestAHostLetsInWhomItIsToldAndWhomPeopleLetIn(t *testing.T) {
	t.Parallel()
	for name, host := range managedHosts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := madeWith(t, host)
			must(t, os.Chmod(m.root+usersKeys, 0o640))
			for range 2 { // a power cut may have it done again
				m.moveKeys(t)
				m.expectFile(t, toldKeys, keysHead+annsKey+"\n"+bobsKey+"\n")
				m.expectFile(t, usersKeys, "# eve, until May\n"+evesKey+" eve\n")
				m.expectFile(t, rootsKeys, "restrict "+evesKey+"\n")
			}
			if info, err := os.Stat(m.root + usersKeys); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the file of the user's changed: %v, %v", info.Mode(), err)
			}

			m.write(t, usersKeys, annsKey+" by hand\n")
			m.apply(t, m.letsIn(t, host.(bundler), bobsKey+" Bób ☎", evesKey))
			m.expectFile(t, toldKeys, keysHead+bobsKey+"\n"+evesKey+"\n")
			m.expectFile(t, usersKeys, annsKey+" by hand\n")

			m.apply(t, m.letsIn(t, host.(bundler)))
			m.expectFile(t, toldKeys, keysHead)
			if got := m.read(t, "/etc/beam/beamctl.keys"); !strings.Contains(got, "restrict,command=") {
				t.Errorf("the management key went: %q", got)
			}
		})
	}
}

// A host may be told of other keys before its first boot has come to its own.
func TestKeysThatAHostIsToldWhileItBootsCount(t *testing.T) {
	t.Parallel()
	m := madeWith(t, managedNode())
	for _, keys := range [][]string{{bobsKey}, nil} {
		m.apply(t, m.letsIn(t, managedNode(), keys...))
		m.moveKeys(t)
		m.expectFile(t, toldKeys, strings.Join(append([]string{strings.TrimSuffix(keysHead, "\n")}, keys...), "\n")+"\n")
		m.expectFile(t, usersKeys, "# eve, until May\n"+evesKey+" eve\n")
	}
}

// Keys that stayed in authorized_keys could not be taken away later.
func TestAHostThatCannotTellItsKeysDoesNotCountAsSetUp(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "{", `{"v1": {}}`, `{"v1": {"public_ssh_keys": null}}`} {
		m := madeWith(t, managedDatabase())
		m.write(t, "/run/cloud-init/instance-data.json", data)
		_, messages, status := m.ask(t, "move-keys", "")
		if status != 1 || !strings.Contains(messages, "does not tell which SSH keys this host was made with") {
			t.Errorf("%q: exit status %d, %q", data, status, messages)
		}
	}
}

func TestAHostTakesNothingForKeysThatSSHDWouldObey(t *testing.T) {
	t.Parallel()
	m := madeWith(t, managedNode())
	m.moveKeys(t)
	whole := m.letsIn(t, managedNode(), annsKey)
	for _, line := range []string{
		`command=\"sh\" ` + annsKey, "restrict", annsKey + " ann", "cert-authority " + annsKey, "@revoked " + annsKey, annsKey + `\n\n`, "",
	} {
		bad := strings.Replace(whole, annsKey, line, 1)
		m.expectRefused(t, bad, "what "+m.root+toldKeys+" shall hold is not of the form that this host takes")
	}
	m.expectRefused(t, strings.Replace(whole, "user.keys", "beamctl.keys", 1), `/etc/beam/beamctl.keys' is no file of the part keys`)
	for _, key := range []string{"", "# ann", "restrict " + annsKey, `command="sh" ` + annsKey, annsKey + "\n" + bobsKey, "ssh-ed25519 AAAA"} {
		if err := (&hostconfig.Bundle{Parts: map[hostconfig.Part]map[string]string{}}).TellKeys([]string{key}); err == nil {
			t.Errorf("%q counts as a public key", key)
		}
	}
}

func TestKeysAreWhatTheyAreInWhicheverOrder(t *testing.T) {
	t.Parallel()
	part := func(keys ...string) string {
		n := managedNode()
		n.SSHKeys = keys
		return n.Parts()[hostconfig.PartKeys]
	}
	one := part("512189", "512190", "512189")
	if one != part("512190", "512189") || one == part("512190") {
		t.Error("the part does not tell which keys it is of")
	}
	open, managed := managedNode(), managedNode()
	open.Management, managed.SSHKeys = nil, []string{"512189"}
	if _, told := open.Parts()[hostconfig.PartKeys]; told {
		t.Error("a host without a channel is told keys")
	}
	if managed.Fingerprint() != managedNode().Fingerprint() {
		t.Error("other keys make a host anew")
	}
}
