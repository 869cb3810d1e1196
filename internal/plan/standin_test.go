package plan

import (
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
