package plan

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// slot is a place for one node.
type slot struct {
	pool cluster.Pool
	name string // host name
}

// nodePlan says what has to happen to the nodes.
type nodePlan struct {
	keep     []cluster.Droplet // run what they should, oldest first
	outdated []cluster.Droplet // to be made anew, oldest first
	replaced []cluster.Droplet // have a successor of their name
	surplus  []cluster.Droplet // to be removed once nothing points at them any more
	failed   []cluster.Droplet // never got ready: to be removed at once
	missing  []slot            // to be created
}

// nodes compares the nodes that exist with those that the pools ask for. A
// droplet that the memory does not know was told nobody knows what.
func (d *differ) nodes() nodePlan {
	var p nodePlan
	for _, host := range d.Observed.Known(cluster.RoleNode, d.Memory) {
		record := d.Memory.Hosts[host.ID]
		host.Name = record.Name
		switch {
		case record.SetUpFailed:
			p.failed = append(p.failed, host)
		case !slices.ContainsFunc(d.Spec.Pools, func(p cluster.Pool) bool { return p.Name == record.Pool }):
			p.surplus = append(p.surplus, host)
		}
	}
	for _, pool := range d.Spec.Pools {
		d.planPool(&p, pool, d.poolNodes(pool))
	}
	for _, hosts := range []*[]cluster.Droplet{&p.keep, &p.outdated, &p.replaced, &p.surplus} {
		slices.SortFunc(*hosts, cluster.ByAge)
	}
	return p
}

func (d *differ) planPool(p *nodePlan, pool cluster.Pool, nodes []cluster.Droplet) {
	nodes, replaced := splitReplaced(nodes)
	p.replaced = append(p.replaced, replaced...)
	if extra := len(nodes) - pool.Count; extra > 0 {
		youngest := nodes[len(nodes)-extra:]
		p.surplus = append(p.surplus, youngest...)
		nodes = nodes[:len(nodes)-extra]
	}
	taken := map[string]bool{}
	for _, host := range nodes {
		taken[host.Name] = true
		if d.outdated(host, pool) {
			p.outdated = append(p.outdated, host)
		} else {
			p.keep = append(p.keep, host)
		}
	}
	for n := 1; len(taken) < pool.Count; n++ {
		name := cluster.NodeHostName(d.Spec.Name, pool.Name, n)
		if !taken[name] {
			taken[name] = true
			p.missing = append(p.missing, slot{pool: pool, name: name})
		}
	}
}

// poolNodes returns the pool's known nodes, oldest first, under the names that
// they were given: a droplet that was renamed or lost its tags is still the
// same node.
func (d *differ) poolNodes(pool cluster.Pool) []cluster.Droplet {
	var nodes []cluster.Droplet
	for _, host := range d.Observed.Known(cluster.RoleNode, d.Memory) {
		if record := d.Memory.Hosts[host.ID]; record.Pool == pool.Name && !record.SetUpFailed {
			host.Name = record.Name
			nodes = append(nodes, host)
		}
	}
	return nodes
}

// splitReplaced takes out those whose successor under the same name is there
// already.
func splitReplaced(nodes []cluster.Droplet) (current, replaced []cluster.Droplet) {
	for i, host := range nodes {
		if slices.ContainsFunc(nodes[i+1:], func(later cluster.Droplet) bool { return later.Name == host.Name }) {
			replaced = append(replaced, host)
		} else {
			current = append(current, host)
		}
	}
	return current, replaced
}

func (d *differ) outdated(host cluster.Droplet, pool cluster.Pool) bool {
	told := d.Memory.Hosts[host.ID].Told
	return host.Size != pool.Size || told != "" && told != d.nodeFingerprint()
}

// nodeFingerprint is computed once: with a hundred nodes it is asked for often.
func (d *differ) nodeFingerprint() string {
	if d.fingerprint == "" {
		d.fingerprint = d.Spec.NodeHost(d.Memory, nil).Fingerprint()
	}
	return d.fingerprint
}

// makeNodes creates what is missing. Every node is told all nodes older than
// itself, so the very first is made alone and the others, all at once, as soon
// as its address is known.
func (d *differ) makeNodes() {
	p := d.pools
	for _, host := range p.failed {
		d.do(d.deletion(host), d.staleReason(host, host.Size))
	}
	if len(p.missing) > 0 {
		d.makeMissing(p.missing, slices.Concat(p.keep, p.outdated, p.replaced))
	}
	for _, host := range slices.Concat(p.keep, p.outdated) {
		if d.Spec.Address(host) == "" {
			d.do(AwaitAddress{Host: host.Name}, "")
		}
	}
}

func (d *differ) makeMissing(missing []slot, existing []cluster.Droplet) {
	why := fmt.Sprintf("%d of %s are missing", len(missing), count(d.Spec.NodeCount(), "node"))
	rest := missing
	if len(existing) == 0 {
		first := missing[0]
		d.makeNode(CreateHosts{Label: "first node", Pool: first.pool.Name, Place: first.pool.Place, Names: []string{first.name}}, why)
		d.do(AwaitAddress{Host: first.name}, "", CreateHosts{Label: "first node"}.Key())
		rest = missing[1:]
		existing = []cluster.Droplet{{Name: first.name}}
	}
	for _, pool := range d.Spec.Pools {
		var names []string
		for _, s := range rest {
			if s.pool.Name == pool.Name {
				names = append(names, s.name)
			}
		}
		if len(names) > 0 {
			d.makeNode(CreateHosts{Label: "nodes of " + pool.Name, Pool: pool.Name, Place: pool.Place, Names: names}, why, addressKeys(existing)...)
			for _, name := range names {
				d.do(AwaitAddress{Host: name}, "", CreateHosts{Label: "nodes of " + pool.Name}.Key())
			}
		}
	}
}

// makeNode creates nodes once all that they are told is known.
func (d *differ) makeNode(a CreateHosts, why string, after ...string) {
	a.Role = cluster.RoleNode
	after = append(after, vpcKey(a.Place.Region), firewallKey(d.Spec.Name, cluster.RoleNode), NoteDatabase{}.Key(), AwaitAddress{Host: cluster.DatabaseHostName(d.Spec.Name)}.Key())
	for _, host := range d.pools.failed {
		after = append(after, DeleteHost{Droplet: host}.Key())
	}
	d.do(a, why, after...)
}

func addressKeys(hosts []cluster.Droplet) []string {
	var keys []string
	for _, host := range hosts {
		keys = append(keys, AwaitAddress{Host: host.Name}.Key())
	}
	return keys
}

// replaceNodes makes nodes anew, one after another: the new one is there before
// the old one goes. Where the load balancer can be told, it leads to the new
// one before that; else the last old node stays until the load balancer's
// successor knows the new ones, so that there is always one that it can reach.
func (d *differ) replaceNodes() {
	balancer, told := d.toldBalancer()
	tell := Tell{Delivery: Delivery{Droplet: balancer}}.Key()
	var before []string
	for i, host := range d.pools.replaced {
		after := []string{AwaitActive{Host: host.Name}.Key()}
		if told && !d.knowsNodes(balancer) {
			after = append(after, tell)
		}
		if i == len(d.pools.replaced)-1 && len(d.pools.outdated) == 0 {
			after = append(after, d.successorServes()...)
		}
		key := d.replaceNode(host, after...)
		if !slices.ContainsFunc(d.pools.outdated, func(o cluster.Droplet) bool { return o.Name == host.Name }) {
			before = append(before, key)
		} // else it goes when the successor of its successor is up
	}
	for i, host := range d.pools.outdated {
		pool := d.poolOf(host)
		made := CreateHosts{Label: "new " + host.Name, Pool: pool.Name, Place: pool.Place, Names: []string{host.Name}}
		d.makeNode(made, d.staleReason(host, pool.Size), before...)
		d.do(AwaitActive{Host: host.Name}, "", made.Key())
		after := []string{made.Key(), AwaitActive{Host: host.Name}.Key(), tell}
		if i == len(d.pools.outdated)-1 {
			after = append(after, d.successorServes()...)
		}
		before = []string{d.replaceNode(host, after...)}
	}
}

// successorServes are the steps after which a load balancer serves that is made
// anew, if one is.
func (d *differ) successorServes() []string {
	if !d.addressMoves() {
		return nil
	}
	return []string{"create " + cluster.RoleLoadBalancer, MoveAddress{}.Key()}
}

// replaceNode removes a node that has a successor.
func (d *differ) replaceNode(host cluster.Droplet, after ...string) (key string) {
	a := d.deletion(host)
	d.add(Step{
		Action: a, After: append(after, AwaitNodes{}.Key()),
		Interrupts: Interruption{Hosts: []string{host.Name}}, Why: a.label() + " has a successor",
	})
	return a.Key()
}

func (d *differ) poolOf(host cluster.Droplet) cluster.Pool {
	i := slices.IndexFunc(d.Spec.Pools, func(p cluster.Pool) bool { return p.Name == d.Memory.Hosts[host.ID].Pool })
	return d.Spec.Pools[i]
}

func (d *differ) deletion(host cluster.Droplet) DeleteHost {
	record := d.Memory.Hosts[host.ID]
	if record.Name == "" { // nobody remembers it
		record = cluster.HostRecord{Name: host.Name, Role: host.Role(d.Spec.Name)}
	}
	return DeleteHost{Droplet: host, Name: record.Name, Role: record.Role}
}

// Peers returns the nodes that one made now is told of: all that run.
func Peers(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	p := d.nodes()
	peers := filter(slices.Concat(p.keep, p.outdated), func(host cluster.Droplet) bool { return in.Spec.Address(host) != "" })
	slices.SortFunc(peers, cluster.ByAge)
	return peers
}

// Serving returns the nodes that a load balancer made now leads to: all that
// stay.
func Serving(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	return d.nodes().keep
}
