package engine

import (
	"context"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// prune removes what the spec no longer asks for, now that nothing points at
// it: surplus nodes, former load balancers, networks of regions left.
func (c *convergence) prune(ctx context.Context) error {
	var ids []int
	for _, d := range c.spec.PlanNodes(c.obs, *c.mem).Surplus {
		ids = append(ids, d.ID)
	}
	current, _ := c.obs.Host(cluster.RoleLoadBalancer, *c.mem)
	for _, d := range c.obs.Hosts() {
		if d.Role(c.spec.Name) == cluster.RoleLoadBalancer && d.ID != current.ID {
			ids = append(ids, d.ID)
		}
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
		if err := deleteVPC(ctx, c.api, c.obs, v); err != nil {
			return err
		}
		delete(c.mem.VPCs, v.Region)
		c.obs.VPCs = slices.DeleteFunc(c.obs.VPCs, func(have cluster.VPC) bool { return have.ID == v.ID })
	}
	return nil
}

// deleteVPC deletes a VPC of the cluster and the peerings that hold it. The one
// that is its region's default cannot be deleted: it is left under the name
// that DigitalOcean gives to default VPCs.
func deleteVPC(ctx context.Context, api *digitalocean.Client, o cluster.Observed, v cluster.VPC) error {
	for _, p := range o.Peerings {
		if slices.Contains(p.VPCs[:], v.ID) && p.Name != "" {
			if err := api.DeletePeering(ctx, p); err != nil {
				return err
			}
		}
	}
	if v.Default {
		return api.RenameVPC(ctx, cluster.VPC{ID: v.ID, Name: "default-" + v.Region})
	}
	return api.DeleteVPC(ctx, v)
}
