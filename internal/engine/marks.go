package engine

import (
	"context"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// holdLease renews the lease.
func (r *run) holdLease(ctx context.Context, a plan.HoldLease) error {
	if err := r.takeLease(ctx, a.Tag); err != nil {
		return err
	}
	r.record(func() {
		r.leases = append(r.leases, a.Tag)
		r.obs.Leases = append(r.obs.Leases, cluster.Lease{ID: r.mem.ID, At: time.Now(), Tag: a.Tag})
	})
	for _, old := range a.Old {
		if err := r.api.DeleteTag(ctx, old); err != nil {
			return err
		}
		r.record(func() {
			r.leases = slices.DeleteFunc(r.leases, func(tag string) bool { return tag == old })
			r.forgetTag(old)
		})
	}
	return nil
}

// markTelling makes the mark before those of earlier applies go.
func (r *run) markTelling(ctx context.Context, a plan.MarkTelling) error {
	var err error
	if a.On == nil {
		err = r.api.CreateTag(ctx, a.Tag)
	} else {
		err = r.api.TagDroplets(ctx, a.Tag, []cluster.Droplet{*a.On})
	}
	if err != nil {
		return err
	}
	r.record(func() {
		r.telling, r.mem.Tellings = true, a.Number
		r.obs.Tags = append(r.obs.Tags, a.Tag)
		for i, d := range r.obs.Droplets {
			if a.On != nil && d.ID == a.On.ID {
				r.obs.Droplets[i].Tags = append(slices.Clone(d.Tags), a.Tag)
			}
		}
	})
	for _, old := range a.Old {
		if err := r.api.DeleteTag(ctx, old); err != nil {
			return err
		}
		r.record(func() { r.forgetTag(old) })
	}
	return nil
}
