package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// database keeps the volume and, on it, the Postgres host. It waits for the
// host's address, which the nodes are told.
func (c *convergence) database(ctx context.Context) error {
	if c.spec.Database == nil {
		return nil
	}
	if err := c.volume(ctx); err != nil {
		return err
	}
	host, exists := c.obs.Host(cluster.RoleDatabase, *c.mem)
	if exists && !c.spec.DatabaseCurrent(host, *c.mem) {
		if err := c.deleteDroplets(ctx, []int{host.ID}); err != nil {
			return err
		}
		exists = false
	}
	if !exists {
		id, err := c.createDatabase(ctx)
		if err != nil {
			return err
		}
		host.ID = id
	} else if err := c.reattach(ctx, host); err != nil {
		return err
	}
	if err := c.waitFor(ctx, "the database's address", []int{host.ID}, c.hasAddress); err != nil {
		return err
	}
	host, _ = c.obs.Droplet(host.ID)
	c.mem.DatabaseAddress = c.spec.Address(host)
	return nil
}

func (c *convergence) volume(ctx context.Context) error {
	if c.obs.Volume == nil {
		made, err := c.api.CreateVolume(ctx, cluster.Volume{
			Name: cluster.DatabaseHostName(c.spec.Name), Region: c.spec.Database.Region, SizeGiB: c.spec.Database.VolumeGiB,
			Tags: []string{cluster.TagAll, cluster.ClusterTag(c.spec.Name)},
		})
		if err != nil {
			return err
		}
		c.obs.Volume = &made
	}
	c.mem.VolumeID = c.obs.Volume.ID
	return nil
}

func (c *convergence) createDatabase(ctx context.Context) (int, error) {
	if err := c.mem.CanMakeDatabase(); err != nil {
		return 0, err
	}
	if err := c.freeVolume(ctx); err != nil {
		return 0, err
	}
	host := c.spec.DatabaseHost(*c.mem)
	userData, err := host.Render()
	if err != nil {
		return 0, fmt.Errorf("configuration of the database host: %w", err)
	}
	ids, err := c.create(ctx, []string{cluster.DatabaseHostName(c.spec.Name)}, c.spec.Database.Place,
		cluster.HostRecord{Role: cluster.RoleDatabase, Told: host.Fingerprint()}, userData,
		func(r *digitalocean.DropletRequest) {
			r.VolumeIDs = []string{c.mem.VolumeID}
			r.Backups = c.spec.Database.Backups
		})
	if err != nil {
		return 0, err
	}
	c.obs.Volume.DropletIDs = ids
	return ids[0], nil
}

// freeVolume waits until the volume is attached to nothing: a droplet that was
// deleted holds it a while longer.
func (c *convergence) freeVolume(ctx context.Context) error {
	if len(c.obs.Volume.DropletIDs) == 0 {
		return nil
	}
	return digitalocean.Wait(ctx, "the database's volume to be detached", func(ctx context.Context) (bool, string, error) {
		volumes, err := c.api.Volumes(ctx, c.obs.Volume.Name)
		i := slices.IndexFunc(volumes, func(v cluster.Volume) bool { return v.ID == c.mem.VolumeID })
		if err != nil || i < 0 {
			return false, "", err
		}
		held := volumes[i].DropletIDs
		for _, id := range held {
			if d, err := c.api.Droplet(ctx, id); err == nil && d != nil {
				return false, "detaching", c.api.DetachVolume(ctx, c.mem.VolumeID, id)
			}
		}
		return len(held) == 0, fmt.Sprintf("held by %v", held), nil
	})
}

// reattach brings a volume back that was detached by hand; the host mounts it
// when it starts.
func (c *convergence) reattach(ctx context.Context, host cluster.Droplet) error {
	if slices.Contains(c.obs.Volume.DropletIDs, host.ID) {
		return nil
	}
	if err := c.freeVolume(ctx); err != nil {
		return err
	}
	if err := c.api.AttachVolume(ctx, c.mem.VolumeID, host.ID); err != nil {
		return err
	}
	c.obs.Volume.DropletIDs = []int{host.ID}
	return c.api.Reboot(ctx, host.ID)
}
