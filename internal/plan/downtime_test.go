package plan

import (
	"fmt"
	"strings"
	"testing"
)

// What would be down, and for how long at least, is a question to the plan.
func TestPlansTellWhatWouldBeDown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"create":                             "",
		"scale up with a told load balancer": "",
		"scale up":                           "chat-lb-2 for 20s", // nobody waits until it has booted
		"volume gone":                        "chat-database for 1m30s",
		"another environment":                "chat-us-1 for 5s, chat-us-2 for 5s, chat-us-3 for 5s",
		"volume detached":                    "chat-database for 20s",
		"other packages":                     "",
		"removal":                            "", // nothing comes back
	} {
		var down []string
		for _, i := range Diff(stories()[name].Input).Downtime() {
			down = append(down, fmt.Sprintf("%s for %s", strings.Join(i.Hosts, " and "), i.AtLeast))
		}
		if got := strings.Join(down, ", "); got != want {
			t.Errorf("%s takes down %q, want %q", name, got, want)
		}
	}
}
