package engine_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// inRunningCluster runs the story of a cluster that has formed.
func inRunningCluster(t *testing.T, nodes int, story func(w *world, h *hosts)) {
	t.Helper()
	t.Parallel()
	inManagedWorld(t, nodes, func(w *world, h *hosts) {
		h.spec.Update = cluster.Update{Strategy: cluster.UpdateRolling, MaxSurge: 1, OnFailure: cluster.OnFailureRollback}
		w.converge(h.spec, h.mem)
		h.commands = nil
		w.pass(time.Hour)
		story(w, h)
	})
}

// changes converges to what is asked for now, and checks that it is reached.
func (h *hosts) changes() cluster.Observed {
	h.w.Helper()
	o := h.w.converge(h.spec, h.mem)
	h.reached()
	return o
}

// reached checks that every host runs what it should, and that nothing is left to
// be done.
func (h *hosts) reached() {
	h.w.Helper()
	left, _, err := h.w.engine.Diff(h.w.Context(), h.spec, *h.mem)
	if err != nil || left.Changes() {
		h.w.Errorf("left to do: %q (%v)", left.Drift(), err)
	}
	for _, problem := range h.w.fleet.differs(h.spec, *h.mem) {
		h.w.Error(problem)
	}
}

// fails converges and returns what the error says.
func (h *hosts) fails(says ...string) {
	h.w.Helper()
	_, err := h.w.engine.Converge(h.w.Context(), h.spec, h.mem)
	for _, text := range says {
		if err == nil || !strings.Contains(err.Error(), text) {
			h.w.Errorf("the apply ended with %v, want it to say %q", err, text)
		}
	}
	if left, _, err := h.w.engine.Diff(h.w.Context(), h.spec, *h.mem); err != nil || !left.Changes() {
		h.w.Errorf("the next plan has nothing to do (%v)", err)
	}
}

// heard are the first words of the commands since it was asked last, each after
// its host.
func (h *hosts) heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var heard []string
	for _, command := range h.commands {
		words := strings.Fields(command)
		heard = append(heard, words[0]+" "+words[1])
	}
	h.commands = nil
	return heard
}

func (h *hosts) wantHeard(want ...string) {
	h.w.Helper()
	if got := h.heard(); !slices.Equal(got, want) {
		h.w.Errorf("the hosts were told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// nodeByNode is what hosts are told when nodes restart one after another.
func nodeByNode(nodes int) []string {
	told := []string{"chat-lb-1: set-nodes"}
	for n := 1; n <= nodes; n++ {
		told = append(told, fmt.Sprintf("chat-us-%d: apply", n), "chat-lb-1: set-nodes")
	}
	return told
}

func TestAnotherEnvironmentRestartsNodeByNode(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		before := w.observe(h.spec, *h.mem)
		h.spec.Environment = map[string]string{"PHX_HOST": "chat.example.com"}
		h.alwaysLeadsTo(2)
		after := h.changes()
		h.wantHeard(nodeByNode(3)...)
		if !slices.Equal(names(before), names(after)) || w.id(before, "chat-us-1") != w.id(after, "chat-us-1") {
			w.Error("hosts were made anew")
		}
	})
}

// alwaysLeadsTo checks before each command that clients are led to so many nodes
// that serve, and to none that does not.
func (h *hosts) alwaysLeadsTo(least int) {
	h.told = func(host, command string) {
		up, down := h.w.fleet.led()
		if up < least || down > 0 {
			h.w.Errorf("before %s is told to %q, clients are led to %d nodes that serve and to %d that do not; want at least %d and 0", host, command, up, down, least)
		}
	}
}

func TestNodesThatMayBeAwayTogetherRestartTogether(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Update.MaxUnavailable = 2
		h.spec.Environment = map[string]string{"PHX_HOST": "chat.example.com"}
		h.alwaysLeadsTo(1)
		h.changes()
		// The third one's turn comes when one of them is well, whichever is first.
		got := h.heard()
		slices.Sort(got[1:3])
		want := []string{"chat-lb-1: set-nodes", "chat-us-1: apply", "chat-us-2: apply", "chat-lb-1: set-nodes"}
		if !slices.Equal(got[:4], want) || got[len(got)-1] != want[0] {
			w.Errorf("the hosts were told %q, want them to begin with %q and to end with %q", got, want, want[0])
		}
	})
}

func TestAllNodesRestartAtOnceWhenAskedTo(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Update.Strategy = cluster.UpdateAllAtOnce
		h.spec.Environment = map[string]string{"PHX_HOST": "chat.example.com"}
		h.takes = 10 * time.Second
		restarted := map[string]time.Time{}
		h.told = func(host, command string) {
			if strings.HasPrefix(command, hostconfig.CommandApply) {
				restarted[host] = time.Now()
			}
		}
		h.changes()
		at := restarted["chat-us-1"]
		want := map[string]time.Time{"chat-us-1": at, "chat-us-2": at, "chat-us-3": at}
		if at.IsZero() || !maps.Equal(restarted, want) {
			w.Errorf("nodes were told to restart at %v, want all three at once", restarted)
		}
	})
}

// mostNodes counts the most nodes that there are at once.
func (h *hosts) mostNodes() func() int {
	most := 0
	h.w.cut.after = func(int, *http.Request) error {
		nodes := 0
		for _, d := range h.w.droplets(h.spec.Name).Hosts() {
			if d.Role(h.spec.Name) == cluster.RoleNode {
				nodes++
			}
		}
		most = max(most, nodes)
		return nil
	}
	return func() int { return most }
}

func TestAnotherImageReplacesSomeNodesAtATime(t *testing.T) {
	for _, surge := range []int{1, 2} {
		t.Run(fmt.Sprint(surge), func(t *testing.T) {
			inRunningCluster(t, 4, func(w *world, h *hosts) {
				h.spec.Update.MaxSurge = surge
				h.spec.Pools[0].Image = "debian-13-x64"
				most := h.mostNodes()
				h.alwaysLeadsTo(4)
				h.changes()
				if most() != 4+surge {
					w.Errorf("there were %d nodes at once, want %d", most(), 4+surge)
				}
			})
		})
	}
}

// The old nodes serve on, whatever becomes of the new one.
func TestASuccessorThatDoesNotComeUpStopsTheReplacement(t *testing.T) {
	for _, onFailure := range []string{cluster.OnFailureRollback, cluster.OnFailureStop} {
		t.Run(onFailure, func(t *testing.T) {
			inRunningCluster(t, 3, func(w *world, h *hosts) {
				before := w.observe(h.spec, *h.mem)
				h.spec.Update.OnFailure = onFailure
				h.spec.Pools[0].Image = "debian-13-x64"
				h.failsToBootSince(time.Now())
				h.fails("chat-us-1: the boot step \"start HAProxy\" failed", "no such package")
				after := w.observe(h.spec, *h.mem)
				for _, d := range before.Hosts() {
					if _, there := after.Droplet(d.ID); !there {
						w.Errorf("%s is gone", d.Name)
					}
				}
				if up, down := w.fleet.led(); up != 3 || down != 0 {
					w.Errorf("clients are led to %d nodes that serve and %d that do not", up, down)
				}
				if left := len(after.Hosts()) - len(before.Hosts()); left != map[string]int{cluster.OnFailureRollback: 0, cluster.OnFailureStop: 1}[onFailure] {
					w.Errorf("%d droplets are left of the successor", left)
				}
				h.failing = nil
				h.alwaysLeadsTo(3)
				h.changes()
			})
		})
	}
}

// What is added and taken away later is as if it had been there from the start.
func TestPartsOfAClusterComeAndGo(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*cluster.Spec)
	}{
		{"load balancer", func(s *cluster.Spec) { s.LoadBalancer = nil }},
		{"management", func(s *cluster.Spec) { s.Management.Enabled, s.WaitFor = false, cluster.WaitActive }},
		{"release", func(s *cluster.Spec) { s.Release = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRunningCluster(t, 2, func(w *world, h *hosts) {
				whole := h.spec
				tt.with(&h.spec)
				h.changes()
				h.spec = whole
				h.changes()
			})
		})
	}
}

func TestADatabaseIsAdded(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		whole := h.spec
		h.spec.Database = nil
		h.changes()
		h.spec = whole
		h.changes()
	})
}

func TestALoadBalancerIsReplacedWhileItsNodesAre(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Pools[0].Image = "debian-13-x64"
		h.resizeBalancer()
		h.alwaysLeadsTo(3)
		h.changes()
	})
}

// A host that cannot be reached is named, and what it should have been told is
// told by the next apply.
func TestAChangeWaitsForAHostThatIsAway(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Environment = map[string]string{"PHX_HOST": "chat.example.com"}
		h.silent = "chat-us-2"
		h.fails("chat-us-2")
		h.silent = ""
		h.alwaysLeadsTo(2)
		h.changes()
	})
}

func TestANodeThatDiedIsMadeWithTheChange(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		if err := w.deleteDroplet(w.Context(), w.observe(h.spec, *h.mem), "chat-us-2"); err != nil {
			w.Fatal(err)
		}
		h.deployURL("second")
		h.changes()
	})
}

// An apply that died had told the load balancer of nodes that the next apply does
// not want: it has to be told again of those that it was told of before.
func TestALoadBalancerIsToldAgainWhereTheStateIsOld(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		old, wanted := h.mem.Clone(), h.spec
		h.spec.Host.User = "chat"
		ctx, die := context.WithCancel(w.Context())
		h.told = func(_, command string) {
			if command == hostconfig.CommandSetNodes {
				die()
			}
		}
		_, _ = w.engine.Converge(ctx, h.spec, h.mem) // what it remembers is lost
		h.told = nil
		*h.mem, h.spec = old, wanted
		h.changes()
	})
}
