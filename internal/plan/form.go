package plan

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// form waits until the hosts say that they are what the spec waits for.
func (d *differ) form() {
	if !d.Spec.WaitsForHosts(d.Memory) || d.formed() {
		return
	}
	why := ""
	if d.Memory.Unformed {
		why = "the " + d.Spec.Noun() + " was not " + d.Spec.WaitFor + " when it was looked at last"
	}
	d.do(AwaitFormed{}, why, d.keys(func(a Action) bool {
		switch a := a.(type) {
		case CreateHosts, AwaitActive, AwaitAddress, AwaitPeering, AwaitNodes, Tell, Apply, RotateCookie, AwaitBooted, AttachVolume, PowerOn, CreateFirewall, UpdateFirewall, TagHosts:
			return true
		case DeleteHost:
			return slices.ContainsFunc(d.pools.replaced, func(host cluster.Droplet) bool { return host.ID == a.Droplet.ID }) && d.Spec.Manages(d.Memory) && !d.addressMoves()
		}
		return false
	})...)
}

// formed says that what the hosts said last is what the spec waits for.
func (d *differ) formed() bool {
	return len(d.pools.restart)+len(d.pools.outdated) == 0 && d.reported(d.members()) && Judge(d.Input).Formed()
}

// nodesRun says that the nodes which need nothing more are up, and see each other.
// Others may be unwell: what they are about to get may be what mends them.
func (d *differ) nodesRun() bool {
	if len(d.pools.missing) > 0 || !d.reported(d.awaited()) {
		return false
	}
	about := d.reportsOf(d.awaited())
	if d.Spec.WaitFor == cluster.WaitBooted {
		return health.NodesRun(about)
	}
	return health.NodesReady(d.Spec, d.Memory, about)
}

// awaited are the hosts that nothing is about to be made of.
func (d *differ) awaited() []cluster.Droplet {
	hosts := slices.Clone(d.pools.keep)
	if host, told := d.toldBalancer(); told && len(d.pools.restart)+len(d.pools.outdated)+len(d.pools.replaced) > 0 {
		hosts = append(hosts, host)
	}
	return hosts
}

func (d *differ) reportsOf(hosts []cluster.Droplet) []health.HostReport {
	return filter(d.Reports, func(r health.HostReport) bool {
		return slices.ContainsFunc(hosts, func(host cluster.Droplet) bool { return host.ID == r.DropletID })
	})
}

// reported says that each of the hosts was asked.
func (d *differ) reported(hosts []cluster.Droplet) bool {
	return !slices.ContainsFunc(hosts, func(host cluster.Droplet) bool {
		return !slices.ContainsFunc(d.Reports, func(r health.HostReport) bool { return r.DropletID == host.ID })
	})
}

// Judge says what the last reports say of the cluster that the spec waits for, as
// far as it has come: hosts that are about to restart or to be made anew are left
// out, and those that have yet to get a release need only have booted.
func Judge(in Input) health.Formation {
	d := &differ{Input: in}
	d.pools = d.nodes()
	lacking := filter(d.pools.restart, d.lacksRelease)
	booted := health.JudgeBoot(d.reportsOf(lacking))
	about := d.reportsOf(slices.Concat(d.pools.keep, d.single()))
	if in.Spec.WaitFor == cluster.WaitBooted {
		return booted.With(health.JudgeBoot(about))
	}
	return booted.With(health.Judge(in.Spec, in.Memory, about))
}

// Members returns the hosts that are asked how they are.
func Members(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	d.pools = d.nodes()
	return d.members()
}

func (d *differ) members() []cluster.Droplet {
	return slices.Concat(d.pools.keep, filter(d.pools.restart, d.lacksRelease), d.single())
}

// single are the hosts that there are of roles with one host, as far as the spec
// asks for them: one on its way out need not be well.
func (d *differ) single() []cluster.Droplet {
	var hosts []cluster.Droplet
	if host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory); exists && d.Spec.Database != nil {
		hosts = append(hosts, host)
	}
	if host, exists := d.balancerHost(); exists && d.Spec.LoadBalancer != nil {
		hosts = append(hosts, host)
	}
	return hosts
}
