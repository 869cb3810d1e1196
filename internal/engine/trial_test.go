package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// brisk is a DigitalOcean whose delays come in the order of the real ones, and
// are short, so that a trial does not consist of polls.
var brisk = simulator.Options{
	Latency: 300 * time.Millisecond, AddressLag: 2 * time.Second, BootTime: 7 * time.Second,
	ActionTime: time.Second, MemberLinger: 4 * time.Second, DropletLimit: 50, ReservedIPLimit: 10,
}

// timeLimit is how long an operation may take, as the provider's timeouts have
// it, and grace what it may take beyond to end in order.
const (
	timeLimit = 60 * time.Minute
	grace     = 2 * time.Minute
)

// trial is an operation in which something goes wrong, in an account that
// others use, too, and of which everything is watched.
type trial struct {
	*world
	op     operation
	kept   kept
	ledger *ledger
}

// inTrial runs a story of the operation on virtual time.
func inTrial(t *testing.T, op operation, story func(*trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, options, hosts := &ledger{twins: op.twins, sets: op.sets}, brisk, newFleet()
		options.Hosts = hosts
		hosts.unpeered = len(op.spec.Regions()) == 1
		options.Observe = func(r simulator.Request) {
			if r.Method != http.MethodGet {
				l.look()
			}
		}
		l.sim = simulator.New(options)
		cut := &cutter{next: simulator.Transport(l.sim)}
		w := &world{T: t, sim: l.sim, fleet: hosts, godo: newGodo(t, l.sim, "outside"), cut: cut}
		tr := &trial{world: w, op: op, ledger: l}
		w.engine = tr.newEngine(cut)
		if err := w.occupied(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.watch()
		tr.prepare()
		story(tr)
		tr.pass(time.Minute) // a VPC has droplets for some seconds after they are deleted
		l.look()
		l.compare()
		for _, v := range l.found() {
			t.Errorf("%s: %s", v.kind, v.what)
		}
	})
}

// newEngine is an engine that reaches hosts without the API.
func (tr *trial) newEngine(transport http.RoundTripper) *engine.Engine {
	h := &hosts{w: tr.world, spec: tr.op.spec, mem: &cluster.Memory{}}
	return newEngine(tr.T, transport).Reaching(func(cluster.ManagementKeys) engine.Channel { return h })
}

// prepare brings about what is there before the operation.
func (tr *trial) prepare() {
	if tr.op.creates() {
		return
	}
	if o, err := tr.engine.Converge(tr.Context(), *tr.op.before, &tr.kept.mem); err != nil {
		tr.Fatalf("make the cluster: %v", err)
	} else {
		tr.join()
		if tr.op.drift != nil {
			if err := tr.op.drift(tr.Context(), tr.world, o); err != nil {
				tr.Fatal(err)
			}
		}
	}
	for _, o := range tr.sim.Inventory().Of("vpc") {
		if tr.op.vpc != "" && o.Name == tr.op.vpc {
			tr.op.spec.Network.VPCUUID = o.ID
		}
	}
	tr.pass(time.Hour)
}

// join makes the beam_node that is there before.
func (tr *trial) join() {
	if !tr.op.joined {
		return
	}
	if err := createNode(tr.Context(), tr.engine, tr.op, &tr.kept); err != nil {
		tr.Fatalf("make the node: %v", err)
	}
	tr.pass(time.Minute)
}

// run carries the operation out, with the state that it is given, within the time
// that the provider gives it.
func (tr *trial) run(e *engine.Engine, k *kept) error {
	ctx, cancel := context.WithTimeout(tr.Context(), timeLimit)
	defer cancel()
	started := time.Now()
	err := tr.op.do(ctx, e, tr.op, k)
	if took := time.Since(started); took > timeLimit+grace {
		tr.Errorf("it took %v", took)
	}
	return err
}

// complete checks that another run succeeds and that nothing is left to do.
func (tr *trial) complete() {
	tr.Helper()
	if err := tr.run(tr.engine, &tr.kept); err != nil {
		tr.Fatalf("the run after: %v", err)
	}
	tr.ledger.account(tr.kept)
	tr.isComplete()
}

// isComplete checks that what is wanted is there.
func (tr *trial) isComplete() {
	tr.Helper()
	if tr.kept.mem.ID == "" {
		return // it was destroyed
	}
	o, err := tr.engine.Observe(tr.Context(), "chat", "", tr.kept.mem)
	if err != nil {
		tr.Fatalf("observe: %v", err)
	}
	if hosts := tr.op.spec.NodeCount() + len(tr.op.spec.Roles()) - 1; len(o.Hosts()) != hosts {
		tr.Errorf("%d hosts, want %d: %v", len(o.Hosts()), hosts, names(o))
	}
	if tr.op.drift != nil || tr.op.creates() {
		if left := drift(tr.op.spec, tr.kept.mem, o); len(left) > 0 {
			tr.Errorf("left to do: %q", left)
		}
	}
	if left := tr.leftOfNode(); len(left) > 0 {
		tr.Errorf("left to do of the node: %q", left)
	}
}

// leftOfNode is what a plan says is left to do of a beam_node that changes.
func (tr *trial) leftOfNode() []string {
	if tr.op.becomes == nil {
		return nil
	}
	left, err := tr.engine.DiffNode(tr.Context(), *changed(tr.op), tr.kept.node, tr.kept.worker)
	if err != nil {
		tr.Fatal(err)
	}
	return left.Drift()
}

// end destroys what there is and checks that nothing is left of it.
func (tr *trial) end() {
	tr.Helper()
	tr.ledger.guard(false)
	if tr.kept.node != 0 {
		if err := destroyNode(tr.Context(), tr.engine, tr.op, &tr.kept); err != nil {
			tr.Fatalf("destroy the node: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(tr.Context(), timeLimit)
	defer cancel()
	if err := tr.engine.Destroy(ctx, "chat", &tr.kept.mem); err != nil {
		tr.Fatalf("destroy: %v", err)
	}
	tr.ledger.empty()
}

// calls are the routes that the operation calls where nothing goes wrong, in
// order.
func calls(t *testing.T, op operation) (routes []string) {
	t.Helper()
	t.Run("calls of "+op.name, func(t *testing.T) {
		inTrial(t, op, func(tr *trial) {
			tr.ledger.guard(!op.lost && !isDestroy(op))
			before := len(tr.sim.Requests())
			if err := tr.run(tr.engine, &tr.kept); err != nil {
				tr.Fatal(err)
			}
			for _, r := range tr.sim.Requests()[before:] {
				routes = append(routes, r.Route)
			}
			tr.ledger.account(tr.kept)
			tr.isComplete()
			tr.end()
		})
	})
	return routes
}

func isDestroy(op operation) bool { return strings.HasPrefix(op.name, "destroy") }

// occurrence is a call of an operation, the nth of its route.
type occurrence struct {
	route string
	nth   int
}

func (o occurrence) String() string { return fmt.Sprintf("%s #%d", o.route, o.nth) }

func occurrences(routes []string) []occurrence {
	count := map[string]int{}
	var all []occurrence
	for _, route := range routes {
		count[route]++
		all = append(all, occurrence{route, count[route]})
	}
	return all
}
