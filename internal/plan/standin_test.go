package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// A second set of nodes did not come up, and the user deploys what mends that. Until
// that serves, clients are led to the first set, and to it alone.
func TestTheFirstSetServesUntilAnotherDoes(t *testing.T) {
	t.Parallel()
	for name, mend := range map[string]func(*cluster.Spec){
		"to a third set, from its URL": func(*cluster.Spec) {},
		"to a third set, by path":      func(s *cluster.Spec) { s.Release.URL, s.Release.Path = "", "chat.tar.gz" },
		"to the second set in place":   func(s *cluster.Spec) { s.Update.Strategy = cluster.UpdateRolling },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := made(managed(chat(2)))
			first := addresses(s.Spec, s.Observed.Known(cluster.RoleNode, s.Memory))
			s.Spec.Update.Strategy = cluster.UpdateBlueGreen
			s.deploy("b")
			for ready := Diff(s.Input).Ready(); ready[0].Key() != (AwaitNodes{}).Key(); ready = Diff(s.Input).Ready() {
				s.do(ready[0].Action)
			}
			s.deploy("c")
			mend(&s.Spec)
			_, left := s.apply(func(ready []Step) Step {
				led := s.leads[s.Observed.ReservedIP.DropletID]
				fit := slices.Concat(first, s.running())
				if len(led) != 2 || slices.ContainsFunc(led, func(node string) bool { return !slices.Contains(fit, node) }) {
					t.Errorf("before %q clients are led to %v, want two of %v", ready[0].Key(), led, fit)
				}
				return ready[0]
			})
			if !left.Done() {
				t.Errorf("there are left\n%s", text(left))
			}
		})
	}
}

// A change to a second set was cut off and is taken back, beside a change that makes
// the nodes anew, or more of them: clients are led to a whole set, whichever that is.
func TestWhatIsLeftOfASecondSetDoesNotServe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*cluster.Spec){
		"another region": portChanges()["another region"],
		"a node more":    func(s *cluster.Spec) { s.Pools = slices.Clone(s.Pools); s.Pools[0].Count++ },
	} {
		for begun := 1; begun <= 30; begun++ {
			t.Run(fmt.Sprintf("%s after %d steps", name, begun), func(t *testing.T) {
				t.Parallel()
				s := made(managed(chat(2)))
				before := s.Spec
				portChanges()["distribution.epmd_port"](&s.Spec)
				for range begun {
					if ready := Diff(s.Input).Ready(); len(ready) > 0 {
						s.do(ready[0].Action)
					}
				}
				s.Spec, s.Reports = before, nil
				change(&s.Spec)
				_, left := s.apply(func(ready []Step) Step {
					if a, is := ready[0].Action.(Tell); is && len(serversIn(a.Delivery.Stdin)) < 2 {
						t.Errorf("clients are led to %q", serversIn(a.Delivery.Stdin))
					}
					return ready[0]
				})
				if !left.Done() {
					t.Errorf("there are left\n%s", text(left))
				}
			})
		}
	}
}

// deploy asks for another release.
func (s *simulation) deploy(sha256 string) {
	release := *s.Spec.Release
	release.SHA256 = strings.Repeat(sha256, 64)
	s.Spec.Release, s.Reports = &release, nil
}

// running are the addresses of the nodes that run the release that is asked for.
func (s *simulation) running() []string {
	wanted := s.Spec.NodeHost(s.Memory, "", nil).Parts()[hostconfig.PartRelease]
	return addresses(s.Spec, filter(s.Observed.Known(cluster.RoleNode, s.Memory), func(host cluster.Droplet) bool {
		return s.Memory.Hosts[host.ID].Parts[hostconfig.PartRelease] == wanted
	}))
}
