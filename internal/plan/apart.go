package plan

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Hosts of two networks cannot reach each other, and no more can nodes that look
// for epmd at two ports. A change of either therefore makes a whole second set of
// nodes beside the first, which forms a mesh of its own, whatever strategy the
// spec has. In another network it comes with a load balancer, to which the address
// moves; the first set goes last.

// elsewhere says why a host is out of reach of those that are made now; empty
// where it is not. A beam_node is where its cluster is.
func (d *differ) elsewhere(host cluster.Droplet) string {
	if d.Spec.Beside != nil {
		return ""
	}
	if was, is := d.Memory.Hosts[host.ID].Network, d.Spec.Network.Kind(); was != "" && was != is {
		return fmt.Sprintf("is in a %s network and shall be in a %s one", was, is)
	}
	if !d.Spec.Private() || host.VPCUUID == "" || d.reachesVPC(host) {
		return ""
	}
	wanted := "one that is made for the cluster"
	if d.Spec.Network.VPCUUID != "" {
		wanted = d.Spec.Network.VPCUUID
	}
	return fmt.Sprintf("is in the VPC %s and shall be in %s", host.VPCUUID, wanted)
}

// reachesVPC says that the host is in the VPC of its region, or in one that is
// peered with those of other regions.
func (d *differ) reachesVPC(host cluster.Droplet) bool {
	regions := d.Spec.Regions()
	if d.Spec.Network.VPCUUID == "" {
		regions = append(regions, host.Region)
	}
	return slices.ContainsFunc(regions, func(region string) bool {
		v, exists := d.vpcOf(region)
		return exists && v.ID == host.VPCUUID
	})
}

// unmeshed says why a node cannot meet those that are made now; empty where it can.
func (d *differ) unmeshed(host cluster.Droplet) string {
	if why := d.elsewhere(host); why != "" {
		return why
	}
	if was, is := d.Memory.Hosts[host.ID].EPMDPort, d.Spec.Distribution.EPMDPort; was != 0 && was != is {
		return fmt.Sprintf("has epmd at port %d and shall have it at %d", was, is)
	}
	return ""
}

// outOfReach is unmeshed of a node, and elsewhere of any other host.
func (d *differ) outOfReach(host cluster.Droplet) string {
	if d.Memory.Hosts[host.ID].Role == cluster.RoleNode {
		return d.unmeshed(host)
	}
	return d.elsewhere(host)
}

// meets says that a node can meet those that are made now.
func (d *differ) meets(host cluster.Droplet) bool { return d.unmeshed(host) == "" }

// firstSet are the nodes that those which are made now cannot meet.
func (d *differ) firstSet() []cluster.Droplet {
	return filter(slices.Concat(d.pools.current(), d.pools.replaced), func(host cluster.Droplet) bool { return !d.meets(host) })
}

// splits says that a second set of nodes has yet to take the place of the first.
func (d *differ) splits() bool { return len(d.firstSet()) > 0 }

// secondSetBegun says that there are nodes that those which are made now can meet.
func (d *differ) secondSetBegun() bool { return slices.ContainsFunc(d.pools.current(), d.meets) }

// forerunner is the node of the second set that is made alone, for the others to
// be told of it; empty where there is one, or where there is no second set.
func (d *differ) forerunner() string {
	if len(d.pools.outdated) == 0 || !d.splits() || d.secondSetBegun() {
		return ""
	}
	return d.pools.outdated[0].Name
}

// leftBehind refuses to move a cluster to another network away from what cannot
// come along.
func (d *differ) leftBehind() []check.Problem {
	return slices.Concat(d.importedElsewhere(), d.databaseElsewhere(), d.nodesLeftBehind())
}

// importedElsewhere refuses another network than that of imported hosts, before an
// apply has taken them over as they are.
func (d *differ) importedElsewhere() []check.Problem {
	if !d.Memory.Imported {
		return nil
	}
	for _, host := range d.Observed.Hosts() {
		if why := d.outOfReach(host); why != "" {
			return []check.Problem{{
				Path: d.networkPath(host), Summary: "Other network",
				Detail: fmt.Sprintf("The imported %s %s. %s and apply; a later apply can change it.", describe(host.Name, host.ID), why, d.keepNetwork(host)),
			}}
		}
	}
	return nil
}

// databaseElsewhere refuses to leave the database's host in the first network: it
// cannot be moved yet.
func (d *differ) databaseElsewhere() []check.Problem {
	host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory)
	if d.Spec.Database == nil || !exists || d.Memory.Hosts[host.ID].SetUpFailed || d.elsewhere(host) == "" {
		return nil
	}
	return []check.Problem{{
		Path: d.networkPath(host), Summary: "Other network",
		Detail: fmt.Sprintf("The database's %s %s, and a database that runs cannot be moved to another network yet. %s. "+
			"For a cluster with its database in the other network, build a second one under another name beside this one, copy the data with pg_dump and pg_restore, "+
			"move, and destroy this one.", describe(host.Name, host.ID), d.elsewhere(host), d.keepNetwork(host)),
	}}
}

// nodesLeftBehind refuses to leave hosts of beam_node where the cluster's nodes go
// from. Once the second set has begun, to finish it is better.
func (d *differ) nodesLeftBehind() []check.Problem {
	first := d.firstSet()
	var names []string
	for _, host := range d.Observed.BeamNodes(d.Memory) {
		names = append(names, host.Name)
	}
	if len(first) == 0 || len(names) == 0 || d.secondSetBegun() {
		return nil
	}
	return []check.Problem{{
		Path: d.networkPath(first[0]), Summary: "Nodes would be cut off",
		Detail: fmt.Sprintf("The %s %s, and the nodes that take its place could not reach those that belong to no pool: %s. %s. "+
			"Or destroy these beam_node resources, apply, and create them again.", describe(first[0].Name, first[0].ID), d.unmeshed(first[0]), abridged(names), d.keepNetwork(first[0])),
	}}
}

// networkPath is the attribute by which a host is out of reach.
func (d *differ) networkPath(host cluster.Droplet) []string {
	switch was := d.Memory.Hosts[host.ID].Network; {
	case d.elsewhere(host) == "":
		return []string{"distribution", "epmd_port"}
	case was != "" && was != d.Spec.Network.Kind():
		return []string{"network", "mode"}
	}
	return []string{"network", "vpc_uuid"}
}

// keepNetwork says how to leave a host in reach.
func (d *differ) keepNetwork(host cluster.Droplet) string {
	if d.elsewhere(host) == "" {
		return fmt.Sprintf("Set distribution.epmd_port to %d", d.Memory.Hosts[host.ID].EPMDPort)
	}
	if was := d.Memory.Hosts[host.ID].Network; was != "" && was != d.Spec.Network.Kind() {
		return fmt.Sprintf("Set network.mode to %q", was)
	}
	if v, exists := d.Observed.VPC(host.VPCUUID); exists && v.Own {
		return "Leave network.vpc_uuid out"
	}
	return "Set network.vpc_uuid to " + host.VPCUUID
}
