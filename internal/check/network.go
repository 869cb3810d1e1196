package check

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Private networks of RFC 1918; a VPC lies within one of them.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// reservedRanges are DigitalOcean's own, by region; those under "" everywhere
// (DigitalOcean's page "Plan your VPC network").
var reservedRanges = map[string][]netip.Prefix{
	"": {
		netip.MustParsePrefix("10.229.0.0/16"),
		netip.MustParsePrefix("10.244.0.0/16"),
		netip.MustParsePrefix("10.245.0.0/16"),
		netip.MustParsePrefix("10.246.0.0/24"),
	},
	"ams3": {netip.MustParsePrefix("10.18.0.0/16")},
	"fra1": {netip.MustParsePrefix("10.19.0.0/16")},
	"nyc1": {netip.MustParsePrefix("10.10.0.0/16")},
	"nyc3": {netip.MustParsePrefix("10.17.0.0/16")},
}

// Sizes of a VPC as prefix lengths (API description, vpc.ip_range).
const (
	largestVPC  = 16
	smallestVPC = 28
	// The first address names the network, the last is for broadcasts, one is the
	// gateway's, and DigitalOcean may keep two more.
	vpcOwnAddresses = 5
)

// exampleSources are ranges of the documentation (RFC 5737, RFC 3849).
var exampleSources = []string{"203.0.113.0/24", "2001:db8::/32"}

func accessProblems(a cluster.Access) []Problem {
	var found []Problem
	for _, cidr := range a.SSHFrom {
		if detail := cidrProblem(cidr); detail != "" {
			found = append(found, Problem{Path: []string{"access", "ssh_from"}, Summary: "Invalid CIDR", Detail: detail})
		}
	}
	return found
}

// maxSources is how many sources a rule of a firewall takes (DigitalOcean's page
// on the limits of cloud firewalls).
const maxSources = 1000

// sourceLimitProblems counts the sources of the rule for SSH.
func sourceLimitProblems(s cluster.Spec) []Problem {
	people, provider := s.Access.SSHFrom, s.Management.From
	if !s.Management.Enabled {
		provider = nil
	}
	sources := map[string]bool{}
	for _, cidr := range slices.Concat(people, provider) {
		sources[cidr] = true
	}
	if len(sources) <= maxSources {
		return nil
	}
	access, management := []string{"access", "ssh_from"}, []string{"management", "from"}
	path := access
	if len(provider) > len(people) {
		path = management
	}
	return []Problem{{
		Path: path, Needs: [][]string{access, management, {"management", "enabled"}},
		Summary: "Too many ranges of addresses",
		Detail: fmt.Sprintf("access.ssh_from has %s and management.from %d, together %d different ones, and a firewall of DigitalOcean takes %d. "+
			"Use fewer and larger ranges.", plural(len(people), "range"), len(provider), len(sources), maxSources),
	}}
}

// cidrProblem says what is wrong with a range of addresses that may reach
// something; empty is nothing.
func cidrProblem(cidr string) string {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		if addr, err := netip.ParseAddr(cidr); err == nil && addr.Zone() == "" {
			return fmt.Sprintf("%q is one address. Write it as a range: %q.", cidr, netip.PrefixFrom(addr, addr.BitLen()))
		}
		return fmt.Sprintf("%q is not a range of addresses. Use one such as %s.", cidr, quoted(exampleSources))
	}
	if prefix.Masked() != prefix {
		return fmt.Sprintf("%q has bits set behind the first %d. Write %q for the whole range or %q for the one address.",
			cidr, prefix.Bits(), prefix.Masked(), netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen()))
	}
	return ""
}

func networkProblems(s cluster.Spec) []Problem {
	found := oneOf([]string{"network", "mode"}, s.Network.Mode, cluster.NetworkAuto, cluster.NetworkPrivate, cluster.NetworkPublic)
	found = append(found, vpcProblems(s)...)
	regions := slices.Sorted(maps.Keys(s.Network.IPRanges))
	valid := map[string]netip.Prefix{}
	for _, region := range regions {
		if p := ipRangeProblem(s, region); p != nil {
			found = append(found, *p)
			continue
		}
		valid[region] = netip.MustParsePrefix(s.Network.IPRanges[region])
	}
	return append(found, rangeOverlaps(valid)...)
}

// vpcProblems checks which network settings go together.
func vpcProblems(s cluster.Spec) []Problem {
	var found []Problem
	n := s.Network
	vpc, ranges, mode := []string{"network", "vpc_uuid"}, []string{"network", "ip_ranges"}, []string{"network", "mode"}
	report := func(path []string, detail string, needs ...[]string) {
		found = append(found, Problem{Path: path, Needs: needs, Summary: "Invalid network", Detail: detail})
	}
	if n.VPCUUID != "" && !uuid.MatchString(n.VPCUUID) {
		report(vpc, fmt.Sprintf("%q is not the id of a VPC, which is a UUID in small letters such as "+
			"5a4981aa-9653-4bd1-bef5-d6bff52042e4. `doctl vpcs list` shows them.", n.VPCUUID))
	}
	if n.VPCUUID != "" && len(s.Regions()) > 1 {
		report(vpc, fmt.Sprintf("A VPC lies in one region, and the cluster has hosts in %s. "+
			"Leave vpc_uuid out, and each region gets a VPC of its own, or place all hosts in the VPC's region.",
			strings.Join(s.Regions(), ", ")), regionPaths(s)...)
	}
	if n.VPCUUID != "" && len(n.IPRanges) > 0 {
		report(ranges, "ip_ranges are for VPCs that are made for the cluster, and vpc_uuid names one that exists. Leave one of them out.", vpc)
	}
	if n.Mode == cluster.NetworkPublic && n.VPCUUID != "" {
		report(vpc, "With mode \"public\" the hosts talk over their public addresses and use no VPC. Leave vpc_uuid out or choose another mode.", mode)
	}
	if n.Mode == cluster.NetworkPublic && len(n.IPRanges) > 0 {
		report(ranges, "With mode \"public\" the hosts talk over their public addresses and no VPC is made. Leave ip_ranges out or choose another mode.", mode)
	}
	return found
}

// regionPaths are the attributes that say where hosts are.
func regionPaths(s cluster.Spec) [][]string {
	paths := [][]string{{"node_pools"}, {"load_balancer"}, {"database"}, {"load_balancer", "region"}, {"database", "region"}}
	for _, p := range s.Pools {
		paths = append(paths, []string{"node_pools", p.Name, "region"}, []string{"node_pools", p.Name, "count"})
	}
	return paths
}

func ipRangeProblem(s cluster.Spec, region string) *Problem {
	cidr := s.Network.IPRanges[region]
	p := &Problem{Path: []string{"network", "ip_ranges", region}, Summary: "Invalid IP range"}
	if !slices.Contains(s.Regions(), region) {
		p.Needs = regionPaths(s)
		p.Detail = fmt.Sprintf("No host of the cluster is in region %q; hosts are in %s. Remove the range or correct the region.",
			region, strings.Join(s.Regions(), ", "))
		return p
	}
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		p.Detail = fmt.Sprintf("%q is not a range of addresses. %s", cidr, usableRange(region, cidr))
		return p
	case prefix.Masked() != prefix:
		p.Detail = fmt.Sprintf("%q has bits set behind the first %d. %s", cidr, prefix.Bits(), usableRange(region, cidr))
		return p
	}
	if p.Detail = vpcRangeProblem(region, prefix); p.Detail != "" {
		return p
	}
	hosts, usable := hostsIn(s, region), 1<<(32-prefix.Bits())-vpcOwnAddresses
	if hosts > usable {
		p.Needs = regionPaths(s)
		p.Detail = fmt.Sprintf("%s has room for at most %d hosts, and the cluster has %d in %s. Use a larger range.",
			cidr, usable, hosts, region)
		return p
	}
	return nil
}

// vpcRangeProblem says why DigitalOcean would refuse a VPC of that range.
func vpcRangeProblem(region string, prefix netip.Prefix) string {
	if !slices.ContainsFunc(privateRanges, func(outer netip.Prefix) bool { return liesIn(outer, prefix) }) {
		return fmt.Sprintf("%s is not private. Use a range within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.", prefix)
	}
	if prefix.Bits() < largestVPC || prefix.Bits() > smallestVPC {
		return fmt.Sprintf("%s has a prefix of %d bits, and a VPC has %d to %d. %s",
			prefix, prefix.Bits(), largestVPC, smallestVPC, usableRange(region, prefix.String()))
	}
	if reserved, overlaps := reservedWithin(region, prefix); overlaps {
		return fmt.Sprintf("%s overlaps %s, which DigitalOcean keeps for itself in %s. Use another range.", prefix, reserved, region)
	}
	return ""
}

func liesIn(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func reservedWithin(region string, prefix netip.Prefix) (netip.Prefix, bool) {
	for _, reserved := range slices.Concat(reservedRanges[""], reservedRanges[region]) {
		if reserved.Overlaps(prefix) {
			return reserved, true
		}
	}
	return netip.Prefix{}, false
}

// usableRange names a range for the region that would do: around what was written,
// where that is an address, else any.
func usableRange(region, written string) string {
	usable := netip.MustParsePrefix("10.100.0.0/24")
	text, _, _ := strings.Cut(written, "/")
	if address, err := netip.ParseAddr(text); err == nil && address.Is4() {
		around := netip.PrefixFrom(address, usable.Bits()).Masked()
		if vpcRangeProblem(region, around) == "" {
			usable = around
		}
	}
	return fmt.Sprintf("Use one such as %q.", usable)
}

func hostsIn(s cluster.Spec, region string) int {
	hosts := 0
	for _, p := range s.Pools {
		if p.Region == region {
			hosts += p.Count
		}
	}
	if s.LoadBalancer != nil && s.LoadBalancer.Region == region {
		hosts++
	}
	if s.Database != nil && s.Database.Region == region {
		hosts++
	}
	return hosts
}

func rangeOverlaps(ranges map[string]netip.Prefix) []Problem {
	var found []Problem
	regions := slices.Sorted(maps.Keys(ranges))
	for _, pair := range cluster.RegionPairs(regions) {
		a, b := pair[0], pair[1]
		if ranges[a].Overlaps(ranges[b]) {
			found = append(found, Problem{
				Path:    []string{"network", "ip_ranges", b},
				Summary: "IP ranges overlap",
				Detail: fmt.Sprintf("%s of %s overlaps %s of %s. The VPCs are peered and cannot share addresses: use ranges apart.",
					ranges[b], b, ranges[a], a),
			})
		}
	}
	return found
}
