package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Volumes lists the volumes of the name, one a region at most.
func (c *Client) Volumes(ctx context.Context, name string) ([]cluster.Volume, error) {
	volumes, err := listAll(ctx, "volumes", func(r godo.Volume) any { return r.ID }, func(ctx context.Context, page *godo.ListOptions) ([]godo.Volume, *godo.Response, error) {
		return c.api.Storage.ListVolumes(ctx, &godo.ListVolumeParams{Name: name, ListOptions: page})
	})
	return convert(volumes, volumeFromAPI), failed(err, "list the volumes named %s", name)
}

// CountVolumes returns how many volumes the account has.
func (c *Client) CountVolumes(ctx context.Context) (int, error) {
	total, err := count(ctx, "volumes", func(ctx context.Context, page *godo.ListOptions) ([]godo.Volume, *godo.Response, error) {
		return c.api.Storage.ListVolumes(ctx, &godo.ListVolumeParams{ListOptions: page})
	})
	return total, failed(err, "count the account's volumes")
}

// Volume returns the volume of the id; nil when there is none.
func (c *Client) Volume(ctx context.Context, id string) (*cluster.Volume, error) {
	found, err := read(ctx, "volume", func(ctx context.Context) (*godo.Volume, *godo.Response, error) {
		return c.api.Storage.GetVolume(ctx, id)
	}, volumeFromAPI)
	return found, failed(err, "read the volume %s", id)
}

// CreateVolume creates an empty volume without a file system: the host makes
// one, and only where it finds none. Its tags tell it from a volume of the name
// that is somebody else's.
func (c *Client) CreateVolume(ctx context.Context, v cluster.Volume) (cluster.Volume, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.Volume, error) {
			made, err := object(ctx, "volume", func(ctx context.Context) (*godo.Volume, *godo.Response, error) {
				return c.api.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{
					Name: v.Name, Region: v.Region, SizeGigaBytes: int64(v.SizeGiB), Tags: v.Tags,
				})
			})
			return volumeFromAPI(made), err
		},
		func(ctx context.Context) (cluster.Volume, bool, error) {
			volumes, err := c.Volumes(ctx, v.Name)
			if err != nil {
				return cluster.Volume{}, false, err
			}
			return find(volumes,
				func(have cluster.Volume) bool { return have.Name == v.Name && have.Region == v.Region },
				func(have cluster.Volume) bool { return carries(have.Tags, v.Tags) },
				func(have cluster.Volume) *TakenError {
					return &TakenError{Kind: "volume", Name: have.Name, ID: have.ID, Region: have.Region}
				})
		})
	return made, failed(err, "create the volume %s", v.Name)
}

// AttachVolume attaches the volume to a droplet of its region.
func (c *Client) AttachVolume(ctx context.Context, v cluster.Volume, d cluster.Droplet) error {
	return c.do(ctx, fmt.Sprintf("attach %s to %s", namedVolume(v), namedDroplets(d)),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.StorageActions.Attach(ctx, v.ID, d.ID)
		},
		func(ctx context.Context) (bool, error) {
			now, err := c.Volume(ctx, v.ID)
			return now != nil && slices.Contains(now.DropletIDs, d.ID), err
		})
}

// SnapshotVolume keeps the volume's data under the name, once: one that was taken
// since the given time is enough. The zero time takes none for new enough.
func (c *Client) SnapshotVolume(ctx context.Context, v cluster.Volume, name string, since time.Time) error {
	find := func(ctx context.Context) (godo.Snapshot, bool, error) { return c.snapshotSince(ctx, v.ID, name, since) }
	if !since.IsZero() {
		if _, taken, err := find(ctx); taken || err != nil {
			return failed(err, "look for the snapshot %s of %s", name, namedVolume(v))
		}
	}
	_, err := createOnce(ctx,
		func(ctx context.Context) (godo.Snapshot, error) {
			return object(ctx, "snapshot", func(ctx context.Context) (*godo.Snapshot, *godo.Response, error) {
				return c.api.Storage.CreateSnapshot(ctx, &godo.SnapshotCreateRequest{VolumeID: v.ID, Name: name})
			})
		},
		find)
	return failed(err, "take the snapshot %s of %s", name, namedVolume(v))
}

func (c *Client) snapshotSince(ctx context.Context, id, name string, since time.Time) (godo.Snapshot, bool, error) {
	snapshots, err := listAll(ctx, "snapshots", func(r godo.Snapshot) any { return r.ID }, func(ctx context.Context, page *godo.ListOptions) ([]godo.Snapshot, *godo.Response, error) {
		return c.api.Storage.ListSnapshots(ctx, id, page)
	})
	for _, s := range snapshots {
		taken, parseErr := time.Parse(time.RFC3339, s.Created)
		if s.Name == name && parseErr == nil && !taken.Before(since) {
			return s, true, err
		}
	}
	return godo.Snapshot{}, false, err
}

// DeleteVolume deletes the volume and its data, waiting until no droplet holds
// it any more.
func (c *Client) DeleteVolume(ctx context.Context, v cluster.Volume) error {
	return deleteWhenFree(ctx, namedVolume(v), func(ctx context.Context) error {
		return answered(c.api.Storage.DeleteVolume(ctx, v.ID))
	})
}

// namedVolume names a volume as users know it, with its id.
func namedVolume(v cluster.Volume) string { return fmt.Sprintf("the volume %s (%s)", v.Name, v.ID) }

func volumeFromAPI(v godo.Volume) cluster.Volume {
	out := cluster.Volume{ID: v.ID, Name: v.Name, SizeGiB: int(v.SizeGigaBytes), DropletIDs: v.DropletIDs, Tags: v.Tags}
	if v.Region != nil {
		out.Region = v.Region.Slug
	}
	return out
}
