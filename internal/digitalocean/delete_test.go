package digitalocean

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// What holds an object is waited out; a token that may not delete is not.
func TestDeleteWaitsWhileTheVPCIsHeld(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answers []*answer
		status  int
		calls   int
	}{
		{"members", []*answer{refused(409, "Can not delete VPC with members"), done}, 0, 2},
		{"members, as the API description has it", []*answer{refused(403, "Can not delete VPC with members"), done}, 0, 2},
		{"gone", []*answer{refused(404, "not found")}, 0, 1},
		{"gone by a delete whose answer was lost", []*answer{noAnswer, refused(404, "not found")}, 0, 2},
		{"scopes", []*answer{refused(403, "You are not authorized to perform this operation")}, 403, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				err := client.DeleteVPC(t.Context(), wantedVPC)
				if Status(err) != tt.status || len(s.seen) != tt.calls || (err == nil) != (tt.status == 0) {
					t.Errorf("%d calls ended with %v, want %d and status %d", len(s.seen), err, tt.calls, tt.status)
				}
			})
		})
	}
}

// When the time is up, the error tells what is in the way and that it is up.
func TestDeleteSaysWhatHoldsTheVPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{},
			refused(409, "Can not delete VPC with members"),
			page("members", `{"urn":"do:droplet:7","name":"stranger"}`),
			page("vpc_peerings", `{"id":"p1","name":"to-web","vpc_ids":["v1","v9"]}`))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.DeleteVPC(ctx, cluster.VPC{ID: "v1", Name: "chat-nyc3"})
		want := "waiting for the VPC chat-nyc3 to be free: DigitalOcean answered 409: Can not delete VPC with members: context deadline exceeded; " +
			"the VPC still holds stranger (do:droplet:7), the peering to-web: move or remove them, and destroy again"
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
			t.Errorf("the error is %q, want %q", err, want)
		}
	})
}

// A delete whose answer was lost is refused when it is sent again: the peering
// is on its way out all the same.
func TestDeletePeering(t *testing.T) {
	t.Parallel()
	is := func(status string) *answer { return ok(`{"vpc_peering":{"id":"p1","status":"` + status + `"}}`) }
	accepted := &answer{status: 202, body: `{"vpc_peering":{"id":"p1","status":"DELETING"}}`}
	already, missing := refused(409, "The VPC peering is already being deleted"), refused(404, "not found")
	for _, tt := range []struct {
		name    string
		answers []*answer
		calls   string
	}{
		{"at once", []*answer{accepted, missing}, "DELETE GET"},
		{"after a while", []*answer{accepted, is("DELETING"), is("DELETING"), missing}, "DELETE GET GET GET"},
		{"lost", []*answer{noAnswer, already, is("DELETING"), missing}, "DELETE DELETE GET GET"},
		{"lost, and shown as before", []*answer{noAnswer, already, is("ACTIVE"), already, is("DELETING"), missing}, "DELETE DELETE GET DELETE GET GET"},
		{"not ready to go", []*answer{refused(422, "it is being provisioned"), is("PROVISIONING"), accepted, missing}, "DELETE GET DELETE GET"},
		{"gone", []*answer{missing}, "DELETE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				if err := client.DeletePeering(t.Context(), cluster.Peering{ID: "p1", Name: "chat-a-b"}); err != nil || s.calls() != tt.calls {
					t.Errorf("%s ended with %v, want %s", s.calls(), err, tt.calls)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{}, then(one(accepted), times(99, is("DELETING")))...)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := client.DeletePeering(ctx, cluster.Peering{ID: "p1", Name: "chat-a-b"})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "chat-a-b to be gone: it is being deleted") {
			t.Errorf("a peering that stays: %v", err)
		}
	})
}

// Reads by id tell what is gone from what could not be read.
func TestReadsByID(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(context.Context, *Client) (bool, error){
		"vpc":    func(ctx context.Context, c *Client) (bool, error) { v, err := c.VPC(ctx, "x"); return v != nil, err },
		"volume": func(ctx context.Context, c *Client) (bool, error) { v, err := c.Volume(ctx, "x"); return v != nil, err },
		"firewall": func(ctx context.Context, c *Client) (bool, error) {
			f, err := c.Firewall(ctx, "x")
			return f != nil, err
		},
		"vpc_peering": func(ctx context.Context, c *Client) (bool, error) {
			p, err := c.Peering(ctx, "x")
			return p != nil, err
		},
		"reserved_ip": func(ctx context.Context, c *Client) (bool, error) {
			r, err := c.ReservedIP(ctx, "x")
			return r != nil, err
		},
		"droplet": func(ctx context.Context, c *Client) (bool, error) { d, err := c.Droplet(ctx, 1); return d != nil, err },
		"tag":     func(ctx context.Context, c *Client) (bool, error) { return c.tagExists(ctx, "x") },
		"project": func(ctx context.Context, c *Client) (bool, error) { return c.ProjectExists(ctx, "x") },
	} {
		for what, tt := range map[string]struct {
			answer *answer
			exists bool
			status int
		}{
			"exists":    {ok(`{"` + name + `":{"id":` + map[bool]string{true: `1`, false: `"x"`}[name == "droplet"] + `,"ip":"x","name":"x"}}`), true, 0},
			"gone":      {refused(404, "not found"), false, 0},
			"forbidden": {refused(403, "no"), false, 403},
		} {
			client, _ := scripted(t, Config{}, tt.answer)
			exists, err := read(t.Context(), client)
			if exists != tt.exists || Status(err) != tt.status || (err == nil) != (tt.status == 0) {
				t.Errorf("%s: %s: exists %t, error %v", name, what, exists, err)
			}
		}
	}
}
