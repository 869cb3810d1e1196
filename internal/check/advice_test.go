package check

import (
	"regexp"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Advice that is followed is not refused next.
func TestAdviceIsAccepted(t *testing.T) {
	t.Parallel()
	suggestion := regexp.MustCompile(`(?:Use one such as|Write it as a range:|Write) "([^"]+)"`)
	for _, tt := range []struct {
		path string
		set  func(*cluster.Spec, string)
		bad  []string
	}{
		{
			"network.ip_ranges.nyc3", func(s *cluster.Spec, v string) { s.Network.IPRanges = map[string]string{"nyc3": v} },
			[]string{
				"10.0.0.0", "10.17.0.9", "10.0.0.1/24", "10.0.0.200/30", "10.244.0.0/14", "203.0.113.0", "nonsense", "", "2001:db8::1", "10.0.0.0/33", "172.16.0.0/8",
			},
		},
		{
			"access.ssh_from", func(s *cluster.Spec, v string) { s.Access.SSHFrom = []string{v} },
			[]string{"203.0.113.7", "2001:db8::1", "203.0.113.7/24", "2001:db8::1/32", "office", ""},
		},
	} {
		for _, bad := range tt.bad {
			spec := validSpec()
			tt.set(&spec, bad)
			found := Spec(spec)
			if len(found) != 1 || strings.Join(found[0].Path, ".") != tt.path {
				t.Errorf("%s = %q: %s", tt.path, bad, tell(found))
				continue
			}
			advice := suggestion.FindStringSubmatch(found[0].Detail)
			if advice == nil {
				if !strings.Contains(found[0].Detail, "203.0.113.0/24") && !strings.Contains(found[0].Detail, "10.0.0.0/8") {
					t.Errorf("%s = %q: no advice: %s", tt.path, bad, found[0].Detail)
				}
				continue
			}
			tt.set(&spec, advice[1])
			if next := Spec(spec); len(next) > 0 {
				t.Errorf("%s = %q: the advice is refused next: %s%s", tt.path, bad, tell(found), tell(next))
			}
		}
	}
}

// Of the values of wait_for only those are named that the cluster can have.
func TestAdviceForWaitForIsAccepted(t *testing.T) {
	t.Parallel()
	spec := validSpec()
	for _, spec.Management.Enabled = range []bool{true, false} {
		for _, spec.WaitFor = range []string{"no", "Formed", cluster.WaitFormed, cluster.WaitBooted} {
			spec.Management.Port = 22
			found := Spec(spec)
			if len(found) == 0 {
				continue
			}
			first := regexp.MustCompile(`(?:Use|set wait_for to) "([a-z]+)"`).FindStringSubmatch(found[0].Detail)
			if first == nil {
				t.Fatalf("no advice: %s", tell(found))
			}
			again := spec
			again.WaitFor = first[1]
			if next := Spec(again); len(next) > 0 {
				t.Errorf("wait_for = %q: the advice is refused next: %s", spec.WaitFor, tell(next))
			}
		}
	}
}
