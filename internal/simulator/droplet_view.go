package simulator

import (
	"net/netip"
	"time"
)

// dropletView is a droplet as the API description's schema "droplet" has it.
type dropletView struct {
	ID               int           `json:"id"`
	Name             string        `json:"name"`
	Memory           int           `json:"memory"` // MiB
	VCPUs            int           `json:"vcpus"`
	Disk             int           `json:"disk"` // GiB
	DiskInfo         []diskInfo    `json:"disk_info"`
	Locked           bool          `json:"locked"`
	Status           string        `json:"status"` // new, active, off or archive
	Kernel           *struct{}     `json:"kernel"` // null since droplets manage their own kernels
	CreatedAt        time.Time     `json:"created_at"`
	Features         []string      `json:"features"`
	BackupIDs        []int         `json:"backup_ids"`
	NextBackupWindow *backupWindow `json:"next_backup_window"`
	SnapshotIDs      []int         `json:"snapshot_ids"`
	Image            *image        `json:"image"`
	VolumeIDs        []string      `json:"volume_ids"`
	Size             *size         `json:"size"`
	SizeSlug         string        `json:"size_slug"`
	Networks         networks      `json:"networks"`
	Region           *region       `json:"region"`
	Tags             []string      `json:"tags"`
	VPCUUID          string        `json:"vpc_uuid"`
}

type diskInfo struct {
	Type string   `json:"type"`
	Size diskSize `json:"size"`
}

type diskSize struct {
	Amount int    `json:"amount"`
	Unit   string `json:"unit"`
}

type networks struct {
	V4 []networkV4 `json:"v4"`
	V6 []networkV6 `json:"v6"`
}

type networkV4 struct {
	IPAddress netip.Addr `json:"ip_address"`
	Netmask   string     `json:"netmask"`
	Gateway   string     `json:"gateway"` // "nil" on private networks
	Type      string     `json:"type"`    // public or private
}

type networkV6 struct {
	IPAddress netip.Addr `json:"ip_address"`
	Netmask   int        `json:"netmask"`
	Gateway   netip.Addr `json:"gateway"`
	Type      string     `json:"type"`
}

func (s *Simulator) viewDroplet(d *droplet) dropletView {
	return dropletView{
		ID: d.id, Name: d.name, Memory: d.size.Memory, VCPUs: d.size.VCPUs, Disk: d.disk,
		DiskInfo: []diskInfo{{Type: "local", Size: diskSize{d.disk, "gib"}}},
		Locked:   d.locked, Status: s.dropletStatus(d), CreatedAt: d.created,
		Features:  d.features(),
		BackupIDs: s.imageIDs(d, "backup"), SnapshotIDs: s.imageIDs(d, "snapshot"),
		NextBackupWindow: s.nextBackupWindow(d),
		Image:            d.image, Size: d.size, SizeSlug: d.size.Slug, Region: d.region,
		VolumeIDs: convert(s.volumesOn(d.id), func(v *volume) string { return v.ID }),
		Networks:  s.viewNetworks(d), Tags: listOf(d.tags), VPCUUID: d.vpcID,
	}
}

func (s *Simulator) dropletStatus(d *droplet) string {
	switch {
	case d.statusThen != "":
		return d.statusThen
	case d.archived:
		return "archive"
	case !d.booted:
		return "new"
	case s.options.Hosts.Running(d.id):
		return "active"
	default:
		return "off"
	}
}

func (d *droplet) features() []string {
	features := []string{}
	if d.backupPolicy != nil {
		features = append(features, "backups")
	}
	if d.agent {
		features = append(features, "droplet_agent")
	}
	if d.ipv6.IsValid() {
		features = append(features, "ipv6")
	}
	if d.monitoring {
		features = append(features, "monitoring")
	}
	return append(features, "private_networking")
}

// viewNetworks lists the addresses, private ones first as the API does.
func (s *Simulator) viewNetworks(d *droplet) networks {
	shown := networks{V4: []networkV4{}, V6: []networkV6{}}
	if !d.addressed {
		return shown
	}
	shown.V4 = append(shown.V4, networkV4{
		IPAddress: d.privateIPv4, Netmask: netmask(s.vpcRange(d.vpcID)), Gateway: "nil", Type: "private",
	})
	if d.publicIPv4.IsValid() {
		shown.V4 = append(shown.V4, networkV4{
			IPAddress: d.publicIPv4, Netmask: netmask(netip.PrefixFrom(d.publicIPv4, publicBits)),
			Gateway: d.gateway.String(), Type: "public",
		})
	}
	if d.ipv6.IsValid() {
		shown.V6 = append(shown.V6, networkV6{
			IPAddress: d.ipv6, Netmask: ipv6Bits, Gateway: ipv6Gateway(d.ipv6), Type: "public",
		})
	}
	return shown
}

// listOf is a list that JSON shows as [] when it is empty.
func listOf[T any](items []T) []T { return append([]T{}, items...) }
