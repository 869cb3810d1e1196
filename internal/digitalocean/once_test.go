package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// looks is how often is looked for what a lost answer may have made.
const looks = int(lookTime/PollInterval) + 1

// After a lost answer the object is looked for until it would be listed, before
// it is made again. What has the name and is not ours is left alone.
func TestCreatesWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	gets := func(n int) string { return strings.Repeat(" GET", n) }
	for _, tt := range []struct {
		name    string
		answers []*answer
		want    string // id, or what the error says
		calls   string
	}{
		{"was made", []*answer{noAnswer, oneVPC}, "v1", "POST GET"},
		{"was made, and the object is missing from the answer", []*answer{ok(`{}`), oneVPC}, "v1", "POST GET"},
		{"was made, and the object has no id", []*answer{ok(`{"vpc":{"name":"chat-nyc3"}}`), oneVPC}, "v1", "POST GET"},
		{"was made and breaks off", []*answer{ok(`{"vpc":{"id":"v1"`), oneVPC}, "v1", "POST GET"},
		{"was made and is listed late", then(one(broken), times(4, noVPCs), one(oneVPC)), "v1", "POST" + gets(5)},
		{"was made and no answer comes for a while", []*answer{{silent: true}, broken, noAnswer, oneVPC}, "v1", "POST GET GET GET"},
		{"was not made", then(one(broken), times(looks, noVPCs), one(madeVPC)), "v2", "POST" + gets(looks) + " POST"},
		{"is never made", then(times(1, broken), times(looks, noVPCs), times(1, broken), times(looks, noVPCs), times(1, broken), times(looks, noVPCs), times(1, broken), times(looks, noVPCs)),
			"answered 500", strings.TrimSpace(strings.Repeat(" POST"+gets(looks), createTries))},
		{"was made and sent again too early", then(one(broken), times(looks, noVPCs), one(nameInUse), times(2, noVPCs), one(oneVPC)), "v1", "POST" + gets(looks) + " POST" + gets(3)},
		{"was made by a process that died", []*answer{nameInUse, noVPCs, oneVPC}, "v1", "POST GET GET"},
		{"is refused for an object nobody sees", then(one(nameInUse), times(looks, noVPCs)), "already exists in your account", "POST" + gets(looks)},
		{"lost, and the name is somebody else's", []*answer{noAnswer, takenVPC}, "not this cluster's", "POST GET"},
		{"refused, and the name is somebody else's", []*answer{nameInUse, takenVPC}, "not this cluster's", "POST GET"},
		{"ours beside somebody else's", []*answer{noAnswer, page("vpcs", foreignVPC, ourVPC)}, "v1", "POST GET"},
		{"refused for good", []*answer{refused(422, "name is invalid")}, "name is invalid", "POST"},
		{"could not be sent", []*answer{noConnection, noConnection, madeVPC}, "v2", "POST POST POST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				made, err := client.CreateVPC(t.Context(), wantedVPC)
				if made.ID != tt.want && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("made %q (%v), want %s", made.ID, err, tt.want)
				}
				if errors.Is(err, ErrUnsure) {
					t.Errorf("%v is unsure", err)
				}
				if s.calls() != tt.calls {
					t.Errorf("calls %s, want %s", s.calls(), tt.calls)
				}
			})
		})
	}
}

// When nobody can tell whether the object was made, the error says so, and it
// is not made again.
func TestLostCreateThatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]*answer{"refused": refused(401, "Unable to authenticate you."), "lost": noAnswer, "silent": {silent: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, then(one(noAnswer), times(100, after))...)
				_, err := client.CreateVPC(t.Context(), wantedVPC)
				if !errors.Is(err, ErrUnsure) || strings.Count(s.calls(), "POST") != 1 {
					t.Errorf("%s ended with %v", s.calls(), err)
				}
			})
		})
	}
}

// The looks go on for a caller that is cancelled, and find what it has to
// remember; nothing is sent again for it.
func TestLostCreateOfACancelledCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for want, rest := range map[string][]*answer{"v1": {noVPCs, oneVPC}, "": times(looks, noVPCs)} {
			ctx, cancel := context.WithCancelCause(t.Context())
			lost := &answer{status: 500, meets: func(*http.Request) { cancel(context.Canceled) }}
			client, s := scripted(t, Config{}, then(one(lost), rest)...)
			made, err := client.CreateVPC(ctx, wantedVPC)
			if made.ID != want || (err == nil) != (want != "") || strings.Count(s.calls(), "POST") != 1 {
				t.Errorf("%s made %q, %v; want %q", s.calls(), made.ID, err, want)
			}
			if want == "" && (!errors.Is(err, context.Canceled) || Status(err) != 500) {
				t.Errorf("the error is %v, want the cause and the end", err)
			}
		}
	})
}

// Each kind has its own mark; without it an object of the name is a stranger's.
func TestWhoseObjectItIs(t *testing.T) {
	t.Parallel()
	volume := func(tags string) string {
		return `{"id":"vol","name":"chat-database","region":{"slug":"nyc3"},"tags":` + tags + `}`
	}
	firewall := func(tags string) string {
		return `{"id":"fw","name":"chat-node","tags":` + tags + `}`
	}
	createVolume := func(ctx context.Context, c *Client) (string, error) {
		v, err := c.CreateVolume(ctx, cluster.Volume{Name: "chat-database", Region: "nyc3", Tags: []string{"beam", "beam:chat"}})
		return v.ID, err
	}
	createFirewall := func(ctx context.Context, c *Client) (string, error) {
		f, err := c.CreateFirewall(ctx, cluster.Firewall{Name: "chat-node", Tags: []string{"beam:chat:node"}})
		return f.ID, err
	}
	createPeering := func(ctx context.Context, c *Client) (string, error) {
		p, err := c.CreatePeering(ctx, cluster.Peering{Name: "chat-a-b", VPCs: [2]string{"a", "b"}})
		return p.ID, err
	}
	for _, tt := range []struct {
		name   string
		create func(context.Context, *Client) (string, error)
		found  *answer
		want   string
	}{
		{"volume", createVolume, page("volumes", volume(`["BEAM","beam:chat","more"]`)), "vol"},
		{"volume of somebody else", createVolume, page("volumes", volume(`["beam"]`)),
			"create the volume chat-database: a volume named chat-database exists in nyc3 (id vol) and is not this cluster's: rename or delete it, or choose another name"},
		{"firewall", createFirewall, page("firewalls", firewall(`["beam:chat:node"]`)), "fw"},
		{"firewall of somebody else", createFirewall, page("firewalls", firewall(`null`)),
			"create the firewall chat-node: a firewall named chat-node exists (id fw) and is not this cluster's: rename or delete it, or choose another name"},
		{"peering", createPeering, page("vpc_peerings", `null`, `{"id":"p","name":"renamed","vpc_ids":["b","a"],"status":"PROVISIONING"}`), "p"},
		{"peering of somebody else", createPeering, page("vpc_peerings", `{"id":"p","name":"chat-a-b","vpc_ids":["a","c"]}`),
			"create the peering chat-a-b: a VPC peering named chat-a-b exists (id p) and is not this cluster's: rename or delete it, or choose another name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, first := range []*answer{noAnswer, refused(409, "It already exists")} {
					client, _ := scripted(t, Config{}, first, tt.found)
					id, err := tt.create(t.Context(), client)
					if id != tt.want && (err == nil || err.Error() != tt.want || !errors.As(err, new(*TakenError))) {
						t.Errorf("got %q (%v), want %s", id, err, tt.want)
					}
				}
			})
		})
	}
}

// Waits end at once, and say what they waited for.
func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		started := time.Now()
		err := Wait(ctx, "the droplet to be active", func(context.Context) (bool, string, error) { return false, "it is new", nil })
		if want := "waiting for the droplet to be active: it is new: context canceled"; err.Error() != want || !errors.Is(err, context.Canceled) || time.Since(started) > 0 {
			t.Errorf("the wait ended after %v with %v", time.Since(started), err)
		}
	})
}
