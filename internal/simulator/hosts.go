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
	PublicIPv4  netip.Addr // invalid without public networking
	PrivateIPv4 netip.Prefix
	VPC         string // uuid
	Volumes     []string
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
