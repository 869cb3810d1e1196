package digitalocean

import (
	"context"
	"fmt"
	"time"

	"github.com/digitalocean/godo"
)

const (
	// pendingTimeout is how long an action is asked for again while the API
	// refuses it because another one runs, or its answers are lost.
	pendingTimeout = 2 * time.Minute
	// actionTries is how often an action is started that ends in an error.
	actionTries = 3
)

// starter sends the request that starts an action.
type starter func(context.Context) (*godo.Action, *godo.Response, error)

// do starts an action and waits until it completed. When the API refuses it for
// now, its answer is lost, or it ends in an error, it is started again unless
// reached says that the object is already as the action leaves it.
func (c *Client) do(ctx context.Context, what string, start starter, reached func(context.Context) (bool, error)) error {
	run := actionRun{client: c, start: start, reached: reached, begun: time.Now()}
	return failed(poll(ctx, what, run.step), "%s", what)
}

// actionRun is an action on its way.
type actionRun struct {
	client   *Client
	start    starter
	reached  func(context.Context) (bool, error)
	begun    time.Time
	tried    bool
	action   *godo.Action // nil while none runs
	started  time.Time    // the action
	failures int          // actions that ended in an error
}

func (a *actionRun) step(ctx context.Context) (done bool, progress string, err error) {
	if a.action == nil {
		return a.begin(ctx)
	}
	id := a.action.ID
	now, err := object(ctx, "action", func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		return a.client.api.Actions.Get(ctx, id)
	})
	if Gone(err) && time.Since(a.started) < appearTime {
		return false, oneLine(a.action.Status), nil
	}
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
	action, err := object(ctx, "action", a.start)
	switch {
	case err == nil:
		a.action, a.started = &action, time.Now()
		return a.judge(action)
	case a.again(err) && ctx.Err() == nil:
		return false, err.Error(), nil
	case busy(err):
		// It may be as it should be since before, which is refused as well.
		if done, lookErr := a.reached(ctx); done && lookErr == nil {
			return true, "", nil
		}
	}
	return false, "", err
}

// again says whether an action that was not started is asked for once more.
func (a *actionRun) again(err error) bool {
	if Gone(err) {
		return time.Since(a.begun) < appearTime
	}
	return (pending(err) || lost(err)) && time.Since(a.begun) < pendingTimeout
}

func (a *actionRun) judge(action godo.Action) (done bool, progress string, err error) {
	if action.Status != "errored" {
		return action.Status == godo.ActionCompleted, oneLine(action.Status), nil
	}
	a.failures++
	a.action = nil
	failure := fmt.Errorf("action %d (%s) ended in an error", action.ID, oneLine(action.Type))
	if a.failures < actionTries {
		return false, failure.Error(), nil
	}
	return false, "", fmt.Errorf("%w, the last of %d; try again, or ask DigitalOcean's support about it", failure, actionTries)
}
