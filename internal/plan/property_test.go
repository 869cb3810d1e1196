package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Whatever is remembered and found, there is a plan, and it can be carried out.
func TestEveryPlanHoldsTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		before := asJSON(t, in)
		p := Diff(in)
		if diff := cmp.Diff(before, asJSON(t, in)); diff != "" {
			t.Fatalf("a plan changed what it was made from:\n%s", diff)
		}
		if diff := cmp.Diff(text(p), text(Diff(in))); diff != "" {
			t.Fatalf("two plans of the same differ:\n%s", diff)
		}
		checkOrder(t, p)
		checkDeletions(t, in, p)
	})
}

func asJSON(t *rapid.T, in Input) string {
	content, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// checkOrder: keys are unique, and each step comes after those that it waits for.
func checkOrder(t *rapid.T, p Plan) {
	place := map[string]int{}
	for i, s := range p.Steps {
		if _, twice := place[s.Key()]; twice {
			t.Fatalf("two steps are %q:\n%s", s.Key(), text(p))
		}
		place[s.Key()] = i
	}
	for i, s := range p.Steps {
		for _, key := range s.After {
			if before, exists := place[key]; exists && before >= i {
				t.Fatalf("%q comes before %q, which it waits for:\n%s", s.Key(), key, text(p))
			}
		}
	}
	if !p.Done() && len(p.Ready()) == 0 {
		t.Fatalf("nothing can be done first:\n%s", text(p))
	}
}

// checkDeletions: only what is the cluster's is deleted.
func checkDeletions(t *rapid.T, in Input, p Plan) {
	for _, s := range p.Steps {
		switch a := s.Action.(type) {
		case DeleteHost:
			if _, known := in.Memory.Hosts[a.Droplet.ID]; !known && !in.Observed.Owns(a.Droplet) {
				t.Fatalf("%q deletes a host of beam_node", s.Key())
			}
			for _, other := range p.Steps {
				if slices.Contains(touches(other.Action), a.Droplet.ID) && !slices.Contains(s.After, other.Key()) {
					t.Fatalf("%q may come before %q, which needs the droplet:\n%s", s.Key(), other.Key(), text(p))
				}
			}
		case DeleteVPC:
			if !a.VPC.Own {
				t.Fatalf("%q deletes a VPC of the user's", s.Key())
			}
		case DeleteAddress:
			if in.Spec.LoadBalancer != nil {
				t.Fatalf("%q deletes what has to outlive hosts", s.Key())
			}
		case DeleteVolume:
			if in.Spec.Database != nil || in.Spec.LoadBalancer != nil || len(in.Spec.Pools) > 0 {
				t.Fatalf("%q deletes what has to outlive hosts", s.Key())
			}
		}
	}
}

// From wherever it starts, in whatever order it is carried out, a plan ends with
// what the spec asks for.
func TestPlansEndWithWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Memory.Unmarked = false
		s := &simulation{Input: in}
		taken, left := s.apply(func(ready []Step) Step { return ready[rapid.IntRange(0, len(ready)-1).Draw(t, "step")] })
		if len(left.Refusals) > 0 {
			return
		}
		if !left.Done() {
			t.Fatalf("after %d steps, the last of them\n%s\nthere are left\n%s", len(taken), tail(taken), text(left))
		}
		checkReached(t, s)
	})
}

func tail(taken []Step) string { return text(Plan{Steps: taken[max(0, len(taken)-12):]}) }

func checkReached(t *rapid.T, s *simulation) {
	count, names := map[string]int{}, map[string]bool{}
	for _, d := range s.Observed.Hosts() {
		record := s.Memory.Hosts[d.ID]
		count[record.Role+" "+record.Pool]++
		if names[record.Name] {
			t.Fatalf("two hosts are %s", record.Name)
		}
		names[record.Name] = true
	}
	want := map[string]int{}
	for _, p := range s.Spec.Pools {
		if p.Count > 0 {
			want[cluster.RoleNode+" "+p.Name] = p.Count
		}
	}
	for role, wanted := range map[string]bool{cluster.RoleLoadBalancer: s.Spec.LoadBalancer != nil, cluster.RoleDatabase: s.Spec.Database != nil} {
		if wanted {
			want[role+" "] = 1
		}
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Fatalf("the hosts are not those that are asked for:\n%s", diff)
	}
}

// Whatever was scaled and lost before, the oldest nodes of a pool stay, all names
// differ, and there are never more droplets than the plan says.
func TestScalingKeepsTheOldest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := begun(drawSpec(t))
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			for i := range s.Spec.Pools {
				s.Spec.Pools = slices.Clone(s.Spec.Pools)
				s.Spec.Pools[i].Count = rapid.IntRange(0, 5).Draw(t, "count")
			}
			before := s.Observed.Droplets
			planned := Diff(s.Input)
			s.created, s.peak, s.Reports = 0, 0, nil
			if _, left := s.apply(first); !left.Done() {
				t.Fatalf("there are left\n%s", text(left))
			}
			if s.peak != planned.Growth() {
				t.Fatalf("%d droplets more at a time, and the plan said %d:\n%s", s.peak, planned.Growth(), text(planned))
			}
			checkOldest(t, s, before)
			checkReached(t, s)
			nodes := s.Observed.Known(cluster.RoleNode, s.Memory) // another address of the database is none that a plan can know
			if n := len(nodes); n > 0 && rapid.Bool().Draw(t, "lose one") {
				lost := nodes[rapid.IntRange(0, n-1).Draw(t, "which")].ID
				s.Observed.Droplets = filter(s.Observed.Droplets, func(d cluster.Droplet) bool { return d.ID != lost })
			}
		}
	})
}

func checkOldest(t *rapid.T, s *simulation, before []cluster.Droplet) {
	for _, pool := range s.Spec.Pools {
		var old []cluster.Droplet
		for _, d := range before {
			if d.Pool("chat") == pool.Name {
				old = append(old, d)
			}
		}
		for _, d := range old[:min(len(old), pool.Count)] {
			if _, kept := s.Observed.Droplet(d.ID); !kept {
				t.Fatalf("node %d of pool %s went before a younger one", d.ID, pool.Name)
			}
		}
	}
}

// The summary is for what a running cluster notices.
func TestAdditionsNeedNoSummary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := begun(drawSpec(t))
		if got := Diff(s.Input).Summary(); got != "" {
			t.Fatalf("a create is summed up: %q", got)
		}
		s.apply(first)
		if got := Diff(s.Input).Summary(); got != "" {
			t.Fatalf("no change is summed up: %q", got)
		}
	})
}

// text is a plan for people: a line for each step, with what it waits for.
func text(p Plan) string {
	out := ""
	open := map[string]bool{}
	for _, s := range p.Steps {
		open[s.Key()] = true
	}
	for _, s := range p.Steps {
		line := fmt.Sprintf("%-8s %s", [...]string{"write", "note", "await"}[s.Kind()], s.Key())
		var after []string
		for _, key := range s.After {
			if open[key] && key != s.Key() && !slices.Contains(after, key) {
				after = append(after, key)
			}
		}
		if len(after) > 0 {
			line += "\n           after " + list(after)
		}
		if s.Why != "" {
			line += "\n           because " + s.Why
		}
		if down := s.Interrupts; down.AtLeast > 0 {
			line += fmt.Sprintf("\n           takes %s down for %s at least", list(down.Hosts), down.AtLeast)
		}
		if s.Quiet {
			line += "\n           (by the way)"
		}
		out += line + "\n"
	}
	for _, r := range p.Refusals {
		out += "REFUSED: " + r.Detail + "\n"
	}
	return out
}
