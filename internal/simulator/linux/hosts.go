//go:build linux

// Package linux makes the simulator's droplets real: each is a Debian that
// systemd-nspawn boots from the droplet's own user data, with a public and a
// private interface in a network namespace of its own. The fabric, a namespace
// that all of them hang on, is the network between them: it enforces VPCs,
// cloud firewalls and reserved IPs. A client's namespace hangs on it, too, and
// stands for the internet.
//
// It needs Linux, root, systemd-nspawn, iproute2 and nftables, and debootstrap
// for the first image. Nothing outside its own namespaces is touched or routed.
package linux

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Hosts are droplets that run. Its methods may be called by several goroutines
// at once.
type Hosts struct {
	folder  string
	prefix  string // of names of namespaces; see prefixOf
	images  map[string]string
	trusted string   // see Options.Authority
	groups  []cgroup // in each hierarchy; the first holds the processes
	fabric  namespace
	client  Client
	run     runner
	log     *slog.Logger
	unlock  func()
	service net.Listener // of metadata

	mu       sync.Mutex // guards everything below
	machines map[int]*machine
	volumes  map[string]*volume
	network  simulator.Network
	cut      map[int]bool
	metadata func(dropletID int) http.Handler
}

var _ simulator.Machines = (*Hosts)(nil)

// Open removes what an earlier run of this name may have left, and makes the
// fabric and the client. Close removes everything again.
func Open(ctx context.Context, o Options) (*Hosts, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("real hosts need root: run this with sudo")
	}
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	images := map[string]string{}
	for _, slug := range o.Images {
		root, err := ensureImage(ctx, o.ImageFolder, slug)
		if err != nil {
			return nil, err
		}
		images[slug] = root
	}
	groups, err := findCgroups("beam-" + o.Name)
	if err != nil {
		return nil, err
	}
	prefix := prefixOf(o.Name)
	h := &Hosts{
		folder: o.Folder, prefix: prefix, images: images, trusted: o.Authority, groups: groups,
		fabric: namespace(prefix + "fabric"), client: Client{namespace(prefix + "client"), o.Clients},
		run: newRunner(ctx), log: o.Log,
		machines: map[int]*machine{}, volumes: map[string]*volume{}, cut: map[int]bool{},
	}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *Hosts) open(ctx context.Context) error {
	if err := os.MkdirAll(h.folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of hosts: %w", err)
	}
	var err error
	if h.unlock, err = lock("/run/lock/"+h.prefix+"hosts", unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another process has hosts of this name: %w", err)
	}
	if err := h.sweep(); err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(h.folder, "volumes"), 0o700); err != nil {
		return fmt.Errorf("make the folder of volumes: %w", err)
	}
	if err := h.layFabric(); err != nil {
		return err
	}
	return h.serveMetadata(ctx)
}

// layFabric makes the namespaces that are there before any host. Parameters
// of "default" hold for the links that come later.
func (h *Hosts) layFabric() error {
	for _, n := range []namespace{h.fabric, h.client.namespace} {
		if err := n.make(h.run); err != nil {
			return err
		}
	}
	for _, parameter := range [][2]string{
		{"net/ipv4/ip_forward", "1"},
		{"net/ipv4/conf/default/proxy_arp", "1"},
		{"net/ipv6/conf/default/disable_ipv6", "1"},
	} {
		if err := h.fabric.sysctl(parameter[0], parameter[1]); err != nil {
			return fmt.Errorf("set up the fabric: %w", err)
		}
	}
	if err := h.fabric.ip(h.run, core(string(h.client.namespace), h.client.addresses)); err != nil {
		return err
	}
	if err := h.client.namespace.ip(h.run, clientAddresses(h.client.addresses)); err != nil {
		return err
	}
	return h.enforce()
}

// enforce loads the fabric's rules.
func (h *Hosts) enforce() error {
	var hosts []simulator.Host
	for _, m := range h.machines {
		hosts = append(hosts, m.host)
	}
	rules, err := ruleset(hosts, h.network, h.cut)
	if err != nil {
		return err
	}
	return h.fabric.nft(h.run, rules)
}

// CheckImage implements simulator.Machines.
func (h *Hosts) CheckImage(image string) error {
	if _, ok := h.images[image]; ok {
		return nil
	}
	return fmt.Errorf("no real host can boot from the image %q; it can from %s",
		image, strings.Join(slices.Sorted(maps.Keys(h.images)), ", "))
}

// Create implements simulator.Hosts. Where it fails, nothing of the host stays.
func (h *Hosts) Create(host simulator.Host) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.CheckImage(host.Image); err != nil {
		return err
	}
	id := fmt.Sprint(host.DropletID)
	m := &machine{
		host: host, disk: disk{filepath.Join(h.folder, "hosts", id)}, namespace: namespace(h.prefix + id),
		fabric: h.fabric, groups: below(h.groups, id), run: h.run, log: h.log,
	}
	if err := m.disk.create(h.images[host.Image], host, h.trusted); err != nil {
		return errors.Join(err, m.disk.remove())
	}
	h.machines[host.DropletID] = m
	var errs []error
	for _, v := range h.volumes {
		if v.DropletID == host.DropletID {
			errs = append(errs, h.plugInto(v))
		}
	}
	if err := errors.Join(append(errs, h.enforce(), m.start())...); err != nil {
		return errors.Join(err, h.remove(m))
	}
	return nil
}

// Power implements simulator.Hosts. Off is what pulling the plug would do.
func (h *Hosts) Power(dropletID int, on bool) error {
	m, err := h.machine(dropletID)
	if err != nil {
		return err
	}
	if on {
		return m.start()
	}
	return m.kill()
}

// Running implements simulator.Hosts.
func (h *Hosts) Running(dropletID int) bool {
	m, err := h.machine(dropletID)
	return err == nil && m.running()
}

// Shutdown implements simulator.Machines.
func (h *Hosts) Shutdown(dropletID int) error {
	m, err := h.machine(dropletID)
	if err != nil || !m.running() {
		return err
	}
	return m.signal(unix.Signal(sigPoweroff))
}

// Reboot implements simulator.Machines.
func (h *Hosts) Reboot(dropletID int) error {
	m, err := h.machine(dropletID)
	switch {
	case err != nil:
		return err
	case !m.running():
		return m.start()
	}
	return m.signal(unix.SIGINT)
}

// Resize implements simulator.Machines.
func (h *Hosts) Resize(dropletID, memoryMiB int) error {
	m, err := h.machine(dropletID)
	if err != nil {
		return err
	}
	return m.disk.setMemory(memoryMiB)
}

// sigPoweroff asks systemd to power off: SIGRTMIN+4.
const sigPoweroff = 34 + 4

// Destroy implements simulator.Hosts.
func (h *Hosts) Destroy(dropletID int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, ok := h.machines[dropletID]
	if !ok {
		return nil
	}
	return h.remove(m)
}

// remove destroys a host, and forgets it.
func (h *Hosts) remove(m *machine) error {
	delete(h.machines, m.host.DropletID)
	delete(h.cut, m.host.DropletID)
	return errors.Join(m.destroy(), h.enforce())
}

// Wire implements simulator.Machines.
func (h *Hosts) Wire(network simulator.Network) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.network = network
	errs := []error{h.enforce(), h.plug(network.Volumes)}
	// Droplets of the same network ask for a reserved IP as for a neighbour.
	for address := range network.ReservedIPs {
		errs = append(errs, h.fabric.ip(h.run, fmt.Sprintf("address replace %s/32 dev lo\n", address)))
	}
	return errors.Join(errs...)
}

// Cut takes a droplet off both its networks, or puts it back, as a broken
// cable would: the host itself goes on.
func (h *Hosts) Cut(dropletID int, off bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.machines[dropletID]; !ok {
		return errNoHost(dropletID)
	}
	h.cut[dropletID] = off
	return h.enforce()
}

func (h *Hosts) machine(dropletID int) (*machine, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, ok := h.machines[dropletID]
	if !ok {
		return nil, errNoHost(dropletID)
	}
	return m, nil
}

func errNoHost(dropletID int) error { return fmt.Errorf("there is no host of droplet %d", dropletID) }

// Close destroys all hosts and volumes, and removes the fabric.
func (h *Hosts) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	if h.service != nil {
		errs = append(errs, h.service.Close())
	}
	for _, m := range h.machines {
		m.condemn()
	}
	if len(h.machines) > 0 {
		errs = append(errs, h.groups[0].kill()) // all at once
	}
	for _, m := range h.machines {
		errs = append(errs, m.destroy())
	}
	if h.unlock != nil {
		errs = append(errs, h.sweep(), os.Remove(h.folder))
		h.unlock()
	}
	return errors.Join(errs...)
}
