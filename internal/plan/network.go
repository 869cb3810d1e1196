package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// network gives each region in use a VPC and peers them. Hosts that talk over
// public addresses are in none of the cluster's.
func (d *differ) network() {
	if d.removal() {
		return
	}
	if !d.Spec.Private() {
		for _, region := range slices.Sorted(maps.Keys(d.Memory.VPCs)) {
			d.do(UseVPC{Region: region}, "")
		}
		return
	}
	for _, region := range d.Spec.Regions() {
		d.vpc(region)
	}
	for _, pair := range cluster.RegionPairs(d.peeredRegions()) {
		d.peering(pair)
	}
}

// peeredRegions are those of the spec, and those that the hosts are in which go:
// until then they and the others have to reach each other.
func (d *differ) peeredRegions() []string {
	regions := d.Spec.Regions()
	for _, host := range d.Observed.Hosts() {
		v, exists := d.Observed.VPCIn(host.Region, d.Memory)
		if _, known := d.Memory.Hosts[host.ID]; known && exists && v.Own && v.ID == host.VPCUUID && d.elsewhere(host) == "" {
			regions = append(regions, host.Region)
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

func (d *differ) vpc(region string) {
	v, exists := d.vpcOf(region)
	if !exists {
		why := fmt.Sprintf("the VPC of region %s is gone", region)
		d.do(CreateVPC{VPC: cluster.VPC{
			Name: cluster.VPCName(d.Spec.Name, region), Region: region,
			Description: d.vpcMark(), IPRange: d.Spec.Network.IPRanges[region],
		}}, why)
		return
	}
	if d.Memory.VPCs[region] != v.ID {
		d.do(UseVPC{Region: region, ID: v.ID}, "")
	}
	if name := cluster.VPCName(d.Spec.Name, region); v.Own && (v.Name != name || v.Description != d.vpcMark()) {
		why := fmt.Sprintf("the VPC %s is called %s and described as %q", name, v.Name, v.Description)
		quiet := d.Memory.Unmarked && v.Name == name && v.Description == cluster.ClusterTag(d.Spec.Name)
		v.Name, v.Description = name, d.vpcMark()
		d.add(Step{Action: MarkVPC{VPC: v}, Why: why, Quiet: quiet})
	}
}

// vpcOf finds the VPC that hosts of the region are, or will be, in: the user's,
// the remembered one, or one of the cluster's own that nobody remembers. One of the
// user's that is not asked for any more is none.
func (d *differ) vpcOf(region string) (cluster.VPC, bool) {
	if v, exists := d.Observed.VPC(d.Spec.Network.VPCUUID); exists && v.Region == region {
		return v, true
	}
	if v, exists := d.Observed.VPCIn(region, d.Memory); exists && (v.Own || d.Spec.Network.VPCUUID != "") {
		return v, true
	}
	for _, v := range d.Observed.OwnVPCs() {
		if v.Region == region {
			return v, true
		}
	}
	return cluster.VPC{}, false
}

func (d *differ) vpcMark() string {
	if d.Memory.ID == "" {
		return cluster.ClusterTag(d.Spec.Name)
	}
	return cluster.IDTag(d.Spec.Name, d.Memory.ID)
}

func (d *differ) peering(pair [2]string) {
	name := cluster.PeeringName(d.Spec.Name, pair[0], pair[1])
	a, aExists := d.vpcOf(pair[0])
	b, bExists := d.vpcOf(pair[1])
	i := slices.IndexFunc(d.Observed.Peerings, func(p cluster.Peering) bool { return p.Connects(a.ID, b.ID) })
	switch {
	case !aExists || !bExists || i < 0:
		d.do(CreatePeering{Name: name, Regions: pair}, "the peering "+name+" is gone", vpcKey(pair[0]), vpcKey(pair[1]))
		d.do(AwaitPeering{Name: name}, "", CreatePeering{Name: name}.Key())
	case !d.Observed.Peerings[i].Active():
		d.do(AwaitPeering{Name: name}, "")
	}
}

func vpcKey(region string) string { return UseVPC{Region: region}.Key() }

// firewalls binds a firewall to the tag of each role, before a host has it.
func (d *differ) firewalls() {
	tags := map[string]bool{}
	d.opened = d.wantedFirewalls()
	for _, wanted := range d.opened {
		have, exists := d.firewall(wanted)
		if exists && have.Same(wanted) {
			continue
		}
		var after []string
		for _, tag := range wanted.AllTags() {
			after = append(after, CreateTag{Tag: tag}.Key())
			if !tags[tag] && !slices.Contains(d.Observed.Tags, tag) {
				tags[tag] = true
				d.add(Step{Action: CreateTag{Tag: tag}, Quiet: true})
			}
		}
		if !exists {
			d.do(CreateFirewall{Firewall: wanted}, fmt.Sprintf("firewall %s is gone", wanted.Name), after...)
			continue
		}
		wanted.ID = have.ID
		d.add(Step{
			Action: UpdateFirewall{Firewall: wanted}, After: after,
			Why: fmt.Sprintf("firewall %s has other rules, tags or droplets", wanted.Name), Quiet: d.onlyUnmarked(have, wanted),
		})
	}
}

// firewall finds the cluster's firewall that does the wanted one's work,
// whatever somebody called it since.
func (d *differ) firewall(wanted cluster.Firewall) (cluster.Firewall, bool) {
	if have, exists := d.Observed.Firewall(wanted.Name); exists {
		return have, true
	}
	mark := cluster.FirewallTag(d.Spec.Name, d.Memory.ID)
	i := slices.IndexFunc(d.Observed.Firewalls, func(f cluster.Firewall) bool {
		return slices.ContainsFunc(wanted.Tags, func(tag string) bool { return tag != mark && slices.Contains(f.Tags, tag) })
	})
	if i < 0 {
		return cluster.Firewall{}, false
	}
	return d.Observed.Firewalls[i], true
}

// onlyUnmarked says that a firewall made before clusters had ids lacks nothing
// but the mark.
func (d *differ) onlyUnmarked(have, wanted cluster.Firewall) bool {
	have.Tags = append(slices.Clone(have.Tags), cluster.FirewallTag(d.Spec.Name, d.Memory.ID))
	return d.Memory.Unmarked && have.Same(wanted)
}

// removeNetwork deletes networks of regions that no host is in any more, and
// firewalls of roles that there are no more.
func (d *differ) removeNetwork() {
	hosts := d.keys(isDelete)
	for _, f := range d.Observed.Firewalls {
		needed := slices.ContainsFunc(d.opened, func(w cluster.Firewall) bool {
			have, exists := d.firewall(w)
			return exists && have.ID == f.ID
		})
		if !needed {
			d.do(DeleteFirewall{Firewall: f}, "", hosts...)
		}
	}
	for _, v := range d.Observed.OwnVPCs() {
		if !d.uses(v) {
			d.removeVPC(v, hosts)
		}
	}
}

// uses says that hosts are, or will be, in the VPC.
func (d *differ) uses(v cluster.VPC) bool {
	if d.removal() || !d.Spec.Private() || !slices.Contains(d.Spec.Regions(), v.Region) {
		return false
	}
	used, _ := d.vpcOf(v.Region)
	return used.ID == v.ID
}

func (d *differ) removeVPC(v cluster.VPC, after []string) {
	for _, p := range d.Observed.Peerings {
		if slices.Contains(p.VPCs[:], v.ID) && strings.HasPrefix(p.Name, d.Spec.Name+"-") {
			key := DeletePeering{Peering: p}.Key()
			if len(d.keys(func(a Action) bool { return a.Key() == key })) == 0 {
				d.do(DeletePeering{Peering: p}, "", after...)
			}
			after = append(slices.Clone(after), key)
		}
	}
	if v.Default {
		v.Name, v.Description = d.defaultName(v), ""
		d.do(UnmarkVPC{VPC: v}, "", after...)
		return
	}
	d.do(DeleteVPC{VPC: v}, "", after...)
}

// defaultName is the usual name of a region's default VPC, or the VPC's own
// where that is taken.
func (d *differ) defaultName(v cluster.VPC) string {
	usual := "default-" + v.Region
	if slices.ContainsFunc(d.Observed.VPCs, func(have cluster.VPC) bool { return have.Name == usual }) {
		return v.Name
	}
	return usual
}

func isDelete(a Action) bool {
	_, is := a.(DeleteHost)
	return is
}
