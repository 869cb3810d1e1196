package engine_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/wcharczuk/go-chart/v2"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// sizeFigures are what a cluster of a size costs, counted on virtual time and so
// exact.
type sizeFigures struct {
	nodes                              int
	create, refresh, grow, shrink, end cost
	chain                              float64 // seconds of the longest chain of address and boot waits of a create
}

type cost struct{ seconds, calls float64 }

// sizes are those that the figures are told for.
var sizes = []int{1, 3, 10, 30, 100, 150}

// addressWaits is how many hosts a create waits for one after another until it
// knows their addresses: the database's, the first node's, the other nodes'. The
// load balancer, which knows them all, boots last.
func addressWaits(nodes int) int {
	if nodes == 1 {
		return 2
	}
	return 3
}

// A cluster of any size costs a handful of calls more than a small one, and no
// more time than hosts take to boot. The chart in the docs shows it.
func TestFiguresBySize(t *testing.T) {
	t.Parallel()
	all := make([]sizeFigures, len(sizes))
	t.Run("sizes", func(t *testing.T) {
		for i, nodes := range sizes {
			t.Run(strconv.Itoa(nodes), func(t *testing.T) {
				t.Parallel()
				all[i] = measureSize(t, nodes)
			})
		}
	})
	testtool.Figures(t, "Clusters by size: virtual seconds, API calls, and the create's seconds by those of its longest chain of waits", sizeTable(all))
	for nodes, most := range map[int]cost{3: {69.2, 54}, 100: {71.9, 63}} {
		for _, f := range all {
			if f.nodes == nodes && (f.create.seconds > most.seconds || f.create.calls > most.calls || f.refresh.calls > 7) {
				t.Errorf("%d nodes: create %.1f s and %.0f calls, refresh %.0f calls; want at most %.1f s, %.0f calls and 7", nodes, f.create.seconds, f.create.calls, f.refresh.calls, most.seconds, most.calls)
			}
		}
	}
	chartOf(t, all)
}

// sizeTable writes the figures, a line a size.
func sizeTable(all []sizeFigures) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "nodes\tcreate\tcalls\tratio\trefresh\tcalls\tone more\tcalls\tone less\tcalls\tdestroy\tcalls\t")
	for _, f := range all {
		fmt.Fprintf(w, "%d\t%.1f\t%.0f\t%.2f\t", f.nodes, f.create.seconds, f.create.calls, f.create.seconds/f.chain)
		for _, c := range []cost{f.refresh, f.grow, f.shrink, f.end} {
			fmt.Fprintf(w, "%.1f\t%.0f\t", c.seconds, c.calls)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // into memory
	return text.String()
}

func measureSize(t *testing.T, nodes int) sizeFigures {
	f := sizeFigures{nodes: nodes}
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		converge := func(spec cluster.Spec) func() error {
			return func() error {
				_, err := w.engine.Converge(w.Context(), spec, mem)
				return err
			}
		}
		f.create = w.measure(converge(chat(nodes)))
		f.refresh = w.measure(func() error {
			_, err := w.engine.Observe(w.Context(), "chat", "", *mem)
			return err
		})
		f.grow = w.measure(converge(chat(nodes + 1)))
		f.shrink = w.measure(converge(chat(nodes)))
		w.settled(chat(nodes), *mem)
		f.end = w.measure(func() error { return w.engine.Destroy(w.Context(), "chat", mem) })
		w.empty()
	})
	f.chain = float64(addressWaits(nodes))*slow.AddressLag.Seconds() + slow.BootTime.Seconds()
	return f
}

// measure counts what the act takes.
func (w *world) measure(act func() error) cost {
	w.Helper()
	started, before := time.Now(), w.cut.calls
	if err := act(); err != nil {
		w.Fatal(err)
	}
	return cost{time.Since(started).Seconds(), float64(w.cut.calls - before)}
}

func ticks(from, to, step int) []chart.Tick {
	var out []chart.Tick
	for n := from; n <= to; n += step {
		out = append(out, chart.Tick{Value: float64(n), Label: strconv.Itoa(n)})
	}
	return out
}

// chartFile is shown in the docs; the path is one from testdata.
const chartFile = "../../../docs/images/figures.svg"

// chartOf draws the figures and holds the chart in the docs to them.
func chartOf(t *testing.T, all []sizeFigures) {
	t.Helper()
	line := func(name string, of func(sizeFigures) float64) chart.ContinuousSeries {
		s := chart.ContinuousSeries{Name: name}
		for _, f := range all {
			s.XValues, s.YValues = append(s.XValues, float64(f.nodes)), append(s.YValues, of(f))
		}
		return s
	}
	graph := chart.Chart{
		Width: 760, Height: 380, Background: chart.Style{Padding: chart.Box{Top: 30, Left: 20, Right: 20, Bottom: 10}},
		XAxis: chart.XAxis{Name: "nodes", Ticks: ticks(0, 150, 30)},
		YAxis: chart.YAxis{Name: "seconds, calls", Range: &chart.ContinuousRange{Min: 0, Max: 80}, Ticks: ticks(0, 80, 20)},
		Series: []chart.Series{
			line("create, seconds", func(f sizeFigures) float64 { return f.create.seconds }),
			line("longest chain of waits, seconds", func(f sizeFigures) float64 { return f.chain }),
			line("create, API calls", func(f sizeFigures) float64 { return f.create.calls }),
			line("refresh, API calls", func(f sizeFigures) float64 { return f.refresh.calls }),
			line("destroy, seconds", func(f sizeFigures) float64 { return f.end.seconds }),
		},
	}
	graph.Elements = []chart.Renderable{chart.LegendThin(&graph)}
	var svg bytes.Buffer
	if err := graph.Render(chart.SVG, &svg); err != nil {
		t.Fatal(err)
	}
	testtool.Golden(t, chartFile, svg.String())
}
