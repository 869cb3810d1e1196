package digitalocean

import (
	"context"
	"fmt"
	"slices"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Volumes lists the volumes of the name, one a region at most.
func (c *Client) Volumes(ctx context.Context, name string) ([]cluster.Volume, error) {
	volumes, err := listAll(ctx, func(ctx context.Context, page *godo.ListOptions) ([]godo.Volume, *godo.Response, error) {
		return c.api.Storage.ListVolumes(ctx, &godo.ListVolumeParams{Name: name, ListOptions: page})
	})
	return convert(volumes, volumeFromAPI), failed(err, "list the volumes named %s", name)
}

// CreateVolume creates an empty volume without a file system: the host makes
// one, and only where it finds none.
func (c *Client) CreateVolume(ctx context.Context, v cluster.Volume) (cluster.Volume, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.Volume, error) {
			made, _, err := c.api.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{
				Name: v.Name, Region: v.Region, SizeGigaBytes: int64(v.SizeGiB), Tags: v.Tags,
			})
			if err != nil {
				return cluster.Volume{}, err
			}
			return volumeFromAPI(*made), nil
		},
		func(ctx context.Context) (cluster.Volume, bool, error) {
			named := func(ctx context.Context) ([]cluster.Volume, error) { return c.Volumes(ctx, v.Name) }
			return lookup(ctx, named, func(have cluster.Volume) bool { return have.Region == v.Region })
		})
	return made, failed(err, "create the volume %s", v.Name)
}

// AttachVolume attaches the volume to a droplet of its region.
func (c *Client) AttachVolume(ctx context.Context, id string, dropletID int) error {
	return c.do(ctx, fmt.Sprintf("attach volume %s to droplet %d", id, dropletID),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.StorageActions.Attach(ctx, id, dropletID)
		},
		func(ctx context.Context) (bool, error) { return c.attached(ctx, id, dropletID) })
}

// DetachVolume takes the volume off a droplet.
func (c *Client) DetachVolume(ctx context.Context, id string, dropletID int) error {
	return c.do(ctx, fmt.Sprintf("detach volume %s from droplet %d", id, dropletID),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.StorageActions.DetachByDropletID(ctx, id, dropletID)
		},
		func(ctx context.Context) (bool, error) {
			attached, err := c.attached(ctx, id, dropletID)
			return !attached, err
		})
}

func (c *Client) attached(ctx context.Context, id string, dropletID int) (bool, error) {
	volume, _, err := c.api.Storage.GetVolume(ctx, id)
	if err != nil {
		return false, err
	}
	return slices.Contains(volume.DropletIDs, dropletID), nil
}

// DeleteVolume deletes the volume and its data, waiting until no droplet holds
// it any more.
func (c *Client) DeleteVolume(ctx context.Context, id string) error {
	return deleteWhenFree(ctx, "the volume "+id, func(ctx context.Context) error {
		_, err := c.api.Storage.DeleteVolume(ctx, id)
		return err
	})
}

func volumeFromAPI(v godo.Volume) cluster.Volume {
	out := cluster.Volume{ID: v.ID, Name: v.Name, SizeGiB: int(v.SizeGigaBytes), DropletIDs: v.DropletIDs, Tags: v.Tags}
	if v.Region != nil {
		out.Region = v.Region.Slug
	}
	return out
}
