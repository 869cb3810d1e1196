package digitalocean

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// dropletIs looks whether the droplet is as an action should leave it.
func (c *Client) dropletIs(d cluster.Droplet, so func(cluster.Droplet) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		now, err := c.Droplet(ctx, d.ID)
		return now != nil && so(*now), err
	}
}

// PowerOn switches the droplet on.
func (c *Client) PowerOn(ctx context.Context, d cluster.Droplet) error {
	return c.do(ctx, "power on "+namedDroplets(d),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.PowerOn(ctx, d.ID)
		},
		c.dropletIs(d, func(d cluster.Droplet) bool { return d.Status == cluster.StatusActive }))
}

// Rename gives the droplet another name at DigitalOcean; the host keeps its own.
func (c *Client) Rename(ctx context.Context, d cluster.Droplet, name string) error {
	return c.do(ctx, fmt.Sprintf("rename %s to %s", namedDroplets(d), name),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.Rename(ctx, d.ID, name)
		},
		c.dropletIs(d, func(d cluster.Droplet) bool { return d.Name == name }))
}

// SetBackups switches DigitalOcean's weekly backups of the droplet on or off.
func (c *Client) SetBackups(ctx context.Context, d cluster.Droplet, on bool) error {
	return c.do(ctx, fmt.Sprintf("set the backups of %s to %t", namedDroplets(d), on),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			if on {
				return c.api.DropletActions.EnableBackups(ctx, d.ID)
			}
			return c.api.DropletActions.DisableBackups(ctx, d.ID)
		},
		c.dropletIs(d, func(d cluster.Droplet) bool { return d.Backups == on }))
}

// Reboot restarts the droplet. Where the answer is lost it may restart twice.
func (c *Client) Reboot(ctx context.Context, d cluster.Droplet) error {
	return c.do(ctx, "reboot "+namedDroplets(d),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.Reboot(ctx, d.ID)
		},
		func(context.Context) (bool, error) { return false, nil })
}
