package cluster

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
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
// the moment it exists. Each opens what a host that is made now listens on, and what
// those do that there are, nodes beside the cluster included: so that ports which
// change are open on both sides until the last host of before is gone.
func (s Spec) WantedFirewalls(m Memory, beside ...Droplet) []Firewall {
	var wanted []Firewall
	for _, role := range s.Roles() {
		tags := []string{RoleTag(s.Name, role)}
		if m.ID != "" {
			tags = append(tags, FirewallTag(s.Name, m.ID))
		}
		var inbound []Rule
		for _, l := range s.listening(role, m, beside) {
			inbound = append(inbound, s.inbound(role, m, l)...)
		}
		f := Firewall{Name: FirewallName(s.Name, role), Tags: tags, Inbound: inbound, Outbound: outbound()}.normal()
		f.Inbound = slices.CompactFunc(f.Inbound, Rule.equal)
		wanted = append(wanted, f)
	}
	return wanted
}

// inbound lets those in whom a host of the role is there for, at its ports.
func (s Spec) inbound(role string, m Memory, l Listening) (rules []Rule) {
	nodes := []string{RoleTag(s.Name, RoleNode)}
	open := func(port int, addresses, tags []string) {
		if port != 0 && len(addresses)+len(tags) > 0 {
			rules = append(rules, tcp(port, port, addresses, tags))
		}
	}
	open(l.SSHPort, s.sshSources(), nil)
	switch role {
	case RoleLoadBalancer:
		open(PortHTTP, anywhere, nil)
		open(PortHTTPS, anywhere, nil)
		open(l.StatsPort, s.Access.SSHFrom, nil)
	case RoleDatabase:
		open(PortPostgres, nil, nodes)
	case RoleNode:
		open(l.EPMDPort, nil, nodes)
		if l.PortMax != 0 {
			rules = append(rules, tcp(l.PortMin, l.PortMax, nil, nodes))
		}
		if s.LoadBalancer != nil || m.Runs(RoleLoadBalancer) {
			open(l.Port, nil, []string{RoleTag(s.Name, RoleLoadBalancer)})
		}
		for _, ports := range l.UDPPorts {
			rules = append(rules, UDP(ports))
		}
	}
	return rules
}

// sshSources are those who may reach SSH on the hosts.
func (s Spec) sshSources() []string {
	sources := slices.Clone(s.Access.SSHFrom)
	if s.Management.Enabled {
		sources = append(sources, s.Management.From...)
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}

// UDP lets anybody in at ports such as "5060" or "7000-7010".
func UDP(ports string) Rule { return Rule{Protocol: "udp", Ports: ports, Addresses: anywhere} }

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

// KeepingOpen lets those in at the other one's ports, too, that f or one of the
// rules lets in at any: for hosts of which nobody knows where they listen. What the
// other one opens to anybody else is not taken over, and nothing is where the API
// would not take so many rules.
func (f Firewall) KeepingOpen(other Firewall, to ...Rule) Firewall {
	wide := f
	wide.Inbound = slices.Clone(f.Inbound)
	to = slices.Concat(f.Inbound, to)
	for _, r := range other.normal().Inbound {
		if slices.ContainsFunc(to, r.sameSources) {
			wide.Inbound = append(wide.Inbound, r)
		}
	}
	wide = wide.normal()
	wide.Inbound = slices.CompactFunc(wide.Inbound, Rule.equal)
	if wide.Rules() > MaxRules {
		return f
	}
	return wide
}

func (r Rule) sameSources(other Rule) bool {
	return r.Protocol == other.Protocol && slices.Equal(r.Addresses, other.Addresses) && slices.Equal(r.Tags, other.Tags)
}

// MaxRules is how many rules a firewall takes (DigitalOcean's page on the limits of
// cloud firewalls).
const MaxRules = 50

// Rules is how many rules the firewall has.
func (f Firewall) Rules() int { return len(f.Inbound) + len(f.Outbound) }

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
	slices.SortFunc(out, Rule.compare)
	return out
}

func (r Rule) compare(other Rule) int {
	return cmp.Or(cmp.Compare(r.Protocol, other.Protocol), cmp.Compare(r.Ports, other.Ports),
		slices.Compare(r.Addresses, other.Addresses), slices.Compare(r.Tags, other.Tags))
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

func (r Rule) equal(other Rule) bool { return r.compare(other) == 0 }

// String is the rule in one line, such as "tcp 4369, [beam:chat:node]".
func (r Rule) String() string {
	ports := r.Ports
	if ports == allPorts {
		ports = "all ports"
	}
	return r.Protocol + " " + ports + ", [" + strings.Join(slices.Concat(r.Addresses, r.Tags), " ") + "]"
}

func sorted[T cmp.Ordered](in []T) []T {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}
