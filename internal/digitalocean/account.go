package digitalocean

import (
	"context"
	"net/http"
	"strconv"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// DropletLimit returns how many droplets the account may have.
func (c *Client) DropletLimit(ctx context.Context) (int, error) {
	account, _, err := c.api.Account.Get(ctx)
	if err != nil {
		return 0, failed(err, "read the account")
	}
	return account.DropletLimit, nil
}

// Regions lists the regions by slug.
func (c *Client) Regions(ctx context.Context) (map[string]cluster.Region, error) {
	regions, err := listAll(ctx, c.api.Regions.List)
	out := map[string]cluster.Region{}
	for _, r := range regions {
		out[r.Slug] = cluster.Region{Slug: r.Slug, Name: r.Name, Available: r.Available, Sizes: r.Sizes, Features: r.Features}
	}
	return out, failed(err, "list the regions")
}

// Sizes lists the droplet sizes by slug.
func (c *Client) Sizes(ctx context.Context) (map[string]cluster.Size, error) {
	sizes, err := listAll(ctx, c.api.Sizes.List)
	out := map[string]cluster.Size{}
	for _, s := range sizes {
		out[s.Slug] = cluster.Size{
			Slug: s.Slug, Available: s.Available, Regions: s.Regions,
			PriceMonthly: s.PriceMonthly, DiskGiB: s.Disk, MemoryMiB: s.Memory,
		}
	}
	return out, failed(err, "list the sizes")
}

// Image looks an image up by slug or by id; ok is false when the account has
// no such image.
func (c *Client) Image(ctx context.Context, slugOrID string) (image cluster.Image, ok bool, err error) {
	var found *godo.Image
	if id, notNumber := strconv.Atoi(slugOrID); notNumber == nil {
		found, _, err = c.api.Images.GetByID(ctx, id)
	} else {
		found, _, err = c.api.Images.GetBySlug(ctx, slugOrID)
	}
	if gone(err) {
		return cluster.Image{}, false, nil
	}
	if err != nil {
		return cluster.Image{}, false, failed(err, "read the image %s", slugOrID)
	}
	return cluster.Image{Regions: found.Regions, MinDiskGiB: found.MinDiskSize}, true, nil
}

// SSHKey returns the name of a key of the account, given its id or its
// fingerprint; ok is false when the account has no such key. For a token that
// may not read keys it takes the key to exist.
func (c *Client) SSHKey(ctx context.Context, idOrFingerprint string) (name string, ok bool, err error) {
	var key *godo.Key
	if id, notNumber := strconv.Atoi(idOrFingerprint); notNumber == nil {
		key, _, err = c.api.Keys.GetByID(ctx, id)
	} else {
		key, _, err = c.api.Keys.GetByFingerprint(ctx, idOrFingerprint)
	}
	switch {
	case gone(err):
		return "", false, nil
	case Status(err) == http.StatusForbidden:
		return "", true, nil
	case err != nil:
		return "", false, failed(err, "read the SSH key %s", idOrFingerprint)
	}
	return key.Name, true, nil
}

// ProjectURNs lists what the project holds.
func (c *Client) ProjectURNs(ctx context.Context, projectID string) ([]string, error) {
	resources, err := listAll(ctx, func(ctx context.Context, page *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
		return c.api.Projects.ListResources(ctx, projectID, page)
	})
	return convert(resources, func(r godo.ProjectResource) string { return r.URN }), failed(err, "list what project %s holds", projectID)
}

// AssignToProject moves the objects into the project.
func (c *Client) AssignToProject(ctx context.Context, projectID string, urns []string) error {
	_, _, err := c.api.Projects.AssignResources(repeatableCall(ctx), projectID, convert(urns, func(urn string) any { return urn })...)
	return failed(err, "move %d objects into project %s", len(urns), projectID)
}
