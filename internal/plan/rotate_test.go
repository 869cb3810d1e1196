package plan

import (
	"slices"
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
