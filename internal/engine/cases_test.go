package engine_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// Two folders have a cluster of the same name, and are applied at once, or one
// shortly after the other: one of them gets it, whole, and the other is refused
// and leaves nothing.
func TestOfTwoCreatesAtOnceOneGetsTheCluster(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{
		0, 100 * time.Millisecond, 250 * time.Millisecond, 450 * time.Millisecond, 700 * time.Millisecond, time.Second,
		1500 * time.Millisecond, 2 * time.Second, 4 * time.Second, 8 * time.Second, 14 * time.Second, 17 * time.Second, 20 * time.Second, 23 * time.Second, 26 * time.Second,
	} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			inTrial(t, operations()[0], func(tr *trial) {
				tr.ledger.guard(true)
				states, errs := [2]kept{}, [2]error{}
				var folders sync.WaitGroup
				for i := range states {
					folders.Go(func() {
						tr.pass(time.Duration(i) * after)
						errs[i] = tr.run(tr.engine, &states[i])
					})
				}
				folders.Wait()
				winner := slices.Index(errs[:], nil)
				if winner < 0 || !refused(errs[1-winner]) {
					tr.Fatalf("they ended with %v and %v", errs[0], errs[1])
				}
				if states[1-winner].mem.ID != "" {
					tr.Error("who was refused has a state")
				}
				tr.kept = states[winner]
				tr.ledger.account(tr.kept)
				tr.isComplete()
				tr.end()
			})
		})
	}
}

// A state of before the last apply, from a backup or because the provider died
// before a new one was written, leads to the same hosts: those of the last apply
// are taken over.
func TestAStateOfBeforeTheLastApplyTakesItsHostsOver(t *testing.T) {
	t.Parallel()
	for _, op := range everyOperation() {
		if op.creates() || op.joined || !strings.HasPrefix(op.name, "scale up") && !strings.HasPrefix(op.name, "replace") {
			continue
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			inTrial(t, op, func(tr *trial) {
				tr.ledger.guard(true)
				last := tr.kept.clone()
				if err := tr.run(tr.engine, &last); err != nil {
					tr.Fatal(err)
				}
				before := tr.sim.Inventory().Of("droplet")
				tr.complete()
				if after := tr.sim.Inventory().Of("droplet"); !sameIDs(before, after) {
					tr.Errorf("hosts were %v and are %v", before, after)
				}
				tr.end()
			})
		})
	}
}

func sameIDs(a, b simulator.Inventory) bool {
	return slices.EqualFunc(a, b, func(a, b simulator.Object) bool { return a.ID == b.ID })
}

// The most nodes that fit an account come, are looked at and go under the limits
// of the API, of which somebody with the same token uses half.
func TestALargeClusterLivesUnderTheRateLimits(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		ctx, stop := context.WithCancel(w.Context())
		var other sync.WaitGroup
		other.Go(func() { w.usesHalf(ctx) })
		defer other.Wait()
		defer stop()
		spec, mem := chat(150), &cluster.Memory{}
		w.converge(spec, mem)
		w.converge(spec, mem)
		if err := w.engine.Destroy(ctx, "chat", mem); err != nil {
			w.Error(err)
		}
		w.empty()
	})
}

// usesHalf makes half of the calls that the API allows in a minute, until half of
// those of an hour are used.
func (w *world) usesHalf(ctx context.Context) {
	client := newGodo(w.T, w.sim, "test")
	for calls := 0; calls < 2500 && ctx.Err() == nil; calls++ {
		_, _, _ = client.Account.Get(ctx) // that it may be refused is what this is about
		w.pass(time.Minute / 125)
	}
}

// A volume of the cluster's name that is somebody else's is left alone, even when
// the answer to the create is lost.
func TestSomebodyElsesVolumeIsNeverTaken(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		faults := []simulator.Fault{{Kind: simulator.EmptyList, Call: "GET /v2/volumes", Times: 1}, {Kind: simulator.Cut, Call: "POST /v2/volumes", Times: 1}}
		theirs, _, err := w.godo.Storage.CreateVolume(w.Context(), &godo.VolumeCreateRequest{Name: "chat-database", Region: "nyc3", SizeGigaBytes: 10})
		if err != nil {
			w.Fatal(err)
		}
		w.sim.SetFaults(faults)
		mem := &cluster.Memory{}
		if _, err := w.engine.Converge(w.Context(), chat(1), mem); err == nil || !strings.Contains(err.Error(), theirs.ID) {
			w.Errorf("the create ended with %v, want it to name the volume %s", err, theirs.ID)
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Error(err)
		}
		if volumes := w.sim.Inventory().Of("volume"); len(volumes) != 1 {
			w.Errorf("volumes are %v, want the stranger's", volumes)
		}
	})
}

// together is what goes wrong at the same time.
type together struct {
	name   string
	faults []simulator.Fault
	fits   func(operation) bool
}

func allTogether() []together {
	lag := simulator.Fault{Kind: simulator.StaleList, Delay: 5 * time.Second}
	late := simulator.Fault{Kind: simulator.BoundLate, Delay: 8 * time.Second}
	all := []together{
		{"lists lag", []simulator.Fault{lag}, nil},
		{"lists lag and the address is bound late", []simulator.Fault{lag, late}, operation.creates},
	}
	for _, kind := range []string{"vpcs", "vpc_peerings", "volumes", "firewalls", "droplets", "reserved_ips", "tags"} {
		lost := simulator.Fault{Kind: simulator.Cut, After: true, Call: "POST /v2/" + kind, Times: 1}
		empty := simulator.Fault{Kind: simulator.EmptyList, Call: "GET /v2/" + kind, Times: 1}
		all = append(all,
			together{"lists lag and an answer is lost of " + kind, []simulator.Fault{lag, lost}, operation.creates},
			together{"a list is empty once of " + kind, []simulator.Fault{empty}, isDestroy})
	}
	return all
}

// Several things go wrong at once, and the operation succeeds all the same, is
// followed at once by a look and a destroy, and leaves nothing.
func TestFaultsThatComeTogether(t *testing.T) {
	t.Parallel()
	for i, what := range allTogether() {
		for j, op := range everyOperation() {
			if what.fits != nil && !what.fits(op) || (i+j)%2 == 0 && !testtool.Everything() {
				continue
			}
			t.Run(what.name+": "+op.name, func(t *testing.T) {
				t.Parallel()
				inTrial(t, op, func(tr *trial) {
					tr.ledger.guard(!isDestroy(op))
					tr.sim.SetFaults(what.faults)
					if err := tr.run(tr.engine, &tr.kept); err != nil {
						tr.Fatal(err)
					}
					tr.ledger.account(tr.kept)
					tr.isComplete()
					tr.end()
				})
			})
		}
	}
}

// A reserved IP that DigitalOcean binds late is the cluster's from the moment it
// exists, however the apply ends meanwhile.
func TestAnAddressThatIsBoundLateIsNotLost(t *testing.T) {
	t.Parallel()
	late := simulator.Fault{Kind: simulator.BoundLate, Delay: 8 * time.Second}
	for name, again := range map[string]bool{"and the next apply goes on": true, "and a destroy comes next": false} {
		for how, fault := range map[string]simulator.Fault{
			"the token is revoked": {Kind: simulator.Unauthorized, From: 16 * time.Second},
			"the user cancels":     {},
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				inTrial(t, operations()[0], func(tr *trial) {
					ctx, cancel := context.WithCancel(tr.Context())
					defer cancel()
					faults := []simulator.Fault{late}
					if fault.Kind != "" {
						faults = append(faults, fault)
					}
					tr.sim.SetFaults(faults)
					tr.cut.after = func(_ int, r *http.Request) error {
						if r.Method == http.MethodPost && r.URL.Path == "/v2/reserved_ips" && fault.Kind == "" {
							cancel()
						}
						return nil
					}
					if err := converge(ctx, tr.engine, tr.op, &tr.kept); err == nil {
						tr.Fatal("no error")
					}
					tr.sim.SetFaults(nil)
					tr.ledger.account(tr.kept)
					if again {
						tr.complete()
					}
					tr.end()
				})
			})
		}
	}
}

// Terraform makes a tainted cluster anew: it is destroyed, and created in the same
// moment.
func TestAClusterIsMadeAnewWhileListsLag(t *testing.T) {
	t.Parallel()
	destroys := everyOperation()[slices.IndexFunc(everyOperation(), isDestroy)]
	inTrial(t, destroys, func(tr *trial) {
		tr.sim.SetFaults([]simulator.Fault{{Kind: simulator.StaleList, Delay: 5 * time.Second}})
		if err := tr.run(tr.engine, &tr.kept); err != nil {
			tr.Fatal(err)
		}
		tr.op = everyOperation()[0]
		tr.complete()
		tr.end()
	})
}

// Tags that a destroy could not delete are no cluster: one of the name can be
// made, and goes with all of them.
func TestTagsThatAreLeftAreNoCluster(t *testing.T) {
	t.Parallel()
	destroys := everyOperation()[slices.IndexFunc(everyOperation(), isDestroy)]
	inTrial(t, destroys, func(tr *trial) {
		tr.sim.SetFaults([]simulator.Fault{{Kind: simulator.ServerError, Call: "DELETE /v2/tags/*"}})
		if err := tr.run(tr.engine, &tr.kept); err == nil {
			tr.Fatal("no error")
		} else {
			tr.tells("DELETE /v2/tags/{tag_id}", err)
		}
		tr.sim.SetFaults(nil)
		tr.op = everyOperation()[0]
		gone := tr.kept
		tr.kept = kept{}
		tr.complete()
		// The destroy is run again, as its state asks for.
		if err := tr.engine.Destroy(tr.Context(), "chat", &gone.mem); err != nil {
			tr.Error(err)
		}
		tr.end()
	})
}

// A cluster that did not form is in a state: no other create may clear it away.
func TestAClusterThatDidNotFormIsNotClearedAway(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		h.silent = "chat-us-2"
		if _, err := w.engine.Converge(w.Context(), h.spec, h.mem); err == nil {
			w.Fatal("no error")
		}
		before := w.sim.Inventory()
		w.pass(2 * cluster.LeaseTerm)
		if _, err := w.engine.Converge(w.Context(), h.spec, &cluster.Memory{}); !refused(err) {
			w.Errorf("the create of another folder ended with %v, want a refusal", err)
		}
		if diff := cmp.Diff(before, w.sim.Inventory()); diff != "" {
			w.Errorf("it changed the account:\n%s", diff)
		}
		h.silent = ""
		w.converge(h.spec, h.mem)
	})
}
