package cluster

import (
	"cmp"
	"slices"
)

// Slot is a place for one node.
type Slot struct {
	Pool Pool
	Name string // host name
}

// NodePlan says what has to happen to the nodes.
type NodePlan struct {
	Keep     []Droplet // run what they should, oldest first
	Outdated []Droplet // to be made anew, oldest first
	Surplus  []Droplet // to be removed once nothing points at them any more
	Missing  []Slot    // to be created
}

// PlanNodes compares the nodes that exist with those that the pools ask for.
// A droplet that the memory does not know was told nobody knows what: it is
// surplus.
func (s Spec) PlanNodes(o Observed, m Memory) NodePlan {
	var plan NodePlan
	for _, d := range o.Droplets {
		record, known := m.Hosts[d.ID]
		stray := !known && d.Role(s.Name) == RoleNode
		poolGone := record.Role == RoleNode && !s.hasPool(record.Pool)
		if stray || poolGone {
			plan.Surplus = append(plan.Surplus, d)
		}
	}
	for _, p := range s.Pools {
		s.planPool(&plan, p, s.poolNodes(p, o, m), m)
	}
	slices.SortFunc(plan.Keep, byAge)
	slices.SortFunc(plan.Outdated, byAge)
	return plan
}

func (s Spec) planPool(plan *NodePlan, p Pool, nodes []Droplet, m Memory) {
	nodes, replaced := splitReplaced(nodes)
	plan.Surplus = append(plan.Surplus, replaced...)
	if extra := len(nodes) - p.Count; extra > 0 {
		youngest := nodes[len(nodes)-extra:]
		plan.Surplus = append(plan.Surplus, youngest...)
		nodes = nodes[:len(nodes)-extra]
	}
	taken := map[string]bool{}
	for _, d := range nodes {
		taken[d.Name] = true
		if s.nodeOutdated(d, p, m) {
			plan.Outdated = append(plan.Outdated, d)
		} else {
			plan.Keep = append(plan.Keep, d)
		}
	}
	for n := 1; len(taken) < p.Count; n++ {
		name := NodeHostName(s.Name, p.Name, n)
		if !taken[name] {
			taken[name] = true
			plan.Missing = append(plan.Missing, Slot{Pool: p, Name: name})
		}
	}
}

// poolNodes returns the pool's known nodes, oldest first, under the names that
// they were given: a droplet that was renamed or lost its tags is still the
// same node.
func (s Spec) poolNodes(p Pool, o Observed, m Memory) []Droplet {
	var nodes []Droplet
	for _, d := range o.Droplets {
		if record := m.Hosts[d.ID]; record.Role == RoleNode && record.Pool == p.Name {
			d.Name = record.Name
			nodes = append(nodes, d)
		}
	}
	slices.SortFunc(nodes, byAge)
	return nodes
}

// splitReplaced takes out those whose successor under the same name is there
// already: a replacement that was interrupted before the old node was removed.
func splitReplaced(nodes []Droplet) (current, replaced []Droplet) {
	for i, d := range nodes {
		if slices.ContainsFunc(nodes[i+1:], func(later Droplet) bool { return later.Name == d.Name }) {
			replaced = append(replaced, d)
		} else {
			current = append(current, d)
		}
	}
	return current, replaced
}

func (s Spec) nodeOutdated(d Droplet, p Pool, m Memory) bool {
	told := m.Hosts[d.ID].Told
	return d.Size != p.Size || told != "" && told != s.NodeHost(m, nil).Fingerprint()
}

func (s Spec) hasPool(name string) bool {
	return slices.ContainsFunc(s.Pools, func(p Pool) bool { return p.Name == name })
}

// byAge sorts the oldest first. Droplets of one request share a second; their
// ids only ever grow.
func byAge(a, b Droplet) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// PeersOf returns the long names of the nodes in the order given: what a
// younger node dials.
func (s Spec) PeersOf(nodes []Droplet) []string {
	var peers []string
	for _, d := range nodes {
		peers = append(peers, s.NodeName(d))
	}
	return peers
}
