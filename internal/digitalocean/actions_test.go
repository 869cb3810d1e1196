package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var chatUs1 = cluster.Droplet{ID: 7, Name: "chat-us-1"}

func action(status string) *answer {
	return &answer{status: 201, body: fmt.Sprintf(`{"action":{"id":5,"type":"power_on","status":%q}}`, status)}
}

func dropletWith(status string) *answer {
	return ok(fmt.Sprintf(`{"droplet":{"id":7,"name":"a","status":%q}}`, status))
}

// An action comes to its end whatever happens on the way, and is not carried
// out again where the droplet is as it should be.
func TestActions(t *testing.T) {
	t.Parallel()
	pendingEvent := refused(422, "Droplet already has a pending event.")
	running, completed, errored := action("in-progress"), action("completed"), action("errored")
	off, active, missing := dropletWith("off"), dropletWith("active"), refused(404, "not found")
	for _, tt := range []struct {
		name    string
		answers []*answer
		posts   int
		err     string
	}{
		{"at once", []*answer{completed}, 1, ""},
		{"after a while", []*answer{running, running, completed}, 1, ""},
		{"is not known at first", []*answer{running, missing, missing, running, completed}, 1, ""},
		{"is gone", then(one(running), times(99, missing)), 1, "404"},
		{"another one runs", []*answer{pendingEvent, off, pendingEvent, off, completed}, 3, ""},
		{"another one runs for ever", alternating(pendingEvent, off), 61, "power on droplet chat-us-1 (7): DigitalOcean answered 422: Droplet already has a pending event."},
		{"lost and carried out", []*answer{noAnswer, active}, 1, ""},
		{"lost and not carried out", []*answer{broken, off, completed}, 2, ""},
		{"without the action", []*answer{ok(`{}`), active}, 1, ""},
		{"is so already", []*answer{refused(422, "Droplet is already powered on."), active}, 1, ""},
		{"refused for good", []*answer{refused(422, "no"), off}, 1, "no"},
		{"errored once", []*answer{errored, off, completed}, 2, ""},
		{"errored and yet as it should be", []*answer{running, errored, active}, 1, ""},
		{"errored for ever", []*answer{errored, off, errored, off, errored}, actionTries, "power on droplet chat-us-1 (7): action 5 (power_on) ended in an error"},
		{"droplet is not known at first", []*answer{missing, missing, completed}, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				err := client.PowerOn(t.Context(), chatUs1)
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("the error is %v, want %q", err, tt.err)
				}
				if posts := strings.Count(s.calls(), "POST"); posts != tt.posts {
					t.Errorf("%d times started, want %d: %s", posts, tt.posts, s.calls())
				}
			})
		})
	}
}

// alternating alternates two answers for longer than anything waits for them.
func alternating(a, b *answer) []*answer {
	var out []*answer
	for range 100 {
		out = append(out, a, b)
	}
	return out
}

// When time is up, the error says first what was in the way.
func TestActionsEndWithTheContext(t *testing.T) {
	t.Parallel()
	for want, answers := range map[string][]*answer{
		"power on droplet chat-us-1 (7): DigitalOcean answered 422: Droplet already has a pending event.: context deadline exceeded": alternating(refused(422, "Droplet already has a pending event."), dropletWith("off")),
		"power on droplet chat-us-1 (7): in-progress: context deadline exceeded":                                                     times(99, action("in-progress")),
	} {
		synctest.Test(t, func(t *testing.T) {
			client, _ := scripted(t, Config{}, answers...)
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			defer cancel()
			if err := client.PowerOn(ctx, chatUs1); err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the error is %v, want %s", err, want)
			}
		})
	}
}
