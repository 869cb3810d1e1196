package cluster

import "time"

// Observed is what the account holds of one cluster, as one look at the API
// found it.
type Observed struct {
	Droplets   []Droplet // every droplet tagged with the cluster's name, beam_node's hosts included; oldest first
	Firewalls  []Firewall
	VPCs       []VPC // those of the cluster's regions, the user's own included
	Peerings   []Peering
	ReservedIP *ReservedIP
	Volume     *Volume
	Tags       []string // those of the cluster's own tags that exist
	ProjectID  string   // of the project that holds the droplets; only looked up when the spec names one
	Finished   bool     // a create of this cluster came to its end
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
