package simulator

import (
	"errors"
	"net/netip"
)

// Hosts is what droplets are made of. The simulator calls it while a request
// is served, so its methods begin the work and return; they are never called
// by two goroutines at once.
type Hosts interface {
	// Create begins to boot a host; it is asked for once the droplet's
	// addresses are known.
	Create(Host) error
	// Power switches a host on or off.
	Power(dropletID int, on bool) error
	// Running tells whether a host is switched on.
	Running(dropletID int) bool
	// Destroy removes a host and all it stored. What is gone already is no error.
	Destroy(dropletID int) error
}

// Host is what a droplet's host is told at its creation.
type Host struct {
	DropletID   int
	Name        string
	Image       string // slug, or name of a snapshot
	UserData    string
	PublicKeys  []string     // of SSH, as lines of authorized_keys
	PublicIPv4  netip.Addr   // invalid without public networking
	Gateway     netip.Prefix // of PublicIPv4, with the size of its network
	PrivateIPv4 netip.Prefix
	VPC         string // uuid
	Volumes     []string
	MemoryMiB   int
}

// Machines are hosts that are more than records: they run, and are wired to
// each other. Where the simulator's hosts are machines, it asks for these, too.
type Machines interface {
	Hosts
	// CheckImage says why no host can boot from an image; nil if one can.
	CheckImage(image string) error
	// Shutdown asks a host to switch itself off, and returns before it has.
	Shutdown(dropletID int) error
	// Reboot asks a host to start anew, and returns before it has. One that is
	// off is switched on.
	Reboot(dropletID int) error
	// Resize gives a host, which is off, another amount of memory.
	Resize(dropletID, memoryMiB int) error
	// Wire makes the network as it has to be from now on, in full. It is
	// called again after each change.
	Wire(Network) error
}

// Network is what decides who reaches whom, and what is plugged in where.
type Network struct {
	VPCs        map[string]netip.Prefix   // ranges by uuid
	Peerings    [][2]string               // uuids of VPCs that reach each other
	ReservedIPs map[netip.Addr]int        // droplet ids; 0 for an address of no droplet
	Firewalls   map[int]Firewall          // by droplet id; a droplet without one is open
	Volumes     map[string]AttachedVolume // by id
}

// Firewall is what all firewalls of one droplet allow together. What they do
// not allow, they drop.
type Firewall struct{ Inbound, Outbound []FirewallRule }

// FirewallRule allows traffic of one protocol with some addresses.
type FirewallRule struct {
	Protocol            string // tcp, udp or icmp
	FirstPort, LastPort uint16 // 0 and 0: all of them
	With                []netip.Prefix
}

// AttachedVolume is a volume, which may be plugged into a droplet.
type AttachedVolume struct {
	Name      string
	SizeGiB   int
	DropletID int // 0 when it is not attached
}

// memoryHosts are records: all they know is whether they are switched on.
type memoryHosts struct{ running map[int]bool }

func newMemoryHosts() *memoryHosts { return &memoryHosts{running: map[int]bool{}} }

func (m *memoryHosts) Create(host Host) error {
	m.running[host.DropletID] = true
	return nil
}

func (m *memoryHosts) Power(dropletID int, on bool) error {
	if _, exists := m.running[dropletID]; !exists {
		return errors.New("no such host")
	}
	m.running[dropletID] = on
	return nil
}

func (m *memoryHosts) Running(dropletID int) bool { return m.running[dropletID] }

func (m *memoryHosts) Destroy(dropletID int) error {
	delete(m.running, dropletID)
	return nil
}
