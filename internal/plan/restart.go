package plan

import (
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

const (
	// nodeRestart is how long a node is away at least that restarts in place.
	nodeRestart = 5 * time.Second
	// restartPatience is how long a node may take to be well again.
	restartPatience = 2 * time.Minute
)

// restartNodes restarts releases in place, turn by turn: the load balancer leads
// nobody to those whose turn it is, and each turn waits until the one before is
// well again.
func (d *differ) restartNodes() {
	if len(d.pools.restart) == 0 {
		return
	}
	balancer, told := d.toldBalancer()
	before := d.releaseStored()
	for turn := range slices.Chunk(d.pools.restart, len(d.turn())) {
		var keys []string
		for _, host := range turn {
			after := append(slices.Clone(before), AwaitActive{Host: host.Name}.Key(), AwaitNodes{}.Key(), RotateCookie{}.Key())
			if told && !d.knowsNodes(balancer) {
				after = append(after, d.tellKey())
			}
			c := d.pools.changes[host.ID]
			a := Apply{Droplet: host, Name: host.Name, Role: cluster.RoleNode, Parts: c.parts, Restart: d.restart()}
			d.add(Step{Action: a, Why: c.why, After: after, Interrupts: Interruption{Hosts: []string{host.Name}, AtLeast: nodeRestart}})
			keys = append(keys, a.Key())
		}
		before = append(before, keys...)
	}
}

// turn are the nodes whose turn it is to restart. Those that have yet to run
// their first release serve nobody and go first, all at once.
func (d *differ) turn() []cluster.Droplet {
	if lacking := filter(d.pools.restart, d.lacksRelease); len(lacking) > 0 {
		return lacking
	}
	if d.atOnce() {
		return d.pools.restart
	}
	most := min(d.Spec.Update.MaxUnavailable, len(d.pools.current())-1) // one serves, where there are others
	return d.pools.restart[:min(len(d.pools.restart), max(1, most))]
}

// atOnce says that nodes do not wait for each other.
func (d *differ) atOnce() bool {
	return d.Spec.Update.Strategy == cluster.UpdateBlueGreen || d.Spec.Update.Strategy == cluster.UpdateAllAtOnce
}

func (d *differ) restartsNow(host cluster.Droplet) bool {
	return slices.ContainsFunc(d.turn(), sameHost(host))
}

// restartKeys are the steps that restart the nodes of the name, or all of them
// where it is empty.
func (d *differ) restartKeys(name string) []string {
	var keys []string
	for _, host := range d.pools.restart {
		if name == "" || host.Name == name {
			keys = append(keys, Apply{Droplet: host}.Key())
		}
	}
	return keys
}

// restart is how a release restarts.
func (d *differ) restart() *hostconfig.Restart {
	r := &hostconfig.Restart{
		DrainSeconds: d.drainSeconds(), Rollback: d.Spec.Update.OnFailure == cluster.OnFailureRollback,
		PatienceSeconds: int(restartPatience / time.Second),
	}
	if lb := d.Spec.LoadBalancer; lb != nil {
		r.Check = &hostconfig.RestartCheck{Port: d.Spec.HTTPPort(), Path: lb.HealthCheck.Path, Host: lb.HealthCheck.Host}
	}
	return r
}

// releaseStored are the steps after which every node has the release that it is
// to run, and the database fits it.
func (d *differ) releaseStored() []string { return nil }
