//go:build linux

package linux

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// metadataAddress is where DigitalOcean's metadata service answers.
var metadataAddress = netip.MustParseAddr("169.254.169.254")

// clientGateway is the next hop of the client. It is used on one link only.
var clientGateway = netip.MustParseAddr("169.254.1.1")

// privateRanges are what droplets look for behind their private interface
// (RFC 1918): the members of their own VPC and of those that it peers with.
var privateRanges = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}

// clientLink is the fabric's end of the client's link.
const clientLink = "client"

// publicLink and privateLink name the fabric's ends of a droplet's links. A
// name has at most 15 characters.
func publicLink(dropletID int) string  { return fmt.Sprintf("p%d", dropletID) }
func privateLink(dropletID int) string { return fmt.Sprintf("v%d", dropletID) }

// gatewayOf is the first address of a network, where its router is.
func gatewayOf(network netip.Prefix) netip.Addr { return network.Masked().Addr().Next() }

// wires are the commands, for ip -batch in the fabric's namespace, that lay a
// droplet's links. A link reaches one address only. Droplets of one network
// reach each other because the fabric answers for all of them (proxy ARP), and
// at once rather than after the up to 0.8 s that the kernel would wait.
func wires(host simulator.Host, namespace string) string {
	var commands strings.Builder
	lay := func(link, inside string, address netip.Addr, gateway netip.Addr) {
		fmt.Fprintf(&commands, "link add %s type veth peer name %s netns %s\n", link, inside, namespace)
		fmt.Fprintf(&commands, "ntable change name arp_cache dev %s proxy_delay 0\n", link)
		fmt.Fprintf(&commands, "link set %s up\n", link)
		fmt.Fprintf(&commands, "route replace %s/32 dev %s\n", address, link)
		fmt.Fprintf(&commands, "address replace %s/32 dev lo\n", gateway)
	}
	if host.PublicIPv4.IsValid() {
		lay(publicLink(host.DropletID), "eth0", host.PublicIPv4, host.Gateway.Addr())
	}
	lay(privateLink(host.DropletID), "eth1", host.PrivateIPv4.Addr(), gatewayOf(host.PrivateIPv4))
	return commands.String()
}

// addresses are the commands, for ip -batch in a droplet's namespace, that set
// its interfaces up as DigitalOcean's images do at boot.
func addresses(host simulator.Host) string {
	var commands strings.Builder
	commands.WriteString("link set lo up\n")
	if host.PublicIPv4.IsValid() {
		fmt.Fprintf(&commands, "address add %s/%d dev eth0\n", host.PublicIPv4, host.Gateway.Bits())
		fmt.Fprintf(&commands, "link set eth0 up\nroute add default via %s dev eth0\n", host.Gateway.Addr())
	}
	fmt.Fprintf(&commands, "address add %s dev eth1\nlink set eth1 up\n", host.PrivateIPv4)
	for _, network := range privateRanges {
		fmt.Fprintf(&commands, "route add %s via %s dev eth1\n", network, gatewayOf(host.PrivateIPv4))
	}
	if !host.PublicIPv4.IsValid() {
		fmt.Fprintf(&commands, "route add %s via %s dev eth1\n", metadataAddress, gatewayOf(host.PrivateIPv4))
	}
	return commands.String()
}

// core are the commands, for ip -batch in the fabric's namespace, that lay what
// is there before any droplet: the metadata service's address and the client's
// link.
func core(client string, clients []netip.Addr) string {
	var commands strings.Builder
	fmt.Fprintf(&commands, "link set lo up\naddress add %s/32 dev lo\naddress add %s/32 dev lo\n", metadataAddress, clientGateway)
	fmt.Fprintf(&commands, "link add %s type veth peer name eth0 netns %s\nlink set %s up\n", clientLink, client, clientLink)
	for _, address := range clients {
		fmt.Fprintf(&commands, "route add %s/32 dev %s\n", address, clientLink)
	}
	return commands.String()
}

// clientAddresses are the commands, for ip -batch in the client's namespace,
// that give it its addresses. It speaks from the first one.
func clientAddresses(clients []netip.Addr) string {
	var commands strings.Builder
	commands.WriteString("link set lo up\nlink set eth0 up\n")
	for _, address := range clients {
		fmt.Fprintf(&commands, "address add %s/32 dev eth0\n", address)
	}
	fmt.Fprintf(&commands, "route add default via %s dev eth0 onlink src %s\n", clientGateway, clients[0])
	return commands.String()
}
