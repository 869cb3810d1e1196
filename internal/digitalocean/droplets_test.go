package digitalocean

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func droplet(id int, name string) string { return fmt.Sprintf(`{"id":%d,"name":%q}`, id, name) }

// made is the answer to a create of several droplets.
func made(droplets ...string) *answer {
	return &answer{status: 202, body: `{"droplets":[` + strings.Join(droplets, ",") + `]}`}
}

func listed(droplets ...string) *answer { return page("droplets", droplets...) }

// No droplet is made twice, none that exists goes unreported, and an API that
// never gives what was asked for does not keep the create busy for ever.
func TestCreateDroplets(t *testing.T) {
	t.Parallel()
	a, b, stranger, known := droplet(1, "a"), droplet(2, "b"), droplet(7, "zz"), droplet(9, "a")
	attached := refused(422, "Volume v is already attached to a Droplet.")
	for _, tt := range []struct {
		name    string
		names   []string
		answers []*answer
		made    string // ids as they are reported
		posts   int
		err     string
	}{
		{"answered", []string{"a", "b"}, []*answer{made(a, b)}, "1 2", 1, ""},
		{"lost and made", []string{"a", "b"}, []*answer{noAnswer, listed(known, stranger, a, b)}, "1 2", 1, ""},
		{"lost, and listed one after the other", []string{"a", "b"}, []*answer{noAnswer, listed(a), listed(a), listed(a, b)}, "1 2", 1, ""},
		{"lost, and made in part", []string{"a", "b"},
			then(one(noAnswer), times(looks, listed(a)), one(&answer{status: 202, body: `{"droplet":` + b + `}`})), "1 2", 2, ""},
		{"answered in part, and made", []string{"a", "b"}, []*answer{made(a), listed(a, b)}, "1 2", 1, ""},
		{"answered in part, and not listed", []string{"a", "b"},
			then(one(made(a)), times(looks, listed()), one(&answer{status: 202, body: `{"droplet":` + b + `}`})), "1 2", 2, ""},
		{"always others", []string{"a", "b"},
			slices.Repeat(then(one(made(stranger)), times(looks, listed())), createTries), "7 7 7 7", createTries, "name other droplets"},
		{"always lost", []string{"a"}, slices.Repeat(then(one(noAnswer), times(looks, listed())), createTries), "", createTries, "connection reset"},
		{"volume held by the droplet of a lost answer", []string{"a"}, []*answer{attached, listed(), listed(a)}, "1", 1, ""},
		{"over the limit", []string{"a", "b"}, []*answer{refused(422, "creating this/these droplet(s) will exceed your droplet limit")}, "", 1, "exceed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				var reported []string
				err := client.CreateDroplets(t.Context(), DropletRequest{Names: tt.names, LookupTag: "id", Known: []int{9}}, func(droplets []cluster.Droplet) {
					for _, d := range droplets {
						reported = append(reported, fmt.Sprint(d.ID))
					}
				})
				if got := strings.Join(reported, " "); got != tt.made {
					t.Errorf("reported %q, want %q", got, tt.made)
				}
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("the error is %v, want %q", err, tt.err)
				}
				if posts := strings.Count(s.calls(), "POST"); posts != tt.posts {
					t.Errorf("%d creates, want %d: %s", posts, tt.posts, s.calls())
				}
			})
		})
	}
}
