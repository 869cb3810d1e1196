//go:build linux

package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

const (
	// healTime is how long the mesh may take once every node is up again.
	healTime = 45 * time.Second
	// patience is how long a host may take to boot.
	patience = 2 * time.Minute
	// cutTime is longer than a node takes to give another up: four ticks of
	// 15 seconds (net_ticktime, kernel's application reference).
	cutTime = 90 * time.Second
)

// healed waits for the full mesh, and for the load balancer to have every node.
func (w *world) healed(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() {
			told := w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), "grep '^  server' /etc/haproxy/beam/nodes.cfg")
			t.Logf("whom nodes see: %v; the load balancer has %v of\n%s", w.mesh(t), w.serversUp(t), told)
		}
	}()
	took := within(t, healTime, "full mesh", func() bool { return w.meshed(t) })
	within(t, healTime, "the load balancer has every node", func() bool { return len(w.serversUp(t)) == len(w.state.Nodes) })
	t.Logf("full mesh after %.1f s", took.Seconds())
}

// serversUp lists the nodes that HAProxy sends requests to.
func (w *world) serversUp(t *testing.T) []string {
	t.Helper()
	script := `python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.connect("/run/haproxy/admin.sock"); s.sendall(b"show stat\n"); print(s.makefile().read())'`
	var up []string
	for line := range strings.Lines(w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), script)) {
		if fields := strings.Split(line, ","); len(fields) > 17 && fields[0] == "nodes" && strings.HasPrefix(fields[17], "UP") && fields[1] != "BACKEND" {
			up = append(up, fields[1])
		}
	}
	slices.Sort(up)
	return up
}

// started is when a node's service was started last; empty while it is not.
func (w *world) started(t *testing.T, name string) string {
	t.Helper()
	output, err := w.Hosts.Exec(t.Context(), w.state.Nodes[name].DropletID, "sh", "-c",
		"systemctl is-active -q beam && test -e /run/beam/nodes && cat /proc/uptime /proc/$(systemctl show -p MainPID --value beam)/stat | awk 'NR==2 {print $22}'")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(output)
}

// waitStarted waits until a node that was started at another time runs again.
func (w *world) waitStarted(t *testing.T, name, before string) {
	t.Helper()
	within(t, patience, name+" runs again", func() bool {
		now := w.started(t, name)
		return now != "" && now != before
	})
}

func aRebootedNodeMeshesAgain(t *testing.T, w *world, name string) {
	before := w.started(t, name)
	must(t, w.Hosts.Reboot(w.state.Nodes[name].DropletID))
	w.waitStarted(t, name, before)
	w.healed(t)
}

func aKilledNodeMeshesAgain(t *testing.T, w *world, name string) {
	before := w.started(t, name)
	w.on(t, name, "systemctl kill --signal KILL --kill-whom=main beam")
	w.waitStarted(t, name, before)
	w.healed(t)
}

func twoPowerCycledNodesMeshAgain(t *testing.T, w *world, names ...string) {
	before := map[string]string{}
	for _, name := range names {
		before[name] = w.started(t, name)
		must(t, w.Hosts.Power(w.state.Nodes[name].DropletID, false))
	}
	for _, name := range names {
		must(t, w.Hosts.Power(w.state.Nodes[name].DropletID, true))
	}
	for _, name := range names {
		w.waitStarted(t, name, before[name])
	}
	w.healed(t)
}

// aNodeThatForgotIsRemembered deletes what the node knows of others.
func aNodeThatForgotIsRemembered(t *testing.T, w *world, name string) {
	before := w.started(t, name)
	w.on(t, name, "systemctl stop beam; rm -f /etc/beam/peers /var/lib/beam-node/learned")
	must(t, w.Hosts.Reboot(w.state.Nodes[name].DropletID))
	w.waitStarted(t, name, before)
	w.healed(t)
}

// aCutNodeComesBack cuts one node's network and meanwhile switches another one
// off, both for longer than any timeout.
func aCutNodeComesBack(t *testing.T, w *world, cut, off string) {
	id := w.state.Nodes[cut].DropletID
	must(t, w.Hosts.Cut(id, true))
	defer func() { must(t, w.Hosts.Cut(id, false)) }()
	must(t, w.Hosts.Power(w.state.Nodes[off].DropletID, false))
	start := time.Now()
	within(t, healTime, "the load balancer ejects both", func() bool { return len(w.serversUp(t)) == len(w.state.Nodes)-2 })
	within(t, cutTime, "the nodes give each other up", func() bool { return w.on(t, cut, "cat /run/beam/nodes") == "" })
	within(t, cutTime, "90 seconds pass", func() bool { return time.Since(start) > cutTime })
	must(t, w.Hosts.Cut(id, false))
	took := within(t, healTime, "the mesh of all nodes that are up, which the load balancer has", func() bool {
		return w.meshed(t, off) && len(w.serversUp(t)) == len(w.state.Nodes)-1
	})
	t.Logf("mesh of all nodes that are up after %.1f s", took.Seconds())
}

func aNodeThatWasOffComesBack(t *testing.T, w *world, name string) {
	must(t, w.Hosts.Power(w.state.Nodes[name].DropletID, true))
	w.waitStarted(t, name, "")
	w.healed(t)
}
