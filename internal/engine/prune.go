package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// prune removes what the spec no longer asks for, now that nothing points at
// it: surplus nodes, former load balancers, networks of regions left.
func (c *convergence) prune(ctx context.Context) error {
	var ids []int
	for _, d := range c.spec.Surplus(c.obs, *c.mem) {
		ids = append(ids, d.ID)
	}
	if err := c.deleteDroplets(ctx, ids); err != nil {
		return err
	}
	return c.pruneNetwork(ctx)
}

func (c *convergence) pruneNetwork(ctx context.Context) error {
	regions := c.spec.Regions()
	for _, v := range c.obs.OwnVPCs() {
		if slices.Contains(regions, v.Region) {
			continue
		}
		if err := c.deleteVPC(ctx, v); err != nil {
			return err
		}
		delete(c.mem.VPCs, v.Region)
		c.obs.VPCs = slices.DeleteFunc(c.obs.VPCs, func(have cluster.VPC) bool { return have.ID == v.ID })
	}
	return nil
}

// deleteVPC deletes a VPC of the cluster and the cluster's peerings with it. A
// VPC that is its region's default cannot be deleted: it is left, without
// the cluster's mark.
func (c *convergence) deleteVPC(ctx context.Context, v cluster.VPC) error {
	for _, p := range c.obs.Peerings {
		if slices.Contains(p.VPCs[:], v.ID) && strings.HasPrefix(p.Name, c.spec.Name+"-") {
			if err := c.api.DeletePeering(ctx, p); err != nil {
				return err
			}
		}
	}
	if v.Default {
		return c.api.RenameVPC(ctx, cluster.VPC{ID: v.ID, Name: c.defaultName(v)})
	}
	return c.api.DeleteVPC(ctx, v)
}

// defaultName is the usual name of a region's default VPC, or the VPC's own
// where that is taken.
func (c *convergence) defaultName(v cluster.VPC) string {
	usual := "default-" + v.Region
	if slices.ContainsFunc(c.obs.VPCs, func(have cluster.VPC) bool { return have.Name == usual }) {
		return v.Name
	}
	return usual
}
