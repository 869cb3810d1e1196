package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

// hosts answers for all hosts of a cluster, as beamctl does on each.
type hosts struct {
	w     *world
	spec  cluster.Spec
	mem   *cluster.Memory
	ready time.Time // from when on all hosts are as they should be

	mu       sync.Mutex
	commands []string                        // those that tell, each with its host
	told     func(host, command string)      // is called before each of those; nil for none
	takes    time.Duration                   // how long each of those takes
	cutAfter int                             // commands after which the connection is lost; 0 for never
	failing  func(*health.Report, time.Time) // what a host says by when it was made
	silent   string                          // a host that does not answer
	stuck    string                          // a host that takes commands and does nothing
	report   func(*health.Report, string)    // what else a host says
	// refuse says why a host cannot be asked that has been active for so long.
	refuse func(host string, up time.Duration) error
	asked  time.Time // when the first host was asked first
}

// Run implements engine.Channel.
func (h *hosts) Run(ctx context.Context, address string, port int, command string, stdin io.Reader) ([]byte, error) {
	o := h.w.droplets(h.spec.Name)
	i := slices.IndexFunc(o.Droplets, func(d cluster.Droplet) bool { return d.PublicIPv4 == address })
	if i < 0 || !h.w.fleet.answersAt(o.Droplets[i].ID, port) {
		return nil, fmt.Errorf("SSH to %s: %w", address, management.ErrUnreachable)
	}
	if err := h.refusal(o.Droplets[i]); err != nil {
		if errors.Is(err, management.ErrUnreachable) {
			h.w.pass(dialTime)
		}
		return nil, fmt.Errorf("SSH to %s: %w", address, err)
	}
	if o.Droplets[i].Name == h.stuck {
		<-ctx.Done()
		return nil, fmt.Errorf("SSH to %s: %w", address, context.Cause(ctx))
	}
	return h.carryOut(ctx, o.Droplets[i], command, stdin)
}

// carryOut has the fleet's host run the command, and changes what it says.
func (h *hosts) carryOut(ctx context.Context, d cluster.Droplet, command string, stdin io.Reader) ([]byte, error) {
	asks := command == hostconfig.CommandAwait(5) || command == hostconfig.CommandStatus
	if !asks {
		h.mu.Lock()
		h.commands = append(h.commands, d.Name+": "+command)
		if h.told != nil {
			h.told(d.Name, command)
		}
		lost := h.cutAfter > 0 && len(h.commands) > h.cutAfter
		h.mu.Unlock()
		if lost {
			return nil, fmt.Errorf("SSH to %s: %w", d.PublicIPv4, management.ErrLost)
		}
		h.w.pass(h.takes)
	}
	answer, err := h.w.fleet.run(ctx, d.ID, command, stdin, nodeName(h.spec))
	if !asks || err != nil {
		return answer, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var r health.Report
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, err
	}
	if time.Now().Before(h.ready) {
		return json.Marshal(health.Report{Version: 1, Role: r.Role, Boot: health.BootReport{Status: health.BootRunning, Step: "install packages"}})
	}
	if h.report != nil {
		h.report(&r, d.Name)
	}
	if h.failing != nil {
		h.failing(&r, d.CreatedAt)
	}
	return json.Marshal(r)
}

// droplets are the account's as no call of the API shows them: what hosts know of
// themselves takes none.
func (w *world) droplets(name string) cluster.Observed {
	o := cluster.Observed{Cluster: name}
	for _, have := range w.sim.Inventory().Of("droplet") {
		d := cluster.Droplet{Name: have.Name, Status: have.Status, Tags: have.Tags, CreatedAt: have.CreatedAt}
		d.ID, _ = strconv.Atoi(have.ID) // droplets have numbers
		for _, detail := range have.Details {
			switch kind, value, _ := strings.Cut(detail, " "); kind {
			case "public":
				d.PublicIPv4 = value
			case "private":
				d.PrivateIPv4 = value
			}
		}
		o.Droplets = append(o.Droplets, d)
	}
	slices.SortFunc(o.Droplets, cluster.ByAge)
	return o
}

// dialTime is how long it takes to find that nobody answers.
const dialTime = 10 * time.Second

func (h *hosts) refusal(d cluster.Droplet) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked.IsZero() {
		h.asked = time.Now()
	}
	switch {
	case d.Name == h.silent:
		return management.ErrUnreachable
	case h.refuse == nil:
		return nil
	}
	return h.refuse(d.Name, time.Since(d.CreatedAt)-slow.BootTime)
}

func managed(nodes int) cluster.Spec {
	spec := chat(nodes)
	spec.Management = cluster.Management{Enabled: true, Port: 22}
	spec.WaitFor = cluster.WaitFormed
	return spec
}

// inManagedWorld runs the story of a cluster whose hosts answer.
func inManagedWorld(t *testing.T, nodes int, story func(w *world, h *hosts)) {
	t.Helper()
	inWorld(t, slow, func(w *world) {
		h := &hosts{w: w, spec: managed(nodes), mem: &cluster.Memory{}}
		w.engine = w.engine.Reaching(func(cluster.ManagementKeys) engine.Channel { return h })
		story(w, h)
	})
}

func TestApplyReturnsWhenTheClusterHasFormed(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 3, func(w *world, h *hosts) {
		h.ready = time.Now().Add(3 * time.Minute)
		w.converge(h.spec, h.mem)
		if late := time.Since(h.ready); late < 0 || late > 20*time.Second {
			w.Errorf("the apply returned %v after the cluster had formed", late)
		}
	})
}

// What was created stays in the memory, and the same converge goes on.
func TestWhatKeepsAClusterFromFormingIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		set    func(h *hosts)
		says   string
		within time.Duration // from the first host being active
	}{
		{"a step that failed", func(h *hosts) {
			h.report = func(r *health.Report, name string) {
				if name == "chat-us-2" {
					r.Boot = health.BootReport{Status: health.BootError, Step: "fetch the release", Failed: true, Log: []string{"curl: (22) 404"}}
				}
			}
		}, "chat-us-2: the boot step \"fetch the release\" failed\n    curl: (22) 404", time.Minute},
		{"a host that does not answer", func(h *hosts) { h.silent = "chat-us-3" },
			"chat-us-3: cannot be asked how it is: SSH to", time.Minute},
		{"a host that never gets ready", func(h *hosts) { h.ready = time.Now().Add(24 * time.Hour) },
			"the cluster is not formed yet", 5 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inManagedWorld(t, 3, func(w *world, h *hosts) {
				tt.set(h)
				ctx, cancel := context.WithTimeout(w.Context(), 5*time.Minute)
				defer cancel()
				started := time.Now()
				_, err := w.engine.Converge(ctx, h.spec, h.mem)
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					w.Errorf("converge ended with %v, want it to say %q", err, tt.says)
				}
				if took := time.Since(started); took > 70*time.Second+tt.within {
					w.Errorf("it was told after %v", took)
				}
				if len(h.mem.Hosts) != 5 {
					w.Errorf("%d hosts are remembered, want all 5", len(h.mem.Hosts))
				}
				h.report, h.silent, h.ready = nil, "", time.Time{}
				w.converge(h.spec, h.mem)
			})
		})
	}
}

// A host of an earlier apply has no first boot to be waited for.
// Without anything else to change, a plan must still ask for the next look.
func TestAClusterThatDidNotFormIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		w.converge(h.spec, h.mem)
		h.silent = "chat-us-2"
		if _, err := w.engine.Converge(w.Context(), h.spec, h.mem); err == nil {
			w.Fatal("no error")
		}
		drift := func(spec cluster.Spec) []string { return drift(spec, *h.mem, w.observe(spec, *h.mem)) }
		if got := drift(h.spec); !slices.Equal(got, []string{"the cluster was not formed when it was looked at last"}) {
			w.Errorf("drift is %q", got)
		}
		indifferent := h.spec
		indifferent.WaitFor = cluster.WaitActive
		if got := drift(indifferent); len(got) > 0 {
			w.Errorf("drift is %q where nobody waits for hosts", got)
		}
		h.silent = ""
		w.converge(h.spec, h.mem)
	})
}

func TestAHostThatIsGoneOrStuckIsToldWithinAMinute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(h *hosts)
		says string
	}{
		{"gone", func(h *hosts) { h.silent = "chat-us-2" }, "the host does not answer"},
		{"stuck", func(h *hosts) { h.stuck = "chat-us-2" }, `the host did not carry out "await 5" within 20s`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inManagedWorld(t, 3, func(w *world, h *hosts) {
				w.converge(h.spec, h.mem)
				w.pass(time.Hour)
				tt.set(h)
				started := time.Now()
				_, err := w.engine.Converge(w.Context(), h.spec, h.mem)
				if err == nil || !strings.Contains(err.Error(), "chat-us-2: cannot be asked how it is") || !strings.Contains(err.Error(), tt.says) {
					w.Errorf("converge ended with %v", err)
				}
				if took := time.Since(started); took > time.Minute {
					w.Errorf("it was told after %v", took)
				}
			})
		})
	}
}

func TestRunningHostsAreToldInsteadOfMadeAnew(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 3, func(w *world, h *hosts) {
		before := w.converge(h.spec, h.mem)
		h.spec = managed(4)
		grown := w.converge(h.spec, h.mem)
		if w.id(before, "chat-lb-1") != w.id(grown, "chat-lb-1") {
			w.Error("the load balancer was made anew for a new node")
		}
		if want := []string{"chat-lb-1: set-nodes"}; !slices.Equal(h.commands, want) {
			w.Errorf("told %v, want %v", h.commands, want)
		}
		if err := w.deleteDroplet(w.Context(), grown, "chat-database"); err != nil {
			w.Fatal(err)
		}
		w.occupy(h.mem.VPCs["nyc3"])
		h.commands = nil
		after := w.converge(h.spec, h.mem)
		for _, name := range []string{"chat-us-1", "chat-us-2", "chat-us-3", "chat-us-4", "chat-lb-1"} {
			if w.id(grown, name) != w.id(after, name) {
				w.Errorf("%s was made anew for a new address of the database", name)
			}
		}
		if len(h.commands) != 4 || !strings.Contains(h.commands[0], "set-database "+h.mem.DatabaseAddress) {
			w.Errorf("told %v, want the four nodes to be told %s", h.commands, h.mem.DatabaseAddress)
		}
	})
}

// Nodes are made anew one after another, and the load balancer leads to each new
// one before the old one goes.
func TestNodesBehindAToldLoadBalancerAreMadeAnewOneAfterAnother(t *testing.T) {
	t.Parallel()
	for _, wait := range []string{cluster.WaitFormed, cluster.WaitActive} {
		inManagedWorld(t, 3, func(w *world, h *hosts) {
			h.spec.WaitFor = wait
			before := w.converge(h.spec, h.mem)
			h.spec.Pools[0].Size = "s-2vcpu-2gb"
			after := w.converge(h.spec, h.mem)
			for _, name := range []string{"chat-us-1", "chat-us-2", "chat-us-3"} {
				if w.id(before, name) == w.id(after, name) {
					w.Errorf("%s was not made anew", name)
				}
			}
			if w.id(before, "chat-lb-1") != w.id(after, "chat-lb-1") {
				w.Error("the load balancer was made anew")
			}
			want := []string{
				"chat-lb-1: set-nodes", "chat-us-1: stop 0", "chat-lb-1: set-nodes", "chat-us-2: stop 0", "chat-lb-1: set-nodes", "chat-us-3: stop 0",
			}
			if !slices.Equal(h.commands, want) {
				w.Errorf("told %v, want %v", h.commands, want)
			}
		})
	}
}

// A load balancer that goes parts with its clients once its successor answers them.
func TestALoadBalancerPartsWithItsClients(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		w.converge(h.spec, h.mem)
		balancer := *h.spec.LoadBalancer
		balancer.Size, h.spec.LoadBalancer, h.spec.Update.DrainSeconds = "s-2vcpu-2gb", &balancer, 60
		h.commands = nil
		after := w.converge(h.spec, h.mem)
		if want := []string{"chat-lb-1: let-go 60"}; !slices.Equal(h.commands, want) {
			w.Errorf("told %v, want %v", h.commands, want)
		}
		w.id(after, "chat-lb-2") // there is one, and it has taken the place of chat-lb-1
		h.spec.LoadBalancer, h.commands = nil, nil
		w.converge(h.spec, h.mem)
		if len(h.commands) > 0 {
			w.Errorf("where nobody answers its clients a load balancer is told %v", h.commands)
		}
	})
}

// The load balancer forgets a node before the node goes.
func TestNodesGoAfterTheLoadBalancerWasTold(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 3, func(w *world, h *hosts) {
		w.converge(h.spec, h.mem)
		h.spec = managed(2)
		h.silent = "chat-lb-1"
		if _, err := w.engine.Converge(w.Context(), h.spec, h.mem); err == nil || !strings.Contains(err.Error(), "chat-lb-1 to be told") {
			w.Errorf("converge ended with %v, want it to name the load balancer", err)
		}
		if o := w.observe(h.spec, *h.mem); len(o.Hosts()) != 5 {
			w.Errorf("hosts %v, want all of them still there", names(o))
		}
		h.silent, h.stuck = "", "chat-lb-1"
		if _, err := w.engine.Converge(w.Context(), h.spec, h.mem); err == nil || !strings.Contains(err.Error(), "chat-lb-1 to be told") {
			w.Errorf("converge ended with %v, want it to name the load balancer", err)
		}
		h.stuck = ""
		w.converge(h.spec, h.mem)
	})
}
