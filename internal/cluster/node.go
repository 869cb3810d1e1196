package cluster

import (
	"slices"
	"strconv"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// NodeSpec is a beam_node: one droplet outside the pools that joins a cluster.
type NodeSpec struct {
	Name    string // host name of the droplet
	Cluster string // name of the cluster it joins
	Place
	SSHKeys      []string
	Cookie       string
	Peers        []string // long names to dial
	Release      *Release
	Environment  map[string]string
	DatabaseCA   string // PEM; empty when the node does not use the cluster's database
	Distribution Distribution
	Host         Host
	Tags         []string
	Monitoring   bool
	Public       bool // the cluster's nodes know each other by public addresses
	Management   Management
	WaitFor      string // as that of Spec
}

// Alone is the node as a cluster of its own, of one pool that has its name: it is
// told and restarted as any other.
func (n NodeSpec) Alone() Spec {
	network := Network{Mode: NetworkPrivate}
	if n.Public {
		network.Mode = NetworkPublic
	}
	return Spec{
		Name: n.Cluster, Cookie: n.Cookie, SSHKeys: n.SSHKeys, Pools: []Pool{{Name: n.Name, Count: 1, Place: n.Place}},
		Release: n.Release, Environment: n.Environment, Network: network, Distribution: n.Distribution, Host: n.Host,
		Tags: n.Tags, Monitoring: n.Monitoring, Management: n.Management, WaitFor: n.WaitFor, Update: DefaultUpdate,
		Beside: &Beside{Peers: n.Peers, DatabaseCA: n.DatabaseCA},
	}
}

// Noun is what the spec describes, for messages.
func (s Spec) Noun() string {
	if s.Beside != nil {
		return "node"
	}
	return "cluster"
}

// OpensSSH says that the firewall of the cluster's nodes lets somebody reach the
// port for SSH. Without a firewall anybody may.
func (o Observed) OpensSSH(port int) bool {
	f, exists := o.Firewall(FirewallName(o.Cluster, RoleNode))
	return !exists || slices.ContainsFunc(f.Inbound, func(r Rule) bool {
		return r.Protocol == "tcp" && r.Ports == strconv.Itoa(port) && len(r.Addresses) > 0
	})
}

// Beside is what a node is told of the cluster that it joins from outside.
type Beside struct {
	Peers      []string // long names to dial
	DatabaseCA string   // PEM; empty when it does not use the cluster's database
}

// WantedTags are the tags that the node's droplet carries. The role's tag puts
// it behind the firewall of the cluster's nodes.
func (n NodeSpec) WantedTags() []string {
	return append([]string{TagAll, ClusterTag(n.Cluster), RoleTag(n.Cluster, RoleNode)}, n.Tags...)
}

// NodeNamed is the long name of the beam_node on the droplet; empty for one that
// was read back, if nothing tells.
func NodeNamed(n NodeSpec, d Droplet) string {
	if n.Distribution.Basename == "" {
		return ""
	}
	address := d.PrivateIPv4
	if n.Public {
		address = d.PublicIPv4
	}
	return beam.LongName(n.Distribution.Basename, address)
}

// ToldTag tells by which configuration the node's droplet was made, whatever the
// keys of its channel, which only a state knows.
func (n NodeSpec) ToldTag() string {
	host := n.HostConfig()
	if n.Management.Enabled {
		host.Management = &hostconfig.Management{}
	}
	return ToldTag(n.Cluster, host.Fingerprint())
}

// MakingTag is on the node's droplet until its create has ended.
func (n NodeSpec) MakingTag() string { return ClusterTag(n.Cluster) + ":making:" + n.Name }
