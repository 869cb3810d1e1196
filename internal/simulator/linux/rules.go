//go:build linux

package linux

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"text/template"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

//go:embed rules.nft.tmpl
var rulesText string

var rulesTemplate = template.Must(template.New("rules").Parse(rulesText))

// ruleView is what the template of the fabric's rules shows.
type ruleView struct {
	Metadata netip.Addr
	Reserved []reservedView
	VPCs     []vpcView
	Hosts    []hostView
}

type reservedView struct{ Address, To netip.Addr }

// vpcView says which ranges the members of a VPC reach: their own and those of
// the VPCs that it peers with.
type vpcView struct{ Range, Reach string }

type hostView struct {
	ID                            int
	Links                         string // the fabric's ends of both links
	Public, Private               string
	PublicAddress, PrivateAddress netip.Addr
	Cut                           bool
	Firewall                      *firewallView // nil when the droplet is open
}

type firewallView struct{ Inbound, Outbound []string } // what is allowed

// ruleset is the fabric's whole nftables configuration. It replaces the one
// before in one step; connections that were allowed go on. Hosts that are cut
// off get and send nothing.
func ruleset(hosts []simulator.Host, network simulator.Network, cut map[int]bool) (string, error) {
	hosts = slices.SortedFunc(slices.Values(hosts), func(a, b simulator.Host) int {
		return cmp.Compare(a.DropletID, b.DropletID)
	})
	view := ruleView{Metadata: metadataAddress, Reserved: viewReserved(hosts, network), VPCs: viewVPCs(network)}
	for _, host := range hosts {
		view.Hosts = append(view.Hosts, viewHost(host, network, cut[host.DropletID]))
	}
	var text strings.Builder
	if err := rulesTemplate.Execute(&text, view); err != nil {
		return "", fmt.Errorf("render the fabric's rules: %w", err)
	}
	return text.String(), nil
}

// viewReserved: what is sent to a reserved IP is its droplet's. What a droplet
// sends by itself has its own address, as at DigitalOcean.
func viewReserved(hosts []simulator.Host, network simulator.Network) []reservedView {
	var views []reservedView
	for _, address := range slices.SortedFunc(maps.Keys(network.ReservedIPs), netip.Addr.Compare) {
		for _, host := range hosts {
			if host.DropletID == network.ReservedIPs[address] && host.PublicIPv4.IsValid() {
				views = append(views, reservedView{address, host.PublicIPv4})
			}
		}
	}
	return views
}

func viewVPCs(network simulator.Network) []vpcView {
	var views []vpcView
	for _, id := range slices.Sorted(maps.Keys(network.VPCs)) {
		reach := []netip.Prefix{network.VPCs[id]}
		for _, pair := range network.Peerings {
			switch id {
			case pair[0]:
				reach = append(reach, network.VPCs[pair[1]])
			case pair[1]:
				reach = append(reach, network.VPCs[pair[0]])
			}
		}
		views = append(views, vpcView{network.VPCs[id].String(), setOf(reach)})
	}
	return views
}

func viewHost(host simulator.Host, network simulator.Network, cut bool) hostView {
	public, private := publicLink(host.DropletID), privateLink(host.DropletID)
	view := hostView{
		ID: host.DropletID, Links: fmt.Sprintf("{ %s, %s }", public, private), Public: public, Private: private,
		PublicAddress: host.PublicIPv4, PrivateAddress: host.PrivateIPv4.Addr(), Cut: cut,
	}
	if firewall, ok := network.Firewalls[host.DropletID]; ok {
		view.Firewall = &firewallView{
			Inbound:  matches("ip saddr", firewall.Inbound),
			Outbound: matches("ip daddr", firewall.Outbound),
		}
	}
	return view
}

// matches are rules as nftables matches; side is the address that a rule is
// about. What a rule says of IPv6 is left out: the fabric carries IPv4.
func matches(side string, rules []simulator.FirewallRule) []string {
	var lines []string
	for _, rule := range rules {
		addresses := setOf(rule.With)
		if addresses == "" {
			continue
		}
		match := "meta l4proto " + rule.Protocol
		if rule.FirstPort != 0 {
			match += fmt.Sprintf(" %s dport %d-%d", rule.Protocol, rule.FirstPort, rule.LastPort)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", match, side, addresses))
	}
	return lines
}

// setOf is the IPv4 part of some networks as a set of nftables; "" when there
// is none. In a set no network may lie within another.
func setOf(networks []netip.Prefix) string {
	var kept []string
	for _, network := range outermost(networks) {
		kept = append(kept, network.String())
	}
	if len(kept) == 0 {
		return ""
	}
	return "{ " + strings.Join(kept, ", ") + " }"
}

// outermost sorts the IPv4 networks and leaves out those that lie in others.
func outermost(networks []netip.Prefix) []netip.Prefix {
	var sorted []netip.Prefix
	for _, network := range networks {
		if network.Addr().Is4() {
			sorted = append(sorted, network.Masked())
		}
	}
	// A network sorts before those within it.
	slices.SortFunc(sorted, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	var kept []netip.Prefix
	for _, network := range sorted {
		if len(kept) == 0 || !kept[len(kept)-1].Contains(network.Addr()) {
			kept = append(kept, network)
		}
	}
	return kept
}
