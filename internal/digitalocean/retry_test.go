package digitalocean

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func TestReadsAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{RetryMax: 2}, broken, broken, broken, noTags)
		_, err := client.Tags(t.Context())
		if Status(err) != 500 || len(s.seen) != 3 {
			t.Errorf("%d calls ended with %v, want three and status 500", len(s.seen), err)
		}
		if want := "list the account's tags: DigitalOcean answered 500: Server was unable to give you a response."; err.Error() != want {
			t.Errorf("the error is %q, want %q", err, want)
		}
	})
}

// What may be carried out twice is sent again, once its answer is lost.
func TestWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	vpc := &answer{status: 200, body: `{"vpc":` + ourVPC + `}`}
	for name, tt := range map[string]struct {
		call    func(context.Context, *Client) error
		success *answer
	}{
		"delete a tag":     {func(ctx context.Context, c *Client) error { return c.DeleteTag(ctx, "beam") }, done},
		"delete a droplet": {func(ctx context.Context, c *Client) error { return c.DeleteDroplet(ctx, chatUs1) }, done},
		"untag": {func(ctx context.Context, c *Client) error {
			return c.UntagDroplets(ctx, "beam", []cluster.Droplet{chatUs1})
		}, done},
		"create a tag": {func(ctx context.Context, c *Client) error { return c.CreateTag(ctx, "beam") }, ok(`{"tag":{"name":"beam"}}`)},
		"rename a VPC": {func(ctx context.Context, c *Client) error { return c.RenameVPC(ctx, wantedVPC) }, vpc},
		"assign to a project": {func(ctx context.Context, c *Client) error {
			return c.AssignToProject(ctx, "p1", []string{"do:droplet:1"})
		}, ok(`{"resources":[]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, noAnswer, broken, tt.success)
				if err := tt.call(t.Context(), client); err != nil || len(s.seen) != 3 || s.seen[0] != s.seen[2] {
					t.Errorf("%v ended with %v, want three times the same", s.seen, err)
				}
				if s.bodies[0] != s.bodies[2] {
					t.Errorf("sent %q, then %q", s.bodies[0], s.bodies[2])
				}
			})
		})
	}
}

func busyUntil(headers map[string]string) *answer {
	return &answer{status: 429, header: headers, body: `{"id":"too_many_requests","message":"API Rate limit exceeded."}`}
}

// The rate limit is waited out more often than a call is tried again otherwise,
// and for creates as well: what is refused for it was not carried out.
func TestRateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inTenMinutes := strconv.FormatInt(time.Now().Add(10*time.Minute).Unix(), 10)
		for _, tt := range []struct {
			name    string
			answers []*answer
			want    time.Duration
		}{
			{"the hour's allowance", one(busyUntil(map[string]string{"RateLimit-Reset": inTenMinutes})), 10 * time.Minute},
			{"a burst", one(busyUntil(map[string]string{"Retry-After": "42"})), 42 * time.Second},
			{"bursts", times(9, busyUntil(map[string]string{"Retry-After": "42"})), 9 * 42 * time.Second},
			{"without a header", times(6, busyUntil(nil)), (1 + 2 + 4 + 8 + 16 + 30) * time.Second},
			{"with headers that say nothing", times(2, busyUntil(map[string]string{"Retry-After": "soon", "RateLimit-Reset": "1"})), 3 * time.Second},
		} {
			started := time.Now()
			client, s := scripted(t, Config{}, then(tt.answers, one(madeVPC))...)
			if made, err := client.CreateVPC(t.Context(), wantedVPC); err != nil || made.ID != "v2" {
				t.Errorf("%s: %q, %v", tt.name, made.ID, err)
			}
			if waited := time.Since(started); waited != tt.want {
				t.Errorf("%s: waited %v, want %v", tt.name, waited, tt.want)
			}
			if last := len(s.bodies) - 1; s.bodies[last] != s.bodies[0] || s.bodies[0] == "" {
				t.Errorf("%s: sent %q, then %q", tt.name, s.bodies[0], s.bodies[last])
			}
		}
	})
}

// The limit is the token's: what is called while it lasts waits for it, too, and
// so makes it no worse.
func TestNoCallIsSentBeforeTheRateLimitIsLifted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{}, busyUntil(map[string]string{"Retry-After": "42"}), noTags, noTags, noTags)
		began := time.Now()
		var calls sync.WaitGroup
		for i := range 3 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Second) // one after another
				if _, err := client.Tags(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		for i, at := range s.times {
			if wait := at.Sub(began); i > 0 && wait != 42*time.Second {
				t.Errorf("call %d was sent after %v, want 42s", i+1, wait)
			}
		}
		if len(s.times) != 4 {
			t.Errorf("%d calls were sent, want 4", len(s.times))
		}
	})
}

// The end of the context ends a wait at once; the error says what it waited for.
func TestWaitsBetweenTriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer *answer
		want   []string
	}{
		{"rate limit", busyUntil(map[string]string{"Retry-After": "2400"}), []string{"rate limit is reached", "lifted at 2000-01-01T00:40:00Z", "deadline exceeded"}},
		{"server error", broken, []string{"DigitalOcean answered 500 Internal Server Error", "deadline exceeded"}},
		{"lost connection", noAnswer, []string{"connection reset by peer", "deadline exceeded"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := scripted(t, Config{RetryMax: 50}, times(9, tt.answer)...)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				_, err := client.Tags(ctx)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("the error is %v", err)
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the error is %q, want it to say %q", err, want)
					}
				}
				if strings.Contains(err.Error(), "https://") {
					t.Errorf("the error %q has a URL", err)
				}
			})
		})
	}
}

// An answer of something between here and the API says nothing of what became of a
// call: it is sent again, and no page of a proxy's makes an object gone.
func TestAnswersThatAreNotTheAPIsAreNotBelieved(t *testing.T) {
	t.Parallel()
	page := &answer{status: 404, body: "<html>404 Not Found</html>"}
	for name, passing := range map[string]*answer{
		"a page":   page,
		"nothing":  {status: 404},
		"too slow": {status: 408, body: `{"id":"timeout","message":"Request Timeout"}`},
		"locked":   {status: 423, body: `{"id":"locked","message":"Locked"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, passing, passing, done)
				if err := client.DeleteReservedIP(t.Context(), "192.0.2.2"); err != nil || len(s.seen) != 3 {
					t.Errorf("%d calls ended with %v, want three", len(s.seen), err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{RetryMax: 1}, page, page)
		if err := client.DeleteReservedIP(t.Context(), "192.0.2.2"); Status(err) != 404 || Gone(err) {
			t.Errorf("the delete ended with %v", err)
		}
		client, s := scripted(t, Config{}, page, oneVPC)
		if made, err := client.CreateVPC(t.Context(), wantedVPC); err != nil || made.ID != "v1" || len(s.seen) != 2 {
			t.Errorf("%v made %v (%v), want one create whose VPC is looked for", s.seen, made, err)
		}
	})
}
