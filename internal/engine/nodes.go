package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// nodes creates what is missing and replaces what is outdated. Every node is
// told all nodes older than itself, so the very first is made alone and the
// others, all at once, as soon as its address is known.
func (c *convergence) nodes(ctx context.Context) error {
	plan := c.spec.PlanNodes(c.obs, *c.mem)
	missing := plan.Missing
	if len(plan.Keep)+len(plan.Outdated) == 0 && len(missing) > 0 {
		if _, err := c.createNodes(ctx, missing[:1]); err != nil {
			return err
		}
		missing = missing[1:]
	}
	if _, err := c.createNodes(ctx, missing); err != nil {
		return err
	}
	return c.replaceNodes(ctx, plan.Outdated)
}

// createNodes fills the slots, a request for each pool, waits for the addresses
// and returns the ids.
func (c *convergence) createNodes(ctx context.Context, slots []cluster.Slot) (ids []int, err error) {
	if len(slots) == 0 {
		return nil, nil
	}
	told, userData, err := c.renderNode()
	if err != nil {
		return nil, err
	}
	var calls []func(context.Context) error
	for _, p := range c.spec.Pools {
		names := slotNames(slots, p.Name)
		if len(names) == 0 {
			continue
		}
		record := cluster.HostRecord{Role: cluster.RoleNode, Pool: p.Name, Told: told, Delivered: c.spec.NodeDelivered(*c.mem)}
		calls = append(calls, func(ctx context.Context) error {
			made, err := c.create(ctx, names, p.Place, record, userData)
			c.mu.Lock()
			defer c.mu.Unlock()
			ids = append(ids, made...)
			return err
		})
	}
	if err := inParallel(ctx, calls...); err != nil {
		return ids, err
	}
	return ids, c.waitFor(ctx, "the nodes' addresses", ids, c.hasAddress)
}

func slotNames(slots []cluster.Slot, pool string) []string {
	var names []string
	for _, s := range slots {
		if s.Pool.Name == pool {
			names = append(names, s.Name)
		}
	}
	return names
}

// renderNode gives the user data of a node made now and its fingerprint. All
// nodes that run are peers.
func (c *convergence) renderNode() (told string, userData []byte, err error) {
	if err := c.spec.CanMakeNodes(*c.mem); err != nil {
		return "", nil, err
	}
	plan := c.spec.PlanNodes(c.obs, *c.mem)
	host := c.spec.NodeHost(*c.mem, c.spec.PeersOf(append(plan.Keep, plan.Outdated...)))
	if userData, err = host.Render(); err != nil {
		return "", nil, fmt.Errorf("configuration of the nodes: %w", err)
	}
	return host.Fingerprint(), userData, nil
}

// replaceNodes makes nodes anew, one after another: the new one is active
// before the old one goes. The last old one stays until the load balancer knows
// the new ones, so that there is always a node that it can reach.
func (c *convergence) replaceNodes(ctx context.Context, outdated []cluster.Droplet) error {
	for i, old := range outdated {
		tflog.Info(ctx, "replacing a node", map[string]any{"node": old.Name, "done": i, "of": len(outdated)})
		pool := c.pool(old)
		made, err := c.createNodes(ctx, []cluster.Slot{{Pool: pool, Name: c.mem.Hosts[old.ID].Name}})
		if err != nil {
			return err
		}
		if err := c.waitFor(ctx, "the new "+old.Name+" to be active", made, isActive); err != nil {
			return err
		}
		if i == len(outdated)-1 && c.spec.LoadBalancer != nil {
			return nil
		}
		if err := c.deleteDroplets(ctx, []int{old.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (c *convergence) pool(d cluster.Droplet) cluster.Pool {
	i := slices.IndexFunc(c.spec.Pools, func(p cluster.Pool) bool { return p.Name == c.mem.Hosts[d.ID].Pool })
	return c.spec.Pools[i]
}
