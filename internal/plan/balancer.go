package plan

import (
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// balancerBoot is how long a load balancer is away at least that clients are led
// to as soon as its droplet is active: it has yet to install and start HAProxy.
const balancerBoot = 20 * time.Second

// balancer keeps one load balancer that knows all nodes. One that cannot be
// told of others is replaced: the new one comes up, the address moves, and the
// old one goes.
func (d *differ) balancer() {
	if d.Spec.LoadBalancer == nil {
		return
	}
	host, exists := d.balancerHost()
	change := d.balancerChange(host)
	if exists && change.way < wayReplaced {
		if !d.settled() && !d.tellsBalancer(host) {
			d.makeBalancer("") // it will know other nodes
		}
		return
	}
	why := "the load balancer is missing"
	if exists {
		why = change.why
	}
	stays := d.elsewhere(host) == "" && !d.Memory.Hosts[host.ID].SetUpFailed
	d.balancerLater = exists && d.reaches(host.ID) && stays && d.nodesChange()
	d.makeBalancer(why)
}

// balancerHost is the load balancer that there is: the youngest, for a successor
// comes up before the old one goes, of those in reach of the nodes, if any is.
func (d *differ) balancerHost() (cluster.Droplet, bool) {
	inReach := filter(d.Observed.Known(cluster.RoleLoadBalancer, d.Memory), func(host cluster.Droplet) bool { return d.elsewhere(host) == "" })
	if last := len(inReach) - 1; last >= 0 {
		return inReach[last], true
	}
	return d.Observed.Host(cluster.RoleLoadBalancer, d.Memory)
}

// nodesChange says that nodes come, go or restart that a load balancer has to be
// told of. One that can be is made anew after that, when its successor has
// nothing left to learn.
func (d *differ) nodesChange() bool { return !d.settled() || len(d.pools.replaced) > 0 }

func (d *differ) makeBalancer(why string) {
	name := d.nextBalancerName()
	after := d.keys(func(a Action) bool {
		switch a := a.(type) {
		case CreateHosts:
			return a.Role == cluster.RoleNode
		case AwaitAddress:
			return true
		}
		return false
	})
	after = append(after, d.successorKeys()...)
	if d.balancerLater {
		after = append(after, d.restartKeys("")...)
		for _, host := range slices.Concat(d.pools.outdated, d.pools.replaced) {
			after = append(after, DeleteHost{Droplet: host}.Key())
		}
		if host, told := d.toldBalancer(); told {
			after = append(after, Tell{Delivery: Delivery{Droplet: host}}.Key())
		}
	}
	after = append(after, vpcKey(d.Spec.LoadBalancer.Region), firewallKey(d.Spec.Name, cluster.RoleLoadBalancer), firewallKey(d.Spec.Name, cluster.RoleNode))
	if host, failed := d.failedBalancer(); failed {
		d.do(d.deletion(host), d.failure(host))
		after = append(after, DeleteHost{Droplet: host}.Key())
	}
	d.do(CreateHosts{Label: cluster.RoleLoadBalancer, Role: cluster.RoleLoadBalancer, Place: d.Spec.LoadBalancer.Place, Names: []string{name}}, why, after...)
	d.do(AwaitActive{Host: name}, "", createKey(cluster.RoleLoadBalancer))
}

// failedBalancer is a load balancer that never got ready and that nobody is led
// to. One that clients are led to stays until its successor serves: a late step
// may have failed, with HAProxy running.
func (d *differ) failedBalancer() (cluster.Droplet, bool) {
	host, exists := d.balancerHost()
	failed := exists && d.Memory.Hosts[host.ID].SetUpFailed && !d.public(host.ID)
	return host, failed
}

// settled says that no node comes, goes or restarts, so that what the load balancer has to
// know is known.
func (d *differ) settled() bool {
	p := d.pools
	return len(p.missing)+len(p.restart)+len(p.outdated) == 0
}

// balancerChange says what differs between what the load balancer's host runs and
// what it should. One that cannot be told of other nodes has to know them.
func (d *differ) balancerChange(host cluster.Droplet) change {
	record := d.Memory.Hosts[host.ID]
	if record.SetUpFailed {
		return change{way: wayReplaced, why: d.failure(host)}
	}
	wanted := d.Spec.LoadBalancerHost(d.Memory, d.pools.stay())
	unsettled := !d.settled() && !d.tellsBalancer(host)
	if record.Parts == nil && unsettled {
		return change{} // it is made anew in any case, once the nodes are there
	}
	c := d.changeOf(host, d.Spec.LoadBalancer.Place, described(wanted))
	other := record.Parts != nil && !d.tellsBalancer(host) && record.Delivered != BalancerDelivery(d.Spec, d.Memory, d.pools.stay()).ID
	if c.way < wayReplaced && other && !unsettled {
		return change{way: wayReplaced, why: describe(record.Name, host.ID) + " was told of other hosts: it is made anew"}
	}
	return c
}

// nextBalancerName is the first name that no droplet has or was given: a new load
// balancer comes up beside the old, so that the number goes on. One whose set-up
// failed leaves its name to its successor.
func (d *differ) nextBalancerName() string {
	if host, failed := d.failedBalancer(); failed {
		return d.Memory.Hosts[host.ID].Name
	}
	for n := 1; ; n++ {
		name := cluster.LoadBalancerHostName(d.Spec.Name, n)
		if !slices.ContainsFunc(d.Observed.Droplets, func(host cluster.Droplet) bool {
			return host.Name == name || d.Memory.Hosts[host.ID].Name == name
		}) {
			return name
		}
	}
}

// public says whether the reserved IP leads to the droplet.
func (d *differ) public(id int) bool {
	return d.Observed.ReservedIP != nil && d.Observed.ReservedIP.DropletID == id
}

// hasPredecessor says whether the address leads to another load balancer of the
// cluster. One that was lost has no clients to protect, and its successor can
// only get a certificate at the address.
func (d *differ) hasPredecessor(id int) bool {
	if d.Observed.ReservedIP == nil || d.public(id) {
		return false
	}
	return d.Memory.Hosts[d.Observed.ReservedIP.DropletID].Role == cluster.RoleLoadBalancer
}

// addressMoves says that the address does not lead to the load balancer yet that
// the nodes shall be behind.
func (d *differ) addressMoves() bool {
	if d.Spec.LoadBalancer == nil {
		return false
	}
	host, exists := d.balancerHost()
	return !exists || d.makesBalancer() || !d.public(host.ID)
}

func (d *differ) makesBalancer() bool {
	return len(d.keys(func(a Action) bool { return a.Key() == createKey(cluster.RoleLoadBalancer) })) > 0
}

// address leads the reserved IP to the load balancer. An address cannot be bound
// to a droplet whose create still runs. From another one it moves when the new
// one serves, where hosts are waited for.
func (d *differ) address() {
	if d.Spec.LoadBalancer == nil {
		return
	}
	host, exists := d.balancerHost()
	made := createKey(cluster.RoleLoadBalancer)
	name := d.Memory.Hosts[host.ID].Name
	if !exists || d.makesBalancer() {
		host, name = cluster.Droplet{}, d.nextBalancerName()
	}
	after := []string{made, AwaitActive{Host: name}.Key()}
	switch ip := d.Observed.ReservedIP; {
	case ip == nil:
		why := "the load balancer has no public address"
		if d.Memory.ReservedIP != "" {
			why = "the reserved IP " + d.Memory.ReservedIP + " is gone"
		}
		d.do(ReserveAddress{Host: name}, why, after...)
	case host.ID == 0 || ip.DropletID != host.ID:
		move := Step{Action: MoveAddress{IP: ip.IP, Host: name}, Why: "the reserved IP " + ip.IP + " does not lead to " + name}
		switch {
		case !d.hasPredecessor(host.ID):
		case d.Spec.WaitsForHosts(d.Memory):
			after = append(after, AwaitFormed{}.Key())
			after = append(after, d.carryCertificate(host, name)...)
		default:
			move.Interrupts = Interruption{Hosts: []string{name}, AtLeast: balancerBoot}
		}
		move.After = after
		d.add(move)
	}
}

// carryCertificate gives a load balancer the certificate of its predecessor, from
// the same authority and for the same names, before it can get one of its own.
func (d *differ) carryCertificate(host cluster.Droplet, name string) []string {
	if tls := d.Spec.LoadBalancer.TLS; tls == nil || tls.ACME == nil || d.Memory.Hosts[host.ID].Carried {
		return nil
	}
	from, _ := d.Observed.Droplet(d.Observed.ReservedIP.DropletID)
	same := d.Memory.Hosts[from.ID].Parts[hostconfig.PartACME] == d.Spec.LoadBalancerHost(d.Memory, nil).Parts()[hostconfig.PartACME]
	if !same || !d.reaches(from.ID) || !Active(from) {
		return nil
	}
	a := CarryCertificate{From: from, To: host, Name: name}
	d.do(a, "", createKey(cluster.RoleLoadBalancer), AwaitActive{Host: name}.Key(), AwaitFormed{}.Key())
	return []string{a.Key()}
}
