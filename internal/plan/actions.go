package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// The actions, by what they are about. The engine has one function for each
// that is a Write or a Note.
type (
	// HoldLease tells other applies that a create runs, and takes the place of
	// older leases of its own.
	HoldLease struct {
		write
		Tag string
		Old []string
	}
	// CreateTag makes a tag that a firewall is to be bound to.
	CreateTag struct {
		write
		Tag string
	}
	// DeleteTag takes a tag away from the account.
	DeleteTag struct {
		write
		Tag string
	}
	// TagHosts puts a tag on droplets.
	TagHosts struct {
		write
		Tag string
		IDs []int
	}
	// UntagHosts takes a tag off droplets.
	UntagHosts struct {
		write
		Tag string
		IDs []int
	}
	// TagVolume puts a tag on the volume.
	TagVolume struct {
		write
		Tag, ID string
	}
	// MarkTelling says, before running hosts are told of a change, that states of
	// before do not know what those run from then on.
	MarkTelling struct {
		write
		Tag    string
		Number int
		Old    []string         // marks of the same kind, which go
		On     *cluster.Droplet // carries the tag; nil for that of a cluster, which nothing carries
	}
	// ForgetTold takes note that nobody knows what running hosts were told by the applies
	// up to the number.
	ForgetTold struct {
		note
		Tellings int
	}
	// Claim takes note that all objects carry the cluster's id.
	Claim struct{ note }

	// UseVPC takes note of the VPC that hosts of the region are in; of none where
	// the id is empty.
	UseVPC struct {
		note
		Region, ID string
	}
	// CreateVPC makes the VPC of a region.
	CreateVPC struct {
		write
		VPC cluster.VPC
	}
	// MarkVPC sets name and description of a VPC.
	MarkVPC struct {
		write
		VPC cluster.VPC
	}
	// UnmarkVPC leaves a default VPC, which cannot be deleted, without the mark.
	UnmarkVPC struct {
		write
		VPC cluster.VPC
	}
	// DeleteVPC deletes a VPC.
	DeleteVPC struct {
		write
		VPC cluster.VPC
	}
	// CreatePeering connects the VPCs of two regions.
	CreatePeering struct {
		write
		Name    string
		Regions [2]string
	}
	// AwaitPeering waits until a peering carries traffic.
	AwaitPeering struct {
		await
		Name string
	}
	// DeletePeering deletes a peering.
	DeletePeering struct {
		write
		Peering cluster.Peering
	}

	// CreateFirewall makes a cloud firewall.
	CreateFirewall struct {
		write
		Firewall cluster.Firewall
	}
	// UpdateFirewall sets the rules and tags of the firewall of its id.
	UpdateFirewall struct {
		write
		Firewall cluster.Firewall
		// Narrows says that it closes what only hosts need that go before.
		Narrows bool
	}
	// DeleteFirewall deletes a firewall.
	DeleteFirewall struct {
		write
		Firewall cluster.Firewall
	}

	// CreateVolume makes the database's volume.
	CreateVolume struct {
		write
		Volume cluster.Volume
	}
	// AwaitVolume waits until a droplet that is gone no longer holds the volume.
	AwaitVolume struct {
		await
		Name string
	}
	// AttachVolume brings the volume to the database's host and restarts that,
	// for a host mounts the volume when it starts.
	AttachVolume struct {
		write
		Volume cluster.Volume
		Host   cluster.Droplet
	}
	// SnapshotVolume keeps the volume's data when the volume goes. A snapshot of
	// the name that was taken since the last apply has all of it: a destroy took
	// it, and died.
	SnapshotVolume struct {
		write
		Volume cluster.Volume
		Name   string
		Since  time.Time
	}
	// DeleteVolume deletes the volume and its data.
	DeleteVolume struct {
		write
		Volume cluster.Volume
	}
	// NoteDatabase takes note of the database's address.
	NoteDatabase struct {
		note
		Address string
	}

	// CreateHosts makes droplets of one role, equal but for their names.
	CreateHosts struct {
		write
		// Label tells the request from others: not the names, of which some may
		// exist while the request is still under way.
		Label string
		Role  string
		Pool  string // of nodes
		Place cluster.Place
		Names []string
	}
	// AdoptHost takes a host that no state knows into the memory.
	AdoptHost struct {
		note
		Droplet cluster.Droplet
		Record  cluster.HostRecord
	}
	// ForgetHost drops a host from the memory that is gone.
	ForgetHost struct {
		note
		ID     int
		Record cluster.HostRecord
	}
	// AwaitAddress waits for the address that other hosts know a host by.
	AwaitAddress struct {
		await
		Host string
	}
	// AwaitActive waits until DigitalOcean calls a droplet active.
	AwaitActive struct {
		await
		Host string
	}
	// PowerOn switches a droplet on.
	PowerOn struct {
		write
		Droplet cluster.Droplet
	}
	// RenameHost gives a droplet its name back.
	RenameHost struct {
		write
		Droplet cluster.Droplet
		Name    string
	}
	// SetBackups switches DigitalOcean's weekly backups of a droplet.
	SetBackups struct {
		write
		Droplet cluster.Droplet
		On      bool
	}
	// DeleteHost deletes a droplet.
	DeleteHost struct {
		write
		Droplet cluster.Droplet
		Name    string // that it was given
		Role    string
	}

	// Tell gives a running host what has changed around it.
	Tell struct {
		write
		Delivery Delivery
	}
	// Apply gives a running host parts of what it should be told.
	Apply struct {
		write
		Droplet cluster.Droplet
		Name    string // of the host
		Role    string
		Parts   []hostconfig.Part
		// Restart says how a node's release restarts; nil leaves it running.
		Restart *hostconfig.Restart
	}
	// FetchRelease has a node fetch the release into its store.
	FetchRelease struct {
		write
		Droplet cluster.Droplet
		Name    string
		SHA256  string
	}
	// PushRelease carries the release to one node, from Terraform's machine.
	PushRelease struct {
		write
		Droplet cluster.Droplet
		Name    string
		SHA256  string
	}
	// SpreadRelease has nodes fetch the release from one that has it.
	SpreadRelease struct {
		write
		From   cluster.Droplet
		To     []cluster.Droplet
		SHA256 string
	}
	// Migrate runs the release's migration, on a node that has it in its store.
	Migrate struct {
		write
		Droplet cluster.Droplet
		Name    string
		SHA256  string
	}
	// Retire parts with those whom a host serves before its droplet is deleted: the
	// release of a node ends for good, and a load balancer closes its connections.
	Retire struct {
		write
		Droplet      cluster.Droplet
		Name, Role   string
		DrainSeconds int
	}
	// RotateCookie changes the cookie on all nodes at once.
	RotateCookie struct {
		write
		// Beside are names of nodes outside the pools: while they run they take the
		// cookie with the others, and only their own resources give it to them for good.
		Beside []string
		// Follows says that the cluster has the cookie already, and a node beside it
		// takes it, too.
		Follows bool
	}
	// TakeOver takes note of what an imported host is taken to run.
	TakeOver struct {
		note
		ID     int
		Record cluster.HostRecord
	}
	// AwaitBooted waits until the nodes have booted that have yet to get a release,
	// and the database takes connections.
	AwaitBooted struct{ await }
	// AwaitNodes waits until every node runs.
	AwaitNodes struct{ await }
	// AwaitFormed waits until the hosts are what the spec waits for.
	AwaitFormed struct{ await }

	// ReserveAddress reserves the public address for a load balancer.
	ReserveAddress struct {
		write
		Host string
	}
	// CarryCertificate gives a load balancer the certificate that another one got
	// from its authority.
	CarryCertificate struct {
		write
		From, To cluster.Droplet
		Name     string // of the one that gets it
	}
	// MoveAddress leads the public address to a load balancer.
	MoveAddress struct {
		write
		IP, Host string
	}
	// DeleteAddress gives the public address back.
	DeleteAddress struct {
		write
		IP string
	}

	// AssignProject moves objects into the user's project.
	AssignProject struct {
		write
		ID   string
		URNs []string
	}
)

// Key implements Action.
func (a HoldLease) Key() string        { return "lease" }
func (a CreateTag) Key() string        { return "tag " + a.Tag }
func (a DeleteTag) Key() string        { return "delete tag " + a.Tag }
func (a TagHosts) Key() string         { return "tag hosts " + a.Tag }
func (a UntagHosts) Key() string       { return "untag hosts " + a.Tag }
func (a TagVolume) Key() string        { return "tag volume " + a.Tag }
func (a MarkTelling) Key() string      { return "mark telling" }
func (a ForgetTold) Key() string       { return "forget told" }
func (a Claim) Key() string            { return "claim" }
func (a UseVPC) Key() string           { return "VPC " + a.Region }
func (a CreateVPC) Key() string        { return "VPC " + a.VPC.Region }
func (a MarkVPC) Key() string          { return "mark VPC " + a.VPC.ID }
func (a UnmarkVPC) Key() string        { return "delete VPC " + a.VPC.ID }
func (a DeleteVPC) Key() string        { return "delete VPC " + a.VPC.ID }
func (a CreatePeering) Key() string    { return "peering " + a.Name }
func (a AwaitPeering) Key() string     { return "active " + a.Name }
func (a DeletePeering) Key() string    { return "delete peering " + a.Peering.ID }
func (a CreateFirewall) Key() string   { return "firewall " + a.Firewall.Name }
func (a DeleteFirewall) Key() string   { return "delete firewall " + a.Firewall.ID }
func (a CreateVolume) Key() string     { return "volume" }
func (a AwaitVolume) Key() string      { return "free volume" }
func (a AttachVolume) Key() string     { return "attach volume" }
func (a SnapshotVolume) Key() string   { return "snapshot of " + a.Volume.ID }
func (a DeleteVolume) Key() string     { return "delete volume " + a.Volume.ID }
func (a NoteDatabase) Key() string     { return "database's address" }
func (a CreateHosts) Key() string      { return "create " + a.Label }
func (a AdoptHost) Key() string        { return fmt.Sprintf("adopt %d", a.Droplet.ID) }
func (a ForgetHost) Key() string       { return fmt.Sprintf("forget %d", a.ID) }
func (a AwaitAddress) Key() string     { return "address of " + a.Host }
func (a AwaitActive) Key() string      { return "active " + a.Host }
func (a PowerOn) Key() string          { return fmt.Sprintf("power on %d", a.Droplet.ID) }
func (a RenameHost) Key() string       { return fmt.Sprintf("rename %d", a.Droplet.ID) }
func (a SetBackups) Key() string       { return fmt.Sprintf("backups of %d", a.Droplet.ID) }
func (a DeleteHost) Key() string       { return fmt.Sprintf("delete droplet %d", a.Droplet.ID) }
func (a Tell) Key() string             { return fmt.Sprintf("tell %d", a.Delivery.Droplet.ID) }
func (a Apply) Key() string            { return fmt.Sprintf("apply %d", a.Droplet.ID) }
func (a FetchRelease) Key() string     { return fmt.Sprintf("fetch release %d", a.Droplet.ID) }
func (a PushRelease) Key() string      { return "push release" }
func (a SpreadRelease) Key() string    { return "spread release" }
func (a Migrate) Key() string          { return "migrate" }
func (a Retire) Key() string           { return fmt.Sprintf("retire %d", a.Droplet.ID) }
func (a RotateCookie) Key() string     { return "cookie" }
func (a TakeOver) Key() string         { return fmt.Sprintf("take over %d", a.ID) }
func (a AwaitBooted) Key() string      { return "booted" }
func (a AwaitNodes) Key() string       { return "nodes run" }
func (a AwaitFormed) Key() string      { return "formed" }
func (a ReserveAddress) Key() string   { return "public address" }
func (a CarryCertificate) Key() string { return "carry certificate" }
func (a MoveAddress) Key() string      { return "public address" }
func (a DeleteAddress) Key() string    { return "delete address " + a.IP }
func (a AssignProject) Key() string    { return "project" }

// Key implements Action.
func (a UpdateFirewall) Key() string {
	if a.Narrows {
		return "narrow firewall " + a.Firewall.Name
	}
	return "firewall " + a.Firewall.Name
}

// Kinds, to be embedded.
type (
	write struct{}
	note  struct{}
	await struct{}
)

func (write) Kind() Kind { return Write }
func (note) Kind() Kind  { return Note }
func (await) Kind() Kind { return Await }

// Name names an action for users by what it is about.
func Name(a Action) string {
	switch a := a.(type) {
	case CreateHosts:
		return "create droplet " + list(a.Names)
	case CreateVolume:
		return "create the volume " + a.Volume.Name
	case ReserveAddress:
		return "reserve an IP for " + a.Host
	case MoveAddress:
		return "lead the reserved IP " + a.IP + " to " + a.Host
	}
	return a.Key()
}

func list(names []string) string { return strings.Join(names, ", ") }
