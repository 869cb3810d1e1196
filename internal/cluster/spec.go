// Package cluster is the vocabulary: the user's Spec, what exists, what is
// remembered, and the names, hosts, firewalls, networks and peers that follow
// from them. It is pure: no API, no clock, no Terraform.
package cluster

import (
	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Spec is what the user asks for, every default filled in.
type Spec struct {
	Name         string
	Cookie       string
	SSHKeys      []string // fingerprints or ids of the account's keys
	Pools        []Pool   // sorted by name
	Release      *Release
	Environment  map[string]string
	LoadBalancer *LoadBalancer
	Database     *Database
	Access       Access
	Network      Network
	Distribution Distribution
	Host         Host
	Tags         []string // the user's own, on every droplet
	ProjectID    string   // empty leaves everything in the account's default project
	Monitoring   bool
	Management   Management
	WaitFor      string // WaitFormed, WaitBooted or WaitActive
	Update       Update
	Beside       *Beside // of a beam_node, see NodeSpec.Alone
}

// Update says how hosts that serve are restarted and replaced.
type Update struct {
	Strategy       string // UpdateRolling, UpdateBlueGreen or UpdateAllAtOnce
	MaxSurge       int    // nodes that are made beside the old ones at a time
	MaxUnavailable int    // nodes that may be away at a time; one at least is when nodes restart in place
	DrainSeconds   int    // given to connections of a node that goes or restarts
	PauseSeconds   int    // between two turns
	OnFailure      string // OnFailureRollback or OnFailureStop
}

// Values of Update.Strategy.
const (
	UpdateRolling   = "rolling"
	UpdateBlueGreen = "blue_green"
	UpdateAllAtOnce = "all_at_once"
)

// Values of Update.OnFailure: what becomes of a node that does not come up with
// what it was told.
const (
	OnFailureRollback = "rollback"
	OnFailureStop     = "stop"
)

// DefaultUpdate is how a cluster changes of which the user says nothing else.
var DefaultUpdate = Update{Strategy: UpdateRolling, MaxSurge: 1, DrainSeconds: 60, OnFailure: OnFailureRollback}

// Management is the provider's own way to the hosts: SSH with a key that runs
// one command only.
type Management struct {
	Enabled bool
	From    []string // CIDRs that the provider connects from, beside Access.SSHFrom
	Port    int      // TCP port to connect to
}

// Values of WaitFor: what a cluster must be for an apply to end.
const (
	WaitFormed = "formed" // every node lists every other, and what stands around them works
	WaitBooted = "booted" // the first boot of every host ended well
	WaitActive = "active" // DigitalOcean calls every droplet active
)

// Pool is a group of equal nodes.
type Pool struct {
	Name  string
	Count int
	Place
	Brought hostconfig.Brought // what its nodes get beside Host.Brought
}

// Place is where and on what a host runs.
type Place struct {
	Region string
	Size   string
	Image  string // slug or numeric id
}

// Release is what the nodes run.
type Release struct {
	Name    string
	URL     string // empty: the hosts wait for a deploy
	SHA256  string
	Kind    string // KindMix or KindRebar3
	Port    int    // HTTP port
	Migrate string
	// Path is a file on Terraform's machine that nodes get over the channel;
	// empty where they fetch the release from URL.
	Path     string
	Headers  map[string]string   // sent to the host of URL; secret
	Keep     int                 // releases that a node keeps, the running one among them
	ReadOnly bool                // the release must not write below its own folder
	Triggers map[string]string   // a changed value restarts node by node
	Service  *hostconfig.Service // nil is hostconfig.DefaultService
	UDPPorts []string            // sorted; that anyone may reach, see hostconfig.UDPPort
}

// Fetched says that nodes have to get the release from somewhere: else they wait
// for a deploy.
func (r *Release) Fetched() bool { return r != nil && (r.URL != "" || r.Path != "") }

// Kinds of release.
const (
	KindMix    = hostconfig.KindMix
	KindRebar3 = hostconfig.KindRebar3
)

// LoadBalancer is the HAProxy host.
type LoadBalancer struct {
	Place
	Algorithm    string
	StickyCookie string
	HealthCheck  HealthCheck
	Stats        Stats
	TLS          *TLS
	Brought      hostconfig.Brought // what it gets beside Host.Brought
}

// HealthCheck is how the load balancer finds out whether a node can serve.
type HealthCheck struct {
	Path       string
	Host       string
	IntervalMS int
	Rise, Fall int
}

// Stats is HAProxy's own page, open to Access.SSHFrom only.
type Stats struct {
	Enabled bool
	Port    int
	Path    string
	User    string
}

// TLS is where the certificate comes from: PEM or ACME, never both.
type TLS struct {
	CertificatePEM, PrivateKeyPEM string
	ACME                          *ACME
}

// ACME is a certificate from a certificate authority.
type ACME struct {
	Email     string
	Domains   []string
	Directory string
}

// Database is the Postgres host.
type Database struct {
	Place
	Name      string // database
	User      string // role of the app; the owner's role is User + "_owner"
	VolumeGiB int
	Backups   bool // weekly backups of the droplet by DigitalOcean
	// FinalSnapshot keeps a snapshot of the volume when the cluster is destroyed.
	FinalSnapshot bool
	Brought       hostconfig.Brought // what it gets beside Host.Brought
}

// Access is who may reach the hosts.
type Access struct {
	SSHFrom []string // CIDRs
}

// Network is how hosts reach each other.
type Network struct {
	Mode     string            // NetworkAuto, NetworkPrivate or NetworkPublic
	VPCUUID  string            // a VPC of the user's, left in place
	IPRanges map[string]string // region to CIDR of the VPC made there
}

// Modes of Network.
const (
	NetworkAuto    = "auto"
	NetworkPrivate = "private"
	NetworkPublic  = "public"
)

// Distribution is Erlang's distribution.
type Distribution struct {
	EPMDPort         int
	PortMin, PortMax int
	Basename         string
	Sync             string // SyncOptional, SyncMandatory or SyncNone
	SyncTimeoutMS    int
}

// Modes of Distribution.Sync.
const (
	SyncOptional  = beam.SyncOptional
	SyncMandatory = beam.SyncMandatory
	SyncNone      = beam.SyncNone
)

// Host is what is set up on every host.
type Host struct {
	User               string
	Locale             string
	SwapMiB            int
	Packages           []string
	Toolchain          []string // see hostconfig.Tool; nodes only
	UnattendedUpgrades bool
	Fail2ban           bool
	SSHPort            int
	Brought            hostconfig.Brought
}
