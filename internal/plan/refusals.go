package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// refusals say what must not be done: take for one's own what is somebody
// else's.
func (d *differ) refusals() []check.Problem {
	if d.removal() {
		return slices.Concat(d.nodesOfOthers(), d.heldVolume())
	}
	return slices.Concat(d.otherClusters(), d.takenNames(), d.takenRanges(), d.heldVolume(), d.fixedCookie(), d.leftBehind(), d.databaseOfImport(), d.otherRanges(), d.otherAddress(), d.tooManyPorts())
}

// otherRanges refuses other private addresses than those of a VPC that is there.
func (d *differ) otherRanges() []check.Problem {
	if !d.Spec.Private() {
		return nil
	}
	var found []check.Problem
	for _, region := range d.Spec.Regions() {
		wanted, asked := d.Spec.Network.IPRanges[region]
		v, exists := d.vpcOf(region)
		if !asked || !exists || v.IPRange == wanted {
			continue
		}
		instead := "build a second cluster under another name beside this one, move, and destroy this one"
		if len(d.Spec.Regions()) == 1 && d.Spec.Database == nil {
			instead = "make a VPC that has them and set network.vpc_uuid to its id"
		}
		found = append(found, check.Problem{
			Path: []string{"network", "ip_ranges", region}, Summary: "Other private addresses",
			Detail: fmt.Sprintf("The VPC %s has the addresses %s and cannot get %s. Set network.ip_ranges.%s to %q, or leave it out. For other addresses %s.",
				v.Name, v.IPRange, wanted, region, v.IPRange, instead),
		})
	}
	return found
}

// otherAddress refuses to bring the load balancer to another region: its address
// cannot come along.
func (d *differ) otherAddress() []check.Problem {
	ip := d.Observed.ReservedIP
	if ip == nil || ip.Region == "" || d.Spec.LoadBalancer == nil || ip.Region == d.Spec.LoadBalancer.Region {
		return nil
	}
	return []check.Problem{{
		Path: []string{"load_balancer", "region"}, Summary: "Address of another region",
		Detail: fmt.Sprintf("The public address %s belongs to the region %s and cannot move to %s. Set load_balancer.region to %q. "+
			"For a load balancer elsewhere, with another address, remove load_balancer, apply, and add it again.", ip.IP, ip.Region, d.Spec.LoadBalancer.Region, ip.Region),
	}}
}

// fixedCookie refuses another cookie where nodes cannot be told of it: those made
// with the new one would refuse the others.
func (d *differ) fixedCookie() []check.Problem {
	var names []string
	wanted, told := d.node("").parts[hostconfig.PartCookie]
	for _, host := range d.pools.current() {
		have, known := d.Memory.Hosts[host.ID].Parts[hostconfig.PartCookie]
		if known && told && have != wanted && !d.reaches(host.ID) {
			names = append(names, host.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []check.Problem{{
		Path: []string{"cookie"}, Summary: "Cookie cannot be rotated",
		Detail: fmt.Sprintf("The nodes %s run with another cookie and have no management channel over which they could be told of a new one, "+
			"and nodes with different cookies refuse each other. Set the cookie back to what it was (the plan of a cookie resource must not replace it: restore its keepers), "+
			"or first give the cluster a channel with management = { enabled = true } and apply.", abridged(names)),
	}}
}

// otherClusters refuses to make a cluster whose name another one has. What a
// create left that died before any state knew of it is none: it is cleared away.
func (d *differ) otherClusters() []check.Problem {
	if !d.Creating || d.Begun {
		return nil
	}
	var found []check.Problem
	for _, other := range d.Observed.Others {
		if slices.Contains(d.Going, other.ID) {
			continue
		}
		if detail := d.claim(other); detail != "" {
			found = append(found, check.Problem{Path: []string{"name"}, Summary: "Cluster exists", Detail: detail})
		}
	}
	return found
}

// claim says why the other cluster must be left alone; empty where it need not.
func (d *differ) claim(other cluster.Observed) string {
	last, leased := lastLease(other)
	importing := fmt.Sprintf("To manage it here run `terraform import <address> %s`, else choose another name.", d.Spec.Name)
	switch {
	case leased && last.Fresh(d.Now) && other.Empty() && d.first(last):
		return "" // it gives way when it sees this one's lease
	case leased && last.Fresh(d.Now):
		return fmt.Sprintf("Another apply is creating a cluster named %q; it was alive %s ago. Wait until it has ended. "+
			"Should it have died, plan again after %s: what it left is cleared away then.",
			d.Spec.Name, d.Now.Sub(last.At).Round(time.Second), last.At.Add(cluster.LeaseTerm).UTC().Format(time.RFC3339))
	case other.Empty():
		return ""
	case !leased:
		return fmt.Sprintf("The account has a cluster named %q (%s). %s", d.Spec.Name, Inventory(other), importing)
	case serves(other):
		return fmt.Sprintf("A create of a cluster named %q died when the cluster was up already: it serves, or its volume may hold data (%s). %s",
			d.Spec.Name, Inventory(other), importing)
	}
	return ""
}

// Passing says that what keeps a create from going on may be over in a moment:
// other creates that began at the same time give way to this one, or lists still
// show what was deleted just now.
func Passing(in Input) bool {
	rivals := filter(in.Observed.Others, func(other cluster.Observed) bool {
		last, leased := lastLease(other)
		return leased && last.Fresh(in.Now)
	})
	if len(rivals) == 0 {
		return len(Diff(in).Refusals) > 0
	}
	return !slices.ContainsFunc(rivals, func(other cluster.Observed) bool {
		return !other.Empty() || other.Leases[0].ID < in.Memory.ID
	})
}

// Abandoned returns the clusters of the name that nobody will ever finish: the
// creates that made them died before any state knew of them. One that holds a fresh
// lease has yet to give way, and may make something before it does.
func Abandoned(in Input) []cluster.Observed {
	d := &differ{Input: in}
	return filter(in.Observed.Others, func(other cluster.Observed) bool {
		last, leased := lastLease(other)
		return leased && !last.Fresh(in.Now) && d.claim(other) == ""
	})
}

// first says that this create took its lease before the other one did.
func (d *differ) first(other cluster.Lease) bool {
	return slices.ContainsFunc(d.Observed.Leases, func(own cluster.Lease) bool { return own.Before(other) })
}

func lastLease(o cluster.Observed) (last cluster.Lease, leased bool) {
	for _, l := range o.Leases {
		if !leased || l.At.After(last.At) {
			last, leased = l, true
		}
	}
	return last, leased
}

// serves says that users may be led to the cluster, or that its database may
// have been written to: both hosts of a database and nodes have been up.
func serves(o cluster.Observed) bool {
	up := map[string]bool{}
	for _, host := range o.Droplets {
		up[host.Role(o.Cluster)] = up[host.Role(o.Cluster)] || host.Status == cluster.StatusActive
	}
	led := o.ReservedIP != nil && up[cluster.RoleLoadBalancer]
	return up[cluster.RoleNode] && (led || o.Volume != nil && up[cluster.RoleDatabase])
}

// Inventory says what there is of a cluster: "2 droplets, 1 firewall, 1 VPC".
func Inventory(o cluster.Observed) string {
	parts := []string{count(len(o.Hosts()), "droplet"), count(len(o.Firewalls), "firewall"), count(len(o.OwnVPCs()), "VPC")}
	if o.Volume != nil {
		parts = append(parts, "1 volume")
	}
	if o.ReservedIP != nil {
		parts = append(parts, "1 reserved IP")
	}
	return strings.Join(parts, ", ")
}

// takenNames refuses steps that need a name which something else has.
func (d *differ) takenNames() []check.Problem {
	var found []check.Problem
	for _, s := range d.steps {
		kind, name, region := "", "", ""
		switch a := s.Action.(type) {
		case CreateFirewall:
			kind, name = "firewall", a.Firewall.Name
		case CreateVPC:
			kind, name = "VPC", a.VPC.Name
		case CreateVolume:
			kind, name, region = "volume", a.Volume.Name, a.Volume.Region
		}
		i := slices.IndexFunc(d.Observed.Taken, func(t cluster.Taken) bool { return t.Kind == kind && t.Name == name && t.Region == region })
		if i >= 0 {
			found = append(found, check.Problem{
				Path: []string{"name"}, Summary: "Name taken",
				Detail: fmt.Sprintf("The account has a %s named %s (%s) that is not this cluster's, and the cluster needs one of that name. "+
					"Rename or delete it, or choose another name for the cluster.", kind, name, d.Observed.Taken[i].ID),
			})
		}
	}
	return found
}

// takenRanges refuses to make a VPC whose range overlaps that of one that stays:
// VPCs of an account share no addresses, whatever their regions.
func (d *differ) takenRanges() []check.Problem {
	goes := func(v cluster.VPC) bool {
		return slices.ContainsFunc(d.Observed.Others, func(other cluster.Observed) bool {
			return slices.ContainsFunc(other.OwnVPCs(), func(own cluster.VPC) bool { return own.ID == v.ID })
		})
	}
	var found []check.Problem
	for _, s := range d.steps {
		a, makes := s.Action.(CreateVPC)
		wanted, err := netip.ParsePrefix(a.VPC.IPRange)
		if !makes || err != nil {
			continue
		}
		for _, v := range d.Observed.VPCs {
			if has, err := netip.ParsePrefix(v.IPRange); err == nil && has.Overlaps(wanted) && !goes(v) {
				found = append(found, check.Problem{
					Path: []string{"network", "ip_ranges", a.VPC.Region}, Summary: "IP ranges overlap",
					Detail: fmt.Sprintf("%s overlaps %s of the VPC %s in %s, and VPCs of one account cannot share addresses. "+
						"Use another range; `doctl vpcs list` shows those that are taken.", wanted, has, v.Name, v.Region),
				})
			}
		}
	}
	return found
}

// heldVolume refuses to take the volume from a droplet that somebody attached it to.
func (d *differ) heldVolume() []check.Problem {
	v, holder := d.Observed.Volume, d.holder()
	if v == nil || holder == nil || d.Spec.Database == nil && !d.removal() {
		return nil
	}
	return []check.Problem{{
		Path: []string{"database"}, Summary: "Volume in use",
		Detail: fmt.Sprintf("The cluster's volume %s is attached to droplet %s (%d), which is not the database's. "+
			"Detach it there (`doctl compute volume-action detach %s %d`), and plan again.", v.Name, holder.Name, holder.ID, v.ID, holder.ID),
	}}
}

// holder is the droplet that has the volume: somebody else's, or one of the cluster's
// that stays and is not the database's; nil for none.
func (d *differ) holder() *cluster.Droplet {
	if v := d.Observed.Volume; v != nil && d.Observed.Holder == nil {
		for _, host := range d.Observed.Droplets {
			record, known := d.Memory.Hosts[host.ID]
			if known && slices.Contains(v.DropletIDs, host.ID) && record.Role != cluster.RoleDatabase && !d.deletes(host.ID) {
				return &host
			}
		}
	}
	return d.Observed.Holder
}

// nodesOfOthers refuses to destroy a cluster under the hosts of beam_node: they
// would lose their firewall, and keep its network from being deleted.
func (d *differ) nodesOfOthers() []check.Problem {
	var names []string
	for _, host := range d.Observed.BeamNodes(d.Memory) {
		names = append(names, fmt.Sprintf("%s (droplet %d)", host.Name, host.ID))
	}
	if len(names) == 0 {
		return nil
	}
	return []check.Problem{{
		Path: []string{"name"}, Summary: "Cluster in use",
		Detail: fmt.Sprintf("Nodes that belong to no pool are in the cluster %s: %s. Destroy these beam_node resources, or delete the droplets, before the cluster. "+
			"Nothing was deleted.", d.Spec.Name, list(names)),
	}}
}
