package engine

import (
	"context"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

func (r *run) changeNetwork(a plan.Action) work {
	peered := [2]string{}
	if p, is := a.(plan.CreatePeering); is {
		peered = [2]string{r.mem.VPCs[p.Regions[0]], r.mem.VPCs[p.Regions[1]]}
	}
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.CreateVPC:
			made, err := r.api.CreateVPC(ctx, a.VPC)
			if err != nil {
				return err
			}
			made.Own = true
			r.record(func() {
				r.obs.VPCs = append(r.obs.VPCs, made)
				r.useVPC(made.Region, made.ID)
			})
			return nil
		case plan.MarkVPC:
			return r.markVPC(ctx, a.VPC)
		case plan.UnmarkVPC:
			return r.unmarkVPC(ctx, a.VPC)
		case plan.DeleteVPC:
			return r.deleteVPC(ctx, a.VPC)
		case plan.CreatePeering:
			made, err := r.api.CreatePeering(ctx, cluster.Peering{Name: a.Name, VPCs: peered})
			if err != nil {
				return err
			}
			r.record(func() { r.obs.Peerings = append(r.obs.Peerings, made) })
		case plan.DeletePeering:
			if err := r.api.DeletePeering(ctx, a.Peering); err != nil {
				return err
			}
			r.record(func() {
				r.obs.Peerings = slices.DeleteFunc(r.obs.Peerings, func(p cluster.Peering) bool { return p.ID == a.Peering.ID })
			})
		}
		return nil
	}
}

func (r *run) markVPC(ctx context.Context, v cluster.VPC) error {
	if err := r.api.RenameVPC(ctx, v); err != nil {
		return err
	}
	r.record(func() {
		for i, have := range r.obs.VPCs {
			if have.ID == v.ID {
				r.obs.VPCs[i] = v
			}
		}
	})
	return nil
}

func (r *run) unmarkVPC(ctx context.Context, v cluster.VPC) error {
	if err := r.api.RenameVPC(ctx, v); err != nil {
		return err
	}
	r.forgetVPC(v)
	return nil
}

func (r *run) deleteVPC(ctx context.Context, v cluster.VPC) error {
	if err := r.api.DeleteVPC(ctx, v); err != nil {
		return err
	}
	r.forgetVPC(v)
	return nil
}

func (r *run) forgetVPC(v cluster.VPC) {
	r.record(func() {
		r.obs.VPCs = slices.DeleteFunc(r.obs.VPCs, func(have cluster.VPC) bool { return have.ID == v.ID })
		if r.mem.VPCs[v.Region] == v.ID {
			delete(r.mem.VPCs, v.Region)
		}
	})
}
