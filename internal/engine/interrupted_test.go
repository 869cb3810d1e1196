package engine_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// interrupting is the way to hosts of an apply that is cancelled while a host
// carries out a command of the word: the host goes on, and nobody hears how it ends.
type interrupting struct {
	*hosts
	word   string
	cancel context.CancelFunc
}

// Run implements engine.Channel.
func (i interrupting) Run(ctx context.Context, address string, port int, command string, stdin io.Reader) ([]byte, error) {
	word, _, _ := strings.Cut(command, " ")
	answer, err := i.hosts.Run(context.WithoutCancel(ctx), address, port, command, stdin)
	if word != i.word {
		return answer, err
	}
	i.cancel()
	return nil, context.Cause(ctx)
}

// What a host was told when the apply was interrupted nobody knows: it is told anew,
// also where the user takes the change back.
func TestAChangeThatWasInterruptedCanBeTakenBack(t *testing.T) {
	for name, tt := range map[string]struct {
		word   string // of the command that is interrupted
		change func(*cluster.Spec)
	}{
		"environment":  {"apply", func(s *cluster.Spec) { s.Environment = map[string]string{"GREETING": "hello"} }},
		"packages":     {"apply", func(s *cluster.Spec) { s.Host.Packages = []string{"htop"} }},
		"health check": {"apply", func(s *cluster.Spec) { s.LoadBalancer = withPath(*s.LoadBalancer, "/alive") }},
		"release":      {"apply", func(s *cluster.Spec) { s.Release = anotherRelease(*s.Release) }},
		"cookie":       {"switch-cookie", func(s *cluster.Spec) { s.Cookie = "ANOTHER" }},
		"more nodes":   {"set-nodes", func(s *cluster.Spec) { s.Pools = poolsOf(s, 3) }},
		"fewer nodes":  {"set-nodes", func(s *cluster.Spec) { s.Pools = poolsOf(s, 1) }},
		"a node stops": {"stop", func(s *cluster.Spec) { s.Pools = poolsOf(s, 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			inRunningCluster(t, 2, func(w *world, h *hosts) {
				h.spec.Cookie = h.spec.EffectiveCookie(*h.mem)
				before, undisturbed := h.spec, w.engine
				tt.change(&h.spec)
				ctx, cancel := context.WithCancel(w.Context())
				defer cancel()
				w.engine = w.engine.Reaching(func(cluster.ManagementKeys) engine.Channel { return interrupting{h, tt.word, cancel} })
				if _, err := w.engine.Converge(ctx, h.spec, h.mem); err == nil {
					w.Fatal("the apply was not interrupted")
				}
				w.engine, h.spec = undisturbed, before
				w.pass(time.Minute)
				h.changes()
			})
		})
	}
}

func anotherRelease(r cluster.Release) *cluster.Release {
	r.SHA256 = strings.Repeat("cd", 32)
	return &r
}

func poolsOf(s *cluster.Spec, count int) []cluster.Pool {
	pools := slices.Clone(s.Pools)
	pools[0].Count = count
	return pools
}
