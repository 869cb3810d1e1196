package plan

import (
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
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
	for _, turn := range d.turns() {
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
	return d.pools.restart[:min(len(d.pools.restart), d.together())]
}

// together is how many nodes restart at a time: one serves, where there are
// others.
func (d *differ) together() int {
	if d.atOnce() {
		return max(1, len(d.pools.restart))
	}
	return max(1, min(d.Spec.Update.MaxUnavailable, len(d.pools.current())-1))
}

// atOnce says that nodes do not wait for each other.
func (d *differ) atOnce() bool {
	return d.Spec.Update.Strategy == cluster.UpdateBlueGreen || d.Spec.Update.Strategy == cluster.UpdateAllAtOnce
}

// turns are the nodes that restart, turn by turn.
func (d *differ) turns() [][]cluster.Droplet {
	now := d.turn()
	turns := [][]cluster.Droplet{now}
	rest := filter(d.pools.restart, func(host cluster.Droplet) bool { return !slices.ContainsFunc(now, sameHost(host)) })
	return slices.AppendSeq(turns, slices.Chunk(rest, d.together()))
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

// releaseStored brings the release to all nodes that are to run it, and the
// database to what it needs, before the first of them restarts. It returns the
// steps to wait for.
func (d *differ) releaseStored() []string {
	deploys := filter(d.pools.restart, func(host cluster.Droplet) bool {
		return slices.Contains(d.pools.changes[host.ID].parts, hostconfig.PartRelease)
	})
	if len(deploys) == 0 || !d.Spec.Release.Fetched() {
		return nil
	}
	release := d.Spec.Release
	keys := d.store(filter(deploys, func(host cluster.Droplet) bool { return !d.stores(host) }), d.awaitBooted())
	if release.Migrate != "" && d.Memory.Migrated != release.SHA256 {
		a := Migrate{Droplet: deploys[0], Name: deploys[0].Name, SHA256: release.SHA256}
		d.do(a, "", append(keys, d.awaitBooted()...)...)
		keys = append(keys, a.Key())
	}
	return keys
}

// stores says that the node has the release in its store.
func (d *differ) stores(host cluster.Droplet) bool {
	return d.Memory.Hosts[host.ID].Stored == d.Spec.Release.SHA256
}

// store has the nodes fetch the release, from its URL or, after one has got it
// over the channel, from that one.
func (d *differ) store(nodes []cluster.Droplet, after []string) (keys []string) {
	if len(nodes) == 0 {
		return nil
	}
	release := d.Spec.Release
	if release.Path == "" {
		for _, host := range nodes {
			a := FetchRelease{Droplet: host, Name: host.Name, SHA256: release.SHA256}
			d.do(a, "", append(slices.Clone(after), AwaitActive{Host: host.Name}.Key())...)
			keys = append(keys, a.Key())
		}
		return keys
	}
	have := filter(slices.Concat(d.pools.current(), d.pools.replaced), func(host cluster.Droplet) bool {
		return d.stores(host) && d.reaches(host.ID) && Active(host) && d.elsewhere(host) == ""
	})
	if len(have) == 0 {
		a := PushRelease{Droplet: nodes[0], Name: nodes[0].Name, SHA256: release.SHA256}
		d.do(a, "", append(slices.Clone(after), AwaitActive{Host: nodes[0].Name}.Key())...)
		keys = append(keys, a.Key())
		have, nodes = nodes[:1], nodes[1:]
	}
	if len(nodes) == 0 {
		return keys
	}
	a := SpreadRelease{From: have[0], To: nodes, SHA256: release.SHA256}
	d.do(a, "", append(slices.Clone(keys), after...)...)
	return append(keys, a.Key())
}

// awaitBooted waits until hosts are up that have never run anything, and returns
// what to wait for then.
func (d *differ) awaitBooted() []string {
	lacking := filter(d.pools.restart, d.lacksRelease)
	if len(lacking) == 0 || d.booted(lacking) {
		return nil
	}
	if key := (AwaitBooted{}).Key(); len(d.keys(func(a Action) bool { return a.Key() == key })) == 0 {
		d.do(AwaitBooted{}, "", d.nodesUp()...)
	}
	return []string{AwaitBooted{}.Key()}
}

func (d *differ) booted(nodes []cluster.Droplet) bool {
	hosts := slices.Clone(nodes)
	if d.Spec.Database != nil {
		if host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory); exists {
			hosts = append(hosts, host)
		}
	}
	spec := d.Spec
	spec.Release = nil // they have none yet
	return d.reported(hosts) && health.Judge(spec, d.Memory, d.reportsOf(hosts)).Formed()
}

// LeadBack tells the load balancer of all nodes that run, when an apply ends amid
// their restarts: those whose turn it was run what they ran before, unless the user
// wants them left as they are.
func LeadBack(in Input) (Delivery, bool) {
	d := &differ{Input: in}
	d.pools = d.nodes()
	host, told := d.toldBalancer()
	if !told || len(d.pools.restart) == 0 || in.Spec.Update.OnFailure != cluster.OnFailureRollback {
		return Delivery{}, false
	}
	nodes := filter(d.oneOfEachName(), func(host cluster.Droplet) bool { return !d.lacksRelease(host) })
	back := BalancerDelivery(in.Spec, in.Memory, nodes)
	back.Droplet, back.Name = host, in.Memory.Hosts[host.ID].Name
	return back, len(nodes) > 0 && back.ID != in.Memory.Hosts[host.ID].Delivered
}
