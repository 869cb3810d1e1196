package engine_test

import (
	"bytes"
	"strconv"
	"testing"

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
	var all []sizeFigures
	for _, nodes := range sizes {
		f := measureSize(t, nodes)
		t.Logf("%3d nodes: create %5.1f s %3.0f calls (%.2f of the longest chain of waits, %.0f s), refresh %.1f s %.0f calls, one more %5.1f s %3.0f calls, one less %4.1f s %3.0f calls, destroy %4.1f s %3.0f calls",
			nodes, f.create.seconds, f.create.calls, f.create.seconds/f.chain, f.chain, f.refresh.seconds, f.refresh.calls,
			f.grow.seconds, f.grow.calls, f.shrink.seconds, f.shrink.calls, f.end.seconds, f.end.calls)
		all = append(all, f)
	}
	for nodes, most := range map[int]cost{3: {69.2, 54}, 100: {71.9, 63}} {
		for _, f := range all {
			if f.nodes == nodes && (f.create.seconds > most.seconds || f.create.calls > most.calls || f.refresh.calls > 7) {
				t.Errorf("%d nodes: create %.1f s and %.0f calls, refresh %.0f calls; want at most %.1f s, %.0f calls and 7", nodes, f.create.seconds, f.create.calls, f.refresh.calls, most.seconds, most.calls)
			}
		}
	}
	chartOf(t, all)
}

func measureSize(t *testing.T, nodes int) sizeFigures {
	f := sizeFigures{nodes: nodes}
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		step := func(act func() error) cost {
			seconds, calls := w.measure(act)
			return cost{seconds, calls}
		}
		converge := func(spec cluster.Spec) func() error {
			return func() error {
				_, err := w.engine.Converge(w.Context(), spec, mem)
				return err
			}
		}
		f.create = step(converge(chat(nodes)))
		f.refresh = step(func() error {
			_, err := w.engine.Observe(w.Context(), "chat", "", *mem)
			return err
		})
		f.grow = step(converge(chat(nodes + 1)))
		f.shrink = step(converge(chat(nodes)))
		w.settled(chat(nodes), *mem)
		f.end = step(func() error { return w.engine.Destroy(w.Context(), "chat", mem) })
		w.empty()
	})
	f.chain = float64(addressWaits(nodes))*slow.AddressLag.Seconds() + slow.BootTime.Seconds()
	return f
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
