package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// account plays the part of the API for nodes: it makes and deletes droplets.
type account struct {
	observed Observed
	memory   Memory
	lastID   int
}

func (a *account) add(s Spec, slot Slot) {
	a.lastID++
	d := Droplet{
		ID: a.lastID, Name: slot.Name, Region: slot.Pool.Region, Size: slot.Pool.Size, Status: StatusActive,
		Tags: s.WantedTags(RoleNode, slot.Pool.Name), CreatedAt: time.Unix(int64(a.lastID), 0),
	}
	a.observed.Droplets = append(a.observed.Droplets, d)
	a.memory.Remember(d.ID, HostRecord{Name: d.Name, Role: RoleNode, Pool: slot.Pool.Name, Told: s.NodeHost(a.memory, nil).Fingerprint()})
}

func (a *account) remove(id int) {
	a.observed.Droplets = slices.DeleteFunc(a.observed.Droplets, func(d Droplet) bool { return d.ID == id })
	delete(a.memory.Hosts, id)
}

func (a *account) apply(s Spec) {
	plan := s.PlanNodes(a.observed, a.memory)
	for _, slot := range plan.Missing {
		a.add(s, slot)
	}
	for _, d := range plan.Surplus {
		a.remove(d.ID)
	}
}

func drawPools(t *rapid.T) []Pool {
	var pools []Pool
	for _, name := range []string{"a", "b_c"} {
		if n := rapid.IntRange(-1, 6).Draw(t, "count of "+name); n >= 0 {
			pools = append(pools, Pool{Name: name, Count: n, Place: Place{Region: "nyc3", Size: "s-1vcpu-1gb"}})
		}
	}
	return pools
}

// Whatever was scaled and lost before, a plan leads to as many nodes as the
// pools ask for, under names of their own, and keeps the oldest.
func TestPlansLeadToWhatThePoolsAskFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := &account{observed: Observed{Cluster: "chat"}}
		s := Spec{Name: "chat"}
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			before := slices.Clone(a.observed.Droplets)
			s.Pools = drawPools(t)
			a.apply(s)
			checkNodes(t, s, a, before)
			if n := len(a.observed.Droplets); n > 0 && rapid.Bool().Draw(t, "lose one") {
				a.remove(a.observed.Droplets[rapid.IntRange(0, n-1).Draw(t, "which")].ID)
			}
		}
	})
}

func checkNodes(t *rapid.T, s Spec, a *account, before []Droplet) {
	seen := map[string]bool{}
	for _, d := range a.observed.Droplets {
		if seen[d.Name] {
			t.Fatalf("two nodes are named %s", d.Name)
		}
		seen[d.Name] = true
	}
	if len(a.observed.Droplets) != s.NodeCount() {
		t.Fatalf("%d nodes, want %d", len(a.observed.Droplets), s.NodeCount())
	}
	for _, p := range s.Pools {
		old := filter(before, func(d Droplet) bool { return d.Pool("chat") == p.Name })
		for _, d := range old[:min(len(old), p.Count)] {
			if _, kept := a.observed.Droplet(d.ID); !kept {
				t.Fatalf("node %d of pool %s went before a younger one", d.ID, p.Name)
			}
		}
	}
	if plan := s.PlanNodes(a.observed, a.memory); len(plan.Missing)+len(plan.Surplus)+len(plan.Outdated) > 0 {
		t.Fatalf("a second plan is not empty: %+v", plan)
	}
}

func TestNodesToldOfAnotherDatabaseAreOutdated(t *testing.T) {
	t.Parallel()
	s := Spec{Name: "chat", Pools: []Pool{{Name: "us", Count: 2}}, Database: &Database{Name: "chat", User: "chat"}}
	a := &account{observed: Observed{Cluster: "chat"}}
	a.memory.DatabaseAddress = "10.0.0.2"
	a.apply(s)
	a.memory.DatabaseAddress = "10.0.0.9"
	if plan := s.PlanNodes(a.observed, a.memory); len(plan.Outdated) != 2 || len(plan.Keep) != 0 {
		t.Errorf("plan %+v, want both nodes outdated", plan)
	}
	for id, record := range a.memory.Hosts {
		record.Told = "" // imported
		a.memory.Hosts[id] = record
	}
	if plan := s.PlanNodes(a.observed, a.memory); len(plan.Outdated) != 0 {
		t.Errorf("plan %+v, want imported nodes to be taken as they are", plan)
	}
}

// A replacement that was interrupted leaves two nodes of one name.
func TestOldNodeBesideItsSuccessorIsSurplus(t *testing.T) {
	t.Parallel()
	s := Spec{Name: "chat", Pools: []Pool{{Name: "us", Count: 1}}}
	a := &account{observed: Observed{Cluster: "chat"}}
	slot := Slot{Pool: s.Pools[0], Name: "chat-us-1"}
	a.add(s, slot)
	a.add(s, slot)
	plan := s.PlanNodes(a.observed, a.memory)
	if len(plan.Surplus) != 1 || plan.Surplus[0].ID != 1 || len(plan.Keep) != 1 {
		t.Errorf("plan %+v, want the older one surplus", plan)
	}
}

func TestHostsOfBeamNodeAreNotTheClusters(t *testing.T) {
	t.Parallel()
	s := Spec{Name: "chat", Pools: []Pool{{Name: "us", Count: 1}}}
	worker := Droplet{ID: 7, Name: "worker", Tags: NodeSpec{Cluster: "chat"}.WantedTags()}
	o := Observed{Cluster: "chat", Droplets: []Droplet{worker}}
	if len(o.Hosts()) != 0 {
		t.Error("a beam_node's host counts as one of the cluster's")
	}
	if plan := s.PlanNodes(o, Memory{}); len(plan.Surplus) != 0 {
		t.Errorf("plan %+v would delete it", plan)
	}
}

func ExampleNodeHostName() {
	fmt.Println(NodeHostName("chat", "us_east", 2))
	// Output: chat-us-east-2
}
