// Package engine makes the account match the spec. One converge serves create,
// update and the resumption of a create that was interrupted: each phase looks
// at what exists, does what is missing and records at once what it did.
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// ErrExists is returned by a create whose cluster is there already.
var ErrExists = errors.New("the cluster exists already")

// parallelCalls is how many calls are under way at once: enough to hide the
// API's latency, few enough not to burst into its limit of 250 a minute.
const parallelCalls = 8

// Engine converges clusters and single nodes.
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

// Converge brings the cluster to the spec, starting from what the memory and
// the account say; a memory without secrets starts a new cluster. It returns
// what exists, and has filled the memory with it, even when it fails.
func (e *Engine) Converge(ctx context.Context, spec cluster.Spec, mem *cluster.Memory) (cluster.Observed, error) {
	c := &convergence{api: e.api, connect: e.connect, spec: spec, mem: mem, activeSince: map[int]time.Time{}}
	if err := c.begin(ctx, e); err != nil {
		return c.obs, err
	}
	for _, phase := range []func(context.Context) error{
		c.removeStrays, c.removeFailed, c.network, c.tags, c.firewalls, c.database, c.nodes, c.loadBalancer,
		c.settle, c.form, c.handOver, c.project, c.prune, c.finish,
	} {
		if err := phase(ctx); err != nil {
			return c.obs, err
		}
	}
	return c.obs, nil
}

// Catalogue reads what the account may use, as far as the spec needs it.
func (e *Engine) Catalogue(ctx context.Context, spec cluster.Spec) (cluster.Catalogue, error) {
	return e.catalogue(ctx, spec.Images(), spec.SSHKeys, spec.Network.VPCUUID != "")
}

// NodeCatalogue is Catalogue for a single node.
func (e *Engine) NodeCatalogue(ctx context.Context, spec cluster.NodeSpec) (cluster.Catalogue, error) {
	return e.catalogue(ctx, []string{spec.Image}, spec.SSHKeys, false)
}

func (e *Engine) catalogue(ctx context.Context, images, keys []string, withVPCs bool) (cluster.Catalogue, error) {
	out := cluster.Catalogue{Images: map[string]cluster.Image{}, SSHKeys: map[string]string{}}
	var vpcs []cluster.VPC
	var limits digitalocean.Limits
	calls := []func(context.Context) error{
		into(&out.Regions, e.api.Regions),
		into(&out.Sizes, e.api.Sizes),
		into(&limits, e.api.Limits),
		into(&out.Droplets, e.api.CountDroplets),
	}
	calls = append(calls, lookups(images, out.Images, e.api.Image)...)
	calls = append(calls, lookups(keys, out.SSHKeys, e.api.SSHKey)...)
	if withVPCs {
		calls = append(calls, into(&vpcs, e.api.VPCs))
	}
	err := read(ctx, calls...)
	out.DropletLimit = limits.Droplets
	out.VPCs = map[string]cluster.VPC{}
	for _, v := range vpcs {
		out.VPCs[v.ID] = v
	}
	return out, err
}

// lookups looks each name up and keeps what exists.
func lookups[T any](names []string, found map[string]T, look func(context.Context, string) (T, bool, error)) []func(context.Context) error {
	var mu sync.Mutex
	var calls []func(context.Context) error
	for _, name := range names {
		calls = append(calls, func(ctx context.Context) error {
			item, exists, err := look(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			if exists {
				found[name] = item
			}
			return err
		})
	}
	return calls
}

// into makes a call that stores its result.
func into[T any](target *T, call func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		result, err := call(ctx)
		*target = result
		return err
	}
}

// read runs calls that change nothing, parallelCalls at once. The first error
// ends the others: what keeps one from reading mostly keeps all.
func read(ctx context.Context, calls ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelCalls)
	for _, call := range calls {
		group.Go(func() error { return call(ctx) })
	}
	return group.Wait()
}

// inParallel runs the calls, parallelCalls at once, all of them to their end,
// and returns every error.
func inParallel(ctx context.Context, calls ...func(context.Context) error) error {
	var group errgroup.Group
	group.SetLimit(parallelCalls)
	errs := make([]error, len(calls))
	for i, call := range calls {
		group.Go(func() error {
			errs[i] = call(ctx)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return errors.Join(errs...)
}

// exists is the refusal to create what is there.
func exists(name string) error {
	return fmt.Errorf("%w: a finished cluster named %q is in this account; to manage it here run `terraform import <address> %s`, else choose another name", ErrExists, name, name)
}
