package digitalocean

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// dropletIs looks whether the droplet is as an action should leave it.
func (c *Client) dropletIs(id int, so func(cluster.Droplet) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		d, err := c.Droplet(ctx, id)
		return d != nil && so(*d), err
	}
}

// PowerOn switches the droplet on.
func (c *Client) PowerOn(ctx context.Context, id int) error {
	return c.do(ctx, fmt.Sprintf("power on droplet %d", id),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.PowerOn(ctx, id)
		},
		c.dropletIs(id, func(d cluster.Droplet) bool { return d.Status == cluster.StatusActive }))
}

// Rename gives the droplet another name at DigitalOcean; the host keeps its own.
func (c *Client) Rename(ctx context.Context, id int, name string) error {
	return c.do(ctx, fmt.Sprintf("rename droplet %d to %s", id, name),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.Rename(ctx, id, name)
		},
		c.dropletIs(id, func(d cluster.Droplet) bool { return d.Name == name }))
}

// SetBackups switches DigitalOcean's weekly backups of the droplet on or off.
func (c *Client) SetBackups(ctx context.Context, id int, on bool) error {
	return c.do(ctx, fmt.Sprintf("set the backups of droplet %d to %t", id, on),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			if on {
				return c.api.DropletActions.EnableBackups(ctx, id)
			}
			return c.api.DropletActions.DisableBackups(ctx, id)
		},
		c.dropletIs(id, func(d cluster.Droplet) bool { return d.Backups == on }))
}

// Reboot restarts the droplet. Where the answer is lost it may restart twice.
func (c *Client) Reboot(ctx context.Context, id int) error {
	return c.do(ctx, fmt.Sprintf("reboot droplet %d", id),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.DropletActions.Reboot(ctx, id)
		},
		func(context.Context) (bool, error) { return false, nil })
}
