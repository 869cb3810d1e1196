package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// create makes droplets of one role, equal but for their names, and remembers
// each as soon as it exists. It returns their ids.
func (c *convergence) create(ctx context.Context, names []string, place cluster.Place, record cluster.HostRecord, userData []byte, more ...func(*digitalocean.DropletRequest)) ([]int, error) {
	c.mu.Lock()
	request := digitalocean.DropletRequest{
		Names:      names,
		Place:      place,
		SSHKeys:    c.spec.SSHKeys,
		UserData:   string(userData),
		Tags:       c.spec.WantedTags(record.Role, record.Pool),
		VPCUUID:    c.vpcFor(place.Region),
		Monitoring: c.spec.Monitoring,
		LookupTag:  cluster.ClusterTag(c.spec.Name),
		Known:      c.ids(),
	}
	c.mu.Unlock()
	for _, change := range more {
		change(&request)
	}
	var ids []int
	err := c.api.CreateDroplets(ctx, request, func(made []cluster.Droplet) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, d := range made {
			ids = append(ids, d.ID)
			c.obs.Droplets = append(c.obs.Droplets, d)
			record.Name = d.Name
			c.mem.Remember(d.ID, record)
		}
	})
	return ids, err
}

func (c *convergence) vpcFor(region string) string {
	if !c.spec.Private() {
		return ""
	}
	return c.mem.VPCs[region]
}

func (c *convergence) ids() []int {
	var ids []int
	for _, d := range c.obs.Droplets {
		ids = append(ids, d.ID)
	}
	return ids
}

func isActive(d cluster.Droplet) bool {
	return d.Status == cluster.StatusActive && d.PublicIPv4 != ""
}

func (c *convergence) hasAddress(d cluster.Droplet) bool { return c.spec.Address(d) != "" }

// waitFor waits until all the droplets are ready. It reads the cluster's list,
// not each droplet, and remembers what it read. A droplet that was listed and
// is no more ends the wait; one that is not listed yet does not.
func (c *convergence) waitFor(ctx context.Context, what string, ids []int, ready func(cluster.Droplet) bool) error {
	if c.countReady(ids, ready) == len(ids) {
		return nil
	}
	seen := map[int]bool{}
	return digitalocean.Wait(ctx, what, func(ctx context.Context) (bool, string, error) {
		listed, err := c.api.DropletsByTag(ctx, cluster.ClusterTag(c.spec.Name))
		if err != nil {
			return false, "", err
		}
		c.refresh(listed)
		for _, id := range ids {
			there := slices.ContainsFunc(listed, func(d cluster.Droplet) bool { return d.ID == id })
			if seen[id] && !there {
				return false, "", fmt.Errorf("droplet %s (%d) was deleted meanwhile; apply again to replace it", c.mem.Hosts[id].Name, id)
			}
			seen[id] = there
		}
		n := c.countReady(ids, ready)
		return n == len(ids), fmt.Sprintf("%d of %d", n, len(ids)), nil
	})
}

func (c *convergence) countReady(ids []int, ready func(cluster.Droplet) bool) int {
	n := 0
	for _, id := range ids {
		if d, ok := c.obs.Droplet(id); ok && ready(d) {
			n++
		}
	}
	return n
}

// refresh takes over what a listing says of droplets that are known to exist.
func (c *convergence) refresh(listed []cluster.Droplet) {
	for i, d := range c.obs.Droplets {
		for _, fresh := range listed {
			if fresh.ID == d.ID {
				if isActive(fresh) && !isActive(d) {
					c.activeSince[d.ID] = time.Now()
				}
				c.obs.Droplets[i] = fresh
			}
		}
	}
}

// deleteDroplets deletes and forgets the droplets.
func (c *convergence) deleteDroplets(ctx context.Context, ids []int) error {
	var calls []func(context.Context) error
	for _, id := range ids {
		calls = append(calls, func(ctx context.Context) error {
			if err := c.api.DeleteDroplet(ctx, id); err != nil {
				return err
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.mem.Hosts, id)
			c.obs.Droplets = slices.DeleteFunc(c.obs.Droplets, func(d cluster.Droplet) bool { return d.ID == id })
			return nil
		})
	}
	return inParallel(ctx, calls...)
}
