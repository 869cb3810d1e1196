package digitalocean

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// resources is the answer of a project that was given objects.
func resources(statuses ...string) *answer {
	var items []string
	for _, status := range statuses {
		items = append(items, `{"urn":"do:droplet:`+status[:1]+`","status":"`+status[1:]+`"}`)
	}
	return ok(`{"resources":[` + strings.Join(items, ",") + `]}`)
}

// A success may hold objects that a project did not take.
func TestObjectsThatAProjectDoesNotTakeAreNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []*answer
		calls   int
		want    string // the error
	}{
		"all are taken": {one(resources("1ok", "2assigned", "3already_assigned")), 1, ""},
		"too young":     {then(times(3, resources("1assigned", "2not_found")), one(resources("1already_assigned", "2assigned"))), 4, ""},
		"gone": {times(6, resources("1assigned", "2not_found")), 6,
			"move 2 objects into project p1: do:droplet:2 was not found"},
		"out of order": {times(6, resources("1not_found", "2service_down")), 6,
			"move 2 objects into project p1: do:droplet:1 was not found, do:droplet:2 was not moved, as DigitalOcean's service for it is down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				err := client.AssignToProject(t.Context(), "p1", []string{"do:droplet:1", "do:droplet:2"})
				if got := words(err); got != tt.want || len(s.seen) != tt.calls {
					t.Errorf("%d calls ended with %q, want %d and %q", len(s.seen), got, tt.calls, tt.want)
				}
			})
		})
	}
}

// The API takes a tag off all droplets of a call or off none.
func TestAGoneDropletLeavesNoTagOnOthers(t *testing.T) {
	t.Parallel()
	unknown := refused(404, "The resource you requested could not be found.")
	tagged := page("droplets", `{"id":2}`, `{"id":3}`, `{"id":9}`)
	for name, tt := range map[string]struct {
		answers []*answer
		last    string // what the last call asks for
		want    string // the error
	}{
		"one is gone":         {[]*answer{unknown, tagged, done}, `{"resources":[{"resource_id":"2","resource_type":"droplet"},{"resource_id":"3","resource_type":"droplet"}]}`, ""},
		"the tag is gone":     {[]*answer{unknown, page("droplets")}, "", ""},
		"it cannot be looked": {[]*answer{unknown, refused(403, "no")}, "", "take the tag beam off droplets a (1), b (2), c (3), 1 more: list the droplets tagged beam: DigitalOcean answered 403: no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				began := time.Now()
				err := client.UntagDroplets(t.Context(), "beam", []cluster.Droplet{{ID: 1, Name: "a"}, {ID: 2, Name: "b"}, {ID: 3, Name: "c"}, {ID: 4, Name: "d"}})
				if got := words(err); got != tt.want || len(s.seen) != len(tt.answers) || time.Since(began) > PollInterval {
					t.Errorf("%v ended with %q, want %q", s.seen, got, tt.want)
				}
				if last := strings.TrimSpace(s.bodies[len(s.bodies)-1]); last != tt.last {
					t.Errorf("asked for %s, want %s", last, tt.last)
				}
			})
		})
	}
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
