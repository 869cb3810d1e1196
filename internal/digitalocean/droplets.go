package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func dropletID(d godo.Droplet) any { return d.ID }

// DropletsByTag lists every droplet that carries the tag.
func (c *Client) DropletsByTag(ctx context.Context, tag string) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, "droplets", dropletID, func(ctx context.Context, page *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.ListByTag(ctx, tag, page)
	})
	return convert(droplets, dropletFromAPI), failed(err, "list the droplets tagged %s", tag)
}

// DropletsByName lists every droplet of the name.
func (c *Client) DropletsByName(ctx context.Context, name string) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, "droplets", dropletID, func(ctx context.Context, page *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.ListByName(ctx, name, page)
	})
	return convert(droplets, dropletFromAPI), failed(err, "list the droplets named %s", name)
}

// AllDroplets lists every droplet of the account.
func (c *Client) AllDroplets(ctx context.Context) ([]cluster.Droplet, error) {
	droplets, err := listAll(ctx, "droplets", dropletID, c.api.Droplets.List)
	return convert(droplets, dropletFromAPI), failed(err, "list the account's droplets")
}

// CountDroplets returns how many droplets the account has.
func (c *Client) CountDroplets(ctx context.Context) (int, error) {
	total, err := count(ctx, "droplets", c.api.Droplets.List)
	return total, failed(err, "count the account's droplets")
}

// Droplet returns the droplet of the id; nil when there is none.
func (c *Client) Droplet(ctx context.Context, id int) (*cluster.Droplet, error) {
	found, err := read(ctx, "droplet", func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
		return c.api.Droplets.Get(ctx, id)
	}, dropletFromAPI)
	return found, failed(err, "read droplet %d", id)
}

// DeleteDroplet deletes the droplet; one that is gone is no error.
func (c *Client) DeleteDroplet(ctx context.Context, d cluster.Droplet) error {
	return deleteWhenFree(ctx, namedDroplets(d), func(ctx context.Context) error {
		return answered(c.api.Droplets.Delete(ctx, d.ID))
	})
}

// maxNamed is how many of several droplets an error names.
const maxNamed = 3

// namedDroplets names droplets as users know them, each with its id.
func namedDroplets(of ...cluster.Droplet) string {
	return several(convert(of, func(d cluster.Droplet) string { return fmt.Sprintf("%s (%d)", d.Name, d.ID) }))
}

// several names one droplet or more.
func several(names []string) string {
	if len(names) == 1 {
		return "droplet " + names[0]
	}
	if len(names) > maxNamed {
		names = append(slices.Clone(names[:maxNamed]), fmt.Sprintf("%d more", len(names)-maxNamed))
	}
	return "droplets " + strings.Join(names, ", ")
}

func dropletFromAPI(d godo.Droplet) cluster.Droplet {
	created, _ := time.Parse(time.RFC3339, d.Created) // the zero time sorts by id alone
	out := cluster.Droplet{
		ID: d.ID, Name: d.Name, Size: d.SizeSlug, Status: d.Status, Tags: d.Tags,
		VPCUUID: d.VPCUUID, CreatedAt: created,
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
