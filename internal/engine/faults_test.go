package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// trouble is a fault that a call of an operation meets, once or from then on.
type trouble struct {
	op      operation
	at      occurrence
	fault   simulator.Fault
	lasting bool
}

func (x trouble) String() string {
	if x.lasting {
		return fmt.Sprintf("%s, %s lasts", x.op.name, x.fault)
	}
	return fmt.Sprintf("%s, %s, the call %d", x.op.name, x.fault, x.at.nth)
}

// rule is the fault as the simulator takes it.
func (x trouble) rule() simulator.Fault {
	f := x.fault
	if !x.lasting {
		f.Nth, f.Times = x.at.nth, 1
	}
	return f
}

// TestFiguresOfFaults lets each call of each operation meet each fault, and the
// process die at each call, and tells how it ended.
func TestFiguresOfFaults(t *testing.T) {
	t.Parallel()
	recorded := record(t)
	var f figures
	t.Run("faults", func(t *testing.T) {
		for i, x := range troubles(recorded) {
			t.Run(x.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, x.op, func(tr *trial) { f.note(string(x.fault.Kind), tr.ledger, tr.meets(x, i%4 < 2)) })
			})
		}
	})
	t.Run("deaths", func(t *testing.T) {
		for i, d := range deaths(recorded) {
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, d.op, func(tr *trial) { f.note(string(d.how)+" a call", tr.ledger, tr.ends(d, i%2 == 0)) })
			})
		}
	})
	testtool.Figures(t, "Trials in which something goes wrong, by what does", f.table())
}

// recorded are the calls of an operation in which nothing goes wrong.
type recorded struct {
	op    operation
	calls []occurrence
}

func record(t *testing.T) []recorded {
	t.Helper()
	var all []recorded
	for _, op := range operations() {
		all = append(all, recorded{op, occurrences(calls(t, op))})
	}
	return all
}

// troubles are what is tried: every one, or a part that is always the same.
func troubles(all []recorded) []trouble {
	found := everyTrouble(all)
	if testtool.Everything() {
		return found
	}
	return sample(found)
}

// everyTrouble is each fault with each call, and lasting with each route of each
// operation.
func everyTrouble(all []recorded) []trouble {
	var found []trouble
	for _, r := range all {
		for _, at := range r.calls {
			for _, f := range simulator.FaultsOf(at.route) {
				found = append(found, trouble{r.op, at, f, false})
				if at.nth == 1 {
					found = append(found, trouble{r.op, at, f, true})
				}
			}
		}
	}
	return found
}

// oneOf is how many routes each fault can befall for each that it does befall
// where not all are tried.
const oneOf = 8

// sample leaves some pairs of route and fault, each with the operation that was
// chosen least so far, once or lastingly by turns.
func sample(all []trouble) []trouble {
	groups := map[string][]trouble{}
	var keys []string
	for _, x := range all {
		key := x.fault.String()
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], x)
	}
	chosen, routes := map[string]int{}, map[simulator.FaultKind]int{}
	var out []trouble
	for i, key := range keys {
		kind := groups[key][0].fault.Kind
		routes[kind]++
		if routes[kind]%oneOf != 1 {
			continue
		}
		candidates := slices.DeleteFunc(groups[key], func(x trouble) bool { return x.lasting != (i%2 == 1) })
		best := slices.MinFunc(candidates, func(a, b trouble) int {
			return 1000*(chosen[a.op.name]-chosen[b.op.name]) + distance(a, i) - distance(b, i)
		})
		chosen[best.op.name]++
		out = append(out, best)
	}
	return out
}

// distance spreads the choice over the calls of a route.
func distance(x trouble, i int) int { return (x.at.nth + i) % 7 }

// meets lets the trouble befall the operation, checks how it ends, and goes on
// without it: with the same operation, or with a destroy at once.
func (tr *trial) meets(x trouble, again bool) outcome {
	tr.ledger.guard(!x.op.lost && !isDestroy(x.op) && !takesServiceDown(x.fault.Kind))
	if x.fault.Kind == simulator.Vanishes { // the database's successor has another address, which its nodes have to know
		tr.ledger.twins = true
	}
	tr.sim.SetFaults([]simulator.Fault{x.rule()})
	err := tr.run(tr.engine, &tr.kept)
	tr.sim.SetFaults(nil)
	tr.ledger.account(tr.kept)
	switch {
	case err != nil && !x.lasting && !mayEnd(x.fault.Kind):
		tr.Errorf("a fault of a moment ended it: %v", err)
	case err != nil:
		tr.tells(x.at.route, err)
	case x.op.drift != nil || x.op.creates():
		tr.pass(10 * time.Second) // what a fault of lists hid is seen again
	}
	if again || x.op.name == "refresh" {
		tr.afterwards()
	}
	tr.end()
	if err != nil {
		return gaveUp
	}
	return succeeded
}

// afterwards runs the operation again. A create of which no state knows may have
// to wait until the lease has run out that the first could not give back.
func (tr *trial) afterwards() {
	if tr.op.creates() && tr.kept.mem.ID == "" {
		tr.pass(cluster.LeaseTerm)
	}
	tr.complete()
}

// takesServiceDown says that the fault is one of what serves, whoever works on it.
func takesServiceDown(kind simulator.FaultKind) bool {
	return slices.Contains([]simulator.FaultKind{simulator.Vanishes, simulator.GoesOff, simulator.NeverBound}, kind)
}

// mayEnd says that even a fault of a moment is one that only the user can mend.
func mayEnd(kind simulator.FaultKind) bool {
	return kind == simulator.Unauthorized || kind == simulator.Quota
}
