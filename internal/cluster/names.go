package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Roles of hosts, as the last part of their tag.
const (
	RoleNode         = "node"
	RoleLoadBalancer = "load-balancer"
	RoleDatabase     = "database"
)

var roles = []string{RoleNode, RoleLoadBalancer, RoleDatabase}

// TagAll is on everything that the provider makes, whatever its cluster.
const TagAll = "beam"

// ClusterTag is on every object of the cluster.
func ClusterTag(cluster string) string { return TagAll + ":" + cluster }

// RoleTag is on every host of the role; the role's firewall is bound to it.
func RoleTag(cluster, role string) string { return ClusterTag(cluster) + ":" + role }

// PoolTag is on the nodes of a pool and tells them from the hosts of
// beam_node, which carry the role's tag but belong to another resource.
func PoolTag(cluster, pool string) string { return ClusterTag(cluster) + ":pool:" + pool }

// NodeHostName is the host name of the pool's n-th node, n counting from 1.
// Droplet names may not hold underscores, which HCL keys often do.
func NodeHostName(cluster, pool string, n int) string {
	return fmt.Sprintf("%s-%s-%d", cluster, hostLabel(pool), n)
}

func hostLabel(pool string) string {
	return strings.ToLower(strings.ReplaceAll(pool, "_", "-"))
}

// LoadBalancerHostName is the host name of the n-th load balancer. A new one
// comes up beside the old, so that the number goes on.
func LoadBalancerHostName(cluster string, n int) string {
	return fmt.Sprintf("%s%d", loadBalancerPrefix(cluster), n)
}

// DatabaseHostName is the name of the database's droplet and of its volume.
func DatabaseHostName(cluster string) string { return cluster + "-database" }

// FinalSnapshotName is the name of what a destroy keeps of the database with the
// id. The cluster's name may come again, its id does not.
func FinalSnapshotName(cluster, id string) string {
	return strings.TrimSuffix(DatabaseHostName(cluster)+"-final-"+id, "-")
}

// DatabaseDNSName is the name under which nodes know the database, in their
// hosts files and in its certificate, whatever its address.
func DatabaseDNSName(cluster string) string { return "database." + cluster + ".internal" }

// FirewallName is the name of the role's cloud firewall.
func FirewallName(cluster, role string) string { return cluster + "-" + role }

// FirewallKey is what the outputs call the firewall of that name: its role, spelled
// as the arguments are.
func FirewallKey(cluster, firewall string) string {
	return strings.ReplaceAll(strings.TrimPrefix(firewall, FirewallName(cluster, "")), "-", "_")
}

// VPCName is the name of the VPC made for the cluster in the region.
func VPCName(cluster, region string) string { return cluster + "-" + region }

// PeeringName is the name of the peering between the cluster's VPCs of two
// regions, in whatever order they are given.
func PeeringName(cluster, regionA, regionB string) string {
	pair := []string{regionA, regionB}
	slices.Sort(pair)
	return cluster + "-" + strings.Join(pair, "-")
}

// Pool returns the pool that the droplet belongs to; empty for a host that is
// no pool's.
func (d Droplet) Pool(cluster string) string {
	prefix := PoolTag(cluster, "")
	for _, tag := range d.Tags {
		if pool, ok := strings.CutPrefix(tag, prefix); ok {
			return pool
		}
	}
	return ""
}

// Role returns what the droplet is in the cluster: RoleLoadBalancer,
// RoleDatabase, RoleNode for a node of a pool, or empty for a host of
// beam_node.
func (d Droplet) Role(cluster string) string {
	switch {
	case d.HasTag(RoleTag(cluster, RoleLoadBalancer)):
		return RoleLoadBalancer
	case d.HasTag(RoleTag(cluster, RoleDatabase)):
		return RoleDatabase
	case d.Pool(cluster) != "":
		return RoleNode
	}
	return ""
}

// ofBeamNode says that the droplet is a node of the cluster and of no pool. What
// carries a cluster's id is that cluster's, whatever somebody made of its other
// tags.
func (d Droplet) ofBeamNode(cluster string) bool {
	return d.Role(cluster) == "" && d.HasTag(RoleTag(cluster, RoleNode)) && idOf(cluster, d.Tags...) == ""
}

// clusterOfTag reads the cluster's name from a tag; empty for any other tag.
func clusterOfTag(tag string) string {
	rest, _ := strings.CutPrefix(tag, ClusterTag(""))
	if rest == tag {
		return ""
	}
	name, _, _ := strings.Cut(rest, ":")
	return name
}

// HasTag says whether the droplet carries the tag, in whatever case: an account
// spells a tag as it was first made.
func (d Droplet) HasTag(tag string) bool { return HasTag(d.Tags, tag) }

// Spelled is the tag as the droplet carries it.
func (d Droplet) Spelled(tag string) string {
	i := slices.IndexFunc(d.Tags, func(other string) bool { return strings.EqualFold(other, tag) })
	if i < 0 {
		return tag
	}
	return d.Tags[i]
}

// HasTag says whether the tag is among those, in whatever case.
func HasTag(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(other string) bool { return strings.EqualFold(other, tag) })
}

// SameTags says that both are the same tags, in whatever order and case.
func SameTags(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(tag string) bool { return !HasTag(b, tag) })
	}
	return within(a, b) && within(b, a)
}

func loadBalancerPrefix(cluster string) string { return cluster + "-lb-" }
