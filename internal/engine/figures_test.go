package engine_test

import (
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// The figures that users are promised, counted on virtual time and so exact.
func TestFigures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                         string
		nodes                        int
		createSeconds, createCalls   float64
		refreshCalls, destroySeconds float64
	}{
		{"3 nodes", 3, 85, 70, 8, 40},
		{"100 nodes", 100, 100, 200, 8, 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, slow, func(w *world) {
				spec, mem := chat(tt.nodes), &cluster.Memory{}
				seconds, calls := w.measure(func() error {
					_, err := w.engine.Converge(w.Context(), spec, mem)
					return err
				})
				w.atMost("create, virtual seconds", seconds, tt.createSeconds)
				w.atMost("create, API calls", calls, tt.createCalls)

				_, calls = w.measure(func() error {
					_, err := w.engine.Observe(w.Context(), spec.Name, "", *mem)
					return err
				})
				w.atMost("refresh, API calls", calls, tt.refreshCalls)
				w.settled(spec, *mem)

				seconds, calls = w.measure(func() error { return w.engine.Destroy(w.Context(), spec.Name, mem) })
				w.atMost("destroy, virtual seconds", seconds, tt.destroySeconds)
				w.Logf("destroy, API calls: %v", calls)
				w.empty()
			})
		})
	}
}

func (w *world) measure(act func() error) (seconds, calls float64) {
	w.Helper()
	started, before := time.Now(), w.cut.calls
	if err := act(); err != nil {
		w.Fatal(err)
	}
	return time.Since(started).Seconds(), float64(w.cut.calls - before)
}

func (w *world) atMost(what string, got, most float64) {
	w.Helper()
	w.Logf("%s: %.1f (at most %.0f)", what, got, most)
	if got > most {
		w.Errorf("%s: %.1f, want at most %.0f", what, got, most)
	}
}
