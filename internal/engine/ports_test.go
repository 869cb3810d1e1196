package engine_test

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// portChanges move what hosts listen on, or the networks that they are in.
func portChanges() map[string]func(*cluster.Spec) {
	return map[string]func(*cluster.Spec){
		"distribution.port_min": func(s *cluster.Spec) { s.Distribution.PortMin, s.Distribution.PortMax = 9200, 9255 },
		"release.port":          func(s *cluster.Spec) { s.Release = otherPorts(*s.Release, 4000) },
		"release.udp_ports":     func(s *cluster.Spec) { s.Release = otherPorts(*s.Release, 8080, "5061") },
		"host.ssh_port":         func(s *cluster.Spec) { s.Host.SSHPort, s.Management.Port = 2222, 2222 },
		"load_balancer.stats.port": func(s *cluster.Spec) {
			lb := *s.LoadBalancer
			lb.Stats.Port = 9000
			s.LoadBalancer = &lb
		},
		"load_balancer.tls": func(s *cluster.Spec) {
			lb := *s.LoadBalancer
			lb.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "me@example.com", Domains: []string{"chat.example.com"}}}
			s.LoadBalancer = &lb
		},
		"the region of a pool": func(s *cluster.Spec) {
			s.Pools = slices.Clone(s.Pools)
			s.Pools[0].Region = "lon1"
		},
		"all ports": func(s *cluster.Spec) {
			s.Distribution.PortMin, s.Distribution.PortMax = 9200, 9255
			s.Release = otherPorts(*s.Release, 4000, "5061")
			s.Host.SSHPort, s.Management.Port = 2222, 2222
		},
	}
}

func otherPorts(r cluster.Release, http int, udp ...string) *cluster.Release {
	r.Port, r.UDPPorts = http, udp
	return &r
}

// alwaysReached checks after each call that changes something, and before each
// command, that the hosts that serve are reached where they listen.
func (h *hosts) alwaysReached() {
	check := func(when string) {
		account := h.w.sim.Inventory()
		if shut := h.w.fleet.shut(account, anyNode); len(shut) > 0 {
			h.w.Errorf("%s these are not reached: %q", when, shut)
		}
		if parted := h.w.fleet.parted(account, anyNode); len(parted) > 0 {
			h.w.Errorf("%s these are in networks apart: %q", when, parted)
		}
	}
	h.w.cut.after = func(_ int, r *http.Request) error {
		if r.Method != http.MethodGet {
			check("after " + r.Method + " " + r.URL.Path)
		}
		return nil
	}
	h.told = func(host, command string) { check("before " + host + " is told to " + command) }
}

// Whatever ports change, nodes and the load balancer reach each other all the time,
// the provider reaches the hosts of before, and nothing stays open in the end. Nobody
// notices an apply that is cut off in between, whatever is asked for next.
func TestHostsAreReachedWhilePortsChange(t *testing.T) {
	t.Parallel()
	changes := portChanges()
	for i, name := range slices.Sorted(maps.Keys(changes)) {
		change := changes[name]
		if i%2 == 0 || testtool.Everything() {
			t.Run(name, func(t *testing.T) { portsChange(t, change) })
		}
		if i%2 == 1 || testtool.Everything() {
			t.Run(name+", cut off and taken back", func(t *testing.T) { portsChangeBack(t, change) })
		}
	}
}

func portsChange(t *testing.T, change func(*cluster.Spec)) {
	t.Helper()
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		w.fleet.boots = slow.BootTime + firstBoot
		h.spec.Release = otherPorts(*h.spec.Release, 8080, "5060")
		h.changes()
		change(&h.spec)
		h.alwaysReached()
		updates := w.countUpdates()
		h.changes()
		h.narrow()
		if *updates > 2*len(h.spec.Roles()) {
			w.Errorf("firewalls were updated %d times", *updates)
		}
	})
}

func portsChangeBack(t *testing.T, change func(*cluster.Spec)) {
	t.Helper()
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		w.fleet.boots = slow.BootTime + firstBoot
		before := h.spec
		change(&h.spec)
		h.alwaysReached()
		h.cutAfter = 3
		_, _ = w.engine.Converge(w.Context(), h.spec, h.mem) // how far it comes is all the same
		h.cutAfter, h.spec = 0, before
		h.changes()
		h.narrow()
	})
}

// countUpdates counts the changes of firewalls from now on.
func (w *world) countUpdates() *int {
	count, after := 0, w.cut.after
	w.cut.after = func(n int, r *http.Request) error {
		if r.Method == http.MethodPut {
			count++
		}
		return after(n, r)
	}
	return &count
}

// narrow checks that the firewalls open what is asked for, and no more.
func (h *hosts) narrow() {
	h.w.Helper()
	o := h.w.observe(h.spec, *h.mem)
	for _, wanted := range h.spec.WantedFirewalls(cluster.Memory{ID: h.mem.ID}) {
		if have, _ := o.Firewall(wanted.Name); !have.Same(wanted) {
			h.w.Errorf("firewall %s lets in %v, want %v", wanted.Name, have.Inbound, wanted.Inbound)
		}
	}
	if own := len(o.OwnVPCs()); own != len(h.spec.Regions()) {
		h.w.Errorf("there are %d VPCs, want one for each region", own)
	}
}

// Nodes that listen elsewhere get the release from those of before, where the file
// is gone.
func TestNodesOfOtherPortsGetAReleaseFromEachOther(t *testing.T) {
	inRunningCluster(t, 2, func(w *world, h *hosts) {
		var path string
		h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(t, "second"); path = r.Path })
		h.changes()
		if err := os.Remove(path); err != nil {
			w.Fatal(err)
		}
		h.spec.Distribution.PortMin, h.spec.Distribution.PortMax = 9200, 9255
		h.alwaysLeadsTo(2)
		h.changes()
	})
}

// Nodes that go to another region meet those that they take the place of.
func TestNodesMeetThoseOfTheRegionThatTheyComeFrom(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		w.fleet.boots = slow.BootTime + firstBoot
		h.spec.LoadBalancer, h.spec.Database = nil, nil
		w.converge(h.spec, h.mem)
		h.spec.Pools[0].Region = "lon1"
		h.alwaysReached()
		h.changes()
		h.narrow()
	})
}
