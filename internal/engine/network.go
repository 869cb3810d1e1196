package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// network gives each region in use a VPC and peers them.
func (c *convergence) network(ctx context.Context) error {
	if !c.spec.Private() {
		return nil
	}
	if c.mem.VPCs == nil {
		c.mem.VPCs = map[string]string{}
	}
	if err := c.takeOwnersVPC(); err != nil {
		return err
	}
	var calls []func(context.Context) error
	for _, region := range c.spec.Regions() {
		calls = append(calls, func(ctx context.Context) error { return c.vpc(ctx, region) })
	}
	if err := inParallel(ctx, calls...); err != nil {
		return err
	}
	return c.peerings(ctx)
}

// takeOwnersVPC uses the VPC that the user named for hosts of its region.
func (c *convergence) takeOwnersVPC() error {
	id := c.spec.Network.VPCUUID
	if id == "" {
		return nil
	}
	i := slices.IndexFunc(c.obs.VPCs, func(v cluster.VPC) bool { return v.ID == id })
	if i < 0 {
		return fmt.Errorf("network.vpc_uuid: the account has no VPC %s", id)
	}
	region := c.obs.VPCs[i].Region
	if !slices.Contains(c.spec.Regions(), region) {
		return fmt.Errorf("network.vpc_uuid: the VPC %s is in region %s, where the cluster has no hosts (they are in %v)", c.obs.VPCs[i].Name, region, c.spec.Regions())
	}
	c.mem.VPCs[region] = id
	return nil
}

func (c *convergence) vpc(ctx context.Context, region string) error {
	have, ok := c.findVPC(region)
	if ok {
		return c.keepVPC(ctx, have)
	}
	made, err := c.api.CreateVPC(ctx, cluster.VPC{
		Name: cluster.VPCName(c.spec.Name, region), Region: region,
		Description: cluster.ClusterTag(c.spec.Name), IPRange: c.spec.Network.IPRanges[region],
	})
	if err != nil {
		return err
	}
	made.Own = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.obs.VPCs = append(c.obs.VPCs, made)
	c.rememberVPC(made)
	return nil
}

func (c *convergence) findVPC(region string) (cluster.VPC, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.obs.VPCIn(region, *c.mem); ok {
		return v, true
	}
	for _, v := range c.obs.OwnVPCs() {
		if v.Region == region {
			return v, true
		}
	}
	return cluster.VPC{}, false
}

func (c *convergence) keepVPC(ctx context.Context, v cluster.VPC) error {
	c.mu.Lock()
	c.rememberVPC(v)
	c.mu.Unlock()
	if !c.spec.RenamedVPC(v) {
		return nil
	}
	v.Name, v.Description = cluster.VPCName(c.spec.Name, v.Region), cluster.ClusterTag(c.spec.Name)
	return c.api.RenameVPC(ctx, v)
}

func (c *convergence) rememberVPC(v cluster.VPC) {
	c.mem.VPCs[v.Region] = v.ID
	if v.Own && !slices.Contains(c.mem.OwnVPCs, v.ID) {
		c.mem.OwnVPCs = append(c.mem.OwnVPCs, v.ID)
	}
}

func (c *convergence) peerings(ctx context.Context) error {
	for _, pair := range c.spec.MissingPeerings(*c.mem, c.obs) {
		made, err := c.api.CreatePeering(ctx, cluster.Peering{
			Name: cluster.PeeringName(c.spec.Name, pair[0], pair[1]),
			VPCs: [2]string{c.mem.VPCs[pair[0]], c.mem.VPCs[pair[1]]},
		})
		if err != nil {
			return err
		}
		c.obs.Peerings = append(c.obs.Peerings, made)
	}
	return nil
}

// waitForPeerings waits only where one of the cluster's is not up.
func (c *convergence) waitForPeerings(ctx context.Context) error {
	ids, down := map[string]bool{}, false
	for _, p := range c.ownPeerings() {
		ids[p.ID] = true
		down = down || !p.Active()
	}
	if !down {
		return nil
	}
	return c.api.WaitForPeerings(ctx, ids)
}

// ownPeerings are those between the VPCs that the cluster's hosts are in.
func (c *convergence) ownPeerings() []cluster.Peering {
	var own []cluster.Peering
	for _, pair := range cluster.RegionPairs(c.spec.Regions()) {
		for _, p := range c.obs.Peerings {
			if p.Connects(c.mem.VPCs[pair[0]], c.mem.VPCs[pair[1]]) {
				own = append(own, p)
			}
		}
	}
	return own
}
