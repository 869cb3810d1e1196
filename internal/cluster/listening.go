package cluster

import (
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Listening are the ports that a host takes connections at, from its first boot to
// its end: only a new host has others. 0 stands for one that is not there, or not
// known.
type Listening struct {
	// Port is where a node serves HTTP.
	Port int `json:"port,omitempty"`
	// EPMDPort is where a node has epmd, and looks for that of others.
	EPMDPort int `json:"epmd_port,omitempty"`
	// PortMin and PortMax are where a node takes the connections of others.
	PortMin int `json:"port_min,omitempty"`
	PortMax int `json:"port_max,omitempty"`
	// UDPPorts are those that anyone may reach on a node.
	UDPPorts []string `json:"udp_ports,omitempty"`
	// StatsPort is where a load balancer shows its own page.
	StatsPort int `json:"stats_port,omitempty"`
	// SSHPort is known of every host that was made since ports are remembered.
	SSHPort int `json:"ssh_port,omitempty"`
}

// Listening are the ports of a host of the role that is made now.
func (s Spec) Listening(role string) Listening {
	l := Listening{SSHPort: s.Host.SSHPort}
	switch role {
	case RoleNode:
		l.Port, l.EPMDPort = s.HTTPPort(), s.Distribution.EPMDPort
		l.PortMin, l.PortMax = s.Distribution.PortMin, s.Distribution.PortMax
		if s.Release != nil {
			l.UDPPorts = s.Release.UDPPorts
		}
	case RoleLoadBalancer:
		if s.LoadBalancer.Stats.Enabled {
			l.StatsPort = s.LoadBalancer.Stats.Port
		}
	}
	return l
}

// listening are the ports of all hosts of the role: those that are made now, those
// that are remembered and, among the nodes, those beside the cluster.
func (s Spec) listening(role string, m Memory, beside []Droplet) []Listening {
	all := []Listening{s.Listening(role)}
	add := func(l Listening) {
		if !slices.ContainsFunc(all, func(other Listening) bool { return reflect.DeepEqual(l, other) }) {
			all = append(all, l)
		}
	}
	for _, host := range m.Hosts {
		if host.Role == role {
			add(host.Listening)
		}
	}
	if role == RoleNode {
		for _, d := range beside {
			add(d.Listening(s.Name))
		}
	}
	return all
}

// ManagementPort is where the provider reaches the host: its own port for SSH,
// unless the spec names another one than that.
func (s Spec) ManagementPort(host HostRecord) int {
	if host.SSHPort != 0 && s.Management.Port == s.Host.SSHPort {
		return host.SSHPort
	}
	return s.Management.Port
}

// ShareAddress is where other nodes get a release from the node. They ask at the
// last port of their own distribution, where no other one is named.
func (s Spec) ShareAddress(m Memory, d Droplet) string {
	if port := m.Hosts[d.ID].PortMax; port != 0 && port != s.Distribution.PortMax {
		return net.JoinHostPort(s.Address(d), strconv.Itoa(port))
	}
	return s.Address(d)
}

// Distributions are the ports at which the firewall of the nodes lets nodes in. While
// a change goes on, those of before it are among them.
func (o Observed) Distributions() []Distribution {
	seen := SpecOf(o.Cluster, o).Distribution
	all := []Distribution{seen}
	f, _ := o.Firewall(FirewallName(o.Cluster, RoleNode))
	for _, r := range f.Inbound {
		if from, to := r.ports(); from < to && slices.Contains(r.Tags, RoleTag(o.Cluster, RoleNode)) {
			seen.PortMin, seen.PortMax = from, to
			all = append(all, seen)
		}
	}
	return all
}

// ports are the first and the last one of the rule.
func (r Rule) ports() (from, to int) {
	first, last, ranged := strings.Cut(r.Ports, "-")
	if !ranged {
		last = first
	}
	from, _ = strconv.Atoi(first)
	to, _ = strconv.Atoi(last)
	return from, to
}
