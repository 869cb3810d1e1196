package cluster

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// Ports that are the same in every cluster.
const (
	PortHTTP     = 80
	PortHTTPS    = 443
	PortPostgres = 5432
)

// allPorts is how the API writes "every port" of a protocol, and the only
// value it gives for ICMP (API description, firewall_rule_base.ports).
const allPorts = "0"

var anywhere = []string{"0.0.0.0/0", "::/0"}

// Roles returns the roles that the spec has hosts of.
func (s Spec) Roles() []string {
	var roles []string
	if len(s.Pools) > 0 {
		roles = append(roles, RoleNode)
	}
	if s.LoadBalancer != nil {
		roles = append(roles, RoleLoadBalancer)
	}
	if s.Database != nil {
		roles = append(roles, RoleDatabase)
	}
	return roles
}

// WantedFirewalls returns the cloud firewalls of the cluster with the memory, whose
// id may be empty. They are bound by tag, so that a host is behind its firewall from
// the moment it exists.
func (s Spec) WantedFirewalls(m Memory) []Firewall {
	var wanted []Firewall
	for _, role := range s.Roles() {
		tags := []string{RoleTag(s.Name, role)}
		if m.ID != "" {
			tags = append(tags, FirewallTag(s.Name, m.ID))
		}
		wanted = append(wanted, Firewall{
			Name:     FirewallName(s.Name, role),
			Tags:     tags,
			Inbound:  append(s.inbound(role, m), s.sshRule()...),
			Outbound: outbound(),
		}.normal())
	}
	return wanted
}

func (s Spec) inbound(role string, m Memory) []Rule {
	nodes := []string{RoleTag(s.Name, RoleNode)}
	switch role {
	case RoleLoadBalancer:
		rules := []Rule{tcp(PortHTTP, PortHTTP, anywhere, nil), tcp(PortHTTPS, PortHTTPS, anywhere, nil)}
		if stats := s.LoadBalancer.Stats; stats.Enabled && len(s.Access.SSHFrom) > 0 {
			rules = append(rules, tcp(stats.Port, stats.Port, s.Access.SSHFrom, nil))
		}
		return rules
	case RoleDatabase:
		return []Rule{tcp(PortPostgres, PortPostgres, nil, nodes)}
	}
	d := s.Distribution
	rules := []Rule{tcp(d.PortMin, d.PortMax, nil, nodes)}
	for _, port := range s.epmdPorts(m) {
		rules = append(rules, tcp(port, port, nil, nodes))
	}
	if s.LoadBalancer != nil {
		rules = append(rules, tcp(s.HTTPPort(), s.HTTPPort(), nil, []string{RoleTag(s.Name, RoleLoadBalancer)}))
	}
	if s.Release != nil {
		for _, ports := range s.Release.UDPPorts {
			rules = append(rules, Rule{Protocol: "udp", Ports: ports, Addresses: anywhere})
		}
	}
	return rules
}

// epmdPorts are where nodes have epmd, those of before a change of it included.
func (s Spec) epmdPorts(m Memory) []int {
	ports := []int{s.Distribution.EPMDPort}
	for _, host := range m.Hosts {
		if host.EPMDPort != 0 {
			ports = append(ports, host.EPMDPort)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func (s Spec) sshRule() []Rule {
	sources := slices.Clone(s.Access.SSHFrom)
	if s.Management.Enabled {
		sources = append(sources, s.Management.From...)
	}
	if len(sources) == 0 {
		return nil
	}
	slices.Sort(sources)
	return []Rule{tcp(s.Host.SSHPort, s.Host.SSHPort, slices.Compact(sources), nil)}
}

func tcp(from, to int, addresses, tags []string) Rule {
	ports := strconv.Itoa(from)
	if to != from {
		ports = fmt.Sprintf("%d-%d", from, to)
	}
	return Rule{Protocol: "tcp", Ports: ports, Addresses: addresses, Tags: tags}
}

// outbound lets hosts reach everything: a cloud firewall drops what no rule
// allows, package mirrors and certificate authorities included.
func outbound() []Rule {
	var rules []Rule
	for _, protocol := range []string{"icmp", "tcp", "udp"} {
		rules = append(rules, Rule{Protocol: protocol, Ports: allPorts, Addresses: anywhere})
	}
	return rules
}

// AllTags are the tags that the firewall is bound to and those that its rules
// name, each once. All have to exist before it.
func (f Firewall) AllTags() []string {
	tags := slices.Clone(f.Tags)
	for _, r := range slices.Concat(f.Inbound, f.Outbound) {
		tags = append(tags, r.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// Same says whether two firewalls do the same under the same name.
func (f Firewall) Same(other Firewall) bool {
	a, b := f.normal(), other.normal()
	return a.Name == b.Name && slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Droplets, b.Droplets) &&
		slices.EqualFunc(a.Inbound, b.Inbound, Rule.equal) && slices.EqualFunc(a.Outbound, b.Outbound, Rule.equal)
}

// normal puts everything into one order and one spelling: the API keeps
// neither.
func (f Firewall) normal() Firewall {
	f.Tags, f.Droplets = sorted(f.Tags), sorted(f.Droplets)
	f.Inbound, f.Outbound = normalRules(f.Inbound), normalRules(f.Outbound)
	return f
}

func normalRules(rules []Rule) []Rule {
	var out []Rule
	for _, r := range rules {
		r.Addresses, r.Tags = ranges(r.Addresses), sorted(r.Tags)
		if r.Ports == "" || r.Ports == "all" || r.Ports == "1-65535" {
			r.Ports = allPorts
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Rule) int { return cmp.Compare(a.String(), b.String()) })
	return out
}

// ranges spells each range in one way, once: an address of IPv6 has many.
func ranges(addresses []string) []string {
	var out []string
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address); err == nil {
			address = prefix.String()
		}
		out = append(out, address)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r Rule) equal(other Rule) bool { return r.String() == other.String() }

// String is the rule in one line, such as "tcp 4369, [beam:chat:node]".
func (r Rule) String() string {
	ports := r.Ports
	if ports == allPorts {
		ports = "all ports"
	}
	return fmt.Sprintf("%s %s, %v", r.Protocol, ports, slices.Concat(r.Addresses, r.Tags))
}

func sorted[T cmp.Ordered](in []T) []T {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}
