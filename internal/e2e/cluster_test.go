//go:build linux

package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
)

// aCluster looks at one cluster from all sides, then does to it what happens to
// clusters.
func aCluster(t *testing.T, s *suite) {
	w := s.open(t, "e2e", debian12)
	before, err := w.Inventory(t.Context())
	must(t, err)
	chat := e2e.Chat(debian12, s.releases["mix"])
	formed := s.check(t, "apply returns when the cluster has formed", func(t *testing.T) {
		peak := s.peakMemory(t, func() {
			s.figure("%s, mix, from active to formed: %.1f s", debian12, w.apply(t, chat).Seconds())
		})
		s.figure("memory of the provider during the apply: %d MiB", peak>>10)
		if peak == 0 || peak > providerMemory {
			t.Errorf("the provider had %d KiB resident, want at most %d", peak, providerMemory)
		}
	})
	if !formed {
		return
	}
	socket, err := w.site(w.state.LoadBalancerIPv4, nil).openSocket(t.Context())
	must(t, err)
	defer socket.Close()
	must(t, echo(socket, "before"))
	opened := time.Now()
	s.checkWorld(t, w, []check{
		{"every node sees every node", meshes},
		{"all nodes have one cookie", theCookieIsOne},
		{"requests without a cookie go to every node", spreads},
		{"100 of 100 requests with a cookie go to one node", sticks},
		{"nodes are told who asks (X-Forwarded-*)", forwards},
		{"the stats page is for the operator only", statsAreForTheOperator},
		{"a stranger reaches the web only", strangersReachTheWebOnly},
		{"a droplet outside the cluster reaches the web only", neighboursReachTheWebOnly},
		{"the operator reaches SSH and the stats page, too, and nothing else", theOperatorReachesSSHAndStatsToo},
		{"the app logs in to Postgres with TLS, not without", theAppLogsInWithTLSOnly},
		{"the load balancer does not reach Postgres", theBalancerReachesNoDatabase},
		{"the migration role owns the tables", theMigrationRoleOwnsTheTables},
		{"nodes write rows and read them back", everyNodeKeepsRows},
		{"another user on a node reads no secret", othersReadNoSecret},
		{"no process list shows a secret", processesShowNoSecret},
		{"SSH refuses passwords and root", sshRefusesPasswordsAndRoot},
		{"the management key runs beamctl only", theManagementKeyRunsBeamctlOnly},
	})
	s.check(t, "a WebSocket lives through two minutes of silence", func(t *testing.T) {
		within(t, silence, "two minutes pass", func() bool { return time.Since(opened) > silence })
		must(t, echo(socket, "after"))
	})
	s.heals(t, w)
	s.check(t, "a host that cannot be reached is named within a minute", func(t *testing.T) { w.aHostIsAway(t, chat) })
	s.check(t, "rows outlive the database's droplet, and nodes stay", func(t *testing.T) { theDatabaseComesBack(t, w, chat) })
	s.check(t, "destroy leaves nothing", func(t *testing.T) {
		w.destroy(t)
		after, err := w.Inventory(t.Context())
		must(t, err)
		_, after = playground.Kept(after)
		// The user's own tags are the user's to delete.
		after = slices.DeleteFunc(after, func(line string) bool { return line == "tags "+awayTag })
		if !slices.Equal(after, before) {
			t.Errorf("the account has %v, and had %v", after, before)
		}
	})
}

// heals breaks nodes in all ways, one after the other.
func (s *suite) heals(t *testing.T, w *world) {
	t.Helper()
	for name := range w.state.Nodes {
		s.check(t, name+" is rebooted and meshes again", func(t *testing.T) { aRebootedNodeMeshesAgain(t, w, name) })
	}
	for name := range w.state.Nodes {
		s.check(t, name+" is killed and meshes again", func(t *testing.T) { aKilledNodeMeshesAgain(t, w, name) })
	}
	s.checkWorld(t, w, []check{
		{"two nodes are power-cycled at once and mesh again", func(t *testing.T, w *world) { twoPowerCycledNodesMeshAgain(t, w, "chat-us-1", "chat-us-2") }},
		{"a node without peers and memory is rebooted and meshes again", func(t *testing.T, w *world) { aNodeThatForgotIsRemembered(t, w, "chat-us-3") }},
		{"a node cut off for 90 s is ejected, meshes again and is readmitted", func(t *testing.T, w *world) { aCutNodeComesBack(t, w, "chat-us-2", "chat-us-3") }},
		{"a node that was off for longer than any timeout meshes again", func(t *testing.T, w *world) { aNodeThatWasOffComesBack(t, w, "chat-us-3") }},
	})
}

func meshes(t *testing.T, w *world) {
	if !w.meshed(t) {
		t.Errorf("whom nodes see: %v", w.mesh(t))
	}
}
