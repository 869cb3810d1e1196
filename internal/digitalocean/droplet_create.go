package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	for names := range slices.Chunk(r.Names, maxNames) {
		if err := c.createBatch(ctx, r, names, made); err != nil {
			return err
		}
	}
	return nil
}

// createBatch asks for the droplets again that an answer left out, and after a
// lost one for those that were not made.
func (c *Client) createBatch(ctx context.Context, r DropletRequest, names []string, made func([]cluster.Droplet)) error {
	for range createTries {
		b := batch{client: c, request: r, names: names}
		droplets, err := createOnce(ctx, b.create, b.find)
		if err != nil {
			made(b.seen)
			return failed(err, "create %s", several(names))
		}
		made(droplets)
		if names = without(names, droplets); len(names) == 0 {
			return nil
		}
	}
	return fmt.Errorf("create %s: DigitalOcean's answers name other droplets than asked for, %d times; ask DigitalOcean's support about it", several(names), createTries)
}

// without returns the names that no droplet has.
func without(names []string, droplets []cluster.Droplet) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(droplets, func(d cluster.Droplet) bool { return d.Name == name })
	})
}

// batch is a request for droplets that may have been made although nothing
// said so.
type batch struct {
	client  *Client
	request DropletRequest
	names   []string
	seen    []cluster.Droplet // what an answer or a list showed of it
}

// create sends the request, unless some of its droplets have been seen after a
// lost answer: then only the others may be asked for again.
func (b *batch) create(ctx context.Context) ([]cluster.Droplet, error) {
	if len(b.seen) > 0 {
		return b.seen, nil
	}
	droplets, err := b.client.postDroplets(ctx, b.request, b.names)
	if missing := without(b.names, droplets); err == nil && len(missing) > 0 {
		b.seen = droplets
		err = apiError(errors.New("DigitalOcean's answer leaves out " + strings.Join(missing, ", ")))
	}
	return droplets, err
}

// find looks for the droplets; they are not all listed at the same moment.
func (b *batch) find(ctx context.Context) ([]cluster.Droplet, bool, error) {
	listed, err := b.client.DropletsByTag(ctx, b.request.LookupTag)
	for _, d := range listed {
		same := func(seen cluster.Droplet) bool { return seen.ID == d.ID }
		if slices.Contains(b.names, d.Name) && !slices.Contains(b.request.Known, d.ID) && !slices.ContainsFunc(b.seen, same) {
			b.seen = append(b.seen, d)
		}
	}
	return b.seen, err == nil && len(without(b.names, b.seen)) == 0, err
}

func (c *Client) postDroplets(ctx context.Context, r DropletRequest, names []string) ([]cluster.Droplet, error) {
	keys := convert(r.SSHKeys, sshKey)
	if len(names) > 1 && len(r.VolumeIDs) == 0 {
		droplets, _, err := c.api.Droplets.CreateMultiple(expecting(ctx, expectation{key: "droplets"}), &godo.DropletMultiCreateRequest{
			Names: names, Region: r.Place.Region, Size: r.Place.Size, Image: image(r.Place.Image), SSHKeys: keys,
			Backups: r.Backups, Monitoring: r.Monitoring, UserData: r.UserData, Tags: r.Tags, VPCUUID: r.VPCUUID,
		})
		return convert(droplets, dropletFromAPI), apiError(err)
	}
	droplet, err := object(ctx, "droplet", func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.Create(ctx, &godo.DropletCreateRequest{
			Name: names[0], Region: r.Place.Region, Size: r.Place.Size, Image: image(r.Place.Image), SSHKeys: keys,
			Backups: r.Backups, Monitoring: r.Monitoring, UserData: r.UserData, Tags: r.Tags, VPCUUID: r.VPCUUID,
			Volumes: convert(r.VolumeIDs, func(id string) godo.DropletCreateVolume { return godo.DropletCreateVolume{ID: id} }),
		})
	})
	if err != nil {
		return nil, err
	}
	return []cluster.Droplet{dropletFromAPI(droplet)}, nil
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
