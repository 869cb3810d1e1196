package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func address(ip string, dropletID int, locked bool) string {
	bound := "null"
	if dropletID != 0 {
		bound = droplet(dropletID, "lb")
	}
	return fmt.Sprintf(`{"ip":%q,"droplet":%s,"region":{"slug":"nyc3"},"locked":%t}`, ip, bound, locked)
}

func addresses(list ...string) *answer { return page("reserved_ips", list...) }

// An address is known by its binding alone, which comes late: what may be the
// one of a lost answer is waited for, and no second one is reserved beside it.
func TestReserveIP(t *testing.T) {
	t.Parallel()
	old, moving, still, bound := address("192.0.2.1", 0, false), address("192.0.2.2", 0, true), address("192.0.2.2", 0, false), address("192.0.2.2", 7, false)
	another := address("192.0.2.3", 8, false)
	reserved := &answer{status: 202, body: `{"reserved_ip":` + moving + `}`}
	pendingEvent := refused(422, "Droplet already has a pending event.")
	for _, tt := range []struct {
		name    string
		answers []*answer
		want    string // address, or what the error says
		posts   int
	}{
		{"not bound yet", []*answer{reserved}, "192.0.2.2", 1},
		{"lost and bound", []*answer{noAnswer, addresses(old, another, bound)}, "192.0.2.2", 1},
		{"lost and bound late", then(one(noAnswer), one(addresses(old)), times(4, addresses(old, moving)), one(addresses(old, bound))), "192.0.2.2", 1},
		{"lost and never bound", then(one(noAnswer), times(looks, addresses(old, still))), "new and bound to no droplet yet: 192.0.2.2;", 1},
		{"lost and not reserved", then(one(noAnswer), times(looks, addresses(old, another)), one(reserved)), "192.0.2.2", 2},
		{"has one already", []*answer{refused(422, "The Droplet already has a reserved IP assigned to it."), addresses(moving), addresses(bound)}, "192.0.2.2", 1},
		{"its droplet is rebooted", []*answer{pendingEvent, pendingEvent, reserved}, "192.0.2.2", 3},
		{"its droplet is never free", times(99, pendingEvent), "pending event", 61},
		{"over the limit", []*answer{refused(422, "You have reached your reserved IP limit")}, "limit", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				got, err := client.ReserveIP(t.Context(), chatUs1, []string{"192.0.2.1"})
				if got.IP != tt.want && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("reserved %q (%v), want %s", got.IP, err, tt.want)
				}
				if posts := strings.Count(s.calls(), "POST"); posts != tt.posts {
					t.Errorf("%d creates, want %d: %s", posts, tt.posts, s.calls())
				}
			})
		})
	}
}

func TestAwaitReservedIP(t *testing.T) {
	t.Parallel()
	is := func(item string) *answer { return ok(`{"reserved_ip":` + item + `}`) }
	moving, bound := is(address("192.0.2.2", 0, true)), is(address("192.0.2.2", 7, false))
	missing := refused(404, "not found")
	for _, tt := range []struct {
		name    string
		answers []*answer
		bound   bool
		err     string
		takes   time.Duration
	}{
		{"bound late", then(times(4, moving), one(bound)), true, "", 8 * time.Second},
		{"not known at first", then(times(2, missing), one(moving), one(bound)), true, "", 6 * time.Second},
		{"never bound", times(99, moving), false, "", 30 * time.Second},
		{"gone", times(99, missing), false, "no reserved IP 192.0.2.2 any more", appearTime},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				client, _ := scripted(t, Config{}, tt.answers...)
				got, err := client.AwaitReservedIP(t.Context(), "192.0.2.2", chatUs1, 30*time.Second)
				if got != tt.bound || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("bound %t (%v), want %t and %q", got, err, tt.bound, tt.err)
				}
				if took := time.Since(began); took != tt.takes {
					t.Errorf("it took %v, want %v", took, tt.takes)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{}, times(99, moving)...)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if got, err := client.AwaitReservedIP(ctx, "192.0.2.2", chatUs1, time.Minute); got || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the end of the context: %t, %v", got, err)
		}
	})
}
