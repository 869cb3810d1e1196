package engine_test

import (
	"strings"
	"testing"
)

// keepsData is a destroy that leaves a snapshot of the database's volume, as one
// does unless it was told not to.
func keepsData() operation {
	spec := chat(1)
	database := *spec.Database
	database.FinalSnapshot = true
	spec.Database = &database
	return operation{name: "destroy and keep the data", before: &spec, spec: spec, do: destroy}
}

// Whatever befalls the calls between the last look at a database's volume and its
// end, just one snapshot has the data then.
func TestADestroyKeepsTheDataOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	op := keepsData()
	whole := []recorded{{op, occurrences(calls(t, op))}}
	keeps := func(tr *trial) {
		if kept := len(tr.sim.Inventory().Of("snapshot")); kept != 1 {
			tr.Errorf("%d snapshots have the data, want one", kept)
		}
	}
	concerns := func(route string) bool { return strings.Contains(route, "/volumes/") }
	tried := 0
	for _, x := range troubles(whole) {
		if concerns(x.at.route) {
			tried++
			t.Run(x.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, op, func(tr *trial) { tr.meets(x, true); keeps(tr) })
			})
		}
	}
	for _, d := range deaths(whole) {
		if concerns(d.at.route) {
			tried++
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, op, func(tr *trial) { tr.ends(d, true); keeps(tr) })
			})
		}
	}
	if tried < 20 {
		t.Errorf("only %d things were tried", tried)
	}
}
