package engine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// archive is the file of a release, and its SHA-256.
func archive(t *testing.T, content string) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "chat.tar.gz")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	of := sha256.Sum256([]byte(content))
	return path, hex.EncodeToString(of[:])
}

// deploy asks for another release.
func (h *hosts) deploy(change func(*cluster.Release)) {
	release := *h.spec.Release
	release.URL, release.Path = "", ""
	change(&release)
	h.spec.Release = &release
}

// deployURL asks for a release that nodes fetch by themselves.
func (h *hosts) deployURL(name string) string {
	of := sha256.Sum256([]byte(name))
	h.deploy(func(r *cluster.Release) {
		r.URL, r.SHA256, r.Migrate = "https://example.com/"+name, hex.EncodeToString(of[:]), "Chat.migrate()"
	})
	return h.spec.Release.SHA256
}

// All nodes have the release, and the database what it needs, before the first
// restarts.
func TestAReleaseOfAURLIsFetchedByAllAndMigratedOnce(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		release := h.deployURL("second")
		h.alwaysLeadsTo(2)
		h.changes()
		got := h.heard()
		first := slices.Index(got, "chat-us-1: apply")
		for _, before := range []string{"chat-us-1: fetch-release", "chat-us-2: fetch-release", "chat-us-3: fetch-release", "chat-us-1: migrate"} {
			if i := slices.Index(got, before); i < 0 || i > first {
				w.Errorf("%q comes too late, or never: %q", before, got)
			}
		}
		if !slices.Equal(w.fleet.migrations, []string{release}) {
			w.Errorf("migrated %q, want %q once", w.fleet.migrations, release)
		}
	})
}

// Each byte leaves Terraform's machine once, and nodes that come later get the
// release from others, where the file is gone.
func TestAReleaseOfAFileIsCarriedOnce(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		var path string
		h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(t, "second"); path = r.Path })
		h.alwaysLeadsTo(2)
		h.changes()
		if err := os.Remove(path); err != nil {
			w.Fatal(err)
		}
		h.spec.Pools[0].Count = 5
		h.changes()
		h.spec.Pools[0].Size = "s-2vcpu-2gb"
		h.changes()
		if w.fleet.carried != len("second") || len(w.fleet.fetched) > 0 {
			w.Errorf("%d bytes were carried, and %q fetched a release", w.fleet.carried, w.fleet.fetched)
		}
	})
}

func TestAReleaseThatCrashesStopsAtTheFirstNode(t *testing.T) {
	for _, onFailure := range []string{cluster.OnFailureRollback, cluster.OnFailureStop} {
		t.Run(onFailure, func(t *testing.T) {
			inRunningCluster(t, 3, func(w *world, h *hosts) {
				good := h.spec.Release.SHA256
				h.spec.Update.OnFailure = onFailure
				bad := h.deployURL("bad")
				w.fleet.crashes[bad] = true
				h.fails("chat-us-1", "the release does not come up: exit code 1")
				runs := map[string]string{cluster.OnFailureRollback: good, cluster.OnFailureStop: bad}
				want := []string{runs[onFailure], good, good}
				if got := w.fleet.releases(); !slices.Equal(got, want) {
					w.Errorf("the nodes run %q, want %q", got, want)
				}
				// One that runs what it ran before is led to again.
				serving := map[string]int{cluster.OnFailureRollback: 3, cluster.OnFailureStop: 2}
				if up, down := w.fleet.led(); up != serving[onFailure] || down != 0 {
					w.Errorf("clients are led to %d nodes that serve and %d that do not", up, down)
				}
				h.deployURL("third")
				h.alwaysLeadsTo(2)
				h.changes()
			})
		})
	}
}

// The new nodes of a second set get the release over the channel, and are not made
// anew for that.
func TestAReleaseOfAFileGoesToASecondSetOfNodes(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.spec.Update.Strategy = cluster.UpdateBlueGreen
		h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(t, "second") })
		most := h.mostNodes()
		h.alwaysLeadsTo(3)
		h.changes()
		if most() != 6 {
			w.Errorf("there were %d nodes at once, want 6", most())
		}
	})
}

// Hosts that do at once what they are told are not waited for: each turn asks as
// soon as something was told.
func TestARollOutDoesNotPauseBetweenItsTurns(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(t, "second") })
		began := time.Now()
		h.changes()
		if took := time.Since(began); took > 2*digitalocean.PollInterval {
			w.Errorf("it took %s", took)
		}
	})
}

// Who is told of other nodes is asked what came of it, and nobody else.
func TestALoadBalancerAloneIsAskedWhenItWasTold(t *testing.T) {
	inRunningCluster(t, 3, func(w *world, h *hosts) {
		h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(t, "second") })
		asked := map[string]int{}
		h.report = func(_ *health.Report, host string) { asked[host]++ }
		h.changes()
		const turns = 3 // after each, the nodes are asked that had theirs
		if node, balancer := asked["chat-us-1"], asked["chat-lb-1"]; node != turns || balancer != 1+turns+turns+1 {
			w.Errorf("the load balancer was asked %d times, and a node %d times", balancer, node)
		}
	})
}
