// Package plan finds out what has to be done: Diff compares what is wanted with
// what is there and gives the steps from one to the other. Terraform's plan
// shows that value, the engine carries it out, drift is its description, and a
// destroy is the diff against nothing. It is pure: no API, no clock, no Terraform.
package plan

import (
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// Input is what a plan is made from.
type Input struct {
	Spec     cluster.Spec // one of a name and nothing else asks for nothing
	Memory   cluster.Memory
	Observed cluster.Observed
	Reports  []health.HostReport // what the hosts said last; nil before they were asked
	Now      time.Time
	// Creating says that no state knows the cluster yet, so that a lease tells
	// others of it.
	Creating bool
	// Begun says that it was found out already that no other cluster of the name
	// is in the way.
	Begun bool
	// Telling says that this apply has marked already that it tells hosts of changes.
	Telling bool
	// Going are ids of clusters of the name that are gone before a step is done.
	Going []string
}

// Plan is what has to be done.
type Plan struct {
	Steps    []Step          // in an order in which they could be done one by one
	Refusals []check.Problem // why nothing of it may be done; empty for a plan that may

	Nodes      int // that there are
	Restarting int // of them that restart at a time
	Turn       int // of them that change at a time
	// SecondSet says that a second set of nodes takes the place of a first one, which
	// it cannot meet.
	SecondSet bool
}

// Step is one action and what there is to know of it.
type Step struct {
	Action
	After []string // keys of the steps that have to be done before
	Why   string   // what differs, as a sentence; empty for what follows from other steps
	// Quiet steps are done along with others and are no reason to apply.
	Quiet      bool
	Interrupts Interruption
}

// Interruption is what does not serve while a step is carried out.
type Interruption struct {
	Hosts   []string
	AtLeast time.Duration
}

// Action is what a step does. Its concrete types are in actions.go.
type Action interface {
	// Key tells the action from the others of a plan.
	Key() string
	// Kind says what carrying it out means.
	Kind() Kind
}

// Kind is how an action is carried out.
type Kind int

// Kinds of actions.
const (
	Write Kind = iota // changes something at DigitalOcean or on a host
	Note              // changes what is remembered, and nothing else
	Await             // is done when a later look finds it so
)

// Diff says what leads from what is there to what is wanted. What has been done
// is not in it; it is empty when nothing is left.
func Diff(in Input) Plan {
	d := &differ{Input: in}
	d.Memory = in.Memory.Clone()
	d.adopt()
	d.forgetTold()
	d.pools = d.nodes()
	for _, part := range []func(){
		d.lease, d.network, d.firewalls, d.database, d.makeNodes, d.balancer, d.upkeep, d.rotate, d.tell,
		d.restartNodes, d.replaceNodes, d.form, d.address, d.project, d.remove, d.narrowFirewalls, d.removeNetwork, d.removeMarks, d.finish, d.takeOver, d.markTelling, d.deleteLast,
	} {
		part()
	}
	p := Plan{Steps: ordered(d.steps), Refusals: d.refusals(), Nodes: len(d.pools.current())}
	p.SecondSet = d.splits()
	p.Turn = min(d.surge(), max(1, len(d.pools.outdated)))
	if len(d.pools.restart) > 0 {
		p.Restarting = len(filter(d.turn(), func(host cluster.Droplet) bool { return !d.lacksRelease(host) }))
		p.Turn = max(1, p.Restarting)
	}
	return p
}

// ordered puts each step behind those that it has to wait for, and leaves them in
// the order that they have as far as possible.
func ordered(steps []Step) []Step {
	index := map[string]int{}
	for i, s := range steps {
		index[s.Key()] = i
	}
	out, seen := make([]Step, 0, len(steps)), make([]bool, len(steps))
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, key := range steps[i].After {
			if before, exists := index[key]; exists {
				visit(before)
			}
		}
		out = append(out, steps[i])
	}
	for i := range steps {
		visit(i)
	}
	return out
}

// differ collects the steps, part by part.
type differ struct {
	Input
	pools  nodePlan
	steps  []Step
	told   map[string]description // of hosts by what they are, once they were needed
	opened []cluster.Firewall     // for the hosts that there are and those to come
	// balancerLater says that the load balancer is made anew once its nodes have
	// changed, of which it is told before.
	balancerLater bool
}

// add keeps a copy of what the step waits for, without the step itself, so that
// callers can go on with their list.
func (d *differ) add(s Step) {
	s.After = filter(s.After, func(key string) bool { return key != s.Key() })
	d.steps = append(d.steps, s)
}

// do adds an action that has to wait for those of the keys.
func (d *differ) do(a Action, why string, after ...string) {
	d.add(Step{Action: a, Why: why, After: after})
}

// keys returns the keys of the steps so far that fit.
func (d *differ) keys(fits func(Action) bool) []string {
	var keys []string
	for _, s := range d.steps {
		if fits(s.Action) {
			keys = append(keys, s.Key())
		}
	}
	return keys
}

// Done says that nothing is left to do.
func (p Plan) Done() bool { return len(p.Steps) == 0 }

// KeepingMarks leaves out the steps that delete tags.
func (p Plan) KeepingMarks() Plan {
	p.Steps = filter(p.Steps, func(s Step) bool { _, is := s.Action.(DeleteTag); return !is })
	return p
}

// Ready returns the steps that wait for no other one.
func (p Plan) Ready() []Step {
	open := map[string]bool{}
	for _, s := range p.Steps {
		open[s.Key()] = true
	}
	return filter(p.Steps, func(s Step) bool {
		return !slices.ContainsFunc(s.After, func(key string) bool { return open[key] })
	})
}

// Changes says that an apply would do something.
func (p Plan) Changes() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return !s.Quiet && (s.Kind() == Write || s.Why != "") })
}

func filter[T any](in []T, keep func(T) bool) []T {
	var out []T
	for _, x := range in {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}
