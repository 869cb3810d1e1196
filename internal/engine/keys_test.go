package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Two keys of an account, and how DigitalOcean names them.
const (
	annsKey         = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvTwm+zMSL4mPWScilmPTYAgCQhn2VWg8wFpJ/gqFHk"
	annsFingerprint = "19:65:07:36:87:23:a2:f8:e4:fd:cf:fd:d1:b7:33:eb"
	bobsKey         = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICnRsDIzQ8Wrhkmu0Dqo0V2zkTY8L7JJ0iXBhC8RWLkB"
	bobsFingerprint = "a9:ca:74:af:e0:df:7e:06:36:5d:b4:d5:33:fc:d1:c1"
)

// addAnn puts Ann's key into the account.
func (w *world) addAnn(ctx context.Context) error {
	_, _, err := w.godo.Keys.Create(ctx, &godo.KeyCreateRequest{Name: "ann", PublicKey: annsKey + " ann@laptop"})
	return err
}

// addKeys puts Ann's key and Bob's into the account.
func (w *world) addKeys() {
	w.Helper()
	if err := w.addAnn(w.Context()); err != nil {
		w.Fatal(err)
	}
	if _, _, err := w.godo.Keys.Create(w.Context(), &godo.KeyCreateRequest{Name: "bob", PublicKey: bobsKey}); err != nil {
		w.Fatal(err)
	}
}

// letIn are the keys that a host was told, less the first line of the file.
func (w *world) letIn(id int) string {
	_, keys, _ := strings.Cut(w.fleet.machine(id).files["/etc/beam/user.keys"], "\n")
	return keys
}

// askedForKeys counts the calls that read a key of the account since then.
func (w *world) askedForKeys(before int) int {
	n := 0
	for _, r := range w.sim.Requests()[before:] {
		if strings.HasPrefix(r.Path, "/v2/account/keys/") {
			n++
		}
	}
	return n
}

// everyHost is what is heard when each host of a cluster of two nodes is told its
// keys.
var everyHost = []string{"chat-database: apply", "chat-lb-1: apply", "chat-us-1: apply", "chat-us-2: apply"}

func TestEveryHostIsToldTheKeysThatAreNamed(t *testing.T) {
	inRunningCluster(t, 2, func(w *world, h *hosts) {
		w.addKeys()
		for _, tt := range []struct {
			named []string
			want  string
		}{
			{[]string{annsFingerprint}, annsKey + "\n"},
			{[]string{annsFingerprint, bobsFingerprint}, annsKey + "\n" + bobsKey + "\n"},
			{[]string{bobsFingerprint}, bobsKey + "\n"},
			{nil, ""},
		} {
			h.spec.SSHKeys = tt.named
			before := len(w.sim.Requests())
			h.changes()
			heard := h.heard()
			slices.Sort(heard)
			if !slices.Equal(heard, everyHost) {
				w.Errorf("with %q the hosts were told %q, want %q", tt.named, heard, everyHost)
			}
			for id, host := range h.mem.Hosts {
				if got := w.letIn(id); got != tt.want {
					w.Errorf("with %q %s lets in\n%swant\n%s", tt.named, host.Name, got, tt.want)
				}
			}
			if n := w.askedForKeys(before); n != len(tt.named) {
				w.Errorf("%d keys were read %d times", len(tt.named), n)
			}
			before = len(w.sim.Requests())
			h.changes()
			h.wantHeard()
			if n := w.askedForKeys(before); n > 0 {
				w.Errorf("without a change keys were read %d times", n)
			}
		}
	})
}

// A host that is made gets its keys from DigitalOcean.
func TestKeysAreNotReadForHostsThatAreMade(t *testing.T) {
	inRunningCluster(t, 2, func(w *world, h *hosts) {
		w.addKeys()
		h.spec.SSHKeys = []string{annsFingerprint}
		h.changes()
		h.heard()
		before := len(w.sim.Requests())
		h.spec.Pools[0].Count = 3
		h.changes()
		h.wantHeard("chat-lb-1: set-nodes")
		if n := w.askedForKeys(before); n > 0 {
			w.Errorf("keys were read %d times", n)
		}
	})
}

func TestAKeyThatIsGoneIsNamedBeforeAnyHostIsTold(t *testing.T) {
	inRunningCluster(t, 2, func(w *world, h *hosts) {
		w.addKeys()
		h.spec.SSHKeys = []string{bobsFingerprint, annsFingerprint}
		h.spec.Tags = []string{"later"}
		if _, err := w.godo.Keys.DeleteByFingerprint(w.Context(), annsFingerprint); err != nil {
			w.Fatal(err)
		}
		before := w.sim.Inventory()
		_, err := w.engine.Converge(w.Context(), h.spec, h.mem)
		if !refused(err) || !strings.Contains(err.Error(), `has no SSH key "`+annsFingerprint+`". Leave it out`) {
			w.Errorf("the apply ended with %v", err)
		}
		h.wantHeard()
		if after := w.sim.Inventory(); len(after) != len(before) || slices.ContainsFunc(after.Of("droplet"), func(o simulator.Object) bool { return slices.Contains(o.Tags, "later") }) {
			w.Error("something was changed before")
		}
		h.spec.SSHKeys = []string{bobsFingerprint}
		h.changes()
	})
}

func TestANodeBesideTheClusterIsToldItsKeys(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		w.addKeys()
		b.node.SSHKeys = []string{annsFingerprint}
		b.becomes()
		b.wantHeard("worker: apply")
		if got := w.letIn(b.id); got != annsKey+"\n" {
			w.Errorf("it lets in %q", got)
		}
	})
}
