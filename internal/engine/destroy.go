package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Destroy removes everything that was made for the cluster and nothing else.
// Hosts of beam_node, the user's own VPC and tags stay.
func (e *Engine) Destroy(ctx context.Context, name string, mem *cluster.Memory) error {
	o, err := e.Observe(ctx, name, "", *mem)
	if err != nil {
		return err
	}
	c := &convergence{api: e.api, spec: cluster.Spec{Name: name}, obs: o, mem: mem}
	if err := c.deleteDroplets(ctx, c.hostIDs()); err != nil {
		return err
	}
	if err := inParallel(ctx, c.removals(o)...); err != nil {
		return err
	}
	return c.deleteTags(ctx)
}

// hostIDs are the droplets tagged as the cluster's and those remembered, which
// somebody may have taken the tags from.
func (c *convergence) hostIDs() []int {
	var ids []int
	for _, d := range c.obs.Droplets {
		if _, known := c.mem.Hosts[d.ID]; known || d.Role(c.spec.Name) != "" {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// removals are the calls that remove what is no droplet and no tag.
func (c *convergence) removals(o cluster.Observed) []func(context.Context) error {
	var calls []func(context.Context) error
	if o.ReservedIP != nil {
		calls = append(calls, func(ctx context.Context) error { return c.api.DeleteReservedIP(ctx, o.ReservedIP.IP) })
	}
	if o.Volume != nil {
		calls = append(calls, func(ctx context.Context) error { return c.api.DeleteVolume(ctx, o.Volume.ID) })
	}
	for _, f := range o.Firewalls {
		calls = append(calls, func(ctx context.Context) error { return c.api.DeleteFirewall(ctx, f.ID) })
	}
	calls = append(calls, c.deleteNetworks)
	return calls
}

// deleteNetworks deletes one VPC after another: two share the peering between
// them.
func (c *convergence) deleteNetworks(ctx context.Context) error {
	for _, v := range c.obs.OwnVPCs() {
		if err := c.deleteVPC(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// deleteTags deletes the cluster's tags, but not those that hosts of beam_node
// still carry.
func (c *convergence) deleteTags(ctx context.Context) error {
	var calls []func(context.Context) error
	for _, tag := range c.obs.Tags {
		carried := slices.ContainsFunc(c.obs.Droplets, func(d cluster.Droplet) bool { return d.HasTag(tag) })
		if !carried {
			calls = append(calls, func(ctx context.Context) error { return c.api.DeleteTag(ctx, tag) })
		}
	}
	if err := inParallel(ctx, calls...); err != nil {
		return err
	}
	return c.deleteSharedTag(ctx)
}

// deleteSharedTag deletes the tag that all clusters share, with the last of
// them.
func (c *convergence) deleteSharedTag(ctx context.Context) error {
	tags, err := c.api.Tags(ctx)
	if err != nil {
		return err
	}
	for _, t := range tags {
		if strings.HasPrefix(t.Name, cluster.ClusterTag("")) || t.Name == cluster.TagAll && t.Resources > 0 {
			return nil
		}
	}
	return c.api.DeleteTag(ctx, cluster.TagAll)
}
