package digitalocean

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// maxNames is how many droplets one request may create (API description,
// droplet_multi_create.names).
const maxNames = 10

// DropletRequest asks for droplets that differ in their names only.
type DropletRequest struct {
	Names      []string
	Place      cluster.Place
	SSHKeys    []string // fingerprints or ids
	UserData   string
	Tags       []string
	VPCUUID    string // empty takes the region's default VPC
	VolumeIDs  []string
	Backups    bool
	Monitoring bool
	// LookupTag is one of Tags that few other droplets carry. After a lost
	// answer, droplets of the right names under it that are none of Known are
	// taken for what the request made.
	LookupTag string
	Known     []int
}

// CreateDroplets creates the droplets, at most ten a call, and reports each
// batch to made as soon as it exists. It returns the first error; what came
// into being before stands.
func (c *Client) CreateDroplets(ctx context.Context, r DropletRequest, made func([]cluster.Droplet)) error {
	for batch := range slices.Chunk(r.Names, maxNames) {
		for len(batch) > 0 {
			droplets, err := c.createBatch(ctx, r, batch)
			made(droplets)
			if err != nil {
				return failed(err, "create droplet %s", batch[0])
			}
			batch = without(batch, droplets)
		}
	}
	return nil
}

// without returns the names that no droplet has: after a lost answer only some
// may have been made.
func without(names []string, droplets []cluster.Droplet) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(droplets, func(d cluster.Droplet) bool { return d.Name == name })
	})
}

func (c *Client) createBatch(ctx context.Context, r DropletRequest, names []string) ([]cluster.Droplet, error) {
	return createOnce(ctx,
		func(ctx context.Context) ([]cluster.Droplet, error) { return c.postDroplets(ctx, r, names) },
		func(ctx context.Context) ([]cluster.Droplet, bool, error) {
			droplets, err := c.DropletsByTag(ctx, r.LookupTag)
			found := slices.DeleteFunc(droplets, func(d cluster.Droplet) bool {
				return !slices.Contains(names, d.Name) || slices.Contains(r.Known, d.ID)
			})
			return found, len(found) > 0, err
		})
}

func (c *Client) postDroplets(ctx context.Context, r DropletRequest, names []string) ([]cluster.Droplet, error) {
	keys := convert(r.SSHKeys, sshKey)
	if len(names) > 1 && len(r.VolumeIDs) == 0 {
		droplets, _, err := c.api.Droplets.CreateMultiple(ctx, &godo.DropletMultiCreateRequest{
			Names: names, Region: r.Place.Region, Size: r.Place.Size, Image: image(r.Place.Image), SSHKeys: keys,
			Backups: r.Backups, Monitoring: r.Monitoring, UserData: r.UserData, Tags: r.Tags, VPCUUID: r.VPCUUID,
		})
		return convert(droplets, dropletFromAPI), err
	}
	droplet, _, err := c.api.Droplets.Create(ctx, &godo.DropletCreateRequest{
		Name: names[0], Region: r.Place.Region, Size: r.Place.Size, Image: image(r.Place.Image), SSHKeys: keys,
		Backups: r.Backups, Monitoring: r.Monitoring, UserData: r.UserData, Tags: r.Tags, VPCUUID: r.VPCUUID,
		Volumes: convert(r.VolumeIDs, func(id string) godo.DropletCreateVolume { return godo.DropletCreateVolume{ID: id} }),
	})
	if err != nil {
		return nil, err
	}
	return []cluster.Droplet{dropletFromAPI(*droplet)}, nil
}

// sshKey takes a number for a key's id and all else for its fingerprint.
func sshKey(key string) godo.DropletCreateSSHKey {
	if id, err := strconv.Atoi(key); err == nil {
		return godo.DropletCreateSSHKey{ID: id}
	}
	return godo.DropletCreateSSHKey{Fingerprint: key}
}

// image takes a number for an image's id and all else for its slug.
func image(slugOrID string) godo.DropletCreateImage {
	if id, err := strconv.Atoi(slugOrID); err == nil {
		return godo.DropletCreateImage{ID: id}
	}
	return godo.DropletCreateImage{Slug: slugOrID}
}

// DropletsByTag lists every droplet that carries the tag.
func (c *Client) DropletsByTag(ctx context.Context, tag string) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, func(ctx context.Context, page *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.ListByTag(ctx, tag, page)
	})
	return convert(droplets, dropletFromAPI), failed(err, "list the droplets tagged %s", tag)
}

// DropletsByName lists every droplet of the name.
func (c *Client) DropletsByName(ctx context.Context, name string) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, func(ctx context.Context, page *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.ListByName(ctx, name, page)
	})
	return convert(droplets, dropletFromAPI), failed(err, "list the droplets named %s", name)
}

// AllDroplets lists every droplet of the account.
func (c *Client) AllDroplets(ctx context.Context) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, c.api.Droplets.List)
	return convert(droplets, dropletFromAPI), failed(err, "list the account's droplets")
}

// CountDroplets returns how many droplets the account has.
func (c *Client) CountDroplets(ctx context.Context) (int, error) {
	_, resp, err := c.api.Droplets.List(ctx, &godo.ListOptions{Page: 1, PerPage: 1})
	if err != nil {
		return 0, failed(err, "count the account's droplets")
	}
	if resp.Meta == nil {
		return 0, nil
	}
	return resp.Meta.Total, nil
}

// Droplet returns the droplet of the id; nil when there is none.
func (c *Client) Droplet(ctx context.Context, id int) (*cluster.Droplet, error) {
	droplet, _, err := c.api.Droplets.Get(ctx, id)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err, "read droplet %d", id)
	}
	d := dropletFromAPI(*droplet)
	return &d, nil
}

// DeleteDroplet deletes the droplet; one that is gone is no error.
func (c *Client) DeleteDroplet(ctx context.Context, id int) error {
	return deleteWhenFree(ctx, "droplet "+strconv.Itoa(id), func(ctx context.Context) error {
		_, err := c.api.Droplets.Delete(ctx, id)
		return err
	})
}

func dropletFromAPI(d godo.Droplet) cluster.Droplet {
	created, _ := time.Parse(time.RFC3339, d.Created) // the zero time sorts by id alone
	out := cluster.Droplet{
		ID: d.ID, Name: d.Name, Size: d.SizeSlug, Status: d.Status, Locked: d.Locked, Tags: d.Tags,
		VPCUUID: d.VPCUUID, VolumeIDs: d.VolumeIDs, CreatedAt: created,
		Backups:      slices.Contains(d.Features, "backups"),
		MonitoringOn: slices.Contains(d.Features, "monitoring"),
	}
	// Both return an error only while the droplet has no networks at all,
	// which is what empty addresses mean.
	out.PublicIPv4, _ = d.PublicIPv4()
	out.PrivateIPv4, _ = d.PrivateIPv4()
	if d.Region != nil {
		out.Region = d.Region.Slug
	}
	if d.Size != nil {
		out.PriceMonthly = d.Size.PriceMonthly
	}
	if d.Image != nil {
		if out.Image = d.Image.Slug; out.Image == "" {
			out.Image = strconv.Itoa(d.Image.ID)
		}
	}
	return out
}
