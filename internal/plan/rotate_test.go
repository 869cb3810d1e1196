package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// A node that has yet to come up cannot be told a cookie, and may never be: the wait
// for it comes first, and ends where it is given up.
func TestARotationComesAfterNodesThatAreNotUpYet(t *testing.T) {
	t.Parallel()
	s := made(managed(chat(2)))
	s.named("chat-us-2", func(d *cluster.Droplet) { d.Status = "new" })
	s.Spec.Cookie = "ANOTHER"
	for _, step := range Diff(s.Input).Steps {
		if _, is := step.Action.(RotateCookie); is {
			if !slices.Contains(step.After, (AwaitActive{Host: "chat-us-2"}).Key()) {
				t.Errorf("the rotation only comes after %q", step.After)
			}
			return
		}
	}
	t.Error("the plan has no rotation")
}

// Nodes may be connected with one that a dead apply made and whose address never
// came: nobody could tell it from a stranger.
func TestANodeWithoutANameGoesBeforeARotation(t *testing.T) {
	t.Parallel()
	s := made(managed(chat(2)))
	s.named("chat-us-2", func(d *cluster.Droplet) {
		delete(s.Memory.Hosts, d.ID)
		d.PrivateIPv4 = ""
		d.Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(tag string) bool { return strings.Contains(tag, ":told:") })
	})
	s.Spec.Cookie = "ANOTHER"
	p := Diff(s.Input)
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Key() == RotateCookie{}.Key() })
	stray := s.Observed.Droplets[slices.IndexFunc(s.Observed.Droplets, func(d cluster.Droplet) bool { return d.Name == "chat-us-2" })]
	if gone := (DeleteHost{Droplet: stray}).Key(); i < 0 || !slices.Contains(p.Steps[i].After, gone) {
		t.Errorf("the rotation does not wait for %q:\n%s", gone, text(p))
	}
}

// Of a node that was made before there were parts nothing is known but what it
// booted with: it takes part in a rotation, and is made anew for its cookie.
func TestANodeOfBeforePartsTakesPartInARotation(t *testing.T) {
	t.Parallel()
	s := made(managed(chat(3)))
	s.named("chat-us-2", func(d *cluster.Droplet) {
		record := s.Memory.Hosts[d.ID]
		record.Parts = nil
		s.Memory.Hosts[d.ID] = record
	})
	s.Spec.Cookie = "ANOTHER"
	taken, left := s.apply(first)
	if !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	if !slices.ContainsFunc(taken, func(step Step) bool { return step.Key() == RotateCookie{}.Key() }) {
		t.Error("the cookie is not rotated")
	}
}

// Who adds a step may go on with the list of what it waits for.
func TestAStepKeepsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	d := &differ{}
	keys := append(make([]string, 0, 3), "a")
	d.do(RotateCookie{}, "", append(keys, "b", RotateCookie{}.Key())...)
	d.do(Claim{}, "", append(keys, "c")...)
	if got := d.steps[0].After; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the first step waits for %q", got)
	}
}
