// Package engine makes the account match what is wanted. It looks at what
// exists, lets package plan say what is left to do, carries out what is ready,
// records it at once, and asks again until nothing is left: a create, an update,
// the resumption of one that was interrupted and a destroy are all that one loop.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// parallelCalls is how many calls are under way at once: enough to hide the
// API's latency, few enough not to burst into its limit of 250 a minute.
const parallelCalls = 8

// partingTime is how long the last calls of an apply may take that was
// cancelled: those that tell others that it has ended.
const partingTime = 20 * time.Second

// Engine brings about clusters and single nodes.
type Engine struct {
	api     *digitalocean.Client
	connect Connect
}

// New returns an engine that works through the client and reaches hosts over
// SSH.
func New(api *digitalocean.Client) *Engine {
	return &Engine{api: api, connect: overSSH}
}

// Reaching returns an engine that reaches hosts in another way.
func (e *Engine) Reaching(connect Connect) *Engine {
	return &Engine{api: e.api, connect: connect}
}

// RefusedError says that nothing was done, because it must not be.
type RefusedError struct{ Problems []check.Problem }

// Error implements error.
func (e *RefusedError) Error() string {
	text := ""
	for i, p := range e.Problems {
		if i > 0 {
			text += "\n"
		}
		text += p.Detail
	}
	return text
}

// Converge brings the cluster to the spec, starting from what the memory and
// the account say; an empty memory starts a new cluster. It returns what exists,
// and has filled the memory with it, even when it fails. What must not be done
// is a *RefusedError.
func (e *Engine) Converge(ctx context.Context, spec cluster.Spec, mem *cluster.Memory) (cluster.Observed, error) {
	r := e.run(spec, mem)
	r.creating = !mem.Secrets.Drawn() && !mem.Imported
	mem.Snapshot = "" // from here on hosts may write what it lacks
	if err := r.begin(ctx); err != nil {
		return r.obs, errors.Join(err, r.release(ctx))
	}
	if value := spec.EffectiveCookie(*mem); value != "" {
		mem.Secrets.WantedCookie = hostconfig.CookiePart(value)
	}
	err := r.toEnd(ctx)
	keep := spec.Database != nil && spec.Database.FinalSnapshot
	mem.FinalSnapshot = mem.FinalSnapshot || keep && mem.Runs(cluster.RoleDatabase) // there may be data, however this ended
	switch {
	case err == nil:
		mem.UserTags, mem.Unsure, mem.FinalSnapshot = spec.Tags, false, keep
	case r.creating && r.obs.Empty() && !mem.Holds():
		r.leases = append(r.leases, r.ownMarks()...) // no state will know of them
	}
	return r.obs, errors.Join(err, r.release(ctx))
}

// Destroy removes everything that was made for the cluster and nothing else.
// Hosts of beam_node, the user's own VPC and tags stay.
func (e *Engine) Destroy(ctx context.Context, name string, mem *cluster.Memory) error {
	r := e.run(cluster.Spec{Name: name}, mem)
	r.removing = true
	if err := r.look(ctx); err != nil {
		return err
	}
	marks, whole := r.obs.Tags, r.plan
	r.plan = func() plan.Plan { return whole().KeepingMarks() }
	if r.plan().Done() {
		// One look may have been one too few: lists lag behind what was done last.
		if err := digitalocean.Pause(ctx, settleTime); err != nil {
			return err
		}
		r.wrote = true
	}
	if err := r.toEnd(ctx); err != nil {
		return err
	}
	// Nothing is left that two looks could see. Without its marks nobody would
	// ever know whose it is. Nobody has deleted them yet, whatever the last look saw.
	r.obs.Tags = union(marks, r.obs.Tags)
	r.plan = whole
	return r.toEnd(ctx)
}

// union has each tag of both once, sorted.
func union(tags, more []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(tags, more))))
}

// Diff says what a converge would do now: what Terraform's plan shows. Clusters
// of the name with the ids of going are gone before anything is made.
func (e *Engine) Diff(ctx context.Context, spec cluster.Spec, mem cluster.Memory, going ...string) (plan.Plan, cluster.Observed, error) {
	fresh := mem.Clone()
	if fresh.ID == "" {
		fresh.ID = secret.ID()
	}
	r := e.run(spec, &fresh)
	r.creating = !mem.Secrets.Drawn() && !mem.Imported
	r.going = going
	if !r.creating {
		if err := drawMissing(spec, &fresh); err != nil {
			return plan.Plan{}, r.obs, err
		}
	}
	err := r.lookTwice(ctx)
	if err != nil {
		return plan.Plan{}, r.obs, err
	}
	r.forgetDeliveries()
	return r.plan(), r.obs, nil
}

// lookTwice looks again before a cluster is refused: one that was destroyed a
// moment ago may still be listed.
func (r *run) lookTwice(ctx context.Context) error {
	err := r.look(ctx)
	if err != nil || len(r.obs.Others) == 0 || len(r.plan().Refusals) == 0 {
		return err
	}
	if err := digitalocean.Pause(ctx, settleTime); err != nil {
		return err
	}
	return r.look(ctx)
}

// forgetDeliveries has hosts told again of which others there are, where there are
// hosts that the state does not know: it is of before an apply that made those, and
// may have told others of them.
func (r *run) forgetDeliveries() {
	if !plan.HasStrays(r.input()) {
		return
	}
	for id := range r.mem.Hosts {
		plan.ForgetDelivery(r.mem, id)
	}
}

// begin looks at what exists. A new cluster gets an id and takes a lease first,
// clears away what a create of its name left that died, and draws its secrets.
func (r *run) begin(ctx context.Context) error {
	r.mem.Version = cluster.MemoryVersion
	if r.mem.ID == "" {
		r.mem.ID = secret.ID()
	}
	// One that took long to be taken is old already, and others may clear it away.
	for fresh := !r.creating; !fresh; {
		now := time.Now()
		tag := cluster.LeaseTag(r.spec.Name, r.mem.ID, now)
		if err := r.takeLease(ctx, tag); err != nil {
			return err
		}
		r.leases = append(r.leases, tag)
		fresh = time.Since(now) < planTime
	}
	if err := r.lookTwice(ctx); err != nil {
		return err
	}
	if !r.creating {
		r.forgetDeliveries()
		return drawMissing(r.spec, r.mem)
	}
	if err := r.clear(ctx); err != nil {
		return err
	}
	r.begun = true
	if r.mem.Secrets.Drawn() {
		return nil
	}
	var err error
	r.mem.Secrets, err = drawSecrets(r.spec)
	return err
}

// clear removes what creates left that died before any state knew of them. What
// is in the way has a moment to go by itself.
func (r *run) clear(ctx context.Context) error {
	if plan.Passing(r.input()) {
		if err := digitalocean.Pause(ctx, settleTime); err != nil {
			return err
		}
		if err := r.look(ctx); err != nil {
			return err
		}
	}
	if refused := r.plan().Refusals; len(refused) > 0 {
		return &RefusedError{refused}
	}
	abandoned := plan.Abandoned(r.input())
	for _, other := range abandoned {
		mem := other.Recalled()
		if err := r.Destroy(ctx, r.spec.Name, &mem); err != nil {
			return fmt.Errorf("clear away what a create of %s left that died: %w", r.spec.Name, err)
		}
	}
	if len(abandoned) == 0 {
		return nil
	}
	return r.look(ctx)
}

// takeLease makes the tag of a lease. One that exists although its create failed
// keeps nobody waiting.
func (r *run) takeLease(ctx context.Context, tag string) error {
	err := r.api.CreateTag(ctx, tag)
	if err != nil {
		ctx, cancel := parting(ctx)
		defer cancel()
		_ = r.api.DeleteTag(ctx, tag) // else the lease runs out by itself
	}
	return err
}

// parting outlives the caller's context for the last calls of an apply. One that
// was not interrupted has time to ask again after a call without an answer.
func parting(ctx context.Context) (context.Context, context.CancelFunc) {
	patience := partingTime
	if ctx.Err() == nil {
		patience *= 4
	}
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// ownMarks are the tags with the cluster's id, beside its leases.
func (r *run) ownMarks() []string {
	return slices.DeleteFunc(slices.Clone(r.obs.Tags), func(tag string) bool {
		return cluster.MarkedID(r.spec.Name, tag) != r.mem.ID || slices.Contains(r.leases, tag)
	})
}

// ErrAbandoned is the cause of a context that ended because nobody waits for what
// the engine brings about, and no state will know of it.
var ErrAbandoned = errors.New("nobody waits for the result any more")

// release tells others that the apply has ended, however it did: what it made is
// known to a state from now on. Where it is not, the lease stays, so that the next
// create clears it away.
func (r *run) release(ctx context.Context) error {
	if len(r.leases) == 0 || errors.Is(context.Cause(ctx), ErrAbandoned) {
		return nil
	}
	ctx, cancel := parting(ctx)
	defer cancel()
	for _, tag := range r.leases {
		if err := r.api.DeleteTag(ctx, tag); err != nil {
			return fmt.Errorf("other applies take the cluster for one that is being created for %s more: %w", cluster.LeaseTerm, err)
		}
	}
	r.leases = nil
	return nil
}
