package engine

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// Catalogue reads what the account may use, as far as what the plan makes needs
// it. The spec is that of what is made alone.
func (e *Engine) Catalogue(ctx context.Context, made cluster.Spec, p plan.Plan, o cluster.Observed) (cluster.Catalogue, error) {
	out, more := cluster.Catalogue{ReservedIPs: len(o.Addresses)}, []func(context.Context) error{}
	if p.MakesVolume() {
		more = append(more, into(&out.Volumes, e.api.CountVolumes))
	}
	if made.ProjectID != "" {
		out.Projects = map[string]string{}
		more = append(more, func(ctx context.Context) error {
			exists, err := e.api.ProjectExists(ctx, made.ProjectID)
			if exists {
				out.Projects[made.ProjectID] = made.ProjectID
			}
			return err
		})
	}
	err := e.catalogue(ctx, &out, made.Images(), made.SSHKeys, more...)
	return out, err
}

// NodeCatalogue is Catalogue for a single node.
func (e *Engine) NodeCatalogue(ctx context.Context, spec cluster.NodeSpec) (cluster.Catalogue, error) {
	var out cluster.Catalogue
	err := e.catalogue(ctx, &out, []string{spec.Image}, spec.SSHKeys)
	return out, err
}

func (e *Engine) catalogue(ctx context.Context, out *cluster.Catalogue, images, keys []string, more ...func(context.Context) error) error {
	out.Images, out.SSHKeys = map[string]cluster.Image{}, map[string]string{}
	var limits digitalocean.Limits
	calls := append([]func(context.Context) error{
		into(&out.Regions, e.api.Regions),
		into(&out.Sizes, e.api.Sizes),
		into(&limits, e.api.Limits),
		into(&out.Droplets, e.api.CountDroplets),
	}, more...)
	calls = append(calls, lookups(images, out.Images, e.api.Image)...)
	calls = append(calls, lookups(keys, out.SSHKeys, e.api.SSHKey)...)
	err := read(ctx, calls...)
	out.DropletLimit, out.ReservedIPLimit, out.VolumeLimit = limits.Droplets, limits.ReservedIPs, limits.Volumes
	return err
}

// lookups looks each name up and keeps what exists. One that is empty is not known
// yet.
func lookups[T any](names []string, found map[string]T, look func(context.Context, string) (T, bool, error)) []func(context.Context) error {
	var mu sync.Mutex
	var calls []func(context.Context) error
	for _, name := range names {
		if name == "" {
			continue
		}
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
