package plan

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// rotate changes the cookie on all nodes at once, before anything else is made of
// them: new nodes know only the new one.
func (d *differ) rotate() {
	if d.removal() || !d.rotates() {
		return
	}
	var beside []string
	for _, host := range d.Observed.BeamNodes(d.Memory) {
		beside = append(beside, host.Name)
	}
	after := d.keys(func(a Action) bool {
		switch a.(type) {
		case PowerOn, CreateFirewall, UpdateFirewall, TagHosts:
			return true
		}
		return false
	})
	for _, host := range d.pools.stay() {
		if !Active(host) { // its wait is given up where it never will be
			after = append(after, AwaitActive{Host: host.Name}.Key())
		}
	}
	after = append(after, d.removeNameless()...)
	d.do(RotateCookie{Beside: beside}, "the nodes have another cookie", after...)
}

// removeNameless deletes nodes that no state knows and whose address never came: the
// others may be connected with them, and nobody could tell them from strangers.
func (d *differ) removeNameless() (keys []string) {
	for _, host := range d.Observed.Droplets {
		if d.stray(host) && host.Role(d.Spec.Name) == cluster.RoleNode && d.Spec.Address(host) == "" {
			gone := d.deletion(host)
			d.do(gone, describe(host.Name, host.ID)+" is not in the state")
			keys = append(keys, gone.Key())
		}
	}
	return keys
}

// Rotating returns the nodes that change their cookie together: all of the
// cluster's that can be told, those on their way out included.
func Rotating(in Input) []cluster.Droplet {
	d := &differ{Input: in}
	d.pools = d.nodes()
	return filter(d.meshed(), func(host cluster.Droplet) bool { return d.reaches(host.ID) })
}

// meshed are the nodes that see each other. Where there are two sets, the first one
// goes with the cookie that it has, and so does a node that goes and is not up: it
// may never have come up, and must not keep the others from theirs.
func (d *differ) meshed() []cluster.Droplet {
	going := filter(slices.Concat(d.pools.outdated, d.pools.replaced, d.pools.surplus), Active)
	all := slices.Concat(d.pools.stay(), going)
	if d.secondSetBegun() {
		return filter(all, d.meets)
	}
	return all
}

// rotates says that nodes which can be told have another cookie.
func (d *differ) rotates() bool { return len(d.otherCookie()) > 0 }

func (d *differ) otherCookie() []cluster.Droplet {
	wanted, told := d.node("").parts[hostconfig.PartCookie]
	return filter(d.meshed(), func(host cluster.Droplet) bool {
		have, known := d.Memory.Hosts[host.ID].Parts[hostconfig.PartCookie]
		return known && told && have != wanted && d.reaches(host.ID)
	})
}
