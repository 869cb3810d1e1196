package simulator

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Advance carries out what is due. Requests do so by themselves; hosts that
// really run need it when nobody asks for anything.
func (s *Simulator) Advance() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	return s.wire()
}

// wire tells hosts that really run how the network has to be, when that differs
// from what they were told before.
func (s *Simulator) wire() error {
	machines, ok := s.options.Hosts.(Machines)
	if !ok {
		return nil
	}
	network := s.network()
	if reflect.DeepEqual(network, s.wired) {
		return nil
	}
	if err := machines.Wire(network); err != nil {
		return fmt.Errorf("wire the hosts: %w", err)
	}
	s.wired = network
	return nil
}

// checkHostImage refuses an image that no host can boot from. A record boots
// from any.
func (s *Simulator) checkHostImage(i *image) error {
	if machines, ok := s.options.Hosts.(Machines); ok {
		if err := machines.CheckImage(i.label()); err != nil {
			return unprocessable("%s", err)
		}
	}
	return nil
}

func (s *Simulator) network() Network {
	network := Network{
		VPCs: map[string]netip.Prefix{}, ReservedIPs: map[netip.Addr]int{},
		Firewalls: map[int]Firewall{}, Volumes: map[string]AttachedVolume{},
	}
	for _, v := range s.vpcs.all() {
		network.VPCs[v.ID] = v.IPRange
	}
	for _, p := range s.peerings.all() {
		if p.Status == peeringActive {
			network.Peerings = append(network.Peerings, [2]string{p.VPCIDs[0], p.VPCIDs[1]})
		}
	}
	for _, ip := range s.reservedIPs.all() {
		network.ReservedIPs[netip.MustParseAddr(ip.IP)] = ip.dropletID
	}
	for _, d := range s.droplets.all() {
		if firewalls := s.firewallsOf(d); len(firewalls) > 0 {
			network.Firewalls[d.id] = s.firewallOf(firewalls)
		}
	}
	for _, v := range s.volumes.all() {
		attached := AttachedVolume{Name: v.Name, SizeGiB: v.SizeGigabytes}
		if len(v.DropletIDs) > 0 {
			attached.DropletID = v.DropletIDs[0]
		}
		network.Volumes[v.ID] = attached
	}
	return network
}

// firewallOf is what several firewalls of a droplet allow together.
func (s *Simulator) firewallOf(firewalls []*firewall) Firewall {
	var together Firewall
	for _, f := range firewalls {
		for _, rule := range f.InboundRules {
			together.Inbound = append(together.Inbound, s.firewallRule(rule.rule, rule.Sources)...)
		}
		for _, rule := range f.OutboundRules {
			together.Outbound = append(together.Outbound, s.firewallRule(rule.rule, rule.Destinations)...)
		}
	}
	return together
}

// firewallRule is a rule with the addresses that its ends have now; none when
// it allows nothing.
func (s *Simulator) firewallRule(r rule, ends *ruleEnds) []FirewallRule {
	if r.Action == "deny" {
		return nil
	}
	resolved := FirewallRule{Protocol: r.Protocol, With: s.resolve(ends)}
	if r.Ports != allPorts {
		first, last, isRange := strings.Cut(r.Ports, "-")
		if !isRange {
			last = first
		}
		resolved.FirstPort, resolved.LastPort = port(first), port(last)
	}
	return []FirewallRule{resolved}
}

// port reads a number that normalize has checked.
func port(text string) uint16 {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		panic("an unchecked port: " + err.Error())
	}
	return uint16(number)
}

// resolve lists the addresses of a rule's ends. Load balancers and Kubernetes
// clusters are records, which send nothing.
func (s *Simulator) resolve(ends *ruleEnds) []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range ends.Addresses {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address := netip.MustParseAddr(text) // validAddress has seen it
			network = netip.PrefixFrom(address, address.BitLen())
		}
		networks = append(networks, network)
	}
	for _, d := range s.droplets.all() {
		tagged := slices.ContainsFunc(ends.Tags, func(name string) bool { return hasTag(d.tags, name) })
		if !tagged && !slices.Contains(ends.DropletIDs, d.id) {
			continue
		}
		for _, address := range []netip.Addr{d.privateIPv4, d.publicIPv4, d.ipv6} {
			if address.IsValid() {
				networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
			}
		}
	}
	return networks
}
