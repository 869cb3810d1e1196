package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// replacementFigures are what it takes to make all nodes anew, some at a time.
type replacementFigures struct {
	nodes, surge int
	cost
	bound float64 // seconds that hosts need to boot, one turn after another
}

// A rolling replacement takes little more than its hosts need to boot. Many turns
// of many nodes are only tried where the figures are asked for.
func TestFiguresOfReplacement(t *testing.T) {
	t.Parallel()
	const mostTurns = 5
	var all []replacementFigures
	for _, nodes := range []int{3, 30, 100} {
		for _, surge := range []int{1, 10} {
			if nodes/surge > mostTurns && !testtool.FiguresWanted() {
				continue
			}
			f := measureReplacement(t, nodes, surge)
			if f.seconds > 1.2*f.bound {
				t.Errorf("%d nodes, %d at a time: %.0f s, want at most 1.2 times the %.0f s of their boots", nodes, surge, f.seconds, f.bound)
			}
			all = append(all, f)
		}
	}
	testtool.Figures(t, "Rolling replacements: virtual seconds, API calls, and the seconds by those of the boots", replacementTable(all))
}

func measureReplacement(t *testing.T, nodes, surge int) (f replacementFigures) {
	t.Helper()
	f.nodes, f.surge = nodes, surge
	inManagedWorld(t, nodes, func(w *world, h *hosts) {
		w.fleet.boots = slow.BootTime + firstBoot
		h.refuse = func(_ string, up time.Duration) error {
			if up < firstBoot {
				return management.ErrUnreachable
			}
			return nil
		}
		h.spec.Update = cluster.Update{Strategy: cluster.UpdateRolling, MaxSurge: surge, OnFailure: cluster.OnFailureRollback}
		w.converge(h.spec, h.mem)
		h.spec.Pools[0].Image = "debian-13-x64"
		f.cost = w.measure(func() error {
			_, err := w.engine.Converge(w.Context(), h.spec, h.mem)
			return err
		})
		h.reached()
	})
	turns := (nodes + surge - 1) / surge
	f.bound = float64(turns) * (slow.BootTime + firstBoot).Seconds()
	return f
}

func replacementTable(all []replacementFigures) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "nodes\tat a time\tseconds\tratio\tcalls\tcalls a turn\t")
	for _, f := range all {
		turns := (f.nodes + f.surge - 1) / f.surge
		fmt.Fprintf(w, "%d\t%d\t%.0f\t%.2f\t%.0f\t%.1f\t\n", f.nodes, f.surge, f.seconds, f.seconds/f.bound, f.calls, f.calls/float64(turns))
	}
	_ = w.Flush() // into memory
	return text.String()
}
