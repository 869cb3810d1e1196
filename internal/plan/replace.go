package plan

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// replaceNodes makes nodes anew in turns: new ones are there before the old ones
// go. Where the load balancer can be told, it leads to the new ones before that;
// else all old nodes stay until the load balancer's successor, which knows the new
// ones, serves.
func (d *differ) replaceNodes() {
	_, told := d.toldBalancer()
	before := d.removeReplaced(told)
	if d.blindly() || d.splits() {
		before = nil
	}
	for _, t := range d.replacements() {
		d.makeSuccessors(t, before)
		made := t.keys()
		before = nil
		for _, host := range t.hosts {
			after := append(slices.Clone(made), d.tellKey())
			if d.blindly() {
				after = append(after, d.successorServes()...)
			}
			before = append(before, d.removeNode(host, d.pools.changes[host.ID].why, after...))
		}
	}
}

func sameHost(host cluster.Droplet) func(cluster.Droplet) bool {
	return func(other cluster.Droplet) bool { return other.ID == host.ID }
}

// surge is how many nodes are made beside the old ones in one turn: a second set is
// made whole. Nodes whose successors are there already, and which have yet to go,
// count.
func (d *differ) surge() int {
	if d.atOnce() || d.blindly() || d.splits() {
		return max(1, len(d.pools.outdated))
	}
	return max(1, d.Spec.Update.MaxSurge)
}

// blindly says that clients are led to nodes by a load balancer that cannot be
// told of others: all of them have successors before its own successor comes.
func (d *differ) blindly() bool {
	_, told := d.toldBalancer()
	return d.Spec.LoadBalancer != nil && (!told || !d.balancerLater && d.addressMoves())
}

// removeReplaced removes the nodes whose successors are there, and returns the
// steps that the next turn has to wait for.
func (d *differ) removeReplaced(told bool) (before []string) {
	balancer, _ := d.toldBalancer()
	for _, host := range d.pools.replaced {
		after := append(d.restartKeys(host.Name), AwaitActive{Host: host.Name}.Key())
		if told && !d.knowsNodes(balancer) {
			after = append(after, d.tellKey())
		}
		if d.blindly() {
			after = append(after, d.successorServes()...)
		}
		if d.splits() {
			after = append(after, d.successorKeys()...)
		}
		key := d.removeNode(host, describe(host.Name, host.ID)+" has a successor", after...)
		if !slices.ContainsFunc(d.pools.outdated, func(o cluster.Droplet) bool { return o.Name == host.Name }) {
			before = append(before, key)
		} // else it goes when the successor of its successor is up
	}
	return append(before, d.restartKeys("")...)
}

// replacement are nodes that are made anew at a time.
type replacement struct {
	hosts    []cluster.Droplet
	requests []CreateHosts // one for each pool
}

// replacements are the turns that are to come. A request is told from others by its
// pool and its turn: which nodes are left to be made anew changes while it is under
// way.
func (d *differ) replacements() (all []replacement) {
	for hosts := range slices.Chunk(d.pools.outdated, d.surge()) {
		all = append(all, replacement{hosts: hosts, requests: d.requests(hosts, len(all))})
	}
	return all
}

// requests make the successors of the hosts, the forerunner of a second set alone
// and first.
func (d *differ) requests(hosts []cluster.Droplet, turn int) (all []CreateHosts) {
	alone := d.forerunner()
	for _, pool := range d.Spec.Pools {
		made := CreateHosts{Label: "successors in " + pool.Name, Pool: pool.Name, Place: pool.Place}
		if turn > 0 {
			made.Label += fmt.Sprintf(" in turn %d", turn+1)
		}
		for _, host := range hosts {
			switch {
			case d.Memory.Hosts[host.ID].Pool != pool.Name:
			case host.Name == alone:
				all = slices.Insert(all, 0, CreateHosts{Label: "first successor", Pool: pool.Name, Place: pool.Place, Names: []string{alone}})
			default:
				made.Names = append(made.Names, host.Name)
			}
		}
		if len(made.Names) > 0 {
			all = append(all, made)
		}
	}
	return all
}

// keys are the steps after which the successors are up.
func (t replacement) keys() (keys []string) {
	for _, made := range t.requests {
		keys = append(keys, made.Key())
		for _, name := range made.Names {
			keys = append(keys, AwaitActive{Host: name}.Key())
		}
	}
	return keys
}

func (d *differ) makeSuccessors(t replacement, before []string) {
	if d.splits() {
		before = append(slices.Clone(before), addressKeys(d.known())...)
	}
	for i, made := range t.requests {
		if alone := d.forerunner(); i == 0 && alone != "" {
			d.makeNode(made, "")
			d.awaitAddress(alone, made.Key())
		} else {
			d.makeNode(made, "", before...)
		}
		for _, name := range made.Names {
			d.do(AwaitActive{Host: name}, "", made.Key())
		}
	}
}

// successorKeys are the steps after which all successors are up.
func (d *differ) successorKeys() (keys []string) {
	for _, t := range d.replacements() {
		keys = append(keys, t.keys()...)
	}
	return keys
}

// successorServes are the steps after which a load balancer serves that is made
// anew, if one is.
func (d *differ) successorServes() []string {
	if !d.addressMoves() {
		return nil
	}
	return []string{createKey(cluster.RoleLoadBalancer), MoveAddress{}.Key()}
}

// removeNode deletes a node that others stand in for, or that is not needed any
// more. Its release ends gracefully before, where the provider has a way to it.
func (d *differ) removeNode(host cluster.Droplet, why string, after ...string) (key string) {
	a := d.deletion(host)
	after = d.retire(host, d.drainSeconds(), append(after, AwaitNodes{}.Key()))
	d.add(Step{Action: a, After: after, Interrupts: Interruption{Hosts: []string{a.Name}}, Why: why})
	return a.Key()
}

// retire lets those go whom a host serves, where the provider has a way to it, and
// returns what its deletion has to wait for.
func (d *differ) retire(host cluster.Droplet, seconds int, after []string) []string {
	record := d.Memory.Hosts[host.ID]
	if !d.reaches(host.ID) || !Active(host) || record.Stopped || record.SetUpFailed && record.Role == cluster.RoleLoadBalancer {
		return after
	}
	a := Retire{Droplet: host, Name: record.Name, Role: record.Role, DrainSeconds: seconds}
	d.add(Step{Action: a, After: after})
	return append(slices.Clone(after), a.Key())
}

// drainSeconds is how long connections to a node are given to end, once the load
// balancer leads nobody to it any more.
func (d *differ) drainSeconds() int {
	if _, told := d.toldBalancer(); !told {
		return 0
	}
	return d.Spec.Update.DrainSeconds
}
