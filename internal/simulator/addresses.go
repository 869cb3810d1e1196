package simulator

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// publicPool holds the public addresses. It is set aside for tests of networks
// (RFC 2544), so a client that dials one reaches nobody.
var publicPool = netip.MustParsePrefix("198.18.0.0/15")

// publicBits is the size of the network that a droplet's public address is in.
const publicBits = 20

// reservedHosts is how many addresses at the start of a network are its own:
// its name, the gateway and two that DigitalOcean keeps.
const reservedHosts = 4

// nextPublicIPv4 is an address that nothing had before.
func (s *Simulator) nextPublicIPv4() (address, gateway netip.Addr) {
	s.lastAddress++
	for s.lastAddress%(1<<(32-publicBits)) < reservedHosts {
		s.lastAddress++
	}
	address = hostAt(publicPool, s.lastAddress)
	return address, hostAt(netip.PrefixFrom(address, publicBits).Masked(), 1)
}

// freePrivateIPv4s are the lowest addresses of a VPC that no droplet uses, as
// many as are wanted or as there are.
func (s *Simulator) freePrivateIPv4s(vpcID string, wanted int) []netip.Addr {
	used := map[netip.Addr]bool{}
	for _, d := range s.droplets.where(func(d *droplet) bool { return d.vpcID == vpcID }) {
		used[d.privateIPv4] = true
	}
	var free []netip.Addr
	network := s.vpcRange(vpcID)
	broadcast := hostCount(network) - 1
	for host := uint32(reservedHosts); host < broadcast && len(free) < wanted; host++ {
		if address := hostAt(network, host); !used[address] {
			free = append(free, address)
		}
	}
	return free
}

// ipv6Of is the address that goes with a public IPv4 address, in the network
// for documentation (RFC 3849).
func ipv6Of(ipv4 netip.Addr) netip.Addr {
	address := netip.MustParseAddr("2001:db8::").As16()
	four := ipv4.As4()
	copy(address[4:8], four[:]) // a /64 for each droplet
	address[15] = 2
	return netip.AddrFrom16(address)
}

// ipv6Bits is the size of the network that a droplet's IPv6 address is in.
const ipv6Bits = 64

func ipv6Gateway(address netip.Addr) netip.Addr {
	gateway := address.As16()
	gateway[15] = 1
	return netip.AddrFrom16(gateway)
}

// hostAt is an IPv4 address by its place in a network.
func hostAt(network netip.Prefix, host uint32) netip.Addr {
	base := network.Masked().Addr().As4()
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], binary.BigEndian.Uint32(base[:])+host)
	return netip.AddrFrom4(address)
}

func hostCount(network netip.Prefix) uint32 { return 1 << (32 - network.Bits()) }

func netmask(network netip.Prefix) string {
	return net.IP(net.CIDRMask(network.Bits(), 32)).String()
}
