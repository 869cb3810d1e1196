package playground

import (
	"errors"
	"sync"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Hosts are droplets as records that remember their user data.
type Hosts struct {
	mu    sync.Mutex
	hosts map[int]*host
}

type host struct {
	simulator.Host
	running bool
}

func newHosts() *Hosts { return &Hosts{hosts: map[int]*host{}} }

// UserData returns what each droplet that exists was told at its creation, by
// droplet id.
func (h *Hosts) UserData() map[int]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[int]string{}
	for id, host := range h.hosts {
		all[id] = host.UserData
	}
	return all
}

// Create implements simulator.Hosts.
func (h *Hosts) Create(created simulator.Host) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts[created.DropletID] = &host{Host: created, running: true}
	return nil
}

// Power implements simulator.Hosts.
func (h *Hosts) Power(dropletID int, on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	host, exists := h.hosts[dropletID]
	if !exists {
		return errors.New("no such host")
	}
	host.running = on
	return nil
}

// Running implements simulator.Hosts.
func (h *Hosts) Running(dropletID int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	host, exists := h.hosts[dropletID]
	return exists && host.running
}

// Destroy implements simulator.Hosts.
func (h *Hosts) Destroy(dropletID int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.hosts, dropletID)
	return nil
}
