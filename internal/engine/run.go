package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

const (
	// settleTime is how long a look may still show what was before a step: lists
	// lag behind. A step that is done is not done again before.
	settleTime = 8 * time.Second
	// maxRepeats is how often a step is done that does not last.
	maxRepeats = 6
)

// run is one way from what exists to what is wanted. One goroutine, that of
// toEnd, reads and changes it; steps under way send it what they find.
type run struct {
	*Engine
	spec     cluster.Spec
	mem      *cluster.Memory
	obs      cluster.Observed
	reports  []health.HostReport
	creating bool
	begun    bool
	going    []string // ids of clusters of the name that are gone by then
	removing bool     // the cluster goes
	leases   []string // tags that are held
	wrote    bool     // something was changed since the last look
	telling  bool     // it is marked that hosts are told of changes
	// adjust makes of a look what the run is to see; nil leaves it.
	adjust func()
	// plan says what is left to do.
	plan func() plan.Plan
	// request describes the droplets of a role to be made.
	request func(plan.CreateHosts) (digitalocean.DropletRequest, cluster.HostRecord, error)

	events   chan event
	busy     map[string]bool    // keys of what is under way
	done     map[string]*repeat // by what a step was
	hosts    map[int]*awaited   // by droplet id
	made     map[int]bool       // ids of droplets that this run made
	retried  map[string]bool    // names of hosts that were made anew because they did not come up
	slow     []int              // ids of droplets that did not come up
	reserved []int              // droplets that an address was reserved for
	retold   map[int]bool       // ids of load balancers that this run told of other hosts
	forming  *formation         // nil until hosts are asked
	// publicKeys are those of the spec's SSH keys; nil until they are to be told.
	publicKeys []string
}

// repeat is how often a step was done, and when last.
type repeat struct {
	times int
	last  time.Time
}

// event is what a step under way has to say: something to be recorded, or, with
// a key, that it has ended.
type event struct {
	key    string
	record func()
	err    error
}

func (e *Engine) run(spec cluster.Spec, mem *cluster.Memory) *run {
	r := &run{
		Engine: e, spec: spec, mem: mem, obs: cluster.Observed{Cluster: spec.Name},
		events: make(chan event), busy: map[string]bool{}, done: map[string]*repeat{},
		hosts: map[int]*awaited{}, made: map[int]bool{}, retried: map[string]bool{},
		retold: map[int]bool{},
	}
	r.plan = func() plan.Plan { return plan.Diff(r.input()) }
	r.request = r.clusterHosts
	return r
}

func (r *run) input() plan.Input {
	return plan.Input{Spec: r.spec, Memory: *r.mem, Observed: r.obs, Reports: r.reports, Now: time.Now(), Creating: r.creating, Begun: r.begun, Going: r.going, Telling: r.telling}
}

// toEnd carries out steps until nothing is left and a last look agrees, or one
// fails. Steps under way come to their end in any case.
func (r *run) toEnd(ctx context.Context) error {
	var failed []error
	for {
		p := r.noted(r.plan())
		if len(p.Refusals) > 0 && len(failed) == 0 {
			failed = append(failed, &RefusedError{p.Refusals})
		}
		if len(failed) == 0 && ctx.Err() == nil {
			failed = append(failed, r.start(ctx, p)...)
		}
		if len(r.busy) > 0 {
			failed = append(failed, r.next()...)
			continue
		}
		switch over, err := r.over(ctx, p, failed); {
		case err != nil:
			r.mem.ChangedAt = time.Now()
			return err
		case over:
			r.mem.ChangedAt = time.Now()
			return nil
		}
	}
}

// over is asked when nothing is under way. It says whether all is done, or what
// kept it from being; else there is something to be done after a new look.
func (r *run) over(ctx context.Context, p plan.Plan, failed []error) (bool, error) {
	if len(failed) > 0 {
		return false, r.unfinished(ctx, p, errors.Join(failed...))
	}
	if ctx.Err() != nil {
		return false, r.unfinished(ctx, p, r.interrupted(ctx, p))
	}
	if p.Done() && !r.wrote {
		if r.forming != nil || !r.spec.WaitsForHosts(*r.mem) {
			r.mem.Unformed = false
		}
		return true, nil
	}
	if !p.Done() {
		// What was done does not show yet.
		if err := digitalocean.Pause(ctx, digitalocean.PollInterval); err != nil {
			return false, nil //nolint:nilerr // the next round tells what is missing
		}
	}
	r.wrote = false
	if err := r.look(ctx); err != nil && ctx.Err() == nil {
		return false, r.unfinished(ctx, p, err)
	}
	return false, nil
}

// planTime is how often the plan is asked for again while a step takes long: a lease
// has to be renewed meanwhile.
const planTime = time.Minute

// next waits for what steps under way have to say.
func (r *run) next() []error {
	var failed []error
	select {
	case e := <-r.events:
		failed = append(failed, r.heed(e)...)
	case <-time.After(planTime):
		return nil
	}
	// What more there is makes one new plan, not one each.
	for {
		select {
		case e := <-r.events:
			failed = append(failed, r.heed(e)...)
		default:
			return failed
		}
	}
}

// heed takes note of an event.
func (r *run) heed(e event) []error {
	if e.record != nil {
		e.record()
	}
	if e.key == "" {
		return nil
	}
	delete(r.busy, e.key)
	if e.err == nil {
		return nil
	}
	if errors.Is(e.err, digitalocean.ErrUnsure) {
		r.mem.Unsure = true
	}
	return []error{e.err}
}

// noted does what changes the memory alone and asks for the plan again.
func (r *run) noted(p plan.Plan) plan.Plan {
	for {
		changed := false
		for _, s := range p.Ready() {
			if s.Kind() == plan.Note && r.note(s.Action) {
				changed = true
			}
		}
		if !changed {
			return p
		}
		p = r.plan()
	}
}

// start sets the steps going that are ready and not under way, parallelCalls of
// them at once and the first ones of the plan first.
func (r *run) start(ctx context.Context, p plan.Plan) []error {
	if err := r.readKeys(ctx, p); err != nil {
		return []error{err}
	}
	for _, s := range p.Ready() {
		if s.Kind() != plan.Write || r.busy[s.Key()] || r.justDone(s) {
			continue
		}
		if r.writing() >= parallelCalls {
			break // the plan is asked for again when one has ended
		}
		what := signature(s)
		if again := r.done[what]; again != nil && again.times >= maxRepeats {
			return []error{fmt.Errorf("%s was done %d times and is undone again: somebody or something else changes it back; find out what does, and apply again", plan.Name(s.Action), again.times)}
		}
		work, err := r.prepare(s.Action)
		if err != nil {
			return []error{err}
		}
		tflog.Info(ctx, "step", map[string]any{"cluster": r.spec.Name, "step": s.Key(), "why": s.Why})
		r.launch(s.Key(), func() error { return work(ctx) }, func() {
			r.wrote = true
			if r.done[what] == nil {
				r.done[what] = &repeat{}
			}
			r.done[what].times++
			r.done[what].last = time.Now()
		})
	}
	return r.await(ctx, p)
}

// writing is how many steps are under way that write.
func (r *run) writing() int {
	n := len(r.busy)
	for _, key := range []string{pollKey, askKey} {
		if r.busy[key] {
			n--
		}
	}
	return n
}

// launch lets work run beside others; after is done once it went well.
func (r *run) launch(key string, work func() error, after func()) {
	r.busy[key] = true
	go func() {
		err := work()
		e := event{key: key, err: err}
		if err == nil {
			e.record = after
		}
		r.events <- e
	}()
}

// record lets toEnd take note of what a step under way brought about.
func (r *run) record(change func()) {
	r.events <- event{record: func() {
		change()
		r.mem.Note(r.obs)
	}}
}

// justDone says that the step was done a moment ago and does not show yet.
func (r *run) justDone(s plan.Step) bool {
	before := r.done[signature(s)]
	return before != nil && time.Since(before.last) < settleTime
}

// signature tells a step from another one of its key.
func signature(s plan.Step) string {
	content, err := json.Marshal(s.Action)
	if err != nil {
		return s.Key() // actions are plain data; their encoding does not fail
	}
	return s.Key() + string(content)
}

// unfinished takes note of what is known when an apply ends early.
func (r *run) unfinished(ctx context.Context, p plan.Plan, err error) error {
	if r.forming != nil && !p.Done() {
		r.mem.Unformed = true
	}
	r.rememberFailures()
	for _, id := range r.slow {
		r.mem.RememberFailure(id)
	}
	return errors.Join(err, r.leadBack(ctx), r.rollBack(ctx))
}

// interrupted says what was waited for when the context ended.
func (r *run) interrupted(ctx context.Context, p plan.Plan) error {
	cause := context.Cause(ctx)
	if r.forming != nil && !r.forming.last.Formed() {
		return fmt.Errorf("the %s is not %s yet (%w):\n%s", r.spec.Noun(), r.spec.WaitFor, cause, r.forming.last)
	}
	if what := r.awaiting(p); what != "" {
		return fmt.Errorf("waiting for %s: %w", what, cause)
	}
	if p.Done() {
		return cause
	}
	return fmt.Errorf("%d steps are left to do, %q the first of them: %w", len(p.Steps), p.Steps[0].Key(), cause)
}
