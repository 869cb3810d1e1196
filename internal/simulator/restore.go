package simulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Dump is what an account holds, under the names that the API's lists have: the
// JSON of each list can be decoded into it, one after the other, and what it
// has no field for is left out. It says enough to go on with the account in
// another simulator, though not what hosts were told, which the API never shows.
type Dump struct {
	Droplets    []dumpedDroplet    `json:"droplets"`
	Firewalls   []*firewall        `json:"firewalls"`
	VPCs        []*vpc             `json:"vpcs"`
	Peerings    []*vpcPeering      `json:"vpc_peerings"`
	Volumes     []dumpedVolume     `json:"volumes"`
	ReservedIPs []dumpedReservedIP `json:"reserved_ips"`
	Tags        []dumpedTag        `json:"tags"`
	SSHKeys     []*sshKey          `json:"ssh_keys"`
}

type dumpedDroplet struct {
	ID        int         `json:"id"`
	Name      string      `json:"name"`
	Status    string      `json:"status"` // active or off
	CreatedAt time.Time   `json:"created_at"`
	Region    slugged     `json:"region"`
	SizeSlug  string      `json:"size_slug"`
	Image     dumpedImage `json:"image"`
	Features  []string    `json:"features"`
	Networks  networks    `json:"networks"`
	VPCUUID   string      `json:"vpc_uuid"`
	Tags      []string    `json:"tags"`
}

type dumpedImage struct {
	ID   int    `json:"id"`
	Slug string `json:"slug"` // for readers
}

type dumpedVolume struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Description     string    `json:"description"`
	SizeGigabytes   int       `json:"size_gigabytes"`
	CreatedAt       time.Time `json:"created_at"`
	Region          slugged   `json:"region"`
	FilesystemType  string    `json:"filesystem_type"`
	FilesystemLabel string    `json:"filesystem_label"`
	DropletIDs      []int     `json:"droplet_ids"`
	Tags            []string  `json:"tags"`
}

type dumpedReservedIP struct {
	IP      string         `json:"ip"`
	Region  slugged        `json:"region"`
	Droplet *dumpedBinding `json:"droplet"` // null while it is assigned to none
}

type dumpedBinding struct {
	ID int `json:"id"`
}

type dumpedTag struct {
	Name string `json:"name"`
}

type slugged struct {
	Slug string `json:"slug"`
}

// Restore puts what a dump has into a new account, ids and addresses included.
// The dump has to be of an account at rest: with no droplet that still boots.
// A region whose default VPC the dump leaves out keeps the one it has.
func (s *Simulator) Restore(dump Dump) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	for _, t := range dump.Tags {
		s.ensureTag(t.Name)
	}
	for _, key := range dump.SSHKeys {
		s.keys.add(key.ID, key)
		s.lastKey = max(s.lastKey, key.ID)
	}
	s.restoreNetwork(dump)
	for _, v := range dump.Volumes {
		if err := s.restoreVolume(v); err != nil {
			return fmt.Errorf("restore volume %s: %w", v.Name, err)
		}
	}
	for _, d := range dump.Droplets {
		if err := s.restoreDroplet(d); err != nil {
			return fmt.Errorf("restore droplet %s: %w", d.Name, err)
		}
	}
	for _, f := range dump.Firewalls {
		s.firewalls.add(f.ID, f)
	}
	for _, ip := range dump.ReservedIPs {
		if err := s.restoreReservedIP(ip); err != nil {
			return fmt.Errorf("restore the reserved IP %s: %w", ip.IP, err)
		}
	}
	return nil
}

func (s *Simulator) restoreNetwork(dump Dump) {
	for _, v := range dump.VPCs {
		if former := s.defaultVPC(v.Region); v.Default && former != nil {
			s.vpcs.remove(former.ID)
		}
		s.vpcs.add(v.ID, v)
	}
	for _, p := range dump.Peerings {
		s.peerings.add(p.ID, p)
	}
}

func (s *Simulator) restoreVolume(v dumpedVolume) error {
	region := s.region(v.Region.Slug)
	if region == nil {
		return fmt.Errorf("there is no region %q", v.Region.Slug)
	}
	s.volumes.add(v.ID, &volume{
		ID: v.ID, DropletIDs: listOf(v.DropletIDs), Name: v.Name, Description: v.Description,
		SizeGigabytes: v.SizeGigabytes, CreatedAt: v.CreatedAt, Region: region,
		FilesystemType: v.FilesystemType, FilesystemLabel: v.FilesystemLabel, Tags: listOf(v.Tags),
	})
	return nil
}

// restoreDroplet makes a host, too, switched on or off as it was.
func (s *Simulator) restoreDroplet(dumped dumpedDroplet) error {
	d := &droplet{
		id: dumped.ID, name: dumped.Name, created: dumped.CreatedAt, vpcID: dumped.VPCUUID, tags: listOf(dumped.Tags),
		region: s.region(dumped.Region.Slug), size: s.size(dumped.SizeSlug), image: s.imageBy(reference(strconv.Itoa(dumped.Image.ID))),
		booted: true, addressed: true,
		monitoring: slices.Contains(dumped.Features, "monitoring"), agent: slices.Contains(dumped.Features, "droplet_agent"),
	}
	switch {
	case d.region == nil || d.size == nil || d.image == nil:
		return fmt.Errorf("the catalogue has no region %q, size %q or image %d", dumped.Region.Slug, dumped.SizeSlug, dumped.Image.ID)
	case dumped.Status != "active" && dumped.Status != "off":
		return fmt.Errorf("its status is %q, and only a droplet that is active or off can be restored", dumped.Status)
	}
	d.disk = d.size.Disk
	if slices.Contains(dumped.Features, "backups") {
		policy, err := newBackupPolicy(nil)
		if err != nil {
			return err
		}
		d.backupPolicy = policy
	}
	if err := s.restoreAddresses(d, dumped.Networks); err != nil {
		return err
	}
	s.lastDroplet = max(s.lastDroplet, d.id)
	s.droplets.add(d.id, d)
	s.joinVPC(d.vpcID, d.urn(), d.name)
	if err := s.options.Hosts.Create(s.host(d, s.volumesOn(d.id))); err != nil {
		return fmt.Errorf("create its host: %w", err)
	}
	if dumped.Status == "off" {
		return s.options.Hosts.Power(d.id, false)
	}
	return nil
}

func (s *Simulator) restoreAddresses(d *droplet, shown networks) error {
	for _, network := range shown.V4 {
		if network.Type == "private" {
			d.privateIPv4 = network.IPAddress
			continue
		}
		gateway, err := netip.ParseAddr(network.Gateway)
		if err != nil {
			return fmt.Errorf("its gateway: %w", err)
		}
		d.publicIPv4, d.gateway = network.IPAddress, gateway
		s.keepAddress(network.IPAddress)
	}
	for _, network := range shown.V6 {
		d.ipv6 = network.IPAddress
	}
	if !d.privateIPv4.IsValid() {
		return errors.New("it has no private address")
	}
	return nil
}

func (s *Simulator) restoreReservedIP(dumped dumpedReservedIP) error {
	address, err := netip.ParseAddr(dumped.IP)
	if err != nil {
		return err
	}
	ip := &reservedIP{IP: dumped.IP, region: s.region(dumped.Region.Slug), created: s.timestamp()}
	if ip.region == nil {
		return fmt.Errorf("there is no region %q", dumped.Region.Slug)
	}
	if dumped.Droplet != nil {
		ip.dropletID = dumped.Droplet.ID
	}
	s.reservedIPs.add(ip.IP, ip)
	s.keepAddress(address)
	return nil
}

// keepAddress sees to it that no other object gets a public address again.
func (s *Simulator) keepAddress(address netip.Addr) {
	if !publicPool.Contains(address) {
		return
	}
	four, first := address.As4(), publicPool.Addr().As4()
	s.lastAddress = max(s.lastAddress, binary.BigEndian.Uint32(four[:])-binary.BigEndian.Uint32(first[:]))
}
