package digitalocean

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Limits is how many objects of a kind the account may have; 0 where the API
// does not say.
type Limits struct {
	Droplets    int
	ReservedIPs int
	Volumes     int
}

// Limits reads the account's limits.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	account, err := object(ctx, "account", c.api.Account.Get)
	return Limits{
		Droplets:    account.DropletLimit,
		ReservedIPs: cmp.Or(account.ReservedIPLimit, account.FloatingIPLimit),
		Volumes:     account.VolumeLimit,
	}, failed(err, "read the account")
}

// Regions lists the regions by slug.
func (c *Client) Regions(ctx context.Context) (map[string]cluster.Region, error) {
	regions, err := listAll(ctx, "regions", func(r godo.Region) any { return r.Slug }, c.api.Regions.List)
	out := map[string]cluster.Region{}
	for _, r := range regions {
		out[r.Slug] = cluster.Region{Slug: r.Slug, Name: r.Name, Available: r.Available, Sizes: r.Sizes, Features: r.Features}
	}
	return out, failed(err, "list the regions")
}

// Sizes lists the droplet sizes by slug.
func (c *Client) Sizes(ctx context.Context) (map[string]cluster.Size, error) {
	sizes, err := listAll(ctx, "sizes", func(r godo.Size) any { return r.Slug }, c.api.Sizes.List)
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
	found, err := read(ctx, "image",
		func(ctx context.Context) (*godo.Image, *godo.Response, error) {
			if id, notNumber := strconv.Atoi(slugOrID); notNumber == nil {
				return c.api.Images.GetByID(ctx, id)
			}
			return c.api.Images.GetBySlug(ctx, slugOrID)
		},
		func(i godo.Image) cluster.Image {
			return cluster.Image{Slug: i.Slug, Distribution: i.Distribution, Regions: i.Regions, MinDiskGiB: i.MinDiskSize}
		})
	if found == nil {
		return cluster.Image{}, false, failed(err, "read the image %s", slugOrID)
	}
	return *found, true, nil
}

// SSHKey returns the name of a key of the account, given its id or its
// fingerprint; ok is false when the account has no such key. For a token that
// may not read keys it takes the key to exist.
func (c *Client) SSHKey(ctx context.Context, idOrFingerprint string) (name string, ok bool, err error) {
	found, err := c.key(ctx, idOrFingerprint)
	switch {
	case Status(err) == http.StatusForbidden:
		return "", true, nil
	case found == nil:
		return "", false, err
	}
	return found.Name, true, nil
}

// SSHKeyID returns the id of a key of the account, given its id or its fingerprint;
// 0 when the account has no such key, or the token may not read keys.
func (c *Client) SSHKeyID(ctx context.Context, idOrFingerprint string) (int, error) {
	if id, notNumber := strconv.Atoi(idOrFingerprint); notNumber == nil {
		return id, nil
	}
	found, err := c.key(ctx, idOrFingerprint)
	switch {
	case Status(err) == http.StatusForbidden:
		return 0, nil
	case found == nil:
		return 0, err
	}
	return found.ID, nil
}

// PublicKey returns a key of the account as a line of authorized_keys, given its id
// or its fingerprint; ok is false when the account has no such key.
func (c *Client) PublicKey(ctx context.Context, idOrFingerprint string) (line string, ok bool, err error) {
	found, err := c.key(ctx, idOrFingerprint)
	if found == nil {
		return "", false, err
	}
	return found.PublicKey, true, nil
}

// key reads a key of the account; nil when there is none.
func (c *Client) key(ctx context.Context, idOrFingerprint string) (*godo.Key, error) {
	found, err := read(ctx, "ssh_key",
		func(ctx context.Context) (*godo.Key, *godo.Response, error) {
			if id, notNumber := strconv.Atoi(idOrFingerprint); notNumber == nil {
				return c.api.Keys.GetByID(ctx, id)
			}
			return c.api.Keys.GetByFingerprint(ctx, idOrFingerprint)
		},
		func(k godo.Key) godo.Key { return k })
	return found, failed(err, "read the SSH key %s", idOrFingerprint)
}

// ProjectExists says whether the account has the project.
func (c *Client) ProjectExists(ctx context.Context, id string) (bool, error) {
	found, err := read(ctx, "project",
		func(ctx context.Context) (*godo.Project, *godo.Response, error) { return c.api.Projects.Get(ctx, id) },
		func(p godo.Project) string { return p.ID })
	return found != nil, failed(err, "read project %s", id)
}

// ProjectURNs lists what the project holds.
func (c *Client) ProjectURNs(ctx context.Context, projectID string) ([]string, error) {
	resources, err := listAll(ctx, "resources", func(r godo.ProjectResource) any { return r.URN }, func(ctx context.Context, page *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
		return c.api.Projects.ListResources(ctx, projectID, page)
	})
	return convert(resources, func(r godo.ProjectResource) string { return r.URN }), failed(err, "list what project %s holds", projectID)
}

// AssignToProject moves the objects into the project. They may be too young for
// the API to know of them everywhere.
func (c *Client) AssignToProject(ctx context.Context, projectID string, urns []string) error {
	begun := time.Now()
	err := poll(ctx, "what goes into the project to be known", func(ctx context.Context) (bool, string, error) {
		moved, resp, err := c.api.Projects.AssignResources(repeatableCall(ctx), projectID, convert(urns, func(urn string) any { return urn })...)
		if err := answered(resp, err); err != nil {
			return false, "", err
		}
		err = unassigned(moved)
		if err != nil && time.Since(begun) < appearTime {
			return false, err.Error(), nil
		}
		return err == nil, "", err
	})
	return failed(err, "move %d objects into project %s", len(urns), projectID)
}

// unassigned tells which objects a project did not take, which the API says of
// each in an answer that is a success.
func unassigned(answer []godo.ProjectResource) error {
	var left []string
	for _, r := range answer {
		switch r.Status {
		case "not_found":
			left = append(left, oneLine(r.URN)+" was not found")
		case "service_down":
			left = append(left, oneLine(r.URN)+" was not moved, as DigitalOcean's service for it is down")
		}
	}
	if len(left) == 0 {
		return nil
	}
	return errors.New(strings.Join(left, ", "))
}
