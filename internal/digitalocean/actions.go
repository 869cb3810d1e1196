package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/digitalocean/godo"
)

// pendingTimeout is how long an action is tried again while the API refuses it
// with 422: "pending event" while another action runs, but also what will
// never be accepted.
const pendingTimeout = 2 * time.Minute

// do starts an action and waits until it completed.
func (c *Client) do(ctx context.Context, what string, start func(context.Context) (*godo.Action, *godo.Response, error)) error {
	var action *godo.Action
	started := time.Now()
	err := Wait(ctx, what, func(ctx context.Context) (bool, string, error) {
		var err error
		if action == nil {
			if action, _, err = start(ctx); err != nil {
				action = nil
				if Status(err) == http.StatusUnprocessableEntity && time.Since(started) < pendingTimeout {
					return false, failed(err, "start").Error(), nil
				}
				return false, "", err
			}
		} else if action, _, err = c.api.Actions.Get(ctx, action.ID); err != nil {
			return false, "", err
		}
		if action.Status == "errored" {
			return false, "", fmt.Errorf("action %d (%s) ended in an error", action.ID, action.Type)
		}
		return action.Status == godo.ActionCompleted, action.Status, nil
	})
	return failed(err, "%s", what)
}

// PowerOn switches the droplet on.
func (c *Client) PowerOn(ctx context.Context, id int) error {
	return c.do(ctx, fmt.Sprintf("power on droplet %d", id), func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		return c.api.DropletActions.PowerOn(ctx, id)
	})
}

// Rename gives the droplet another name at DigitalOcean; the host keeps its own.
func (c *Client) Rename(ctx context.Context, id int, name string) error {
	return c.do(ctx, fmt.Sprintf("rename droplet %d to %s", id, name), func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		return c.api.DropletActions.Rename(ctx, id, name)
	})
}

// SetBackups switches DigitalOcean's weekly backups of the droplet on or off.
func (c *Client) SetBackups(ctx context.Context, id int, on bool) error {
	return c.do(ctx, fmt.Sprintf("set the backups of droplet %d to %t", id, on), func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		if on {
			return c.api.DropletActions.EnableBackups(ctx, id)
		}
		return c.api.DropletActions.DisableBackups(ctx, id)
	})
}

// Reboot restarts the droplet.
func (c *Client) Reboot(ctx context.Context, id int) error {
	return c.do(ctx, fmt.Sprintf("reboot droplet %d", id), func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		return c.api.DropletActions.Reboot(ctx, id)
	})
}
