package cluster

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Manages says whether the provider can reach the cluster's hosts. The keys of
// an imported cluster are not known.
func (s Spec) Manages(m Memory) bool {
	return s.Management.Enabled && m.Secrets.Management != ManagementKeys{}
}

// WaitsForHosts says whether an apply ends only when the hosts say that they are
// what the spec waits for.
func (s Spec) WaitsForHosts(m Memory) bool {
	return s.WaitFor != WaitActive && s.Manages(m)
}

// Delivery is something that a running host has to be told.
type Delivery struct {
	Droplet Droplet
	Command string // of beamctl
	Stdin   []byte
	ID      string // HostRecord.Delivered once the host was told
}

// Deliveries lists what running hosts have to be told: the load balancer which
// nodes there are, the nodes where their database is.
func (s Spec) Deliveries(m Memory, o Observed) []Delivery {
	if !s.Manages(m) {
		return nil
	}
	plan := s.PlanNodes(o, m)
	var due []Delivery
	for _, d := range plan.Keep {
		if want := s.nodeDelivery(m); want.ID != m.Hosts[d.ID].Delivered {
			want.Droplet = d
			due = append(due, want)
		}
	}
	if d, exists := o.Host(RoleLoadBalancer, m); exists && s.LoadBalancer != nil {
		if want := s.LoadBalancerDelivery(plan.Keep); want.ID != m.Hosts[d.ID].Delivered {
			want.Droplet = d
			due = append(due, want)
		}
	}
	return due
}

// nodeDelivery tells a node its database's address. Without a database there is
// nothing to tell.
func (s Spec) nodeDelivery(m Memory) Delivery {
	return Delivery{Command: hostconfig.CommandSetDatabase(m.DatabaseAddress), ID: m.DatabaseAddress}
}

// NodeDelivered is HostRecord.Delivered of a node that is made now.
func (s Spec) NodeDelivered(m Memory) string { return s.nodeDelivery(m).ID }

// LoadBalancerDelivery tells a load balancer its nodes.
func (s Spec) LoadBalancerDelivery(nodes []Droplet) Delivery {
	// Only names and addresses that no droplet has are an error.
	stdin, _ := hostconfig.SetNodesInput(s.servers(nodes))
	sum := sha256.Sum256(stdin)
	return Delivery{Command: hostconfig.CommandSetNodes, Stdin: stdin, ID: hex.EncodeToString(sum[:8])}
}
