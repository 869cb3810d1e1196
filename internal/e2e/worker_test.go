//go:build linux

package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// workerName is the host of the node beside the cluster.
const workerName = "chat-worker"

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
		"name": workerName, "cluster": "${beam_cluster.chat.name}", "cookie": chat["cookie"], "peers": "${beam_cluster.chat.node_names}",
		"region": "nyc3", "image": debian12, "release": s.releases["mix"].Block(), "lifecycle": map[string]any{"create_before_destroy": true},
	}}
	if !s.check(t, "the cluster forms", func(t *testing.T) { w.apply(t, chat) }) {
		return
	}
	for _, step := range []struct {
		name string
		run  func(*testing.T, *team)
	}{
		{"a node joins from beside the cluster", func(t *testing.T, tm *team) { tm.changes(t) }},
		{"it takes another environment", takesAnEnvironment},
		{"it takes another release", takesARelease},
		{"it takes the rotated cookie", takesTheCookie},
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
	skipRefused(t, err)
	if err != nil {
		t.Fatalf("apply: %v\n%s", err, tm.look(t))
	}
	tm.state, err = tm.State(t.Context())
	must(t, err)
	within(t, healTime, "all see each other", func() bool { return tm.meshed(t) && len(tm.seenBy(t)) == len(tm.state.Nodes) })
}

// seenBy lists the cluster's nodes that the worker sees and that see it.
func (tm *team) seenBy(t *testing.T) []string {
	t.Helper()
	seen := strings.Fields(tm.on(t, workerName, "cat /run/beam/nodes"))
	address := tm.droplet(t, workerName).PrivateIPv4
	var mutual []string
	for name, node := range tm.state.Nodes {
		knows := strings.Fields(tm.on(t, name, "cat /run/beam/nodes"))
		if slices.Contains(seen, node.NodeName) && slices.ContainsFunc(knows, func(n string) bool { return strings.HasSuffix(n, "@"+address) }) {
			mutual = append(mutual, name)
		}
	}
	return mutual
}

func takesAnEnvironment(t *testing.T, tm *team) {
	tm.worker["environment"] = map[string]any{"GREETING": "hello"}
	tm.changes(t)
	if got := tm.on(t, workerName, asks("/setting/GREETING")); got != "hello" {
		t.Errorf("it greets with %q", got)
	}
}

func takesARelease(t *testing.T, tm *team) {
	tm.worker["release"] = tm.suite.build(t, e2e.Build{Kind: "mix", Version: "0.2.0"}).Block()
	tm.changes(t)
	if got := tm.on(t, workerName, asks("/version")); got != "0.2.0" {
		t.Errorf("it runs %q", got)
	}
}

func takesTheCookie(t *testing.T, tm *team) {
	before := tm.chat["cookie"]
	tm.chat["cookie"] = drawCookie(t)
	tm.worker["cookie"] = tm.chat["cookie"]
	defer func() { // where the change was not possible
		if t.Skipped() {
			tm.chat["cookie"], tm.worker["cookie"] = before, before
		}
	}()
	tm.changes(t)
	for name := range tm.state.Nodes {
		if lost := tm.on(t, name, asks("/losses")); lost != "" {
			t.Errorf("%s lost sight of %s", name, lost)
		}
	}
}

func leaves(t *testing.T, tm *team) {
	tm.apply(t, tm.chat)
	for _, droplet := range tm.droplets(t) {
		if droplet.Name == workerName {
			t.Error("its host is still there")
		}
	}
	if !tm.meshed(t) {
		t.Errorf("whom nodes see: %v", tm.mesh(t))
	}
}
