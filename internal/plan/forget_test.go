package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// A state of before an apply that told hosts does not know what they run: all of
// them are told anew, and what is told is what is asked for now.
func TestAStateOfBeforeAnApplyTellsHostsAnew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*cluster.Spec){
		"the environment": func(s *cluster.Spec) { s.Environment = map[string]string{"A": "b"} },
		"a release":       newRelease,
		"the cookie":      func(s *cluster.Spec) { s.Cookie = "NEWCOOKIE" },
		"packages":        func(s *cluster.Spec) { s.Host.Packages = []string{"htop"} },
		"fewer nodes":     func(s *cluster.Spec) { s.Pools = []cluster.Pool{{Name: "us", Count: 1, Place: s.Pools[0].Place}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := managed(chat(2))
			s := made(spec)
			before := s.Memory.Clone()
			change(&s.Spec)
			s.carriesOut(t)
			if p := Diff(s.Input); p.Changes() {
				t.Fatalf("there are left\n%s", text(p))
			}
			s.Memory, s.Spec = before.Clone(), spec
			taken := s.carriesOut(t)
			for _, d := range s.Observed.Hosts() {
				if _, there := before.Hosts[d.ID]; there && !slices.Contains(taken, Apply{Droplet: d}.Key()) {
					t.Errorf("%s is not told anew: %q", d.Name, taken)
				}
			}
			if rotated := slices.Contains(taken, RotateCookie{}.Key()); rotated != (name == "the cookie") {
				t.Errorf("the nodes' marks tell of their cookie, and it is rotated %v: %q", rotated, taken)
			}
		})
	}
}

// carriesOut applies what is asked for and returns the keys of the steps, of which
// the mark comes before any host is told.
func (s *simulation) carriesOut(t *testing.T) (keys []string) {
	t.Helper()
	s.Telling, s.Reports = false, nil
	taken, left := s.apply(first)
	if !left.Done() {
		t.Fatalf("there are left\n%s", text(left))
	}
	marked := 0
	for _, step := range taken {
		if _, is := step.Action.(MarkTelling); is {
			marked++
		}
		if _, tell := step.Action.(Tell); marked == 0 && (tell || changesHosts(step.Action)) {
			t.Errorf("%q comes before the mark", step.Key())
		}
		keys = append(keys, step.Key())
	}
	if marked != 1 {
		t.Errorf("it is marked %d times that hosts are told", marked)
	}
	return keys
}

// What tells no host of a change needs no mark, and a mark of another cluster of the
// name says nothing.
func TestOnlyWhatTellsHostsIsMarked(t *testing.T) {
	t.Parallel()
	s := made(managed(chat(2)))
	s.Observed.Tags = append(s.Observed.Tags, cluster.TellingTag("chat", "another", 7))
	for name, spec := range map[string]cluster.Spec{
		"nothing": managed(chat(2)), "more nodes": managed(chat(3)), "tags": other(managed(chat(2)), func(s *cluster.Spec) { s.Tags = []string{"prod"} }),
		"removal": {Name: "chat"},
	} {
		s.Spec = spec
		for _, step := range Diff(s.Input).Steps {
			if strings.Contains(step.Key(), "mark") || step.Key() == (ForgetTold{}).Key() {
				t.Errorf("%s: %s", name, step.Key())
			}
		}
	}
}
