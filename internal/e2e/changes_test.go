//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// balancerGap is the most that visitors may notice of a load balancer's
// replacement.
const balancerGap = 2 * time.Second

// changes are what happens to a cluster in its life, in this order.
var changes = []change{
	{name: "scaling up to 5 nodes", edit: scale(5), holds: counts(5)},
	{name: "scaling down to 2 nodes", edit: scale(2), cuts: 3, holds: counts(2)},
	{name: "scaling up to 3 nodes", edit: scale(3), holds: counts(3)},
	{name: "another SSH key", edit: replacesAnn, holds: bobAndEveLogIn},
	{name: "another health check", edit: checksVersion, holds: theBalancerAsksForTheVersion},
	{name: "a renewed certificate", edit: renews, holds: visitorsSeeTheCertificate},
	{name: "another environment", edit: greets, cuts: 3, holds: theNodesGreet},
	{name: "another release", edit: releases("0.2.0"), cuts: 3, holds: runs2},
	{name: "a release that crashes at start", edit: releases("0.3.0-crashes"), cuts: 1, fails: []string{"told to crash"}, holds: runs2},
	{name: "another cookie", edit: rotates, holds: nobodyWasLost},
}

// replacements make hosts anew.
var replacements = []change{
	{name: "another size of nodes", edit: pools("size", "s-1vcpu-2gb"), cuts: 3, holds: allAreNew},
	{name: "another image of nodes", edit: pools("image", debian13), cuts: 3, holds: allRunDebian13},
	{name: "a load balancer whose host is lost", edit: losesTheBalancer, gap: patience, holds: nodesAreTheSame},
	{name: "another load balancer", edit: balancerOf("s-1vcpu-2gb"), cuts: 1, gap: balancerGap, holds: nodesAreTheSame},
}

func (d *dayTwo) block(name string) map[string]any {
	block, _ := d.chat[name].(map[string]any)
	return block
}

func (d *dayTwo) pool() map[string]any {
	pool, _ := d.block("node_pools")["us"].(map[string]any)
	return pool
}

func scale(count int) func(*testing.T, *dayTwo) { return pools("count", count) }

func pools(argument string, value any) func(*testing.T, *dayTwo) {
	return func(_ *testing.T, d *dayTwo) { d.pool()[argument] = value }
}

func counts(want int) func(*testing.T, *dayTwo, e2e.State) {
	return func(t *testing.T, d *dayTwo, before e2e.State) {
		if got := len(d.state.Nodes); got != want {
			t.Errorf("there are %d nodes", got)
		}
		nodesAreTheSame(t, d, before)
	}
}

// nodesAreTheSame but for those that came or went.
func nodesAreTheSame(t *testing.T, d *dayTwo, before e2e.State) {
	for name, node := range d.state.Nodes {
		if was, existed := before.Nodes[name]; existed && was.DropletID != node.DropletID {
			t.Errorf("%s was made anew", name)
		}
	}
}

// allAreNew hosts.
func allAreNew(t *testing.T, d *dayTwo, before e2e.State) {
	var old []int
	for _, node := range before.Nodes {
		old = append(old, node.DropletID)
	}
	for name, node := range d.state.Nodes {
		if slices.Contains(old, node.DropletID) {
			t.Errorf("%s is the host that was there before", name)
		}
	}
}

func allRunDebian13(t *testing.T, d *dayTwo, before e2e.State) {
	allAreNew(t, d, before)
	d.onNodes(t, ". /etc/os-release; echo $VERSION_ID", "13")
}

func checksVersion(_ *testing.T, d *dayTwo) {
	d.block("load_balancer")["health_check"] = map[string]any{"path": "/version"}
}

func theBalancerAsksForTheVersion(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	d.on(t, d.hostOf(t, cluster.RoleLoadBalancer), "grep -q 'uri .*/version' /etc/haproxy/beam/nodes.cfg")
}

// certify gives the load balancer a certificate that was never there before.
func (d *dayTwo) certify(t *testing.T) {
	certificate, key := d.authority.issue(t, siteName)
	d.block("load_balancer")["tls"] = map[string]any{"certificate_pem": certificate, "private_key_pem": key}
}

func (d *dayTwo) tls() map[string]any {
	tls, _ := d.block("load_balancer")["tls"].(map[string]any)
	return tls
}

func renews(t *testing.T, d *dayTwo) { d.certify(t) }

func visitorsSeeTheCertificate(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	if shown := d.site(siteName, d.authority.roots()).certificate(t); shown != d.tls()["certificate_pem"] {
		t.Errorf("visitors are shown %s", shown)
	}
}

func greets(_ *testing.T, d *dayTwo) { d.chat["environment"] = map[string]any{"GREETING": "good day"} }

func theNodesGreet(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	d.onNodes(t, asks("/setting/GREETING"), "good day")
}

// releases builds the release in another version.
func releases(version string) func(*testing.T, *dayTwo) {
	return func(t *testing.T, d *dayTwo) {
		built := d.suite.build(t, e2e.Build{Kind: "mix", Version: version})
		for argument, value := range built.Block() {
			d.block("release")[argument] = value
		}
	}
}

func runs2(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	d.onNodes(t, asks("/version"), "0.2.0")
}

func rotates(t *testing.T, d *dayTwo) {
	memory, err := d.Memory()
	must(t, err)
	d.oldCookie, d.losses = memory.Secrets.Cookie, d.lossesOf(t)
	d.chat["cookie"] = drawCookie(t)
}

func drawCookie(t *testing.T) string {
	t.Helper()
	drawn, err := cookie.Generate(cookie.Alphanumeric, 32)
	must(t, err)
	return drawn
}

// nobodyWasLost looks at what the nodes themselves saw, and has a stranger try
// both cookies.
func nobodyWasLost(t *testing.T, d *dayTwo, before e2e.State) {
	nodesAreTheSame(t, d, before)
	theCookieIsOne(t, d.world)
	if diff := cmp.Diff(d.losses, d.lossesOf(t)); diff != "" {
		t.Errorf("whom nodes lost sight of, before the rotation (-) and after (+):\n%s", diff)
	}
	names := slices.Sorted(d.nodeNames())
	cookies := map[any]bool{d.oldCookie: false, d.chat["cookie"]: true}
	for cookie, want := range cookies {
		if got := d.answersTo(t, names[0], d.state.Nodes[names[1]].NodeName, fmt.Sprint(cookie)); got != want {
			t.Errorf("a stranger with a cookie is let in: %t, want %t", got, want)
		}
	}
}

// lossesOf is whom of the hosts that are there each node has lost sight of since
// it was started. One that was destroyed is lost sight of a minute later.
func (w *world) lossesOf(t *testing.T) map[string][]string {
	t.Helper()
	droplets, lost := w.droplets(t), map[string][]string{}
	for name := range w.state.Nodes {
		lost[name] = slices.DeleteFunc(strings.Fields(w.on(t, name, asks("/losses"))), func(node string) bool {
			_, address, _ := strings.Cut(node, "@")
			return !slices.ContainsFunc(droplets, func(d cluster.Droplet) bool { return d.PrivateIPv4 == address })
		})
	}
	return lost
}

// answersTo tells whether a node answers a stranger beside another one who has
// a cookie.
func (w *world) answersTo(t *testing.T, beside, node, cookie string) bool {
	t.Helper()
	program := fmt.Sprintf("io:format(\"~s\", [net_adm:ping('%s')]), halt().", node)
	output, err := w.Hosts.ExecBeside(t.Context(), w.droplet(t, beside).ID, testtool.Require(t, "erl"),
		"-noinput", "-hidden", "-name", "stranger@"+w.state.Nodes[beside].PrivateIPv4, "-dist_listen", "false", "-setcookie", cookie, "-eval", program)
	must(t, err)
	return strings.Contains(output, "pong")
}

func balancerOf(size string) func(*testing.T, *dayTwo) {
	return func(_ *testing.T, d *dayTwo) { d.block("load_balancer")["size"] = size }
}

// losesTheBalancer destroys its droplet behind Terraform's back.
func losesTheBalancer(t *testing.T, d *dayTwo) {
	must(t, d.DeleteDroplet(t.Context(), d.droplet(t, d.hostOf(t, cluster.RoleLoadBalancer)).ID))
}
