package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Delivery is something that a running host has to be told.
type Delivery struct {
	Droplet cluster.Droplet
	Name    string // of the host
	Command string // of beamctl
	Stdin   []byte
	ID      string // HostRecord.Delivered once the host was told
}

// tell gives running hosts what has changed around them: the load balancer which
// nodes there are, the nodes where their database is, and all of them what of
// their own configuration they can take without a restart.
func (d *differ) tell() {
	if d.removal() {
		return
	}
	d.awaitHosts()
	if !d.Spec.Manages(d.Memory) {
		return
	}
	moved := len(d.keys(func(a Action) bool { return a.Key() == NoteDatabase{}.Key() })) > 0
	for _, host := range d.pools.stay() {
		delivery := d.nodeDelivery()
		delivery.Droplet, delivery.Name = host, host.Name
		if moved || delivery.ID != d.Memory.Hosts[host.ID].Delivered {
			d.do(Tell{Delivery: delivery}, describe(host.Name, host.ID)+" has yet to be told of other hosts",
				NoteDatabase{}.Key(), AwaitActive{Host: host.Name}.Key(), AwaitAddress{Host: cluster.DatabaseHostName(d.Spec.Name)}.Key())
		}
	}
	d.tellParts()
	d.tellBalancer()
	if _, told := d.toldBalancer(); !told && len(d.pools.restart)+len(d.pools.outdated)+len(d.pools.replaced) > 0 {
		d.awaitNodes(d.nodesUp())
	}
}

// tellParts gives hosts parts that need no restart.
func (d *differ) tellParts() {
	changes := maps.Clone(d.pools.changes)
	hosts := slices.Clone(d.pools.keep)
	if host, told := d.toldBalancer(); told {
		changes[host.ID] = d.balancerChange(host)
		hosts = append(hosts, host)
	}
	if host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory); exists && d.Spec.Database != nil {
		changes[host.ID] = d.databaseChange(host)
		hosts = append(hosts, host)
	}
	for _, host := range hosts {
		if c := changes[host.ID]; c.way == wayTold {
			record := d.Memory.Hosts[host.ID]
			a := Apply{Droplet: host, Name: record.Name, Role: record.Role, Parts: c.parts}
			d.do(a, c.why, AwaitActive{Host: record.Name}.Key())
		}
	}
}

// tellBalancer tells the load balancer its nodes: those that stay, and those
// that have no successor yet. While nodes restart or are made anew one after
// another, it is told before and after each; the plan shows the first time.
func (d *differ) tellBalancer() {
	host, exists := d.toldBalancer()
	if !exists {
		return
	}
	delivery := BalancerDelivery(d.Spec, d.Memory, d.serving())
	delivery.Droplet, delivery.Name = host, d.Memory.Hosts[host.ID].Name
	still := len(d.pools.missing)+len(d.pools.outdated) == 0 && len(d.serving()) == len(d.pools.current())
	if still && d.knowsNodes(host) {
		return
	}
	after := append(d.awaitNodes(d.nodesUp()), AwaitActive{Host: delivery.Name}.Key(), Apply{Droplet: host}.Key())
	if d.knowsNodes(host) {
		after = append(after, d.nextTurn()...)
	}
	d.do(Tell{Delivery: delivery}, describe(delivery.Name, host.ID)+" has yet to be told of other hosts", after...)
}

// tellKey is the step that tells the load balancer its nodes.
func (d *differ) tellKey() string {
	host, _ := d.toldBalancer()
	return Tell{Delivery: Delivery{Droplet: host}}.Key()
}

// serving are the nodes that a load balancer which can be told leads to: not
// those whose turn it is to restart, unless that is all of them, nor those that
// have yet to get a release, unless none has one. Of two sets that cannot meet it is
// the first, until the second is whole; where a change to another set was cut off and
// taken back, what is left of that set is younger, and the larger one serves.
func (d *differ) serving() []cluster.Droplet {
	if d.splits() && len(d.pools.outdated)+len(d.pools.missing) > 0 {
		first := filter(d.firstSet(), d.addressed)
		second := filter(slices.Concat(d.pools.current(), d.pools.replaced), func(host cluster.Droplet) bool { return d.meets(host) && d.addressed(host) })
		if len(first) > 0 && (older(first, second) || len(first) > len(second)) {
			return onePerName(first)
		}
	}
	all := d.oneOfEachName()
	for _, away := range []func(cluster.Droplet) bool{d.lacksRelease, d.restartsNow} {
		if rest := filter(all, func(host cluster.Droplet) bool { return !away(host) }); len(rest) > 0 {
			all = rest
		}
	}
	return all
}

// onePerName leaves the oldest of the hosts of a name. It goes as soon as its
// successor serves, so that none of the younger ones may ever have come up.
func onePerName(hosts []cluster.Droplet) []cluster.Droplet {
	return filter(hosts, func(host cluster.Droplet) bool {
		return !slices.ContainsFunc(hosts, func(other cluster.Droplet) bool {
			return other.Name == host.Name && cluster.ByAge(other, host) < 0
		})
	})
}

// older says that the oldest of the hosts is one of the first.
func older(first, second []cluster.Droplet) bool {
	return len(second) == 0 || cluster.ByAge(slices.MinFunc(first, cluster.ByAge), slices.MinFunc(second, cluster.ByAge)) < 0
}

// addressed says that clients can be led to a node.
func (d *differ) addressed(host cluster.Droplet) bool {
	return d.runs(host) && d.Spec.Address(host) != ""
}

// runs says that a node's release was not ended for good.
func (d *differ) runs(host cluster.Droplet) bool { return !d.Memory.Hosts[host.ID].Stopped }

// oneOfEachName are the nodes that clients can be led to: those that have no
// successor or, where these have yet to become what they should, others in their
// stead.
func (d *differ) oneOfEachName() []cluster.Droplet {
	nodes := filter(d.pools.current(), d.meets)
	for i, host := range nodes {
		if !slices.ContainsFunc(d.pools.keep, sameHost(host)) {
			nodes[i] = d.standIn(host)
		}
	}
	return nodes
}

// standIn is the oldest predecessor that the node still has, or the node itself.
func (d *differ) standIn(host cluster.Droplet) cluster.Droplet {
	older := onePerName(filter(d.pools.replaced, func(older cluster.Droplet) bool {
		return older.Name == host.Name && Active(older) && d.runs(older) && d.elsewhere(older) == ""
	}))
	if len(older) == 0 {
		return host
	}
	return older[0]
}

// knowsNodes says that the load balancer was told of just the nodes that serve.
func (d *differ) knowsNodes(host cluster.Droplet) bool {
	return BalancerDelivery(d.Spec, d.Memory, d.serving()).ID == d.Memory.Hosts[host.ID].Delivered
}

// nodesUp are the steps after which all nodes are up that are missing now, in
// networks that are connected, and the database that they need.
func (d *differ) nodesUp() []string {
	return d.keys(func(a Action) bool {
		switch a := a.(type) {
		case AwaitActive:
			return !d.isBalancer(a.Host)
		case AwaitAddress, AwaitPeering:
			return true
		case CreateHosts:
			return a.Role == cluster.RoleNode
		}
		return false
	})
}

// isBalancer says that a load balancer has the name, or is made under it.
func (d *differ) isBalancer(name string) bool {
	for _, host := range d.Observed.Known(cluster.RoleLoadBalancer, d.Memory) {
		if d.Memory.Hosts[host.ID].Name == name {
			return true
		}
	}
	return slices.ContainsFunc(d.steps, func(s Step) bool {
		made, is := s.Action.(CreateHosts)
		return is && made.Role == cluster.RoleLoadBalancer && slices.Contains(made.Names, name)
	})
}

// nextTurn are the steps after which the nodes are up whose turn it is to restart
// or, where none restarts, to be made anew.
func (d *differ) nextTurn() []string {
	if len(d.pools.restart) > 0 {
		return d.restartKeys("")
	}
	if len(d.pools.outdated) == 0 {
		return nil
	}
	return d.replacements()[0].keys()
}

// awaitNodes waits until the nodes run, where hosts are waited for, and returns
// what to wait for then: HAProxy sends clients to a new server before it has
// checked it.
func (d *differ) awaitNodes(after []string) []string {
	if !d.Spec.WaitsForHosts(d.Memory) || d.nodesRun() {
		return after
	}
	up := slices.Concat(after, d.tells())
	if len(d.pools.replaced)+len(d.pools.restart) == 0 {
		up = append(up, d.nextTurn()...)
	}
	d.do(AwaitNodes{}, "", up...)
	return append(after, AwaitNodes{}.Key())
}

func (d *differ) tells() []string {
	return d.keys(func(a Action) bool {
		_, tell := a.(Tell)
		return tell
	})
}

// toldBalancer is the load balancer that serves on and can be told.
func (d *differ) toldBalancer() (cluster.Droplet, bool) {
	host, exists := d.balancerHost()
	return host, exists && (d.balancerLater || !d.makesBalancer()) && d.tellsBalancer(host)
}

func (d *differ) tellsBalancer(host cluster.Droplet) bool {
	return d.Spec.LoadBalancer != nil && d.reaches(host.ID)
}

// awaitHosts waits until every host that stays is up.
func (d *differ) awaitHosts() {
	hosts := append(d.pools.stay(), d.single()...)
	for _, host := range hosts {
		name := d.Memory.Hosts[host.ID].Name
		key := AwaitActive{Host: name}.Key()
		if !Active(host) && len(d.keys(func(a Action) bool { return a.Key() == key })) == 0 && !d.deletes(host.ID) {
			d.do(AwaitActive{Host: name}, "", PowerOn{Droplet: host}.Key())
		}
	}
	for _, s := range d.steps {
		made, is := s.Action.(CreateHosts)
		if !is || made.Role == cluster.RoleLoadBalancer {
			continue
		}
		for _, name := range made.Names {
			d.do(AwaitActive{Host: name}, "", made.Key())
		}
	}
}

func (d *differ) deletes(id int) bool {
	key := DeleteHost{Droplet: cluster.Droplet{ID: id}}.Key()
	return len(d.keys(func(a Action) bool { return a.Key() == key })) > 0
}

// Active says that a droplet is up and can be reached.
func Active(d cluster.Droplet) bool { return d.Status == cluster.StatusActive && d.PublicIPv4 != "" }

// nodeDelivery tells a node its database's address. Without a database there is
// nothing to tell.
func (d *differ) nodeDelivery() Delivery {
	return Delivery{Command: hostconfig.CommandSetDatabase(d.Memory.DatabaseAddress), ID: NodeDelivered(d.Memory)}
}

// NodeDelivered is HostRecord.Delivered of a node that is made now.
func NodeDelivered(m cluster.Memory) string { return m.DatabaseAddress }

// BalancerDelivery tells a load balancer its nodes.
func BalancerDelivery(s cluster.Spec, m cluster.Memory, nodes []cluster.Droplet) Delivery {
	// Only names and addresses that no droplet has are an error.
	stdin, _ := hostconfig.SetNodesInput(s.Servers(m, nodes))
	sum := sha256.Sum256(stdin)
	return Delivery{Command: hostconfig.CommandSetNodes, Stdin: stdin, ID: hex.EncodeToString(sum[:8])}
}
