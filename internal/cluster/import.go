package cluster

import (
	"maps"
	"slices"
)

// SpecOf reads back from what exists as much of the spec as the API shows. What
// only the hosts know (cookie, release, environment, host, distribution beyond
// its ports) stays empty.
func SpecOf(name string, o Observed) Spec {
	s := Spec{Name: name, Pools: poolsOf(name, o), Network: Network{Mode: NetworkPrivate}, Host: Host{SSHPort: 22}}
	hosts := o.Hosts()
	for _, d := range hosts {
		switch d.Role(name) {
		case RoleLoadBalancer:
			s.LoadBalancer = &LoadBalancer{Place: d.place()}
		case RoleDatabase:
			s.Database = &Database{Place: d.place(), Backups: d.Backups}
		}
	}
	if s.Database != nil && o.Volume != nil {
		s.Database.VolumeGiB = o.Volume.SizeGiB
	}
	if len(hosts) > 0 {
		s.Tags = sorted(hosts[0].UserTags(name))
		s.Monitoring = hosts[0].MonitoringOn
	}
	s.readFirewalls(o)
	s.readNetwork(o)
	return s
}

// ClustersOf are the names of the clusters that the hosts belong to, sorted. Hosts
// of a beam_node belong to none: they are resources of their own.
func ClustersOf(hosts []Droplet) []string {
	names := map[string]bool{}
	for _, d := range hosts {
		for _, tag := range d.Tags {
			if name := clusterOfTag(tag); name != "" && d.Role(name) != "" {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// NodeSpecOf reads back from the droplet of a beam_node as much of its spec as the
// API shows. False for a droplet that is none.
func NodeSpecOf(d Droplet) (NodeSpec, bool) {
	for _, tag := range d.Tags {
		if name := clusterOfTag(tag); name != "" && d.ofBeamNode(name) {
			return NodeSpec{
				Name: d.Name, Cluster: name, Place: d.place(), Distribution: Distribution{Basename: d.Basename(name)},
				Tags: sorted(d.UserTags(name)), Monitoring: d.MonitoringOn,
			}, true
		}
	}
	return NodeSpec{}, false
}

func (d Droplet) place() Place { return Place{Region: d.Region, Size: d.Size, Image: d.Image} }

func poolsOf(name string, o Observed) []Pool {
	pools := map[string]Pool{}
	for _, d := range o.Hosts() {
		if pool := d.Pool(name); pool != "" {
			p := pools[pool]
			pools[pool] = Pool{Name: pool, Count: p.Count + 1, Place: d.place()}
		}
	}
	var out []Pool
	for _, key := range slices.Sorted(maps.Keys(pools)) {
		out = append(out, pools[key])
	}
	return out
}

// readFirewalls reads ports and SSH sources from the rules: those with tags for
// sources are the distribution's, the one with addresses is SSH's.
func (s *Spec) readFirewalls(o Observed) {
	f, ok := o.Firewall(FirewallName(s.Name, RoleNode))
	if !ok {
		return
	}
	for _, r := range f.Inbound {
		first, last := r.ports()
		switch {
		case r.Protocol == "udp": // the release's, which the configuration tells
		case len(r.Addresses) > 0:
			s.Host.SSHPort, s.Access.SSHFrom = first, sorted(r.Addresses)
		case first < last || slices.Contains(r.Tags, RoleTag(s.Name, RoleNode)) && s.Distribution.EPMDPort != 0:
			s.Distribution.PortMin, s.Distribution.PortMax = first, last
		case slices.Contains(r.Tags, RoleTag(s.Name, RoleNode)):
			s.Distribution.EPMDPort = first
		}
	}
}

// readNetwork tells a VPC of the user's own by its missing mark, and a network
// of public addresses by hosts that are in no VPC of the cluster's.
func (s *Spec) readNetwork(o Observed) {
	own := map[string]bool{}
	for _, v := range o.OwnVPCs() {
		own[v.ID] = true
	}
	for _, d := range o.Hosts() {
		v, _ := o.VPC(d.VPCUUID)
		switch {
		case own[d.VPCUUID] || d.VPCUUID == "":
		case v.Default:
			s.Network.Mode = NetworkPublic
		default:
			s.Network.VPCUUID = d.VPCUUID
		}
	}
}
