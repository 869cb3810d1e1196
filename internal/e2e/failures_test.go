//go:build linux

package e2e_test

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// noticeTime is how long an apply may take to fail once a host shows why: a
// minute, and what Terraform itself takes on a machine that other scenarios keep
// busy.
const noticeTime = 75 * time.Second

// failure is an apply that must fail, and say which host is to blame and why.
type failure struct {
	name  string
	spoil func(c e2e.Cluster, release map[string]any)
	host  string
	wants []string
	shown string // script that prints when the host first showed the cause, as seconds since 1970
}

// bootFailed is when the host's own set-up gave up.
const bootFailed = "stat -c %Y /var/lib/beam/boot-step"

var failures = []failure{
	{
		"a release with another SHA-256", func(_ e2e.Cluster, release map[string]any) { release["sha256"] = strings.Repeat("0", 64) },
		"chat-us-1", []string{`the boot step "fetch the release" failed`, "the release's SHA-256 is"}, bootFailed,
	},
	{
		"a release that is not there", func(_ e2e.Cluster, release map[string]any) {
			release["url"] = "http://" + e2e.Operator.String() + "/missing.tar.gz"
		},
		"chat-us-1", []string{`the boot step "fetch the release" failed`, "404"}, bootFailed,
	},
	{
		"a migration that fails", func(c e2e.Cluster, release map[string]any) {
			c["database"] = map[string]any{"volume_gib": 1}
			release["migrate"] = `raise("no such column")`
		},
		"chat-us-1", []string{`the boot step "migrate the database" failed`, "no such column"}, bootFailed,
	},
	{
		"a release that crashes at start", func(c e2e.Cluster, _ map[string]any) { c["environment"] = map[string]any{"CHAT_CRASHES": "yes"} },
		"chat-us-1", []string{"the release crashes at start", "told to crash"},
		"journalctl -q -o short-unix -u beam | grep -m 1 'told to crash' | cut -d . -f 1",
	},
}

// small is a cluster of few nodes and nothing else.
func small(s *suite, nodes int) e2e.Cluster {
	c := e2e.Chat(debian12, s.releases["mix"])
	c["node_pools"] = map[string]any{"us": map[string]any{"count": nodes}}
	c["release"] = s.releases["mix"].Block()
	delete(c, "load_balancer")
	delete(c, "database")
	return c
}

func applysFail(t *testing.T, s *suite) {
	w := s.open(t, "e2e-fail", debian12)
	for _, f := range failures {
		s.check(t, f.name, func(t *testing.T) {
			c := small(s, 1)
			release := s.releases["mix"].Block()
			c["release"] = release
			f.spoil(c, release)
			said := w.fails(t, c)
			end := time.Now()
			blames(t, said, f.host, f.wants...)
			seconds, err := strconv.ParseInt(w.on(t, f.host, f.shown), 10, 64)
			must(t, err)
			noticed(t, end.Sub(time.Unix(seconds, 0)))
		})
		w.destroy(t)
	}
	s.check(t, "a new host that cannot be reached", func(t *testing.T) { w.aNewHostIsAway(t, small(s, 2)) })
	w.destroy(t)
	c := small(s, 2)
	if !s.check(t, "two nodes form", func(t *testing.T) { w.apply(t, c) }) {
		return
	}
	s.check(t, "a cookie that differs on one node", func(t *testing.T) { w.aCookieDiffers(t, c) })
	s.check(t, "a host that leaves commands undone", func(t *testing.T) { w.aHostHangs(t, c) })
}

// blames expects Terraform's words to name the host, and what is to be said of it.
func blames(t *testing.T, said, host string, wants ...string) {
	t.Helper()
	says(t, said, append(wants, host+":")...)
}

func says(t *testing.T, said string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(unwrapped(said), want) {
			t.Errorf("%q is not in: %s", want, said)
		}
	}
}

// unwrapped are Terraform's words without the lines that it breaks and draws.
func unwrapped(said string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(said, "│", " ")), " ")
}

func noticed(t *testing.T, took time.Duration) {
	t.Helper()
	t.Logf("noticed after %.0f s", took.Seconds())
	if took > noticeTime {
		t.Errorf("the apply fails %s after the host showed why", took)
	}
}

// aCookieDiffers gives a node that runs another cookie by hand. A tag makes the
// next apply look at the cluster.
func (w *world) aCookieDiffers(t *testing.T, c e2e.Cluster) {
	w.on(t, "chat-us-2", `cp -p /home/deploy/.erlang.cookie /root/kept; chmod u+w /home/deploy/.erlang.cookie; echo -n anothercookie >/home/deploy/.erlang.cookie; chmod u-w /home/deploy/.erlang.cookie; systemctl restart beam`)
	start := time.Now()
	c["tags"] = []string{"cookie"}
	blames(t, w.fails(t, c), "chat-us-2", "cookie", "fingerprint")
	noticed(t, time.Since(start))
	w.on(t, "chat-us-2", "cp -p /root/kept /home/deploy/.erlang.cookie; systemctl restart beam")
	within(t, healTime, "full mesh", func() bool { return w.meshed(t) })
}

// aHostHangs gives a host a beamctl that never ends. A tag makes the next apply
// look at the cluster.
func (w *world) aHostHangs(t *testing.T, c e2e.Cluster) {
	w.on(t, "chat-us-2", `cp -p /usr/local/sbin/beamctl /root/kept; printf '#!/bin/sh\nexec sleep infinity\n' >/usr/local/sbin/beamctl`)
	start := time.Now()
	c["tags"] = []string{"hangs"}
	blames(t, w.fails(t, c), "chat-us-2", "cannot be asked how it is", "did not carry out")
	noticed(t, time.Since(start))
	w.on(t, "chat-us-2", "cp -p /root/kept /usr/local/sbin/beamctl")
	w.apply(t, c)
}

// aNewHostIsAway cuts a host off before it has booted. The cause is visible once
// another host has answered.
func (w *world) aNewHostIsAway(t *testing.T, c e2e.Cluster) {
	said := w.fails(t, c, func() { w.cutOnceMade(t, "chat-us-2") })
	end := time.Now()
	blames(t, said, "chat-us-2", "cannot be asked how it is", "the host does not answer")
	answered := w.on(t, "chat-us-1", "journalctl -q -o short-unix _COMM=sshd | grep -m 1 'session closed for user beamctl' | cut -d . -f 1")
	seconds, err := strconv.ParseInt(answered, 10, 64)
	must(t, err)
	noticed(t, end.Sub(time.Unix(seconds, 0)))
}

// cutOnceMade cuts a host off as soon as it exists.
func (w *world) cutOnceMade(t *testing.T, name string) {
	within(t, patience, name+" is made", func() bool {
		for _, d := range w.droplets(t) {
			if d.Name == name {
				return w.Hosts.Cut(d.ID, true) == nil
			}
		}
		return false
	})
}

// aHostIsAway cuts a host off, and puts it back in the end.
func (w *world) aHostIsAway(t *testing.T, c e2e.Cluster) {
	id := w.droplet(t, "chat-us-1").ID
	must(t, w.Hosts.Cut(id, true))
	defer func() { must(t, w.Hosts.Cut(id, false)) }()
	start := time.Now()
	c["tags"] = []string{awayTag}
	blames(t, w.fails(t, c), "chat-us-1", "cannot be asked how it is")
	noticed(t, time.Since(start))
}

// awayTag makes an apply look at the cluster.
const awayTag = "away"

// exitCode is what a program ended with.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
