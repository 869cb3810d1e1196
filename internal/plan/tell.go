package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
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
// nodes there are, the nodes where their database is.
func (d *differ) tell() {
	if d.removal() {
		return
	}
	d.awaitHosts()
	if !d.Spec.Manages(d.Memory) {
		return
	}
	moved := len(d.keys(func(a Action) bool { return a.Key() == NoteDatabase{}.Key() })) > 0
	for _, host := range d.pools.keep {
		delivery := d.nodeDelivery()
		delivery.Droplet, delivery.Name = host, host.Name
		if moved || delivery.ID != d.Memory.Hosts[host.ID].Delivered {
			d.do(Tell{Delivery: delivery}, describe(host.Name, host.ID)+" has yet to be told of other hosts",
				NoteDatabase{}.Key(), AwaitActive{Host: host.Name}.Key(), AwaitAddress{Host: cluster.DatabaseHostName(d.Spec.Name)}.Key())
		}
	}
	d.tellBalancer()
	if _, told := d.toldBalancer(); !told && len(d.pools.outdated)+len(d.pools.replaced) > 0 {
		d.awaitNodes(d.nodesUp())
	}
}

// tellBalancer tells the load balancer its nodes: those that stay, and those
// that have no successor yet. While nodes are made anew one after another, it is
// told after each; the plan shows the first time.
func (d *differ) tellBalancer() {
	host, exists := d.toldBalancer()
	if !exists {
		return
	}
	delivery := BalancerDelivery(d.Spec, d.serving())
	delivery.Droplet, delivery.Name = host, d.Memory.Hosts[host.ID].Name
	if d.settled() && d.knowsNodes(host) {
		return
	}
	after := append(d.awaitNodes(d.nodesUp()), AwaitActive{Host: delivery.Name}.Key())
	if d.knowsNodes(host) {
		after = append(after, d.nextNode()...)
	}
	d.do(Tell{Delivery: delivery}, describe(delivery.Name, host.ID)+" has yet to be told of other hosts", after...)
}

// serving are the nodes that a load balancer which can be told leads to.
func (d *differ) serving() []cluster.Droplet {
	return slices.Concat(d.pools.keep, d.pools.outdated)
}

// knowsNodes says that the load balancer was told of just the nodes that serve.
func (d *differ) knowsNodes(host cluster.Droplet) bool {
	return BalancerDelivery(d.Spec, d.serving()).ID == d.Memory.Hosts[host.ID].Delivered
}

// nodesUp are the steps after which all nodes are up that are missing now, and
// the database that they need.
func (d *differ) nodesUp() []string {
	return d.keys(func(a Action) bool {
		switch a := a.(type) {
		case AwaitActive:
			return !d.isBalancer(a.Host)
		case AwaitAddress:
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

// nextNode are the steps after which the first node is up that is made anew.
func (d *differ) nextNode() []string {
	if len(d.pools.outdated) == 0 {
		return nil
	}
	next := d.pools.outdated[0].Name
	return []string{CreateHosts{Label: "new " + next}.Key(), AwaitActive{Host: next}.Key()}
}

// awaitNodes waits until the nodes run, where hosts are waited for, and returns
// what to wait for then: HAProxy sends clients to a new server before it has
// checked it.
func (d *differ) awaitNodes(after []string) []string {
	if !d.Spec.WaitsForHosts(d.Memory) || d.nodesRun() {
		return after
	}
	up := slices.Concat(after, d.tells())
	if len(d.pools.replaced) == 0 {
		up = append(up, d.nextNode()...)
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
	host, exists := d.Observed.Host(cluster.RoleLoadBalancer, d.Memory)
	return host, exists && !d.makesBalancer() && d.tellsBalancer()
}

func (d *differ) tellsBalancer() bool { return d.Spec.LoadBalancer != nil && d.Spec.Manages(d.Memory) }

// awaitHosts waits until every host that stays is up.
func (d *differ) awaitHosts() {
	hosts := slices.Clone(d.pools.keep)
	hosts = append(hosts, d.single()...)
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

// form waits until the hosts say that they are what the spec waits for.
func (d *differ) form() {
	if !d.Spec.WaitsForHosts(d.Memory) || d.formed() {
		return
	}
	why := ""
	if d.Memory.Unformed {
		why = "the cluster was not " + d.Spec.WaitFor + " when it was looked at last"
	}
	d.do(AwaitFormed{}, why, d.keys(func(a Action) bool {
		switch a := a.(type) {
		case CreateHosts, AwaitActive, AwaitAddress, AwaitPeering, AwaitNodes, Tell, AttachVolume, PowerOn, CreateFirewall, UpdateFirewall, TagHosts:
			return true
		case DeleteHost:
			return slices.ContainsFunc(d.pools.replaced, func(host cluster.Droplet) bool { return host.ID == a.Droplet.ID }) && d.tellsBalancer() && !d.addressMoves()
		}
		return false
	})...)
}

// formed says that what the hosts said last is what the spec waits for.
func (d *differ) formed() bool {
	return d.reported(d.members()) && Judge(d.Spec, d.Memory, d.Reports).Formed()
}

func (d *differ) nodesRun() bool {
	return d.reported(d.pools.keep) && len(d.pools.missing) == 0 && health.NodesRun(d.Reports)
}

// reported says that each of the hosts was asked.
func (d *differ) reported(hosts []cluster.Droplet) bool {
	return !slices.ContainsFunc(hosts, func(host cluster.Droplet) bool {
		return !slices.ContainsFunc(d.Reports, func(r health.HostReport) bool { return r.DropletID == host.ID })
	})
}

// Judge says what the reports say of the cluster that the spec waits for.
func Judge(s cluster.Spec, m cluster.Memory, reports []health.HostReport) health.Formation {
	if s.WaitFor == cluster.WaitBooted {
		return health.JudgeBoot(reports)
	}
	return health.Judge(s, m, reports)
}

// Members returns the hosts that make up the cluster as the spec wants it: not
// those on their way out.
func Members(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	d.pools = d.nodes()
	return d.members()
}

func (d *differ) members() []cluster.Droplet {
	return slices.Concat(d.pools.keep, d.pools.outdated, d.single())
}

// single are the hosts that there are of roles with one host, as far as the spec
// asks for them: one on its way out need not be well.
func (d *differ) single() []cluster.Droplet {
	var hosts []cluster.Droplet
	for _, role := range []string{cluster.RoleDatabase, cluster.RoleLoadBalancer} {
		if host, exists := d.Observed.Host(role, d.Memory); exists && slices.Contains(d.Spec.Roles(), role) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// nodeDelivery tells a node its database's address. Without a database there is
// nothing to tell.
func (d *differ) nodeDelivery() Delivery {
	return Delivery{Command: hostconfig.CommandSetDatabase(d.Memory.DatabaseAddress), ID: NodeDelivered(d.Memory)}
}

// NodeDelivered is HostRecord.Delivered of a node that is made now.
func NodeDelivered(m cluster.Memory) string { return m.DatabaseAddress }

// BalancerDelivery tells a load balancer its nodes.
func BalancerDelivery(s cluster.Spec, nodes []cluster.Droplet) Delivery {
	// Only names and addresses that no droplet has are an error.
	stdin, _ := hostconfig.SetNodesInput(s.Servers(nodes))
	sum := sha256.Sum256(stdin)
	return Delivery{Command: hostconfig.CommandSetNodes, Stdin: stdin, ID: hex.EncodeToString(sum[:8])}
}
