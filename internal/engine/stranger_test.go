package engine_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// stranger restarts all droplets from the control panel, just when a write of an
// apply is about to be made, once for each.
type stranger struct {
	*world
	next http.RoundTripper
	met  sync.Map // calls
}

// RoundTrip implements http.RoundTripper.
func (s *stranger) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, met := s.met.LoadOrStore(r.Method+" "+r.URL.Path, true); r.Method != http.MethodGet && !met {
		s.restartAll()
	}
	return s.next.RoundTrip(r)
}

func (s *stranger) restartAll() {
	droplets, _, err := s.godo.Droplets.List(s.Context(), &godo.ListOptions{PerPage: 200})
	if err != nil {
		s.Error(err)
	}
	for _, d := range droplets {
		if d.Status == cluster.StatusActive {
			_, _, _ = s.godo.DropletActions.PowerCycle(s.Context(), d.ID) // one that is busy refuses
		}
	}
}

// A droplet takes one action at a time.
func TestActionsOfOthersAreWaitedFor(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		w.engine = newEngine(t, &stranger{world: w, next: w.cut})
		spec, mem := chat(2), &cluster.Memory{}
		w.converge(spec, mem)
		spec.Pools[0].Count, spec.LoadBalancer = 3, withPath(*spec.LoadBalancer, "/alive")
		w.converge(spec, mem)
		spec.Pools[0].Count, spec.Tags = 1, []string{"prod"}
		w.converge(spec, mem)
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			t.Errorf("destroy: %v", err)
		}
		if left := w.sim.Inventory().Of("droplet"); len(left) > 0 {
			t.Errorf("there are left %v", left)
		}
	})
}
