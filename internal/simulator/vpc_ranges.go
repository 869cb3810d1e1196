package simulator

import (
	"fmt"
	"net/netip"
	"slices"
)

// Sizes of a VPC's range, in bits of the network part.
const (
	largestVPC  = 16
	smallestVPC = 28
	defaultBits = 20 // of the ranges that are chosen for the user
)

// privateRanges are those of RFC 1918.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// keptRanges are those that DigitalOcean's documentation of VPCs sets aside
// for itself; the key "" has those of every region.
var keptRanges = map[string][]netip.Prefix{
	"":     {netip.MustParsePrefix("10.244.0.0/16"), netip.MustParsePrefix("10.245.0.0/16"), netip.MustParsePrefix("10.246.0.0/24"), netip.MustParsePrefix("10.229.0.0/16")},
	"nyc1": {netip.MustParsePrefix("10.10.0.0/16")},
	"nyc2": {netip.MustParsePrefix("10.14.0.0/16")},
	"nyc3": {netip.MustParsePrefix("10.17.0.0/16")},
	"sgp1": {netip.MustParsePrefix("10.15.0.0/16")},
	"lon1": {netip.MustParsePrefix("10.16.0.0/16")},
	"ams3": {netip.MustParsePrefix("10.18.0.0/16")},
	"fra1": {netip.MustParsePrefix("10.19.0.0/16")},
	"tor1": {netip.MustParsePrefix("10.20.0.0/16")},
	"sfo2": {netip.MustParsePrefix("10.46.0.0/16")},
	"blr1": {netip.MustParsePrefix("10.47.0.0/16")},
	"sfo3": {netip.MustParsePrefix("10.48.0.0/16")},
	"syd1": {netip.MustParsePrefix("10.49.0.0/16")},
}

// checkVPCRange parses the range that a user asked for.
func (s *Simulator) checkVPCRange(text, region string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if err != nil || !network.Addr().Is4() || network != network.Masked() {
		return network, unprocessable("ip_range %q is not a valid network in CIDR notation", text)
	}
	if network.Bits() < largestVPC || network.Bits() > smallestVPC {
		return network, unprocessable("This range/size is not supported. The range must be between /%d and /%d", smallestVPC, largestVPC)
	}
	if !isPrivate(network) {
		return network, unprocessable("This range/size is not supported. Only private ranges as defined in RFC1918 are allowed")
	}
	for _, kept := range slices.Concat(keptRanges[""], keptRanges[region]) {
		if kept.Overlaps(network) {
			return network, unprocessable("This range/size is reserved: %s may not be used in %s", kept, region)
		}
	}
	for _, other := range s.vpcs.all() {
		if other.IPRange.Overlaps(network) {
			return network, unprocessable("This range/size overlaps with another VPC network in your account: %s", other.IPRange)
		}
	}
	return network, nil
}

func isPrivate(network netip.Prefix) bool {
	for _, private := range privateRanges {
		if private.Contains(network.Addr()) && private.Bits() <= network.Bits() {
			return true
		}
	}
	return false
}

// unusedRange is a /20 that overlaps no VPC of the account.
func (s *Simulator) unusedRange() netip.Prefix {
	for second := 108; second < 229; second++ {
		for third := 0; third < 256; third += 16 {
			network := netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/%d", second, third, defaultBits))
			if !s.rangeInUse(network) {
				return network
			}
		}
	}
	panic("an account cannot have that many VPCs")
}

func (s *Simulator) rangeInUse(network netip.Prefix) bool {
	for _, v := range s.vpcs.all() {
		if v.IPRange.Overlaps(network) {
			return true
		}
	}
	return false
}

// vpcRange is the range of a VPC by its id.
func (s *Simulator) vpcRange(id string) netip.Prefix {
	v, ok := s.vpcs.get(id)
	if !ok {
		return netip.Prefix{}
	}
	return v.IPRange
}
