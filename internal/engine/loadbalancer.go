package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// bindTime is how long a new address may take to be bound to its droplet before
// it is assigned by hand.
const bindTime = 30 * time.Second

// loadBalancer keeps one load balancer that knows all nodes, behind the
// reserved IP. One that knows others is replaced: the new one comes up, the
// address moves, and prune removes the old one. Where hosts are waited for, the
// address stays with the old one until handOver.
func (c *convergence) loadBalancer(ctx context.Context) error {
	if c.spec.LoadBalancer == nil {
		return nil
	}
	nodes := c.spec.PlanNodes(c.obs, *c.mem).Keep
	host, exists := c.obs.Host(cluster.RoleLoadBalancer, *c.mem)
	if !exists || !c.spec.LoadBalancerCurrent(host, *c.mem, nodes) {
		id, err := c.createLoadBalancer(ctx, nodes)
		if err != nil {
			return err
		}
		host.ID = id
	}
	// An address cannot be bound to a droplet whose create is still running.
	if err := c.waitFor(ctx, "the load balancer to be active", []int{host.ID}, isActive); err != nil {
		return err
	}
	if c.spec.WaitsForHosts(*c.mem) && c.hasPredecessor(host.ID) {
		return nil
	}
	return c.address(ctx, host.ID)
}

// hasPredecessor says whether the address leads to another load balancer of the
// cluster. One that was lost has no clients to protect, and its successor can
// only get a certificate at the address.
func (c *convergence) hasPredecessor(id int) bool {
	if c.obs.ReservedIP == nil || c.isPublic(id) {
		return false
	}
	return c.mem.Hosts[c.obs.ReservedIP.DropletID].Role == cluster.RoleLoadBalancer
}

// isPublic says whether the reserved IP leads to the droplet.
func (c *convergence) isPublic(id int) bool {
	return c.obs.ReservedIP != nil && c.obs.ReservedIP.DropletID == id
}

// handOver leads the reserved IP to a load balancer that takes another's place.
// It comes after form: by now HAProxy runs there.
func (c *convergence) handOver(ctx context.Context) error {
	if c.spec.LoadBalancer == nil {
		return nil
	}
	host, _ := c.obs.Host(cluster.RoleLoadBalancer, *c.mem)
	return c.address(ctx, host.ID)
}

func (c *convergence) createLoadBalancer(ctx context.Context, nodes []cluster.Droplet) (int, error) {
	if c.mem.Secrets.StatsPassword == "" {
		c.mem.Secrets.StatsPassword = secret.Password()
	}
	host := c.spec.LoadBalancerHost(*c.mem, nodes)
	userData, err := host.Render()
	if err != nil {
		return 0, fmt.Errorf("configuration of the load balancer: %w", err)
	}
	record := cluster.HostRecord{
		Role: cluster.RoleLoadBalancer, Told: host.Fingerprint(), Delivered: c.spec.LoadBalancerDelivery(nodes).ID,
	}
	ids, err := c.create(ctx, []string{c.spec.NextLoadBalancerName(c.obs)}, c.spec.LoadBalancer.Place, record, userData)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// address leads the reserved IP to the droplet.
func (c *convergence) address(ctx context.Context, dropletID int) error {
	if c.obs.ReservedIP == nil {
		made, err := c.api.ReserveIP(ctx, dropletID, nil)
		if err != nil {
			return err
		}
		c.obs.ReservedIP, c.mem.ReservedIP = &made, made.IP
		bound, err := c.api.AwaitReservedIP(ctx, made.IP, dropletID, bindTime)
		if err != nil {
			return err
		}
		if bound {
			c.obs.ReservedIP.DropletID = dropletID
		}
	}
	c.mem.ReservedIP = c.obs.ReservedIP.IP
	if c.isPublic(dropletID) {
		return nil
	}
	if err := c.api.AssignReservedIP(ctx, c.obs.ReservedIP.IP, dropletID); err != nil {
		return err
	}
	c.obs.ReservedIP.DropletID = dropletID
	return nil
}
