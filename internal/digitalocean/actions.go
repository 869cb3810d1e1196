package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// pendingTimeout is how long an action is tried again while the API refuses it
// with 422: "pending event" while another action runs, but also what will
// never be accepted.
const pendingTimeout = 2 * time.Minute

// starter sends the request that starts an action.
type starter func(context.Context) (*godo.Action, *godo.Response, error)

// do starts an action and waits until it completed. When the API refuses it for
// now, or its answer is lost, it is started again unless reached says that the
// object is already as the action leaves it.
func (c *Client) do(ctx context.Context, what string, start starter, reached func(context.Context) (bool, error)) error {
	run := actionRun{client: c, start: start, reached: reached, begun: time.Now()}
	return failed(Wait(ctx, what, run.step), "%s", what)
}

// actionRun is an action on its way.
type actionRun struct {
	client  *Client
	start   starter
	reached func(context.Context) (bool, error)
	begun   time.Time
	action  *godo.Action // nil until it is started
	tried   bool
}

func (a *actionRun) step(ctx context.Context) (done bool, progress string, err error) {
	if a.action == nil {
		return a.begin(ctx)
	}
	now, _, err := a.client.api.Actions.Get(ctx, a.action.ID)
	if err != nil {
		return false, "", err
	}
	return a.judge(now)
}

func (a *actionRun) begin(ctx context.Context) (done bool, progress string, err error) {
	if a.tried {
		if done, err := a.reached(ctx); done || err != nil {
			return done, "", err
		}
	}
	a.tried = true
	action, _, err := a.start(ctx)
	refused := Status(err) == http.StatusUnprocessableEntity || lost(err)
	if refused && time.Since(a.begun) < pendingTimeout {
		return false, failed(err, "start").Error(), nil
	}
	if err != nil {
		return false, "", err
	}
	a.action = action
	return a.judge(action)
}

func (a *actionRun) judge(action *godo.Action) (done bool, progress string, err error) {
	if action.Status == "errored" {
		return false, "", fmt.Errorf("action %d (%s) ended in an error", action.ID, action.Type)
	}
	return action.Status == godo.ActionCompleted, action.Status, nil
}

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
