package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// instant is a DigitalOcean without delays, for stories in which time plays no
// part; the waits still pass a droplet that is not there at once.
var instant = simulator.Options{DropletLimit: 50}

// What an interrupted create leaves is in a state: no other create may take it
// for nobody's.
func TestCreateRefusesWhatAnInterruptedOneLeft(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		w.cut.before = func(n int, r *http.Request) {
			if n == 25 {
				cancel()
			}
		}
		mem := &cluster.Memory{}
		if _, err := w.engine.Converge(ctx, chat(3), mem); !errors.Is(err, context.Canceled) {
			w.Fatalf("interrupted converge: %v, want a cancelled context", err)
		}
		w.cut.before = nil
		before := w.sim.Inventory()
		if _, err := w.engine.Converge(w.Context(), chat(3), &cluster.Memory{}); !refused(err) {
			w.Errorf("second create: %v, want a refusal", err)
		}
		if diff := cmp.Diff(before, w.sim.Inventory()); diff != "" {
			w.Errorf("the refused create changed the account:\n%s", diff)
		}
		w.converge(chat(3), mem)
	})
}

func TestCreateRefusesAFinishedCluster(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		mem := &cluster.Memory{}
		w.converge(chat(2), mem)
		if _, err := w.engine.Converge(w.Context(), chat(2), &cluster.Memory{}); !refused(err) {
			w.Errorf("second create: %v, want a refusal", err)
		}
		w.settled(chat(2), *mem)
	})
}

func TestCreateLeavesAFirewallOfItsNameAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		stranger, _, err := w.godo.Firewalls.Create(w.Context(), &godo.FirewallRequest{
			Name:         "chat-node",
			InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"203.0.113.7/32"}}}},
		})
		if err != nil {
			w.Fatal(err)
		}
		mem := &cluster.Memory{}
		if _, err := w.engine.Converge(w.Context(), chat(1), mem); err == nil || !strings.Contains(err.Error(), "not this cluster's") {
			w.Errorf("the create ended with %v", err)
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Error(err)
		}
		if after, _, err := w.godo.Firewalls.Get(w.Context(), stranger.ID); err != nil || after.InboundRules[0].PortRange != "22" {
			w.Errorf("the stranger's firewall is %v (%v)", after, err)
		}
	})
}

// Whoever deletes a cluster by hand leaves its tags behind.
func TestCreateAfterAClusterWasDeletedByHand(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		mem := &cluster.Memory{}
		w.converge(chat(2), mem)
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Fatal(err)
		}
		if _, _, err := w.godo.Tags.Create(w.Context(), &godo.TagCreateRequest{Name: cluster.PoolTag("chat", "us")}); err != nil {
			w.Fatal(err)
		}
		w.converge(chat(2), &cluster.Memory{})
	})
}

// What one list leaves out while a dead create is cleared away keeps its marks,
// so that it is found by the next look, and its marks go whatever one look missed.
func TestALyingListLeavesNothingUnmarked(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"volumes", "firewalls", "vpcs", "tags"} {
		for look := 1; look <= 3; look++ {
			inWorld(t, instant, func(w *world) {
				mem := &cluster.Memory{}
				w.converge(chat(2), mem)
				w.sim.SetFaults([]simulator.Fault{{Kind: simulator.EmptyList, Call: "GET /v2/" + list, Nth: look, Times: 1}})
				if err := w.engine.Destroy(w.Context(), "chat", &cluster.Memory{ID: mem.ID}); err != nil {
					w.Errorf("look %d at the list of %s: %v", look, list, err)
				}
				w.empty()
			})
		}
	}
}

// What a create saw of one that died is asked for by its id while it is cleared
// away: once its marks are gone, nobody would know whose it is.
func TestAllThatWasSeenOfADeadCreateIsClearedAway(t *testing.T) {
	t.Parallel()
	spec := chat(2)
	spec.LoadBalancer, spec.Database = nil, nil // it has never served
	for _, list := range []string{"droplets", "firewalls", "vpcs"} {
		inWorld(t, instant, func(w *world) {
			died, mem := &cluster.Memory{}, &cluster.Memory{}
			w.converge(spec, died)
			lease := cluster.LeaseTag("chat", died.ID, time.Now().Add(-cluster.LeaseTerm))
			if _, _, err := w.godo.Tags.Create(w.Context(), &godo.TagCreateRequest{Name: lease}); err != nil {
				w.Fatal(err)
			}
			w.sim.SetFaults([]simulator.Fault{{Kind: simulator.EmptyList, Call: "GET /v2/" + list, Nth: 2, Times: 2}})
			ctx, cancel := context.WithTimeout(w.Context(), time.Hour)
			defer cancel()
			if _, err := w.engine.Converge(ctx, spec, mem); err != nil {
				w.Errorf("the list of %s: %v", list, err)
			}
			if err := w.engine.Destroy(ctx, "chat", mem); err != nil {
				w.Error(err)
			}
			w.empty()
		})
	}
}

// A create that made nothing but marks leaves no state, and no marks.
func TestACreateThatMadeNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		var faults []simulator.Fault
		for _, call := range []string{"POST /v2/vpcs", "POST /v2/firewalls", "POST /v2/volumes"} {
			faults = append(faults, simulator.Fault{Kind: simulator.Unauthorized, Call: call})
		}
		w.sim.SetFaults(faults)
		mem := &cluster.Memory{}
		if _, err := w.engine.Converge(w.Context(), chat(1), mem); err == nil || mem.Holds() {
			w.Errorf("the create ended with %v", err)
		}
		for _, tag := range w.sim.Inventory().Of("tag") {
			if strings.HasPrefix(tag.Name, cluster.IDTag("chat", mem.ID)) {
				w.Errorf("tag %s is left", tag.Name)
			}
		}
	})
}

// A load balancer that never came up is not waited for where none is wanted.
func TestALoadBalancerThatNeverCameUpCanGo(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		spec, mem := chat(1), &cluster.Memory{}
		w.sim.SetFaults([]simulator.Fault{{Kind: simulator.NeverActive, Name: "chat-lb-1"}})
		if _, err := w.engine.Converge(w.Context(), spec, mem); err == nil {
			w.Fatal("no error")
		}
		w.sim.SetFaults(nil)
		spec.LoadBalancer = nil
		w.converge(spec, mem)
	})
}

// A converge without a difference writes nothing.
func TestConvergeOfWhatIsThereOnlyReads(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		mem := &cluster.Memory{}
		w.converge(chat(3), mem)
		w.cut.before = func(_ int, r *http.Request) {
			if r.Method != http.MethodGet {
				w.Errorf("%s %s", r.Method, r.URL.Path)
			}
		}
		w.converge(chat(3), mem)
	})
}

// A destroy that died took the database's final snapshot already; the next one
// takes no other. What was written after an apply is not in it.
func TestFinalSnapshotHasWhatWasWrittenLast(t *testing.T) {
	t.Parallel()
	spec := chat(2)
	spec.Database.FinalSnapshot = true
	for name, tt := range map[string]struct {
		between func(*world, *cluster.Memory)
		want    int
	}{
		"destroyed again":              {func(*world, *cluster.Memory) {}, 1},
		"applied and destroyed":        {func(w *world, mem *cluster.Memory) { w.converge(spec, mem) }, 2},
		"died, applied, and destroyed": {func(w *world, mem *cluster.Memory) { w.converge(spec, mem) }, 2},
		"died and destroyed":           {func(*world, *cluster.Memory) {}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, instant, func(w *world) {
				mem := &cluster.Memory{}
				w.converge(spec, mem)
				w.pass(time.Minute)
				before := mem.Clone()
				w.sim.SetFaults([]simulator.Fault{{Kind: simulator.Unauthorized, Call: "DELETE /v2/volumes/*"}})
				if err := w.engine.Destroy(w.Context(), spec.Name, mem); err == nil {
					w.Fatal("the first destroy succeeded")
				}
				w.sim.SetFaults(nil)
				if mem.Snapshot == "" {
					w.Fatal("the first destroy took no snapshot")
				}
				if strings.HasPrefix(name, "died") {
					*mem = before
				}
				tt.between(w, mem)
				if err := w.engine.Destroy(w.Context(), spec.Name, mem); err != nil {
					w.Fatal(err)
				}
				if got := len(w.sim.Inventory().Of("snapshot")); got != tt.want {
					w.Errorf("%d snapshots, want %d", got, tt.want)
				}
			})
		})
	}
}
