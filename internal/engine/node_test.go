package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// beside is a beam_node with a channel, and what Terraform's state has of it.
type beside struct {
	*hosts
	node cluster.NodeSpec
	id   int
	kept cluster.Memory
}

// inRunningTeam runs the story of a cluster with a node beside it.
func inRunningTeam(t *testing.T, story func(w *world, b *beside)) {
	t.Helper()
	inRunningCluster(t, 2, func(w *world, h *hosts) {
		b := &beside{hosts: h, node: managedWorker(h.spec)}
		b.node.Cookie = h.spec.EffectiveCookie(*h.mem)
		b.becomes()
		b.wantHeard()
		w.pass(time.Hour)
		story(w, b)
	})
}

// managedWorker is a node beside the cluster that can be told.
func managedWorker(spec cluster.Spec) cluster.NodeSpec {
	return cluster.NodeSpec{
		Name: "worker", Cluster: spec.Name, Place: spec.Pools[0].Place, Cookie: "secret-of-chat", Peers: []string{"chat@10.0.0.2"},
		Release:      &cluster.Release{Name: "chat", URL: "https://example.com/chat.tar.gz", SHA256: strings.Repeat("ab", 32), Kind: cluster.KindMix, Port: 8080, Keep: 3},
		Distribution: spec.Distribution, Host: spec.Host, Tags: []string{"jobs"}, Management: cluster.Management{Enabled: true, Port: 22}, WaitFor: cluster.WaitFormed,
	}
}

// becomes converges the node to what is asked for now, and checks that it is
// reached on the host that there is.
func (b *beside) becomes() {
	b.w.Helper()
	before := b.id
	d, err := b.w.engine.ConvergeNode(b.w.Context(), &b.node, b.id, &b.kept)
	if err != nil {
		b.w.Fatal(err)
	}
	if b.id = d.ID; before != 0 && d.ID != before {
		b.w.Error("the host was made anew")
	}
	left, err := b.w.engine.DiffNode(b.w.Context(), b.node, b.id, b.kept)
	if err != nil || left.Changes() || len(left.Refusals) > 0 {
		b.w.Errorf("left to do: %q, refused %v (%v)", left.Drift(), left.Refusals, err)
	}
	for _, problem := range b.w.fleet.differs(b.node.Alone(), b.kept) {
		b.w.Error(problem)
	}
	if dials := b.w.fleet.machine(b.id).files["/etc/beam/peers"]; !strings.Contains(dials, "'"+b.node.Peers[0]+"'.") {
		b.w.Errorf("it dials\n%s", dials)
	}
}

// refuses converges, and checks that nothing was done and what the refusal says.
func (b *beside) refuses(says string) {
	b.w.Helper()
	_, err := b.w.engine.ConvergeNode(b.w.Context(), &b.node, b.id, &b.kept)
	if !refused(err) || !strings.Contains(err.Error(), says) {
		b.w.Errorf("it ended with %v, want a refusal that says %q", err, says)
	}
	b.wantHeard()
}

func TestANodeBesideTheClusterIsToldOfChanges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*cluster.NodeSpec)
		want   []string
	}{
		{"nothing", func(*cluster.NodeSpec) {}, nil},
		{"tags", func(n *cluster.NodeSpec) { n.Tags = []string{"mail"} }, nil},
		{"peers", func(n *cluster.NodeSpec) { n.Peers = []string{"chat@10.0.0.3"} }, []string{"worker: apply"}},
		{"packages", func(n *cluster.NodeSpec) { n.Host.Packages = []string{"htop"} }, []string{"worker: apply"}},
		{"release from another URL", func(n *cluster.NodeSpec) { n.Release.SHA256 = strings.Repeat("cd", 32) }, []string{"worker: fetch-release", "worker: apply"}},
		{"trigger", func(n *cluster.NodeSpec) { n.Release.Triggers = map[string]string{"settings": "2"} }, []string{"worker: apply"}},
		{"environment", func(n *cluster.NodeSpec) { n.Environment = map[string]string{"QUEUE": "mail"} }, []string{"worker: apply"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRunningTeam(t, func(_ *world, b *beside) {
				tt.change(&b.node)
				b.becomes()
				b.wantHeard(tt.want...)
			})
		})
	}
}

// An apply that was killed leaves the state of before it: the node is told anew.
func TestANodeBesideTheClusterIsToldAnewByAStateOfBefore(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		before, kept := b.node, b.kept.Clone()
		for _, word := range []string{"hello", "good day"} {
			b.node.Environment = map[string]string{"GREETING": word}
			b.becomes()
		}
		b.node, b.kept = before, kept
		b.becomes()
		if err := w.engine.DestroyNode(w.Context(), b.node, b.id); err != nil {
			w.Fatal(err)
		}
		for _, tag := range w.sim.Inventory().Of("tag") {
			if strings.Contains(tag.Name, "node-telling") {
				w.Errorf("the tag %s is left", tag.Name)
			}
		}
	})
}

// Another environment restarts the release, and what is told does not.
func TestANodeBesideTheClusterRestartsWhenItMust(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		b.node.Environment = map[string]string{"QUEUE": "mail"}
		p, err := w.engine.DiffNode(w.Context(), b.node, b.id, b.kept)
		if err != nil || !slices.Equal(p.Restarted(), []string{"worker"}) {
			w.Errorf("the plan restarts %v (%v)", p.Restarted(), err)
		}
		b.node.Environment, b.node.Host.Packages = nil, []string{"htop"}
		if p, err = w.engine.DiffNode(w.Context(), b.node, b.id, b.kept); err != nil || !slices.Equal(p.Told(), []string{"worker"}) || len(p.Restarted()) > 0 {
			w.Errorf("the plan tells %v and restarts %v (%v)", p.Told(), p.Restarted(), err)
		}
	})
}

// The cluster's cookie is changed first; the node beside it then takes it without a
// restart. One that the cluster does not have is refused.
func TestANodeBesideTheClusterTakesTheRotatedCookie(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		b.node.Cookie = "ANOTHER"
		b.refuses("they would refuse each other")
		b.spec.Cookie = "ANOTHER"
		w.converge(b.spec, b.mem)
		b.heard()
		b.becomes()
		b.wantHeard("worker: stage-cookie", "worker: adopt-cookie")
		if apart := w.fleet.apart(anyNode); len(apart) > 0 {
			w.Errorf("these do not connect: %q", apart)
		}
		d, err := w.engine.FindNode(w.Context(), "worker")
		if got, want := d.CookieFingerprint("chat"), cookie.Fingerprint("ANOTHER"); err != nil || got != want {
			w.Errorf("the node's mark tells of the cookie %q, want %q (%v)", got, want, err)
		}
	})
}

// A release of Terraform's machine is carried to the node, also to a new one, and
// migrates before it runs.
func TestAReleaseIsCarriedToANodeBesideTheCluster(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		release := *b.node.Release
		release.URL = ""
		release.Path, release.SHA256 = archive(t, "second")
		release.Migrate = "Chat.migrate()"
		b.node.Release = &release
		b.becomes()
		b.wantHeard("worker: store-release", "worker: migrate", "worker: apply")
		b.node.Name, b.id, b.kept = "second", 0, cluster.Memory{}
		b.becomes()
		b.wantHeard("second: store-release", "second: migrate", "second: apply")
	})
}

// What does not come up goes back to what ran before, and the next apply goes on.
func TestANodeBesideTheClusterGoesBackToWhatRan(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		release := *b.node.Release
		release.SHA256 = strings.Repeat("cd", 32)
		b.node.Release = &release
		w.fleet.crashes[release.SHA256] = true
		_, err := w.engine.ConvergeNode(w.Context(), &b.node, b.id, &b.kept)
		if err == nil || !strings.Contains(err.Error(), "worker to restart: ") || !strings.Contains(err.Error(), "runs again what it ran before") {
			w.Errorf("it ended with %v", err)
		}
		left, err := w.engine.DiffNode(w.Context(), b.node, b.id, b.kept)
		if err != nil || !slices.Equal(left.Restarted(), []string{"worker"}) {
			w.Errorf("left to do: %q (%v)", left.Drift(), err)
		}
		delete(w.fleet.crashes, release.SHA256)
		b.becomes()
	})
}

// An apply ends when the node is well, or says why it is not.
func TestANodeBesideTheClusterIsWaitedFor(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		b.silent = "worker"
		_, err := w.engine.ConvergeNode(w.Context(), &b.node, b.id, &b.kept)
		if err == nil || !strings.Contains(err.Error(), "waiting for the node to be formed: worker: cannot be asked how it is") {
			w.Errorf("it ended with %v", err)
		}
		d, err := w.engine.FindNode(w.Context(), "worker")
		if err != nil {
			w.Fatal(err)
		}
		if drift := engine.NodeDrift(b.node, d, b.kept); !slices.Equal(drift, []string{"the node was not formed when it was looked at last"}) {
			w.Errorf("drift is %q", drift)
		}
		b.silent = ""
		b.becomes()
		if drift := engine.NodeDrift(b.node, d, b.kept); len(drift) > 0 {
			w.Errorf("drift is %q", drift)
		}
	})
}

// Where the database went is told to a node that knows one.
func TestANodeBesideTheClusterIsToldWhereTheDatabaseWent(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		if err := w.deleteDroplet(w.Context(), w.observe(b.spec, *b.mem), "chat-database"); err != nil {
			w.Fatal(err)
		}
		w.occupy(b.mem.VPCs["nyc3"])
		w.converge(b.spec, b.mem)
		b.heard()
		b.becomes()
		b.wantHeard("worker: set-database")
		if b.kept.DatabaseAddress != b.mem.DatabaseAddress {
			w.Errorf("the node knows the database at %s, and it is at %s", b.kept.DatabaseAddress, b.mem.DatabaseAddress)
		}
	})
}

// A node whose name begins with its own release's is no stranger to a rotation.
func TestTheCookieIsRotatedBesideANodeOfAnotherName(t *testing.T) {
	inRunningTeam(t, func(w *world, b *beside) {
		d, err := w.engine.FindNode(w.Context(), "worker")
		if err != nil {
			w.Fatal(err)
		}
		if err := w.engine.DestroyNode(w.Context(), b.node, d.ID); err != nil {
			w.Fatal(err)
		}
		b.node.Distribution.Basename, b.id, b.kept = "jobs", 0, cluster.Memory{}
		b.becomes()
		b.spec.Cookie = "ANOTHER"
		w.converge(b.spec, b.mem)
	})
}
