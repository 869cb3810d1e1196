//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// payload makes a release of 60 MB.
const payload = 60_000_000

// deployTime is what a new release may take on three nodes that nobody has to
// be led away from, until all are healthy.
const deployTime = 20 * time.Second

// releasesOfAllKinds deploys what is not a small file on a web server.
func releasesOfAllKinds(t *testing.T, s *suite) {
	w := s.open(t, "e2e-releases", debian12)
	s.check(t, "a release that no one tuned for", func(t *testing.T) { anUntunedRelease(t, w) })
	w.destroy(t)
	chat := balanced(s, 3)
	chat["update"] = map[string]any{"drain_seconds": 0}
	for _, version := range []string{"0.1.0", "0.2.0"} {
		s.check(t, "version "+version+" of 60 MB leaves this machine once", func(t *testing.T) { aLargeRelease(t, w, chat, version) })
	}
	s.check(t, "a new release is healthy everywhere soon", func(t *testing.T) {
		took := deploys(t, w, chat, s.build(t, e2e.Build{Kind: "mix", Version: "0.3.0"}), "0.3.0")
		s.figure("a new release on three nodes, from apply to all healthy: %.1f s", took.Seconds())
		if took > deployTime {
			t.Errorf("it took %s, want at most %s", took, deployTime)
		}
	})
}

// balanced is a small cluster with a load balancer.
func balanced(s *suite, nodes int) e2e.Cluster {
	c := small(s, nodes)
	c["load_balancer"] = map[string]any{}
	return c
}

// anUntunedRelease has a name that is not the cluster's, sets a name and a
// cookie of its own wherever it can, and writes below its own folder.
func anUntunedRelease(t *testing.T, w *world) {
	c := balanced(w.suite, 2)
	c["release"] = w.suite.build(t, e2e.Build{Kind: "untuned"}).Block()
	w.apply(t, c)
	w.healed(t)
	theCookieIsOne(t, w)
	for name, node := range w.state.Nodes {
		self, others, _ := strings.Cut(w.on(t, name, asks("/")), "\n")
		if self != node.NodeName || len(strings.Fields(others)) != 1 {
			t.Errorf("%s is %s and sees %q", node.NodeName, self, others)
		}
	}
	spreads(t, w)
}

// aLargeRelease comes from a file of this machine.
func aLargeRelease(t *testing.T, w *world, chat e2e.Cluster, version string) {
	built := w.suite.build(t, e2e.Build{Kind: "mix", Version: version, Payload: payload})
	info, err := os.Stat(w.suite.path(built))
	must(t, err)
	sent := w.sent(t)
	took := deploys(t, w, chat, built, version)
	sent = w.sent(t) - sent
	w.suite.figure("a release of %d bytes by path to three nodes (%s): %d bytes left Terraform's machine, %.1f s", info.Size(), version, sent, took.Seconds())
	if float64(sent) > 1.2*float64(info.Size()) {
		t.Errorf("%d bytes left Terraform's machine for a release of %d", sent, info.Size())
	}
}

// deploys a release by its path, and returns how long it took until all nodes
// that run it are healthy.
func deploys(t *testing.T, w *world, chat e2e.Cluster, built e2e.Release, version string) time.Duration {
	t.Helper()
	chat["release"] = map[string]any{"name": built.Name, "kind": built.Kind, "path": w.suite.path(built)}
	start := time.Now()
	w.apply(t, chat)
	w.healed(t)
	took := time.Since(start)
	w.onNodes(t, asks("/version"), version)
	return took
}

// path is where a release lies on this machine.
func (s *suite) path(r e2e.Release) string { return filepath.Join(s.folder, r.File) }

// sent is how many bytes Terraform's machine has sent to hosts (proc_net(5)).
func (w *world) sent(t *testing.T) int64 {
	t.Helper()
	table, err := w.Hosts.Client().Exec(t.Context(), "cat", "/proc/net/dev")
	must(t, err)
	const transmitted = 8 // columns of what was received come first
	for line := range strings.Lines(table) {
		if counts, found := strings.CutPrefix(strings.TrimSpace(line), "eth0:"); found {
			var bytes int64
			_, err := fmt.Sscan(strings.Fields(counts)[transmitted], &bytes)
			must(t, err)
			return bytes
		}
	}
	t.Fatalf("the client has no eth0: %s", table)
	return 0
}
