//go:build linux

package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// applies is how often each figure is taken.
const applies = 5

// TestFigures measures how long clusters of three nodes take to form. It wants
// the machine for itself.
func TestFigures(t *testing.T) {
	s := newSuite(t)
	w := s.open(t, "e2e-figures", debian12)
	for name, cluster := range map[string]func() e2e.Cluster{
		"three nodes": func() e2e.Cluster { return small(s, 3) },
		"three nodes, a load balancer and a database": func() e2e.Cluster { return e2e.Chat(debian12, s.releases["mix"]) },
	} {
		s.check(t, name, func(t *testing.T) {
			var took []time.Duration
			for range applies {
				took = append(took, w.apply(t, cluster()))
				w.destroy(t)
			}
			slices.Sort(took)
			s.figure("%s, from active to formed: median %.1f s, worst %.1f s of %d", name, took[applies/2].Seconds(), took[applies-1].Seconds(), applies)
		})
	}
}
