package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Hosts listen at the ports that they were made with, so that a change of ports
// makes them anew. Until the last one of before is gone, firewalls open the ports of
// both, see cluster.Spec.WantedFirewalls.

// wantedFirewalls are the firewalls for the hosts that there are and those to come.
// What is open stays so while there are hosts of which nobody knows where they
// listen.
func (d *differ) wantedFirewalls() []cluster.Firewall {
	wanted := d.Spec.WantedFirewalls(d.Memory, d.Observed.BeamNodes(d.Memory)...)
	for i, role := range d.Spec.Roles() {
		if have, exists := d.firewall(wanted[i]); exists && d.listensSomewhere(role) {
			wanted[i] = wanted[i].KeepingOpen(have, d.guestsOfStrays()...)
		}
	}
	return wanted
}

// narrowFirewalls closes the ports that only those hosts have which go.
func (d *differ) narrowFirewalls() {
	going := map[int]bool{}
	for _, s := range d.steps {
		if a, is := s.Action.(DeleteHost); is {
			going[a.Droplet.ID] = true
		}
	}
	if len(going) == 0 {
		return
	}
	later := &differ{Input: d.Input}
	later.Memory = d.Memory.Clone()
	maps.DeleteFunc(later.Memory.Hosts, func(id int, _ cluster.HostRecord) bool { return going[id] })
	later.Observed.Droplets = filter(d.Observed.Droplets, func(host cluster.Droplet) bool { return !going[host.ID] })
	for i, narrow := range later.wantedFirewalls() {
		if have, exists := d.firewall(narrow); exists && !narrow.Same(d.opened[i]) {
			narrow.ID = have.ID
			d.do(UpdateFirewall{Firewall: narrow, Narrows: true}, "", append(d.keys(isDelete), UpdateFirewall{Firewall: narrow}.Key())...)
		}
	}
}

// guestsOfStrays is whom hosts let in that no state knows, whether or not those to
// come do: a load balancer leads to nodes until it goes, and nodes serve by UDP.
func (d *differ) guestsOfStrays() (to []cluster.Rule) {
	for _, host := range filter(d.Observed.Hosts(), d.stray) {
		switch host.Role(d.Spec.Name) {
		case cluster.RoleLoadBalancer:
			to = append(to, cluster.Rule{Protocol: "tcp", Tags: []string{cluster.RoleTag(d.Spec.Name, cluster.RoleLoadBalancer)}})
		case cluster.RoleNode:
			to = append(to, cluster.UDP(""))
		}
	}
	return to
}

// listensSomewhere says that nobody knows where a host of the role is reached, only
// that it is not what one is that is made now: no state remembers it, or one does
// that is of before ports were remembered.
func (d *differ) listensSomewhere(role string) bool {
	return slices.ContainsFunc(d.Observed.Hosts(), func(host cluster.Droplet) bool {
		record, known := d.Memory.Hosts[host.ID]
		if !known { // one that balances leads to nodes, wherever it was told
			stray := host.Role(d.Spec.Name)
			return stray == role || stray == cluster.RoleLoadBalancer && role == cluster.RoleNode
		}
		if record.Role != role || record.SSHPort != 0 {
			return false
		}
		wanted := d.partsOf(host.ID)
		return wanted == nil || slices.Contains(record.Parts.Changed(wanted), hostconfig.PartFixed)
	})
}

// tooManyPorts refuses a change of ports that the firewall has no room for while
// there are nodes of both.
func (d *differ) tooManyPorts() []check.Problem {
	for _, f := range d.Spec.WantedFirewalls(d.Memory, d.Observed.BeamNodes(d.Memory)...) {
		if f.Rules() > cluster.MaxRules {
			return []check.Problem{{
				Path: []string{"release", "udp_ports"}, Summary: "Too many ports at a time",
				Detail: fmt.Sprintf("While nodes are made anew, their firewall %s opens the ports of before beside those of after, %d rules in all, and a firewall of DigitalOcean takes %d. "+
					"Change fewer of release.udp_ports at a time, or use ranges.", f.Name, f.Rules(), cluster.MaxRules),
			}}
		}
	}
	return nil
}
