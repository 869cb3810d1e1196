package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// portChanges move what hosts listen on, or who has to reach it.
func portChanges() map[string]func(*cluster.Spec) {
	return map[string]func(*cluster.Spec){
		"distribution.port_min and port_max": func(s *cluster.Spec) { s.Distribution.PortMin, s.Distribution.PortMax = 9200, 9255 },
		"distribution.port_max":              func(s *cluster.Spec) { s.Distribution.PortMin, s.Distribution.PortMax = 9100, 9150 },
		"distribution.epmd_port":             func(s *cluster.Spec) { s.Distribution.EPMDPort = 4370 },
		"release.port":                       func(s *cluster.Spec) { s.Release = otherPorts(*s.Release, 4000) },
		"release.udp_ports":                  func(s *cluster.Spec) { s.Release = otherPorts(*s.Release, 8080, "5061", "7000-7010") },
		"host.ssh_port":                      func(s *cluster.Spec) { s.Host.SSHPort, s.Management.Port = 2222, 2222 },
		"load_balancer.stats.port":           func(s *cluster.Spec) { s.LoadBalancer = otherStats(*s.LoadBalancer, 9000) },
		"no statistics":                      func(s *cluster.Spec) { s.LoadBalancer = otherStats(*s.LoadBalancer, 0) },
		"TLS": func(s *cluster.Spec) {
			lb := *s.LoadBalancer
			lb.TLS = &cluster.TLS{CertificatePEM: "c"}
			s.LoadBalancer = &lb
		},
		"no load balancer": func(s *cluster.Spec) { s.LoadBalancer = nil },
		"another pool":     func(s *cluster.Spec) { s.Pools = []cluster.Pool{{Name: "uk", Count: 2, Place: s.Pools[0].Place}} },
		"another region":   func(s *cluster.Spec) { s.Pools = slices.Clone(s.Pools); s.Pools[0].Region = "lon1" },
		"all of it": func(s *cluster.Spec) {
			s.Distribution.PortMin, s.Distribution.PortMax, s.Host.SSHPort, s.Management.Port = 9200, 9255, 2222, 2222
			s.Release, s.LoadBalancer = otherPorts(*s.Release, 4000, "5061"), otherStats(*s.LoadBalancer, 9000)
		},
	}
}

func otherPorts(r cluster.Release, http int, udp ...string) *cluster.Release {
	r.Port, r.UDPPorts = http, udp
	return &r
}

func otherStats(lb cluster.LoadBalancer, port int) *cluster.LoadBalancer {
	lb.Stats = cluster.Stats{Enabled: port != 0, Port: port}
	return &lb
}

// listened is the cluster whose ports change: with ports of every kind.
func listened(spec cluster.Spec) cluster.Spec {
	spec.Release = otherPorts(*spec.Release, 8080, "5060")
	spec.Access.SSHFrom = []string{"203.0.113.7/32"}
	if spec.LoadBalancer != nil {
		spec.LoadBalancer = otherStats(*spec.LoadBalancer, 8404)
	}
	return spec
}

// Whatever ports change, each host is reached at those that it was made with until
// it is gone, and then they are closed.
func TestPortsAreOpenWhileHostsHaveThem(t *testing.T) {
	t.Parallel()
	for name, change := range portChanges() {
		for kind, spec := range map[string]cluster.Spec{"with the channel": managed(listened(chat(2))), "without it": listened(chat(2))} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				s := made(spec)
				changed := s.Spec
				change(&changed)
				changed.Management.Enabled = spec.Management.Enabled
				s.Spec, s.Reports = changed, nil
				planned := updates(Diff(s.Input).Steps)
				taken, left := s.apply(s.reached(t))
				if !left.Done() {
					t.Fatalf("there are left\n%s", text(left))
				}
				s.checkNarrow(t)
				for firewall, times := range updates(taken) {
					if times > 2 || times != planned[firewall] {
						t.Errorf("firewall %s was updated %d times, and the plan said %d", firewall, times, planned[firewall])
					}
				}
			})
		}
	}
}

// updates counts the changes of each firewall.
func updates(steps []Step) map[string]int {
	count := map[string]int{}
	for _, step := range steps {
		if a, is := step.Action.(UpdateFirewall); is {
			count[a.Firewall.Name]++
		}
	}
	return count
}

// failer is a test, or a check of rapid.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// reached takes the steps in turn, and looks before each whether all hosts are
// reached that have to be.
func (s *simulation) reached(t failer) func([]Step) Step {
	return func(ready []Step) Step {
		s.checkReach(t)
		return ready[0]
	}
}

// checkReach says that the firewalls let in who has to reach a host, at the ports
// that the host was made with.
func (s *simulation) checkReach(t failer) {
	t.Helper()
	for _, d := range s.Observed.Hosts() {
		role, by := d.Role("chat"), s.madeBy[d.ID]
		f, exists := s.Observed.Firewall(cluster.FirewallName("chat", role))
		if !exists {
			t.Fatalf("%s has no firewall", d.Name)
		}
		wanted := map[string]string{}
		if len(s.Spec.Access.SSHFrom) > 0 {
			wanted[fmt.Sprint("tcp ", by.Host.SSHPort)] = s.Spec.Access.SSHFrom[0]
		}
		switch role {
		case cluster.RoleNode:
			wanted[fmt.Sprint("tcp ", by.Distribution.EPMDPort)] = "beam:chat:node"
			wanted[fmt.Sprint("tcp ", by.Distribution.PortMin)] = "beam:chat:node"
			wanted[fmt.Sprint("tcp ", by.Distribution.PortMax)] = "beam:chat:node"
			if slices.ContainsFunc(s.Observed.Hosts(), func(d cluster.Droplet) bool { return d.Role("chat") == cluster.RoleLoadBalancer }) {
				wanted[fmt.Sprint("tcp ", by.Release.Port)] = "beam:chat:load-balancer"
			}
			for _, ports := range by.Release.UDPPorts {
				first, _, _ := strings.Cut(ports, "-")
				wanted["udp "+first] = "0.0.0.0/0"
			}
		case cluster.RoleLoadBalancer:
			wanted["tcp 80"], wanted["tcp 443"] = "0.0.0.0/0", "0.0.0.0/0"
			if by.LoadBalancer.Stats.Enabled && len(s.Spec.Access.SSHFrom) > 0 {
				wanted[fmt.Sprint("tcp ", by.LoadBalancer.Stats.Port)] = s.Spec.Access.SSHFrom[0]
			}
		}
		for port, source := range wanted {
			if !admits(f, port, source) {
				t.Fatalf("%s (%d) is not reached at %s from %s: its firewall lets in %v", d.Name, d.ID, port, source, f.Inbound)
			}
		}
	}
	s.checkPeerings(t)
}

// checkPeerings says that regions of nodes are connected, or about to be.
func (s *simulation) checkPeerings(t failer) {
	t.Helper()
	nodes := s.Observed.Known(cluster.RoleNode, s.Memory)
	for _, a := range nodes {
		b := nodes[0]
		if a.Region == b.Region || a.VPCUUID == "" || slices.ContainsFunc(s.Observed.Peerings, func(p cluster.Peering) bool { return p.Connects(a.VPCUUID, b.VPCUUID) }) {
			continue
		}
		if !Diff(s.Input).has(func(step Action) bool { _, is := step.(CreatePeering); return is }) {
			t.Fatalf("%s in %s and %s in %s are in networks apart", a.Name, a.Region, b.Name, b.Region)
		}
	}
}

// admits says that a firewall lets the source in at a port, such as "tcp 80".
func admits(f cluster.Firewall, port, source string) bool {
	protocol, number, _ := strings.Cut(port, " ")
	n, _ := strconv.Atoi(number)
	return slices.ContainsFunc(f.Inbound, func(r cluster.Rule) bool {
		first, last, ranged := strings.Cut(r.Ports, "-")
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if !ranged {
			to = from
		}
		return r.Protocol == protocol && from <= n && n <= to && slices.Contains(slices.Concat(r.Addresses, r.Tags), source)
	})
}

// checkNarrow says that nothing is open but what the spec asks for, and that nothing
// of networks is left that no host is in.
func (s *simulation) checkNarrow(t failer) {
	t.Helper()
	for _, wanted := range s.Spec.WantedFirewalls(cluster.Memory{ID: s.Memory.ID}) {
		if have, _ := s.Observed.Firewall(wanted.Name); !have.Same(wanted) {
			t.Fatalf("%s lets in %v, want %v", wanted.Name, have.Inbound, wanted.Inbound)
		}
	}
	if s.Spec.Private() && s.Spec.Network.VPCUUID == "" && len(s.Observed.OwnVPCs()) != len(s.Spec.Regions()) {
		t.Fatalf("there are the VPCs %v, want one for each of %v", s.Observed.OwnVPCs(), s.Spec.Regions())
	}
}

// An apply that is cut off leaves hosts of both kinds: whatever is asked for next,
// it is reached from there, in whatever order, and rules that somebody added by hand
// go.
func TestChangesOfPortsGoOnFromWhereverTheyWereCutOff(t *testing.T) {
	t.Parallel()
	all := portChanges()
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		spec := listened(chat(rapid.IntRange(1, 3).Draw(t, "nodes")))
		if rapid.Bool().Draw(t, "managed") {
			spec = managed(spec)
		}
		s := made(spec)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			if s.Spec.LoadBalancer == nil || rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				s.Spec = spec
			}
			all[rapid.SampledFrom(names).Draw(t, "change")](&s.Spec)
			s.Spec.Management.Enabled = spec.Management.Enabled
			if rapid.Bool().Draw(t, "somebody opens a port") {
				f := &s.Observed.Firewalls[0]
				f.Inbound = append(slices.Clone(f.Inbound), cluster.Rule{Protocol: "tcp", Ports: "6000", Addresses: []string{"0.0.0.0/0"}})
			}
			s.Reports = nil
			for range rapid.IntRange(0, 20).Draw(t, "steps") {
				ready := Diff(s.Input).Ready()
				if len(ready) == 0 {
					break
				}
				s.checkReach(t)
				s.do(ready[rapid.IntRange(0, len(ready)-1).Draw(t, "step")].Action)
			}
		}
		if _, left := s.apply(s.reached(t)); !left.Done() {
			t.Fatalf("there are left\n%s", text(left))
		}
		s.checkNarrow(t)
	})
}

// A rule that somebody adds by hand is no port that hosts have, and goes at once.
func TestAPortOpenedByHandIsClosedAtOnce(t *testing.T) {
	t.Parallel()
	s := made(managed(listened(chat(2))))
	portChanges()["release.port"](&s.Spec)
	for i := range s.Observed.Firewalls {
		f := &s.Observed.Firewalls[i]
		f.Inbound = append(slices.Clone(f.Inbound), cluster.Rule{Protocol: "tcp", Ports: "6000", Addresses: []string{"0.0.0.0/0"}})
	}
	for range 3 {
		s.do(Diff(s.Input).Ready()[0].Action)
	}
	for _, f := range s.Observed.Firewalls {
		if admits(f, "tcp 6000", "0.0.0.0/0") {
			t.Errorf("%s lets in %v", f.Name, f.Inbound)
		}
	}
}

// Addresses that may no longer come in are kept out at once, whatever else changes:
// who takes them away wants them away.
func TestAddressesAreKeptOutAtOnce(t *testing.T) {
	t.Parallel()
	s := made(managed(listened(chat(2))))
	portChanges()["all of it"](&s.Spec)
	s.Spec.Access.SSHFrom = []string{"198.51.100.0/24"}
	for _, step := range Diff(s.Input).Steps {
		a, is := step.Action.(UpdateFirewall)
		if is && strings.Contains(fmt.Sprint(a.Firewall.Inbound), "203.0.113.7") {
			t.Errorf("%s: the former address is let in: %v", step.Key(), a.Firewall.Inbound)
		}
		if is && !a.Narrows && !admits(a.Firewall, "tcp 22", "198.51.100.0/24") {
			t.Errorf("%s: the new address does not reach hosts of before: %v", step.Key(), a.Firewall.Inbound)
		}
	}
}

// Of hosts that no state knows, and of those of before ports were remembered, nobody
// knows where they listen: what is open stays until they are gone.
func TestPortsOfHostsThatNobodyKnowsStayOpen(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*simulation, cluster.Droplet){
		"in no state":     func(s *simulation, d cluster.Droplet) { delete(s.Memory.Hosts, d.ID) },
		"of before ports": func(s *simulation, d cluster.Droplet) { s.unlisten(d.ID) },
		"of before ports, whose pool goes": func(s *simulation, d cluster.Droplet) {
			s.unlisten(d.ID)
			s.Spec.Pools = []cluster.Pool{{Name: "uk", Count: 2, Place: s.Spec.Pools[0].Place}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := made(managed(listened(chat(2))))
			portChanges()["distribution.port_min and port_max"](&s.Spec)
			for _, d := range s.Observed.Known(cluster.RoleNode, s.Memory) {
				forget(s, d)
			}
			if _, left := s.apply(s.reached(t)); !left.Done() {
				t.Fatalf("there are left\n%s", text(left))
			}
			s.checkNarrow(t)
		})
	}
}

// Nodes that no state knows may serve by UDP, whatever those to come do.
func TestNodesThatNobodyKnowsAreReachedByUDP(t *testing.T) {
	t.Parallel()
	s := made(managed(listened(chat(2))))
	s.Spec.Release = otherPorts(*s.Spec.Release, 8080)
	for _, d := range s.Observed.Known(cluster.RoleNode, s.Memory) {
		delete(s.Memory.Hosts, d.ID)
	}
	if _, left := s.apply(s.reached(t)); !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	s.checkNarrow(t)
}

// A load balancer that no state knows leads to nodes until it goes.
func TestNodesAreReachedByALoadBalancerThatNobodyKnows(t *testing.T) {
	t.Parallel()
	s := made(managed(listened(chat(2))))
	delete(s.Memory.Hosts, s.Observed.Known(cluster.RoleLoadBalancer, s.Memory)[0].ID)
	s.Spec.LoadBalancer = nil
	if _, left := s.apply(s.reached(t)); !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	s.checkNarrow(t)
}

// unlisten makes the record of a host one of before ports were remembered.
func (s *simulation) unlisten(id int) {
	record := s.Memory.Hosts[id]
	record.Listening = cluster.Listening{Port: record.Port, EPMDPort: record.EPMDPort}
	s.Memory.Hosts[id] = record
}

// A node beside the cluster is made anew after the cluster has changed: until then
// its ports are open, and that they have to be closed is found then.
func TestPortsOfANodeBesideTheClusterStayOpen(t *testing.T) {
	t.Parallel()
	spec := managed(listened(chat(2)))
	s := made(spec)
	worker := cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small"}, Distribution: spec.Distribution}
	d := cluster.Droplet{ID: 7, Name: "worker", Region: "nyc3", Status: cluster.StatusActive, CreatedAt: time.Unix(9, 0)}
	d.Tags = slices.Concat(worker.WantedTags(), []string{worker.ToldTag()}, worker.NodeMarks())
	addressed(&d)
	s.Observed.Droplets = append(s.Observed.Droplets, d)
	if left := Diff(s.Input); left.Changes() {
		t.Fatalf("a node beside the cluster leaves\n%s", text(left))
	}
	portChanges()["distribution.port_min and port_max"](&s.Spec)
	if _, left := s.apply(first); !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	f, _ := s.Observed.Firewall("chat-node")
	if !admits(f, "tcp 9100", "beam:chat:node") || !admits(f, "tcp 9200", "beam:chat:node") {
		t.Errorf("the firewall lets in %v", f.Inbound)
	}
	worker.Name, worker.Distribution = "worker-2", s.Spec.Distribution
	if p := DiffNode(NodeInput{Spec: worker, Observed: s.Observed, Wanted: true}); len(p.Refusals) > 0 {
		t.Errorf("its successor is refused: %v", p.Refusals)
	}
	s.delete(d.ID)
	if drift := Diff(s.Input).Drift(); len(drift) != 1 {
		t.Errorf("once it is gone there is found %q", drift)
	}
	s.apply(first)
	s.checkNarrow(t)
}

// A firewall takes so many rules, and no more while there are hosts of two kinds.
func TestMorePortsThanAFirewallTakesAreRefused(t *testing.T) {
	t.Parallel()
	ports := func(from, to int) (all []string) {
		for port := from; port < to; port++ {
			all = append(all, strconv.Itoa(port))
		}
		return all
	}
	spec := managed(listened(chat(2)))
	spec.Release = otherPorts(*spec.Release, 8080, ports(5000, 5030)...)
	s := made(spec)
	s.Spec.Release = otherPorts(*spec.Release, 8080, ports(6000, 6030)...)
	if p := Diff(s.Input); len(p.Refusals) != 1 || !strings.Contains(p.Refusals[0].Detail, "chat-node opens the ports of before beside those of after, 67 rules in all") {
		t.Errorf("30 ports more are refused with %v", p.Refusals)
	}
	s.Spec.Release = otherPorts(*spec.Release, 8080, ports(5010, 5040)...)
	if _, left := s.apply(s.reached(t)); !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	s.checkNarrow(t)
}
