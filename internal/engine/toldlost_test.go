package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// tellings are changes that running hosts are told of.
func tellings() map[string]func(*life, *cluster.Spec) {
	return map[string]func(*life, *cluster.Spec){
		"environment": func(_ *life, s *cluster.Spec) { s.Environment = map[string]string{"GREETING": "hello"} },
		"locale":      func(_ *life, s *cluster.Spec) { s.Host.Locale = "C.UTF-8" },
		"packages":    func(_ *life, s *cluster.Spec) { s.Host.Packages = []string{"htop"} },
		"cookie":      func(_ *life, s *cluster.Spec) { s.Cookie = "ANOTHER-SECRET" },
		"release": func(l *life, s *cluster.Spec) {
			s.Release = l.otherRelease(*s.Release)
			s.Release.Migrate = "Chat.migrate()"
			l.fleet.crashes[s.Release.SHA256] = false
		},
		"health check": func(_ *life, s *cluster.Spec) { s.LoadBalancer = withPath(*s.LoadBalancer, "/alive") },
		"image":        func(_ *life, s *cluster.Spec) { s.Pools = slices.Clone(s.Pools); s.Pools[0].Image = "debian-13-x64" },
		"fewer nodes":  func(_ *life, s *cluster.Spec) { s.Pools = slices.Clone(s.Pools); s.Pools[0].Count = 1 },
	}
}

func withPath(lb cluster.LoadBalancer, path string) *cluster.LoadBalancer {
	lb.HealthCheck.Path = path
	return &lb
}

// followUps are what the user asks for once an apply of a change has died.
func followUps() map[string]func(before, change cluster.Spec) cluster.Spec {
	return map[string]func(before, change cluster.Spec) cluster.Spec{
		"the same again": func(_, change cluster.Spec) cluster.Spec { return change },
		"what there was": func(before, _ cluster.Spec) cluster.Spec { return before },
		"something else again": func(before, _ cluster.Spec) cluster.Spec {
			before.Tags = []string{"prod"}
			before.Host.SwapMiB = 1024
			return before
		},
	}
}

// cuts are how an apply ends early at a call. One that is interrupted writes the
// state, and does not hear how the command ends that a host carries out.
func cuts() map[string]func(call int) accident {
	return map[string]func(int) accident{
		"killed":      func(call int) accident { return accident{dieAt: call, answered: call%2 == 0} },
		"interrupted": func(call int) accident { return accident{cancelAt: call} },
	}
}

// An apply that is cut off has told hosts what no state knows. Whatever is asked for
// next, they become that, and nobody notices.
func TestHostsBecomeWhatIsAskedForAfterAnApplyThatWasCutOff(t *testing.T) {
	t.Parallel()
	stories := 0
	for _, name := range slices.Sorted(maps.Keys(tellings())) {
		for _, how := range slices.Sorted(maps.Keys(cuts())) {
			for _, next := range slices.Sorted(maps.Keys(followUps())) {
				first, stride := 1+7*stories%40, 40 // of some thirty calls and commands, others in each story
				if testtool.Everything() {
					first, stride = 1, 1
				}
				stories++
				if stories%2 == 0 && !testtool.Everything() {
					continue
				}
				t.Run(name+", "+how+", then "+next, func(t *testing.T) {
					t.Parallel()
					for call, early := first, true; early; call += stride {
						t.Run(fmt.Sprint(call), func(t *testing.T) { early = cutOffAt(t, call, cuts()[how], tellings()[name], followUps()[next]) })
					}
				})
			}
		}
	}
}

// cutOffAt lets a change be cut off at a call, and asks for something afterwards. It
// says whether there are as many calls.
func cutOffAt(t *testing.T, call int, cut func(int) accident, change func(*life, *cluster.Spec), follow func(before, change cluster.Spec) cluster.Spec) (early bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t, uint64(call))
		l.spec = managed(2)
		if err := l.apply(accident{}); err != nil {
			t.Fatal(err)
		}
		l.wait(time.Hour)
		before := l.spec
		change(l, &l.spec)
		early = l.apply(cut(call)) != nil
		l.wait(time.Minute)
		l.spec = follow(before, l.spec)
		l.planned()
		l.checkSettled()
		l.end()
		if len(l.safety.found) > 0 || t.Failed() {
			l.Errorf("cut off at call %d:\n%s", call, fmt.Sprint(l.story))
		}
	})
	return early
}

// planned applies as long as a plan has something to do.
func (l *life) planned() {
	for range 4 {
		if left, _ := l.leftToDo(); !left.Changes() {
			return
		}
		_ = l.apply(accident{}) // what went wrong is in the story
	}
	l.Error("the plan has something to do, again and again")
}
