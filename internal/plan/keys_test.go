package plan

import (
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

func otherKeys(s *cluster.Spec) { s.SSHKeys = []string{"512190"} }

func otherKeysAndEnvironment(s *cluster.Spec) {
	otherKeys(s)
	s.Environment = map[string]string{"A": "b"}
}

// beforeKeys is a cluster whose hosts were made before they could be told keys.
func beforeKeys(s *simulation) *simulation {
	for _, record := range s.Memory.Hosts {
		delete(record.Parts, hostconfig.PartKeys)
	}
	return s
}

// Which keys a host was told since then nobody knows that no state knew.
func TestAHostThatIsTakenOverIsToldItsKeys(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]cluster.Spec{"told": managed(chat(2)), "without a channel": chat(2)} {
		s := made(spec)
		for id, record := range s.Memory.Hosts {
			if record.Name == "chat-us-1" {
				delete(s.Memory.Hosts, id)
			}
		}
		p := Diff(s.Input)
		if len(p.Made()) > 0 && spec.Manages(s.Memory) {
			t.Errorf("%s: it is made anew:\n%s", name, text(p))
		}
		if p.TellsKeys() != spec.Manages(s.Memory) {
			t.Errorf("%s: it is told keys: %v\n%s", name, p.TellsKeys(), text(p))
		}
	}
}

// What was imported was told its keys by nobody, and is not made anew for others.
func TestImportedHostsKeepTheirKeys(t *testing.T) {
	t.Parallel()
	s := made(chat(2))
	for id, record := range s.Memory.Hosts {
		s.Memory.Hosts[id] = cluster.HostRecord{Name: record.Name, Role: record.Role, Pool: record.Pool}
	}
	s.Spec = managed(s.Spec)
	s.apply(first)
	otherKeys(&s.Spec)
	if p := Diff(s.Input); p.Changes() {
		t.Errorf("other keys change imported hosts:\n%s", text(p))
	}
}
