package cluster

import (
	"slices"
	"strings"
	"time"
)

// Observed is what the account holds of one cluster, as one look at the API
// found it.
type Observed struct {
	Cluster     string
	ID          string // of the cluster that it was sorted out for
	At          time.Time
	Droplets    []Droplet // the cluster's, and beam_node's hosts of its name; oldest first
	Firewalls   []Firewall
	VPCs        []VPC // the account's, the user's own included
	Peerings    []Peering
	ReservedIP  *ReservedIP
	Addresses   []string // every reserved IP of the account
	Volume      *Volume
	Holder      *Droplet   // somebody else's, that has the volume
	Tags        []string   // those of the cluster's own tags that exist
	Leases      []Lease    // the cluster's own
	LastCluster bool       // TagAll exists, and no other cluster uses it
	ProjectURNs []string   // what the spec's project holds; nil when the spec names none
	Others      []Observed // clusters of the same name with another id
	Taken       []Taken
}

// Droplet is one host as the API shows it.
type Droplet struct {
	ID           int
	Name         string
	Region       string
	Size         string
	Image        string // slug, else id
	Status       string // new, active, off or archive
	Tags         []string
	VPCUUID      string
	PublicIPv4   string // empty until the API assigns it
	PrivateIPv4  string
	Backups      bool
	CreatedAt    time.Time
	PriceMonthly float64 // USD, from the droplet's size
	MonitoringOn bool
}

// Firewall is a cloud firewall.
type Firewall struct {
	ID       string
	Name     string
	Tags     []string // droplets that carry one of these are behind it
	Droplets []int    // droplets bound one by one; the provider binds by tag only
	Inbound  []Rule
	Outbound []Rule
}

// Rule is one rule of a cloud firewall. Ports is "80", "8000-9000" or "0" for
// all; Addresses are CIDRs; Tags name droplets.
type Rule struct {
	Protocol  string
	Ports     string
	Addresses []string
	Tags      []string
}

// VPC is a private network of one region.
type VPC struct {
	ID          string
	Name        string
	Description string
	Region      string
	IPRange     string
	Default     bool
	Own         bool // made for the cluster
}

// Peering connects two VPCs.
type Peering struct {
	ID     string
	Name   string
	VPCs   [2]string
	Status string
}

// ReservedIP is a public address that outlives its droplet.
type ReservedIP struct {
	IP        string
	Region    string
	DropletID int // 0 while unassigned
}

// Volume is a block storage volume.
type Volume struct {
	ID         string
	Name       string
	Region     string
	SizeGiB    int
	DropletIDs []int
	Tags       []string
}

// Empty says that nothing of the cluster is left.
func (o Observed) Empty() bool {
	return len(o.Hosts()) == 0 && len(o.Firewalls) == 0 && o.ReservedIP == nil && o.Volume == nil && len(o.OwnVPCs()) == 0
}

// forget leaves out what is another's by its memory.
func (o *Observed) forget(owner Observed) {
	o.Droplets = filter(o.Droplets, func(d Droplet) bool {
		_, theirs := owner.Droplet(d.ID)
		return !theirs
	})
	o.Firewalls = filter(o.Firewalls, func(f Firewall) bool { return !hasID(owner.Firewalls, f.ID, Firewall.id) })
	for i, v := range o.VPCs {
		o.VPCs[i].Own = v.Own && !hasID(owner.OwnVPCs(), v.ID, VPC.id)
	}
	if o.Volume != nil && owner.Volume != nil && o.Volume.ID == owner.Volume.ID {
		o.Volume = nil
	}
	if o.ReservedIP != nil && owner.ReservedIP != nil && o.ReservedIP.IP == owner.ReservedIP.IP {
		o.ReservedIP = nil
	}
}

// Hosts returns the droplets that belong to the cluster's resource, oldest
// first: not those of beam_node.
func (o Observed) Hosts() []Droplet { return filter(o.Droplets, o.Owns) }

// Owns says that a droplet which was found belongs to the cluster's resource. It
// may have lost the tag that says what it is.
func (o Observed) Owns(d Droplet) bool { return !d.ofBeamNode(o.Cluster) }

// OwnVPCs returns the VPCs that were made for the cluster.
func (o Observed) OwnVPCs() []VPC {
	return filter(o.VPCs, func(v VPC) bool { return v.Own })
}

// Droplet returns the droplet of the id.
func (o Observed) Droplet(id int) (Droplet, bool) {
	i := slices.IndexFunc(o.Droplets, func(d Droplet) bool { return d.ID == id })
	if i < 0 {
		return Droplet{}, false
	}
	return o.Droplets[i], true
}

// isBalancer says that the droplet is a load balancer of the cluster's. One that no
// state knows, and that lost its role's tag, is known by its name.
func (o Observed) isBalancer(d Droplet, m Memory) bool {
	record, known := m.Hosts[d.ID]
	if role := d.Role(o.Cluster); known || role != "" {
		return role == RoleLoadBalancer || record.Role == RoleLoadBalancer
	}
	return o.Owns(d) && strings.HasPrefix(d.Name, loadBalancerPrefix(o.Cluster))
}

// BeamNodes returns the hosts of beam_node that are in the cluster.
func (o Observed) BeamNodes(m Memory) []Droplet {
	return filter(o.Droplets, func(d Droplet) bool {
		_, known := m.Hosts[d.ID]
		return !known && d.ofBeamNode(o.Cluster)
	})
}

// Known returns the remembered droplets of the role, oldest first.
func (o Observed) Known(role string, m Memory) []Droplet {
	hosts := filter(o.Droplets, func(d Droplet) bool { return m.Hosts[d.ID].Role == role })
	slices.SortFunc(hosts, ByAge)
	return hosts
}

// Host returns the known droplet of a role with one host: of several, the
// youngest, for a successor comes up before the old one goes.
func (o Observed) Host(role string, m Memory) (Droplet, bool) {
	hosts := o.Known(role, m)
	if len(hosts) == 0 {
		return Droplet{}, false
	}
	return hosts[len(hosts)-1], true
}

// VPCIn returns the VPC that hosts of the region are in.
func (o Observed) VPCIn(region string, mem Memory) (VPC, bool) {
	return o.VPC(mem.VPCs[region])
}

// VPC returns the VPC of the id.
func (o Observed) VPC(id string) (VPC, bool) {
	i := slices.IndexFunc(o.VPCs, func(v VPC) bool { return v.ID == id })
	if i < 0 {
		return VPC{}, false
	}
	return o.VPCs[i], true
}

// Firewall returns the cluster's firewall of the name.
func (o Observed) Firewall(name string) (Firewall, bool) {
	i := slices.IndexFunc(o.Firewalls, func(f Firewall) bool { return f.Name == name })
	if i < 0 {
		return Firewall{}, false
	}
	return o.Firewalls[i], true
}

func filter[T any](in []T, keep func(T) bool) []T {
	var out []T
	for _, x := range in {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}
