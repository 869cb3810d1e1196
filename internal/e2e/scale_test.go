//go:build linux

package e2e_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// visitor sends requests one after the other and counts those that are lost.
type visitor struct {
	stop context.CancelFunc
	done sync.WaitGroup
	sent int
	lost []error
}

func (w *world) visit(t *testing.T) *visitor {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	v, url := &visitor{stop: stop}, w.state.URL
	v.done.Go(func() {
		for tick := time.Tick(50 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
			v.sent++
			// The last request is answered, too.
			if _, _, err := w.tryGet(context.WithoutCancel(ctx), url); err != nil {
				v.lost = append(v.lost, err)
			}
		}
	})
	return v
}

// end stops the visitor, none of whose requests may be lost.
func (v *visitor) end(t *testing.T) {
	t.Helper()
	v.stop()
	v.done.Wait()
	t.Logf("%d requests", v.sent)
	if len(v.lost) > 0 {
		t.Errorf("%d of %d requests were lost, the first: %v", len(v.lost), v.sent, v.lost[0])
	}
}

// scales changes the number of nodes while a visitor sends requests.
func scales(t *testing.T, w *world, chat e2e.Cluster, count int) {
	balancer := w.droplet(t, "chat-lb-1").ID
	visitor := w.visit(t)
	chat["node_pools"] = map[string]any{"us": map[string]any{"count": count}}
	w.apply(t, chat)
	visitor.end(t)
	if len(w.state.Nodes) != count || !w.meshed(t) || len(w.serversUp(t)) != count {
		t.Errorf("%d nodes, which see %v; the load balancer has %v", len(w.state.Nodes), w.mesh(t), w.serversUp(t))
	}
	if now := w.droplet(t, "chat-lb-1").ID; now != balancer {
		t.Error("the load balancer was made anew")
	}
}
