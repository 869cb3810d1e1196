package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

// Hosts of a new cluster cannot be asked for some time. It is told in time which
// of them never can; the time counts from when all are active.
func TestHostsThatWillNeverAnswerAreToldFromSlowOnes(t *testing.T) {
	t.Parallel()
	unreachableFor := func(boot time.Duration) func(string, time.Duration) error {
		return func(_ string, up time.Duration) error {
			if up < boot {
				return management.ErrUnreachable
			}
			return nil
		}
	}
	butOne := func(slow string, boot time.Duration) func(string, time.Duration) error {
		return func(host string, up time.Duration) error {
			if host == slow {
				return unreachableFor(boot)(host, up)
			}
			return unreachableFor(25*time.Second)(host, up)
		}
	}
	for _, tt := range []struct {
		name   string
		refuse func(host string, up time.Duration) error
		says   string // empty: the cluster forms
		within time.Duration
	}{
		{"a slow day", unreachableFor(110 * time.Second), "", 2 * time.Minute},
		{"a node is slower than other hosts", butOne("chat-us-2", time.Minute), "", 65 * time.Second},
		{"the load balancer is slower than other hosts", butOne("chat-lb-1", time.Minute), "", 80 * time.Second},
		{"a node never answers", butOne("chat-us-2", time.Hour), "chat-us-2: cannot be asked how it is", 80 * time.Second},
		{"the load balancer never answers", butOne("chat-lb-1", time.Hour), "chat-lb-1: cannot be asked how it is", 100 * time.Second},
		{"no host ever answers", unreachableFor(time.Hour), "cannot be asked how it is", 2*time.Minute + 2*dialTime},
		{"a server that lets nobody in until it has booted", func(_ string, up time.Duration) error {
			switch {
			case up < 70*time.Second:
				return management.ErrRefused
			case up < 100*time.Second:
				return management.ErrKeyRefused
			}
			return nil
		}, "", 2 * time.Minute},
		{"a server that never takes the key", func(host string, up time.Duration) error {
			switch {
			case up < 70*time.Second:
				return management.ErrRefused
			case host == "chat-lb-1":
				return management.ErrKeyRefused
			}
			return nil
		}, "chat-lb-1: cannot be asked how it is", 2 * time.Minute},
		{"another machine", func(host string, _ time.Duration) error {
			if host == "chat-us-1" {
				return management.ErrHostKey
			}
			return nil
		}, "chat-us-1: cannot be asked how it is", 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inManagedWorld(t, 2, func(w *world, h *hosts) {
				h.refuse = tt.refuse
				_, err := w.engine.Converge(w.Context(), h.spec, h.mem)
				switch {
				case tt.says == "" && err != nil:
					w.Errorf("converge ended with %v", err)
				case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
					w.Errorf("converge ended with %v, want it to say %q", err, tt.says)
				}
				if took := time.Since(h.asked); took > tt.within {
					w.Errorf("it took %v, want at most %v", took, tt.within)
				}
			})
		})
	}
}
