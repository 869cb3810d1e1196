//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// team is a cluster with a node beside it.
type team struct {
	*world
	chat   e2e.Cluster
	worker e2e.Node
}

// aNodeBeside joins a cluster of two nodes, changes, and leaves.
func aNodeBeside(t *testing.T, s *suite) {
	w := s.open(t, "e2e-worker", debian12)
	chat := small(s, 2)
	chat["cookie"] = drawCookie(t)
	tm := &team{world: w, chat: chat, worker: e2e.Node{
		"name": "chat-worker", "cluster": "${beam_cluster.chat.name}", "cookie": chat["cookie"], "peers": "${beam_cluster.chat.node_names}",
		"region": "nyc3", "image": debian12, "release": s.releases["mix"].Block(),
	}}
	if !s.check(t, "the cluster forms", func(t *testing.T) { w.apply(t, chat) }) {
		return
	}
	for _, step := range []struct {
		name string
		run  func(*testing.T, *team)
	}{
		{"a node joins from beside the cluster", func(t *testing.T, tm *team) { tm.changes(t) }},
		{"it is made anew for another environment", takesAnEnvironment},
		{"another one takes its place before it goes, with another release and the channel", isFollowed},
		{"it restarts where it is for another environment", restarts},
		{"it takes the rotated cookie and does not restart", takesTheCookie},
		{"it leaves", leaves},
	} {
		s.check(t, step.name, func(t *testing.T) { step.run(t, tm) })
	}
}

// changes applies both, and waits until all see each other.
func (tm *team) changes(t *testing.T) {
	t.Helper()
	must(t, tm.Write(tm.chat, tm.worker))
	err := tm.Terraform.Apply(t.Context())
	if err != nil {
		t.Fatalf("apply: %v\n%s", err, tm.look(t))
	}
	tm.state, err = tm.State(t.Context())
	must(t, err)
	within(t, patience, "all see each other", func() bool { return tm.meshed(t) && tm.joined(t) })
}

// name is that of the worker's host.
func (tm *team) name() string { return fmt.Sprint(tm.worker["name"]) }

// joined tells whether the worker and the cluster's nodes see each other. While
// the worker boots it sees nobody.
func (tm *team) joined(t *testing.T) bool {
	t.Helper()
	worker := tm.droplet(t, tm.name())
	output, err := tm.Hosts.Exec(t.Context(), worker.ID, "cat", "/run/beam/nodes")
	if err != nil {
		return false
	}
	seen := strings.Fields(output)
	for name, node := range tm.state.Nodes {
		sees := strings.Fields(tm.on(t, name, "cat /run/beam/nodes"))
		ofWorker := func(node string) bool { return strings.HasSuffix(node, "@"+worker.PrivateIPv4) }
		if !slices.Contains(seen, node.NodeName) || !slices.ContainsFunc(sees, ofWorker) {
			return false
		}
	}
	return true
}

func takesAnEnvironment(t *testing.T, tm *team) {
	tm.greets(t, "hello")
}

// greets lets the worker know a word, which it then has to know.
func (tm *team) greets(t *testing.T, word string) {
	t.Helper()
	tm.worker["environment"] = map[string]any{"GREETING": word}
	tm.changes(t)
	if got := tm.on(t, tm.name(), asks("/setting/GREETING")); got != word {
		t.Errorf("it greets with %q", got)
	}
}

func restarts(t *testing.T, tm *team) {
	before := tm.droplet(t, tm.name()).ID
	tm.greets(t, "good day")
	if now := tm.droplet(t, tm.name()).ID; now != before {
		t.Errorf("droplet %d took the place of %d", now, before)
	}
}

// isFollowed by a host of another name, as the names in a cluster are unique.
func isFollowed(t *testing.T, tm *team) {
	before := tm.droplet(t, tm.name()).ID
	tm.worker["name"], tm.worker["lifecycle"] = "chat-worker-b", map[string]any{"create_before_destroy": true}
	tm.worker["release"] = tm.suite.build(t, e2e.Build{Kind: "mix", Version: "0.2.0"}).Block()
	tm.worker["management"] = map[string]any{"enabled": true}
	tm.changes(t)
	if got := tm.on(t, tm.name(), asks("/version")); got != "0.2.0" {
		t.Errorf("it runs %q", got)
	}
	if tm.Hosts.Running(before) {
		t.Error("the one before is still there")
	}
}

func takesTheCookie(t *testing.T, tm *team) {
	before, worker, losses := tm.chat["cookie"], tm.droplet(t, tm.name()).ID, tm.lossesOf(t)
	tm.chat["cookie"] = drawCookie(t)
	tm.worker["cookie"] = tm.chat["cookie"]
	defer func() {
		if t.Skipped() {
			tm.chat["cookie"], tm.worker["cookie"] = before, before
		}
	}()
	tm.changes(t)
	if diff := cmp.Diff(losses, tm.lossesOf(t)); diff != "" {
		t.Errorf("whom nodes lost sight of, before the rotation (-) and after (+):\n%s", diff)
	}
	if now := tm.droplet(t, tm.name()).ID; now != worker {
		t.Errorf("droplet %d took the place of %d", now, worker)
	}
}

func leaves(t *testing.T, tm *team) {
	tm.apply(t, tm.chat)
	for _, droplet := range tm.droplets(t) {
		if droplet.Name == tm.name() {
			t.Error("its host is still there")
		}
	}
	if !tm.meshed(t) {
		t.Errorf("whom nodes see: %v", tm.mesh(t))
	}
}
