package plan

import (
	"cmp"
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
	keep     []cluster.Droplet // run what they should, oldest first; some have to be told something
	restart  []cluster.Droplet // run what they should once they were told something and restarted, oldest first
	outdated []cluster.Droplet // to be made anew, oldest first
	replaced []cluster.Droplet // have a successor of their name
	surplus  []cluster.Droplet // to be removed once nothing points at them any more
	failed   []cluster.Droplet // never got ready: to be removed at once
	missing  []slot            // to be created
	changes  map[int]change    // of droplets, by id
}

// stay are the nodes that go on, with or without a restart.
func (p nodePlan) stay() []cluster.Droplet { return slices.Concat(p.keep, p.restart) }

// current are all nodes of the pools that have no successor.
func (p nodePlan) current() []cluster.Droplet { return slices.Concat(p.keep, p.restart, p.outdated) }

// nodes compares the nodes that exist with those that the pools ask for. A
// droplet that the memory does not know was told nobody knows what.
func (d *differ) nodes() nodePlan {
	p := nodePlan{changes: map[int]change{}}
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
	for _, hosts := range []*[]cluster.Droplet{&p.keep, &p.restart, &p.outdated, &p.replaced, &p.surplus} {
		slices.SortFunc(*hosts, cluster.ByAge)
	}
	return p
}

func (d *differ) planPool(p *nodePlan, pool cluster.Pool, nodes []cluster.Droplet) {
	nodes, replaced := d.splitReplaced(nodes)
	p.replaced = append(p.replaced, replaced...)
	for _, host := range nodes {
		p.changes[host.ID] = d.changeOf(host, pool.Place, d.node(pool.Name))
	}
	// Of too many the youngest go, and first of all those that would have to be
	// made anew.
	slices.SortStableFunc(nodes, func(a, b cluster.Droplet) int {
		return cmp.Compare(p.changes[a.ID].way/wayReplaced, p.changes[b.ID].way/wayReplaced)
	})
	if len(nodes) > pool.Count {
		p.surplus = append(p.surplus, nodes[pool.Count:]...)
		nodes = nodes[:pool.Count]
	}
	taken := map[string]bool{}
	for _, host := range nodes {
		taken[host.Name] = true
		switch p.changes[host.ID].way {
		case wayReplaced:
			p.outdated = append(p.outdated, host)
		case wayRestarted:
			p.restart = append(p.restart, host)
		default:
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
// already. When the user takes back a change of the network that was not finished,
// the elder one, which is where it shall be, takes the place of its successor.
func (d *differ) splitReplaced(nodes []cluster.Droplet) (current, replaced []cluster.Droplet) {
	stays := func(host cluster.Droplet) bool { return d.meets(host) && !d.Memory.Hosts[host.ID].Stopped }
	for i, host := range nodes {
		gives := func(other cluster.Droplet) bool { return other.Name == host.Name && stays(other) && !stays(host) }
		succeeds := func(later cluster.Droplet) bool { return later.Name == host.Name && (stays(later) || !stays(host)) }
		if slices.ContainsFunc(nodes[:i], gives) || slices.ContainsFunc(nodes[i+1:], succeeds) {
			replaced = append(replaced, host)
		} else {
			current = append(current, host)
		}
	}
	return current, replaced
}

// makeNodes creates what is missing. Every node is told all nodes older than
// itself, so the very first is made alone and the others, all at once, as soon
// as its address is known.
func (d *differ) makeNodes() {
	p := d.pools
	for _, host := range p.failed {
		d.do(d.deletion(host), d.failure(host))
	}
	if len(p.missing) > 0 {
		d.makeMissing(p.missing, d.known())
	}
	for _, host := range p.current() {
		if d.Spec.Address(host) == "" {
			d.awaitAddress(host.Name)
		}
	}
}

// awaitAddress waits for the address of the youngest host of the name, whatever
// there is to wait for with others of it.
func (d *differ) awaitAddress(name string, after ...string) {
	a := AwaitAddress{Host: name}
	if len(d.keys(func(other Action) bool { return other.Key() == a.Key() })) == 0 {
		d.do(a, "", after...)
	}
}

// known are the nodes that those which are made now are told of, or come after.
func (d *differ) known() []cluster.Droplet {
	if name := d.forerunner(); name != "" {
		return []cluster.Droplet{{Name: name}}
	}
	return filter(slices.Concat(d.pools.current(), d.pools.replaced), d.meets)
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
	after = append(after, RotateCookie{}.Key(), vpcKey(a.Place.Region), firewallKey(d.Spec.Name, cluster.RoleNode), NoteDatabase{}.Key(), AwaitAddress{Host: cluster.DatabaseHostName(d.Spec.Name)}.Key())
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

// pool is the spec's pool of the name.
func (d *differ) pool(name string) (cluster.Pool, bool) {
	i := slices.IndexFunc(d.Spec.Pools, func(p cluster.Pool) bool { return p.Name == name })
	if i < 0 {
		return cluster.Pool{}, false
	}
	return d.Spec.Pools[i], true
}

func (d *differ) deletion(host cluster.Droplet) DeleteHost {
	record := d.Memory.Hosts[host.ID]
	if record.Name == "" { // nobody remembers it
		record = cluster.HostRecord{Name: host.Name, Role: host.Role(d.Spec.Name)}
	}
	return DeleteHost{Droplet: host, Name: record.Name, Role: record.Role}
}

// Peers returns the nodes that one made now is told of: all that run and that it
// can meet.
func Peers(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	p := d.nodes()
	peers := filter(p.current(), func(host cluster.Droplet) bool { return in.Spec.Address(host) != "" && d.meets(host) })
	slices.SortFunc(peers, cluster.ByAge)
	return peers
}

// Serving returns the nodes that a load balancer made now leads to: all that
// stay.
func Serving(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	return d.nodes().stay()
}
