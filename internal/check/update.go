package check

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Limits of how a cluster changes. A turn that takes longer than an hour is
// longer than an apply may take by default.
var (
	surges       = hostconfig.Range{Min: 1, Max: 100}
	absences     = hostconfig.Range{Min: 0, Max: 499}
	turnSeconds  = hostconfig.Range{Min: 0, Max: 3600}
	keptReleases = hostconfig.Range{Min: 1, Max: 20}
)

func updateProblems(u cluster.Update) []Problem {
	if u == (cluster.Update{}) {
		return nil // left out of specs that nobody changes
	}
	path := []string{"update"}
	return slices.Concat(
		oneOf(at(path, "strategy"), u.Strategy, cluster.UpdateRolling, cluster.UpdateBlueGreen, cluster.UpdateAllAtOnce),
		within(at(path, "max_surge"), u.MaxSurge, surges, " nodes"),
		within(at(path, "max_unavailable"), u.MaxUnavailable, absences, " nodes"),
		within(at(path, "drain_seconds"), u.DrainSeconds, turnSeconds, " seconds"),
		within(at(path, "pause_seconds"), u.PauseSeconds, turnSeconds, " seconds"),
		oneOf(at(path, "on_failure"), u.OnFailure, cluster.OnFailureRollback, cluster.OnFailureStop),
	)
}
