package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

func TestTheCookieIsRotatedOnRunningNodes(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Cookie = "ANOTHER"
		w.fleet.strangers = []string{"remsh@10.9.9.9"}
		h.fails("remsh@10.9.9.9", "nothing was changed")
		h.wantHeard()
		w.fleet.strangers = nil
		h.told = func(host, command string) {
			if apart := w.fleet.apart(anyNode); len(apart) > 0 {
				w.Errorf("before %s is told to %q these do not connect: %q", host, command, apart)
			}
		}
		h.changes()
		found, _, err := w.engine.Find(w.Context(), h.spec.Name)
		if err != nil {
			w.Fatal(err)
		}
		shown := cluster.OutputsOf(cluster.SpecOf(h.spec.Name, found), cluster.Memory{}, found)
		if want := cookie.Fingerprint("ANOTHER"); shown.CookieFingerprint != want {
			w.Errorf("the nodes' marks tell of the cookie %q, want %q", shown.CookieFingerprint, want)
		}
	})
}

// Nodes still see one whose host was removed a moment ago, until its ticks are missed.
func TestTheCookieIsRotatedOnceARemovedNodeIsSeenNoMore(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		w.fleet.strangers = []string{"chat@10.9.9.9"}
		time.AfterFunc(75*time.Second, func() {
			w.fleet.mu.Lock()
			defer w.fleet.mu.Unlock()
			w.fleet.strangers = nil
		})
		h.spec.Cookie = "ANOTHER"
		h.changes()
	})
}

// A node whose host restarts is back soon.
func TestTheCookieIsRotatedOnceARestartedHostIsBack(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		back := time.Now().Add(40 * time.Second)
		h.refuse = func(host string, _ time.Duration) error {
			if host == "chat-us-2" && time.Now().Before(back) {
				return management.ErrRefused
			}
			return nil
		}
		h.spec.Cookie = "ANOTHER"
		h.changes()
	})
}

func anyNode(int) bool { return true }

func TestARotationThatWasCutOffGoesOn(t *testing.T) {
	for cutAt := 1; cutAt <= 6; cutAt++ {
		t.Run(fmt.Sprint(cutAt), func(t *testing.T) {
			inRunningCluster(t, 3, func(w *world, h *hosts) {
				h.spec.Cookie = "ANOTHER"
				h.cutAfter = cutAt
				h.fails("the cookie is not changed on every node")
				if apart := w.fleet.apart(anyNode); len(apart) > 0 {
					w.Errorf("these do not connect: %q", apart)
				}
				if left := h.leftWithoutTheCookie(); !slices.Contains(left, "the nodes have another cookie") {
					w.Errorf("who does not know the cookie finds %q left to do", left)
				}
				h.cutAfter = 0
				h.changes()
				if left := h.leftWithoutTheCookie(); len(left) > 0 {
					w.Errorf("who does not know the cookie finds %q left to do", left)
				}
			})
		})
	}
}

// Whoever takes another cookie back that did not reach all nodes has the nodes use
// the former one again, as those do that come later.
func TestARotationThatWasCutOffCanBeTakenBack(t *testing.T) {
	for cutAt := 1; cutAt <= 6; cutAt++ {
		t.Run(fmt.Sprint(cutAt), func(t *testing.T) {
			inRunningCluster(t, 3, func(w *world, h *hosts) {
				former := h.spec.Cookie
				h.spec.Cookie = "ANOTHER"
				h.cutAfter = cutAt
				h.fails()
				h.cutAfter = 0
				h.spec.Cookie = former
				h.changes()
				h.spec.Pools[0].Count++
				h.changes()
			})
		})
	}
}

// leftWithoutTheCookie is what a refresh finds that is not told the cookie, which
// only applies are.
func (h *hosts) leftWithoutTheCookie() []string {
	h.w.Helper()
	spec, mem := h.spec, h.mem.Clone()
	spec.Cookie, mem.Secrets.Cookie = "", ""
	left, _, err := h.w.engine.Diff(h.w.Context(), spec, mem)
	if err != nil {
		h.w.Fatal(err)
	}
	return left.Drift()
}

// A cluster whose releases crash can be given another cookie with another release.
func TestTheCookieOfNodesThatDoNotRunIsChanged(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		w.fleet.crashes[h.spec.Release.SHA256] = true
		h.spec.Cookie = "ANOTHER"
		h.deployURL("second")
		h.changes()
	})
}
