package plan

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// drawChange changes what is wanted of a running cluster.
func drawChange(t *rapid.T, s *cluster.Spec) {
	release, pools := *s.Release, slices.Clone(s.Pools)
	s.Release, s.Pools = &release, pools
	word := func(what string) string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, what) }
	switch rapid.IntRange(0, 15).Draw(t, "change") {
	case 0:
		pools[0].Count = rapid.IntRange(1, 5).Draw(t, "count")
	case 1:
		pools[0].Size = rapid.SampledFrom([]string{"small", "large"}).Draw(t, "size")
	case 2:
		pools[0].Image = rapid.SampledFrom([]string{"debian-12-x64", "debian-13-x64"}).Draw(t, "image")
	case 3:
		s.Environment = map[string]string{"A": word("environment")}
	case 4:
		release.SHA256 = strings.Repeat(word("sha256"), 64)
		release.Migrate = rapid.SampledFrom([]string{"", "Chat.migrate()"}).Draw(t, "migration")
		release.URL, release.Path = "https://example.com/chat.tar.gz", ""
		if s.Management.Enabled && rapid.Bool().Draw(t, "by path") {
			release.URL, release.Path = "", "chat.tar.gz"
		}
		s.Release = &release
	case 5:
		s.Cookie = "COOKIE" + word("cookie")
	case 6:
		s.Distribution.SyncTimeoutMS = rapid.IntRange(1, 3).Draw(t, "sync timeout")
	case 7:
		s.Host.User = "user" + word("user")
	case 8:
		s.Host.Locale = word("locale")
	case 9:
		if s.LoadBalancer != nil {
			balancer := *s.LoadBalancer
			balancer.Algorithm = word("algorithm")
			balancer.TLS = rapid.SampledFrom([]*cluster.TLS{
				nil, {CertificatePEM: word("certificate")}, {ACME: &cluster.ACME{Domains: []string{word("domain")}}},
			}).Draw(t, "TLS")
			balancer.Size = rapid.SampledFrom([]string{"small", "large"}).Draw(t, "load balancer's size")
			s.LoadBalancer = &balancer
		}
	case 10:
		s.LoadBalancer = nil
		if rapid.Bool().Draw(t, "has a load balancer") {
			s.LoadBalancer = chat(1).LoadBalancer
		}
	case 11:
		s.Management.Enabled = release.Path != "" || rapid.Bool().Draw(t, "managed")
		s.WaitFor = cluster.WaitActive
		if s.Management.Enabled {
			s.WaitFor = cluster.WaitFormed
		}
	case 12:
		pools[0].Brought.Files = map[string]hostconfig.BroughtFile{"/etc/chat/" + word("file"): {Content: word("content")}}
	case 13:
		s.Distribution.EPMDPort = rapid.IntRange(4369, 4371).Draw(t, "port of epmd")
	case 14:
		s.SSHKeys = []string{word("SSH key")}
	case 15:
		if s.Database == nil {
			s.Network = rapid.SampledFrom([]cluster.Network{
				{Mode: cluster.NetworkAuto}, {Mode: cluster.NetworkPublic}, {Mode: cluster.NetworkPrivate, VPCUUID: "vpc-8"}, {Mode: cluster.NetworkAuto, VPCUUID: "vpc-9"},
			}).Draw(t, "network")
		}
	}
	s.Update = cluster.Update{
		Strategy: rapid.SampledFrom([]string{cluster.UpdateRolling, cluster.UpdateRolling, cluster.UpdateAllAtOnce}).Draw(t, "strategy"),
		MaxSurge: rapid.IntRange(1, 3).Draw(t, "surge"), MaxUnavailable: rapid.IntRange(0, 2).Draw(t, "unavailable"),
	}
}

// Whatever is changed, in whatever order what is ready is done: the cluster
// becomes what is asked for, and it serves all the time.
func TestAnyChangeIsReachedAndServes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := managed(chat(rapid.IntRange(1, 4).Draw(t, "nodes")))
		if rapid.Bool().Draw(t, "without a database") {
			spec.Database = nil
		}
		s := made(spec)
		s.Observed.VPCs = append(s.Observed.VPCs, cluster.VPC{ID: "vpc-8", Name: "a", Region: "nyc3"}, cluster.VPC{ID: "vpc-9", Name: "b", Region: "nyc3"})
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			running := s.Spec.Cookie
			for range rapid.IntRange(1, 3).Draw(t, "at a time") {
				drawChange(t, &s.Spec)
			}
			s.Reports = nil
			guard := &guard{T: t, simulation: s, planned: s.Spec.NodeCount()}
			guard.begin()
			taken, left := s.apply(guard.choose)
			if len(left.Refusals) > 0 {
				s.Spec.Cookie = running
				continue
			}
			if !left.Done() {
				t.Fatalf("after %d steps, the last of them\n%s\nthere are left\n%s", len(taken), tail(taken), text(left))
			}
			checkReached(t, s)
			checkCurrent(t, s)
			checkMesh(t, s)
		}
	})
}

// checkCurrent says that each host runs what it would be told today.
func checkCurrent(t *rapid.T, s *simulation) {
	d := &differ{Input: s.Input}
	for id, record := range s.Memory.Hosts {
		if wanted := d.partsOf(id); wanted != nil && len(record.Parts.Changed(wanted)) > 0 {
			t.Fatalf("%s has yet to be told of %v", record.Name, record.Parts.Changed(wanted))
		}
	}
}

// checkMesh says that all nodes came to know each other, in one network.
func checkMesh(t *rapid.T, s *simulation) {
	nodes := s.Observed.Known(cluster.RoleNode, s.Memory)
	for _, d := range nodes {
		if s.mesh[d.ID] != s.mesh[nodes[0].ID] {
			t.Fatalf("%s and %s never met", nodes[0].Name, d.Name)
		}
		if why := (&differ{Input: s.Input}).unmeshed(d); why != "" {
			t.Fatalf("%s %s", d.Name, why)
		}
	}
}

// guard watches that a cluster serves while it is changed.
type guard struct {
	*rapid.T
	*simulation
	planned int
	before  int // nodes that were led to
}

func (g *guard) begin() { g.before = len(g.led()) }

// led are the addresses of nodes that clients are led to and that are there, in
// reach of the load balancer.
func (g *guard) led() []string {
	if g.Observed.ReservedIP == nil {
		return nil
	}
	balancer, _ := g.Observed.Droplet(g.Observed.ReservedIP.DropletID)
	return filter(g.leads[balancer.ID], func(address string) bool {
		return slices.ContainsFunc(g.Observed.Droplets, func(d cluster.Droplet) bool {
			reached := d.PublicIPv4 == address || d.PrivateIPv4 == address && d.VPCUUID == balancer.VPCUUID
			return reached && !g.Memory.Hosts[d.ID].Stopped
		})
	})
}

// choose takes one of the steps that are ready, and looks at what it interrupts.
func (g *guard) choose(ready []Step) Step {
	step := ready[rapid.IntRange(0, len(ready)-1).Draw(g.T, "step")]
	if g.Spec.Update.Strategy != cluster.UpdateRolling || g.before == 0 || g.Spec.LoadBalancer == nil {
		return step
	}
	led := g.led()
	if least := max(1, min(g.before, g.planned)-max(1, g.Spec.Update.MaxUnavailable)); len(led) < least {
		g.Fatalf("before %q clients are led to %d nodes, and there must be %d:\n%s", step.Key(), len(led), least, text(Diff(g.Input)))
	}
	var gone cluster.Droplet
	switch a := step.Action.(type) {
	case Retire:
		gone = a.Droplet
	case DeleteHost:
		gone = a.Droplet
	case Apply:
		if a.Restart != nil && len(led) > 1 {
			gone = a.Droplet
		}
	}
	if gone.ID != 0 && (slices.Contains(led, gone.PublicIPv4) || slices.Contains(led, gone.PrivateIPv4)) && g.Spec.Manages(g.Memory) {
		g.Fatalf("%q while clients are led to %s:\n%s", step.Key(), gone.Name, text(Diff(g.Input)))
	}
	return step
}

// A request goes on under its key while what is left to do changes around it: one
// with another key would make the same nodes once more.
func TestARequestForSuccessorsKeepsItsKey(t *testing.T) {
	t.Parallel()
	spec := chat(2)
	uk := spec.Pools[0]
	uk.Name = "uk"
	spec.Pools = append([]cluster.Pool{uk}, spec.Pools...)
	s := made(spec)
	for i := range s.Spec.Pools {
		s.Spec.Pools[i].Image = "debian-13-x64"
	}
	requests := func() (all []CreateHosts) {
		for _, step := range Diff(s.Input).Steps {
			if a, is := step.Action.(CreateHosts); is && a.Role == cluster.RoleNode {
				all = append(all, a)
			}
		}
		return all
	}
	before := requests()
	s.do(before[0])
	if after := requests(); len(before) != 2 || len(after) != 1 || after[0].Key() != before[1].Key() {
		t.Errorf("the requests were %v, and are %v once the first has been answered", before, after)
	}
}
