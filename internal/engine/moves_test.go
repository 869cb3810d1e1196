package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// move is a change after which new nodes cannot meet those that there are.
type move struct {
	name   string
	before func(*cluster.Spec, string) // given the id of a VPC of the user's
	after  func(*cluster.Spec, string)
	// balanced says that the load balancer can lead to both sets.
	balanced bool
}

func as(*cluster.Spec, string) {}

func inOwn(s *cluster.Spec, vpc string) { s.Network.VPCUUID = vpc }

func inPublic(s *cluster.Spec, _ string) { s.Network.Mode = cluster.NetworkPublic }

func moves() []move {
	return []move{
		{name: "into a VPC of the user's", before: as, after: inOwn},
		{name: "out of a VPC of the user's", before: inOwn, after: as},
		{name: "to public addresses", before: as, after: inPublic},
		{name: "from public addresses", before: inPublic, after: as},
		{name: "to another port of epmd", before: as, after: func(s *cluster.Spec, _ string) { s.Distribution.EPMDPort = 4370 }, balanced: true},
	}
}

// moved runs a story of a cluster that moves, without a database and with the hosts
// answering or not.
func moved(t *testing.T, m move, spec cluster.Spec, story func(w *world, h *hosts, after cluster.Spec)) {
	t.Helper()
	inManagedWorld(t, 3, func(w *world, h *hosts) {
		w.fleet.unpeered = true
		var ids []string
		for _, name := range []string{"first-is-default", "mine"} {
			v, _, err := w.godo.VPCs.Create(w.Context(), &godo.VPCCreateRequest{Name: name, RegionSlug: "nyc3"})
			if err != nil {
				w.Fatal(err)
			}
			ids = append(ids, v.ID)
		}
		if !m.balanced {
			spec.Database = nil
		}
		after := spec
		m.before(&spec, ids[1])
		m.after(&after, ids[1])
		h.spec = spec
		story(w, h, after)
	})
}

func TestAMoveMakesASecondSetAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, m := range moves() {
		for kind, spec := range map[string]cluster.Spec{"with the channel": managed(3), "without it": chat(3)} {
			t.Run(m.name+" "+kind, func(t *testing.T) {
				t.Parallel()
				moved(t, m, spec, func(w *world, h *hosts, after cluster.Spec) {
					old := w.converge(h.spec, h.mem)
					h.spec = after
					serving := w.watchNodes(h)
					now := w.converge(after, h.mem)
					w.cut.after = nil
					if *serving < after.NodeCount() {
						w.Errorf("clients were led to %d nodes at a time, want all of one set", *serving)
					}
					w.movedWhole(m, h, old, now)
					if err := w.engine.Destroy(w.Context(), "chat", h.mem); err != nil {
						w.Fatal(err)
					}
				})
			})
		}
	}
}

// watchNodes counts the nodes that the address leads clients to at the least.
func (w *world) watchNodes(h *hosts) *int {
	least := h.spec.NodeCount()
	w.cut.after = func(_ int, r *http.Request) error {
		for _, ip := range w.sim.Inventory().Of("reserved_ip") {
			if id, bound := strings.CutPrefix(strings.Join(ip.Bindings, ""), "droplet:"); bound && r.Method != http.MethodGet {
				least = min(least, w.fleet.ledBy(id))
			}
		}
		return nil
	}
	return &least
}

// movedWhole checks that every host that had to be is another one, that the
// address stays, and that nothing of the former network is left.
func (w *world) movedWhole(m move, h *hosts, old, now cluster.Observed) {
	w.Helper()
	for _, d := range now.Hosts() {
		_, stayed := old.Droplet(d.ID)
		may := m.balanced && !strings.HasPrefix(d.Name, "chat-us-") && h.spec.Management.Enabled || d.Name == "chat-database"
		if stayed != may {
			w.Errorf("%s: it stayed is %t, want %t", d.Name, stayed, may)
		}
		if vpc := h.mem.VPCs["nyc3"]; h.spec.Private() && d.VPCUUID != vpc {
			w.Errorf("%s is in the VPC %s, want %s", d.Name, d.VPCUUID, vpc)
		}
	}
	if now.ReservedIP.IP != old.ReservedIP.IP {
		w.Errorf("the address is %s, was %s", now.ReservedIP.IP, old.ReservedIP.IP)
	}
	own := h.spec.Private() && h.spec.Network.VPCUUID == ""
	if got := len(now.OwnVPCs()); own != (got == 1) {
		w.Errorf("%d VPCs of its own, want one: %t", got, own)
	}
	if slices.ContainsFunc(now.Firewalls, func(f cluster.Firewall) bool {
		return slices.ContainsFunc(f.Inbound, func(r cluster.Rule) bool { return r.Ports == "4369" && h.spec.Distribution.EPMDPort != 4369 })
	}) {
		w.Error("the former port of epmd is still open")
	}
	if differ := w.fleet.differs(h.spec, *h.mem); len(differ) > 0 {
		w.Errorf("hosts differ: %q", differ)
	}
}

// While the second set does not come up, the first one serves and is left alone by
// an apply of the configuration as it was.
func TestAMoveCanBeTakenBack(t *testing.T) {
	t.Parallel()
	for _, m := range moves() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			moved(t, m, managed(3), func(w *world, h *hosts, after cluster.Spec) {
				before := h.spec
				old := w.converge(before, h.mem)
				h.failsToBootSince(time.Now())
				h.spec = after
				serving := w.watchNodes(h)
				if _, err := w.engine.Converge(w.Context(), after, h.mem); err == nil || !strings.Contains(err.Error(), "no such package") {
					w.Fatalf("nodes that do not boot ended the move with %v", err)
				}
				h.failing, h.spec = nil, before
				now := w.converge(before, h.mem)
				if *serving < before.NodeCount() {
					w.Errorf("clients were led to %d nodes at a time, want all of the first set", *serving)
				}
				for _, d := range old.Hosts() {
					if _, stays := now.Droplet(d.ID); !stays {
						w.Errorf("%s is gone", d.Name)
					}
				}
			})
		})
	}
}
