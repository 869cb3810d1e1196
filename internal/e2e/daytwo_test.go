//go:build linux

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// dayTwo is a cluster that is changed again and again while it is used.
type dayTwo struct {
	*world
	chat      e2e.Cluster
	authority authority
	around    []string            // what the account holds besides hosts and tags
	oldCookie string              // before it was rotated
	losses    map[string][]string // of the nodes, then
	ann       person              // whose key the hosts are made with
	bob, eve  person              // who come later
}

// change is an edit of the configuration that is applied under traffic.
type change struct {
	name string
	edit func(*testing.T, *dayTwo)
	// cuts is how often the change may cut a WebSocket: once for each node
	// that goes.
	cuts int
	// gap is how long no visitor may be answered. Where it is zero, no request
	// may be lost.
	gap time.Duration
	// fails are the words with which the apply must fail; none if it must not.
	fails []string
	// holds looks at what came of it, and knows the nodes that were before.
	holds func(t *testing.T, d *dayTwo, before e2e.State)
}

// aClusterThatChanges goes through all changes, one after the other.
func aClusterThatChanges(t *testing.T, s *suite) {
	s.openDayTwo(t, "e2e-day-two", 3).goThroughAll(t, changes)
}

func aClusterThatIsMadeAnew(t *testing.T, s *suite) {
	s.openDayTwo(t, "e2e-made-anew", 3).goThroughAll(t, replacements)
}

func (d *dayTwo) goThroughAll(t *testing.T, all []change) {
	t.Helper()
	for _, c := range all {
		d.suite.check(t, c.name, func(t *testing.T) { d.goThrough(t, c) })
	}
}

// openDayTwo makes a cluster with HTTPS that nothing has befallen yet.
func (s *suite) openDayTwo(t *testing.T, name string, nodes int) *dayTwo {
	t.Helper()
	d := &dayTwo{world: s.open(t, name, debian12, debian13), authority: newAuthority(t), chat: e2e.Chat(debian12, s.releases["mix"])}
	d.pool()["count"] = nodes
	d.certify(t)
	d.ann = d.member(t, "ann")
	d.chat["ssh_keys"] = []string{d.ann.fingerprint}
	d.chat["update"] = map[string]any{"drain_seconds": 5}
	if !s.check(t, "the cluster forms", func(t *testing.T) { d.apply(t, d.chat) }) {
		t.FailNow()
	}
	d.around = d.aroundHosts(t)
	return d
}

// goThrough applies the change under traffic, and looks at what came of both.
func (d *dayTwo) goThrough(t *testing.T, c change) {
	t.Helper()
	was, before := clone(t, d.chat), d.state
	traffic := d.steady(t, d.site(siteName, d.authority.roots()), true)
	c.edit(t, d)
	start := time.Now()
	said := d.changes(t, c)
	took := time.Since(start)
	d.settled(t)
	traffic.end()
	d.suite.figure("%s: applied in %.1f s; %s", c.name, took.Seconds(), traffic)
	if c.gap == 0 {
		traffic.lostNothing(t, d.world, c.cuts)
	} else if traffic.keptRows(t, d.world); traffic.gap > c.gap {
		t.Errorf("no visitor was answered for %s, want at most %s", traffic.gap, c.gap)
	}
	if len(c.fails) > 0 {
		blamesOne(t, said, slices.Sorted(maps.Keys(before.Nodes)), c.fails...)
	}
	if c.holds != nil {
		c.holds(t, d, before)
	}
	if len(c.fails) > 0 {
		d.chat = was
		d.apply(t, d.chat)
	}
	d.planIsEmpty(t)
}

// changes applies the configuration and returns what Terraform said when it
// failed, as it must where the change says so.
func (d *dayTwo) changes(t *testing.T, c change) string {
	t.Helper()
	must(t, d.Write(d.chat))
	err := d.Terraform.Apply(t.Context())
	switch {
	case err != nil && len(c.fails) == 0:
		t.Fatalf("apply: %v\n%s", err, d.look(t))
	case err == nil && len(c.fails) > 0:
		t.Error("the apply does not fail")
	}
	d.state, _ = d.State(t.Context()) // of a failed apply as well
	if err == nil {
		return ""
	}
	return err.Error()
}

// settled waits until the cluster is whole, and nothing else is there.
func (d *dayTwo) settled(t *testing.T) {
	t.Helper()
	d.healed(t)
	want := append(slices.Sorted(d.nodeNames()), d.hostOf(t, cluster.RoleLoadBalancer), d.hostOf(t, cluster.RoleDatabase))
	var found []string
	for _, droplet := range d.droplets(t) {
		found = append(found, droplet.Name)
	}
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(found, want) {
		t.Errorf("the hosts are %v, want %v", found, want)
	}
	if diff := cmp.Diff(d.around, d.aroundHosts(t)); diff != "" {
		t.Errorf("the account around the hosts, at first (-) and now (+):\n%s", diff)
	}
}

// aroundHosts lists what the account holds and no change adds to.
func (w *world) aroundHosts(t *testing.T) []string {
	t.Helper()
	all, err := w.Inventory(t.Context())
	must(t, err)
	return slices.DeleteFunc(all, func(line string) bool {
		return strings.HasPrefix(line, "droplets ") || strings.HasPrefix(line, "tags ")
	})
}

func (d *dayTwo) planIsEmpty(t *testing.T) {
	t.Helper()
	more, err := d.Terraform.Plan(t.Context())
	must(t, err)
	if more {
		t.Error("a second plan is not empty")
	}
}

// blamesOne expects that what was said is of one of the hosts, which was told.
func blamesOne(t *testing.T, said string, hosts []string, wants ...string) {
	t.Helper()
	for _, host := range hosts {
		if told := "Waiting for " + host + " to restart:"; strings.Contains(unwrapped(said), told) {
			says(t, said, append(wants, told)...)
			return
		}
	}
	t.Errorf("none of %v is named in: %s", hosts, said)
}

// hostOf names the one host of a role.
func (w *world) hostOf(t *testing.T, role string) string {
	t.Helper()
	var names []string
	for _, droplet := range w.droplets(t) {
		if droplet.Role("chat") == role {
			names = append(names, droplet.Name)
		}
	}
	if len(names) != 1 {
		t.Fatalf("the hosts with the role %s are %v", role, names)
	}
	return names[0]
}

// onNodes runs a script on each node, which must print the same everywhere.
func (w *world) onNodes(t *testing.T, script, want string) {
	t.Helper()
	for name := range w.state.Nodes {
		if got := w.on(t, name, script); got != want {
			t.Errorf("%s: %s prints %q, want %q", name, script, got, want)
		}
	}
}

// asks is a script that asks the node itself.
func asks(path string) string { return fmt.Sprintf("curl -sS -m 10 http://127.0.0.1:8080%s", path) }

// clone is a copy that edits of the original leave alone.
func clone(t *testing.T, c e2e.Cluster) (copied e2e.Cluster) {
	t.Helper()
	encoded, err := json.Marshal(c)
	must(t, err)
	must(t, json.Unmarshal(encoded, &copied))
	return copied
}
