package hostconfig_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func all() []int { return []int{0, 1, 2} }

// tried says whether a state of a rotation is tried: three nodes that restart are
// much work, and `make test` does with some.
func tried(always bool) bool { return always || testtool.Everything() }

// Whatever was done of a rotation when it was cut off, and whichever nodes
// restarted there: all that run meet again. The rotation is then done from its
// beginning, and at its end all have the new cookie for good.
func TestACookieChangesFromEveryStateWithoutACut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		story string
		cut   func(t *testing.T, r *rotation) // ends with all nodes running
		used  string                          // the cookie of all nodes then
	}{
		{"in one go", func(*testing.T, *rotation) {}, oldCookie},
		{"one has staged, and restarts", func(t *testing.T, r *rotation) { r.stage(t, 0); r.restart(t, 0) }, oldCookie},
		{"two have staged, and the third restarts", func(t *testing.T, r *rotation) { r.stage(t, 0, 1); r.restart(t, 2) }, oldCookie},
		{"all have staged, and all restart", func(t *testing.T, r *rotation) { r.stage(t, all()...); r.restart(t, all()...) }, oldCookie},
		{"all have switched", func(t *testing.T, r *rotation) { r.stage(t, all()...); r.turn(t, 1) }, newCookie},
		{"all have switched, and the oldest restarts", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 1)
			r.restart(t, 0)
		}, newCookie},
		{"all have switched, and the youngest two restart", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 1)
			r.restart(t, 1, 2)
		}, newCookie},
		{"all have switched, and all restart", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 1)
			r.restart(t, all()...)
		}, oldCookie},
		{"one was down after it staged", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.stop(t, 0)
			r.turn(t, 2)
			r.adopt(t, 2)
			r.start(t, 0)
		}, newCookie},
		{"one has adopted, and restarts", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 0)
			r.adopt(t, 1)
			r.restart(t, 1)
		}, newCookie},
		{"one has adopted, and the others restart", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 0)
			r.adopt(t, 1)
			r.restart(t, 0, 2)
		}, newCookie},
		{"one has adopted, and all restart", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.turn(t, 0)
			r.adopt(t, 1)
			r.restart(t, all()...)
		}, newCookie},
		{"the switch reached one only", func(t *testing.T, r *rotation) {
			r.stage(t, all()...)
			r.stop(t, 0, 1)
			r.turn(t, 2)
			r.start(t, 0, 1)
		}, newCookie},
	}
	for i, tt := range tests {
		if !tried(i == 5) { // TestTheOldCookieIsRefusedAfterARotation goes through it in one go
			continue
		}
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			r := newRotation(t, i)
			tt.cut(t, r)
			r.meshed(t, tt.used)
			r.stage(t, all()...)
			names := []string{r.members[0].name, r.members[1].name, r.members[2].name}
			if diff := cmp.Diff(names, r.turn(t, 1)); diff != "" {
				t.Errorf("nodes that switched (-want +got):\n%s", diff)
			}
			r.meshed(t, newCookie)
			r.adopt(t, all()...)
			r.meshed(t, newCookie)
			r.undisturbed(t)
			r.settled(t)
		})
	}
}

// settled checks that the new cookie is the only one, for restarts as well.
func (r *rotation) settled(t *testing.T) {
	t.Helper()
	fingerprint := cookie.Fingerprint(newCookie)
	for i, m := range r.members {
		want := health.CookieReport{Version: 1, File: fingerprint, Running: fingerprint}
		if diff := cmp.Diff(want, m.cookies(t)); diff != "" {
			t.Errorf("cookies of %s (-want +got):\n%s", m.name, diff)
		}
		info, err := os.Stat(m.root + "/home/deploy/.erlang.cookie")
		must(t, err)
		if info.Mode() != 0o400 {
			t.Errorf("the cookie's file has mode %s", info.Mode())
		}
		if !tried(i == 0) { // it tells of the same files
			continue
		}
		if got := m.status(t); got.CookieFingerprint != fingerprint || got.CookieRunning != fingerprint || got.CookieStaged != "" {
			t.Errorf("%s reports %+v", m.name, got)
		}
	}
	if !tried(len(r.stopped) == 0) { // others have restarted by then
		return
	}
	r.restart(t, 2)
	r.meshed(t, newCookie)
	r.noticed(t, 2)
}

func TestTheOldCookieIsRefusedAfterARotation(t *testing.T) {
	t.Parallel()
	r := newRotation(t, 20)
	const knock = `io:format("~p~n", [[net_kernel:connect_node(Node) || Node <- Nodes]]).`
	stranger := r.stranger(t, oldCookie, knock)
	stranger.Await(t, "[true,true,true]")
	stranger.Kill(t)
	r.rotate(t)
	stranger = r.stranger(t, oldCookie, knock)
	stranger.Await(t, "[false,false,false]")
	stranger.Kill(t)
	r.stranger(t, newCookie, knock).Await(t, "[true,true,true]")
	r.undisturbed(t)
	r.settled(t)
}

func (r *rotation) rotate(t *testing.T) {
	t.Helper()
	r.stage(t, all()...)
	r.turn(t, 1)
	r.adopt(t, all()...)
	r.meshed(t, newCookie)
}

// It cannot join: nobody told it the new cookie. It must not tear at the others
// either, which a node that one of them lets in and another does not would do.
func TestANodeThatMissedTheRotationWaitsForTheCookie(t *testing.T) {
	t.Parallel()
	for i, adopted := range [][]int{{}, {1}, {1, 2}} {
		if !tried(len(adopted) == 1) {
			continue
		}
		t.Run(fmt.Sprintf("%d have adopted", len(adopted)), func(t *testing.T) {
			t.Parallel()
			r := newRotation(t, 30+i)
			r.stop(t, 0)
			r.stage(t, 1, 2)
			r.turn(t, 1)
			r.adopt(t, adopted...)
			r.start(t, 0)
			r.members[0].vm.Await(t, "[] "+oldCookie)
			r.stranger(t, oldCookie, `timer:sleep(6000), io:format("several rounds later~n").`).Await(t, "several rounds later")
			r.members[0].vm.Await(t, "[] "+oldCookie)
			r.undisturbed(t)

			r.rotate(t)
			r.undisturbed(t)
			r.settled(t)
		})
	}
}

// A node of another resource was given nothing when the others changed. It goes on,
// and takes the cookie without a switch once it is given it.
func TestANodeBesideTheOthersTakesTheCookieLater(t *testing.T) {
	t.Parallel()
	r := newRotation(t, 50)
	r.stage(t, 0, 1)
	r.turn(t, 1)
	r.adopt(t, 0, 1)
	r.members[2].vm.Await(t, "['"+r.members[0].name+"','"+r.members[1].name+"'] "+oldCookie)
	r.stage(t, 2)
	r.adopt(t, 2)
	r.meshed(t, newCookie)
	r.undisturbed(t)
	r.settled(t)
}

// The VM that switched the others died amid it. Those that are left follow the
// one that it reached, and one that restarts meanwhile finds both.
func TestASwitchThatReachedOneNodeSpreads(t *testing.T) {
	t.Parallel()
	for i, restarted := range [][]int{{}, {0}, {2}} {
		if !tried(len(restarted) == 0) {
			continue
		}
		t.Run(fmt.Sprintf("restarted %v", restarted), func(t *testing.T) {
			t.Parallel()
			r := newRotation(t, 40+i)
			r.stage(t, all()...)
			r.stranger(t, oldCookie, `Node = lists:nth(2, Nodes),
				io:format("~p~n", [erpc:call(Node, erlang, set_cookie, [Node, '`+newCookie+`'])]).`).Await(t, "true")
			r.restart(t, restarted...)
			r.meshed(t, newCookie)
			r.rotate(t)
			if len(restarted) == 0 {
				r.undisturbed(t)
			} // else OTP may part nodes for a moment that differ in whom they see (prevent_overlapping_partitions)
			r.settled(t)
		})
	}
}
