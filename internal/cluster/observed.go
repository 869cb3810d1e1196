package cluster

import (
	"slices"
	"time"
)

// Observed is what the account holds of one cluster, as one look at the API
// found it.
type Observed struct {
	Cluster     string
	Droplets    []Droplet // every droplet tagged with the cluster's name, beam_node's hosts included; oldest first
	Firewalls   []Firewall
	VPCs        []VPC // those of the cluster's regions, the user's own included
	Peerings    []Peering
	ReservedIP  *ReservedIP
	Volume      *Volume
	Tags        []string // those of the cluster's own tags that exist
	ProjectURNs []string // what the spec's project holds; nil when the spec names none
}

// Droplet is one host as the API shows it.
type Droplet struct {
	ID           int
	Name         string
	Region       string
	Size         string
	Image        string // slug, else id
	Status       string // new, active, off or archive
	Locked       bool   // an action runs
	Tags         []string
	VPCUUID      string
	PublicIPv4   string // empty until the API assigns it
	PrivateIPv4  string
	Backups      bool
	VolumeIDs    []string
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
	Locked    bool
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

// Finished says that a create of the cluster came to its end once.
func (o Observed) Finished() bool { return slices.Contains(o.Tags, ReadyTag(o.Cluster)) }

// Hosts returns the droplets that belong to the cluster's resource, oldest
// first: not those of beam_node.
func (o Observed) Hosts() []Droplet {
	return filter(o.Droplets, func(d Droplet) bool { return d.Role(o.Cluster) != "" })
}

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

// VPCIn returns the VPC that hosts of the region are in.
func (o Observed) VPCIn(region string, mem Memory) (VPC, bool) {
	return o.vpc(mem.VPCs[region])
}

func (o Observed) vpc(id string) (VPC, bool) {
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
