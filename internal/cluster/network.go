package cluster

import (
	"maps"
	"slices"
)

// Private says that hosts talk to each other over private networks.
func (s Spec) Private() bool { return s.Network.Mode != NetworkPublic }

// Kind is the mode that auto stands for, else the mode.
func (n Network) Kind() string {
	if n.Mode == NetworkPublic {
		return NetworkPublic
	}
	return NetworkPrivate
}

// Regions returns the regions that hosts are in, sorted.
func (s Spec) Regions() []string {
	set := map[string]bool{}
	for _, p := range s.Pools {
		if p.Count > 0 {
			set[p.Region] = true
		}
	}
	if s.LoadBalancer != nil {
		set[s.LoadBalancer.Region] = true
	}
	if s.Database != nil {
		set[s.Database.Region] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// RegionPairs returns every pair of different regions: those to be peered.
func RegionPairs(regions []string) [][2]string {
	var pairs [][2]string
	for i, a := range regions {
		for _, b := range regions[i+1:] {
			pairs = append(pairs, [2]string{a, b})
		}
	}
	return pairs
}

// Connects says whether the peering joins the two VPCs.
func (p Peering) Connects(a, b string) bool {
	return p.VPCs == [2]string{a, b} || p.VPCs == [2]string{b, a}
}

// Address is how other hosts of the cluster reach the droplet; empty while the
// API has not assigned it.
func (s Spec) Address(d Droplet) string {
	if s.Private() {
		return d.PrivateIPv4
	}
	return d.PublicIPv4
}

// Active says whether the peering carries traffic (API description,
// vpc_peering.status).
func (p Peering) Active() bool { return p.Status == "ACTIVE" }

// OwnPeerings returns the peerings between VPCs that are the cluster's.
func (o Observed) OwnPeerings() []Peering {
	own := func(id string) bool { return hasID(o.OwnVPCs(), id, VPC.id) }
	return filter(o.Peerings, func(p Peering) bool { return own(p.VPCs[0]) && own(p.VPCs[1]) })
}

// NodeCount is how many nodes all pools ask for.
func (s Spec) NodeCount() int {
	n := 0
	for _, p := range s.Pools {
		n += p.Count
	}
	return n
}
