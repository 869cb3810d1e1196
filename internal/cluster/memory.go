package cluster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// MemoryVersion is the form of Memory that this provider writes.
const MemoryVersion = 2

// Memory is what Terraform's state keeps of a cluster beside what users see.
// It goes into an attribute of the resource as JSON.
type Memory struct {
	// Version is MemoryVersion of the provider that wrote the memory.
	Version int `json:"version"`
	// ID tells the cluster from others of its name; empty until it was drawn.
	ID      string  `json:"id,omitempty"`
	Secrets Secrets `json:"secrets"`
	// Unmarked says that the cluster was made before clusters had ids, and that
	// not all its objects carry one yet: those without any are its own.
	Unmarked bool `json:"unmarked,omitempty"`
	// Unsure says that something may exist that is not remembered: an apply
	// ended without knowing what became of a call.
	Unsure bool `json:"unsure,omitempty"`
	// FinalSnapshot says that the database's data are to be kept when the cluster
	// goes: the last apply that succeeded was asked to, or a later one that may
	// have brought data about. Snapshot names what was kept already.
	FinalSnapshot bool   `json:"final_snapshot,omitempty"`
	Snapshot      string `json:"snapshot,omitempty"`
	// ChangedAt is when an apply ended last. What was changed just before may
	// not be listed yet.
	ChangedAt time.Time `json:"changed_at,omitzero"`
	// Hosts are the droplets of the cluster by id.
	Hosts map[int]HostRecord `json:"hosts,omitempty"`
	// VPCs are the ids of the VPCs that hosts are in, by region; the user's
	// own is among them.
	VPCs map[string]string `json:"vpcs,omitempty"`
	// OwnVPCs are the ids of those that were made for the cluster, whatever
	// somebody made of their names and descriptions since.
	OwnVPCs []string `json:"own_vpcs,omitempty"`
	// Peerings are the ids of the peerings between the cluster's VPCs.
	Peerings []string `json:"peerings,omitempty"`
	// Firewalls are the ids of the cluster's firewalls.
	Firewalls  []string `json:"firewalls,omitempty"`
	VolumeID   string   `json:"volume_id,omitempty"`
	ReservedIP string   `json:"reserved_ip,omitempty"`
	// DatabaseAddress is what DatabaseDNSName stands for.
	DatabaseAddress string `json:"database_address,omitempty"`
	// UserTags are the user's tags as the last apply set them.
	UserTags []string `json:"user_tags,omitempty"`
	// Imported says that the cluster was imported, so that its secrets are
	// not known, and no apply has taken the configuration over since.
	Imported bool `json:"imported,omitempty"`
	// Unformed says that the last apply that waited for the hosts ended before
	// they were what it waited for.
	Unformed bool `json:"unformed,omitempty"`
	// Tellings is how many applies have told running hosts of changes, see TellingTag.
	Tellings int `json:"tellings,omitempty"`
	// Migrated is the SHA-256 of the release whose migration ran last.
	Migrated string `json:"migrated,omitempty"`
}

// Upgrade brings a memory that an earlier provider wrote to today's form. The
// error says that a later provider wrote it.
func (m *Memory) Upgrade() error {
	if m.Version > MemoryVersion {
		return fmt.Errorf("its form is version %d, and this version of the provider knows those up to %d: use the version of the provider that wrote it, or a newer one",
			m.Version, MemoryVersion)
	}
	if m.Version < 2 {
		m.Unmarked = true // there were no ids
		m.FinalSnapshot = m.VolumeID != ""
	}
	if s := &m.Secrets; s.RunningCookie != "" {
		s.RunningFingerprint, s.RunningCookie = cookie.Fingerprint(s.RunningCookie), ""
	}
	m.Version = MemoryVersion
	return nil
}

// HostRecord is what is remembered of one droplet.
type HostRecord struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Pool string `json:"pool,omitempty"` // of a node
	// Told is the fingerprint of the configuration the host booted with. It
	// is empty for a host that was imported: what that was told is not known
	// and is taken to be right.
	Told string `json:"told,omitempty"`
	// Parts are fingerprints of what the host was told last, by part; nil for a
	// host that was made before there were parts, of which Told tells all.
	Parts hostconfig.Parts `json:"parts,omitempty"`
	// Image is what the host was made from; empty where that is not known.
	Image string `json:"image,omitempty"`
	Listening
	// Basename is the part of a node's name before the @; empty where it is the
	// spec's.
	Basename string `json:"basename,omitempty"`
	// Network is Network.Kind of what the host was made for; empty where that is
	// not known.
	Network string `json:"network,omitempty"`
	// Carried says that a load balancer was given its predecessor's certificate.
	Carried bool `json:"carried,omitempty"`
	// Unmanaged says that the provider has no way to the host: it was made without
	// the cluster's management keys.
	Unmanaged bool `json:"unmanaged,omitempty"`
	// Stored is the SHA-256 of the release that the node has in its store and has
	// yet to run.
	Stored string `json:"stored,omitempty"`
	// Stopped says that the node's release was ended for good, or that the load
	// balancer, whose clients another one answers, has parted with them.
	Stopped bool `json:"stopped,omitempty"`
	// Delivered identifies what the host was told last of what may change
	// while it runs: the load balancer its nodes, a node its database.
	Delivered string `json:"delivered,omitempty"`
	// SetUpFailed says that the host reported a step of its first boot as
	// failed. Such a host never runs what it should.
	SetUpFailed bool `json:"set_up_failed,omitempty"`
}

// Secrets are drawn once, before the first paid object exists, and never
// change by themselves.
type Secrets struct {
	Cookie string `json:"cookie,omitempty"` // only when the user gave none
	// RunningFingerprint is that of the cookie that the nodes run with; empty where
	// that is not known.
	RunningFingerprint string `json:"running_cookie_fingerprint,omitempty"`
	// WantedCookie is what PartCookie is with the cookie that the last apply was
	// given: a cookie that only applies are told is not known at other times.
	WantedCookie string `json:"wanted_cookie,omitempty"`
	// RunningCookie is what earlier versions kept for RunningFingerprint.
	RunningCookie  string `json:"running_cookie,omitempty"`
	SecretKeyBase  string `json:"secret_key_base,omitempty"`
	UserPassword   string `json:"user_password,omitempty"`
	OwnerPassword  string `json:"owner_password,omitempty"`
	UserVerifier   string `json:"user_verifier,omitempty"` // SCRAM verifiers: all that the database host is told
	OwnerVerifier  string `json:"owner_verifier,omitempty"`
	StatsPassword  string `json:"stats_password,omitempty"`
	DatabaseCAPEM  string `json:"database_ca_pem,omitempty"`
	DatabaseCert   string `json:"database_cert_pem,omitempty"`
	DatabaseKeyPEM string `json:"database_key_pem,omitempty"`
	// Management is empty in a cluster without the management channel.
	Management ManagementKeys `json:"management,omitzero"`
}

// ManagementKeys are the key pairs of the management channel, in OpenSSH's forms.
type ManagementKeys struct {
	ClientKeyPEM  string `json:"client_key_pem"` // opens the channel
	AuthorizedKey string `json:"authorized_key"` // its public half
	HostKeyPEM    string `json:"host_key_pem"`   // what sshd of every host has
	HostPublicKey string `json:"host_public_key"`
}

// Drawn says that the secrets exist.
func (s Secrets) Drawn() bool { return s.SecretKeyBase != "" }

// Clone returns a copy that shares nothing with m.
func (m Memory) Clone() Memory {
	m.Hosts, m.VPCs = maps.Clone(m.Hosts), maps.Clone(m.VPCs)
	for id, host := range m.Hosts {
		host.Parts, host.UDPPorts = maps.Clone(host.Parts), slices.Clone(host.UDPPorts)
		m.Hosts[id] = host
	}
	m.OwnVPCs, m.Peerings, m.Firewalls = slices.Clone(m.OwnVPCs), slices.Clone(m.Peerings), slices.Clone(m.Firewalls)
	m.UserTags = slices.Clone(m.UserTags)
	return m
}

// Remember records a host that exists now and what it was told.
func (m *Memory) Remember(id int, record HostRecord) {
	if m.Hosts == nil {
		m.Hosts = map[int]HostRecord{}
	}
	m.Hosts[id] = record
}

// RememberFailure records that a host's set-up failed.
func (m *Memory) RememberFailure(id int) {
	record := m.Hosts[id]
	record.SetUpFailed = true
	m.Hosts[id] = record
}

// Note takes note of the objects that are the cluster's and are no hosts, and
// forgets those that are gone.
func (m *Memory) Note(o Observed) {
	m.Firewalls, m.OwnVPCs, m.Peerings, m.VolumeID, m.ReservedIP = nil, nil, nil, "", ""
	for _, f := range o.Firewalls {
		m.Firewalls = append(m.Firewalls, f.ID)
	}
	for _, v := range o.OwnVPCs() {
		m.OwnVPCs = append(m.OwnVPCs, v.ID)
	}
	for _, p := range o.OwnPeerings() {
		m.Peerings = append(m.Peerings, p.ID)
	}
	if o.Volume != nil {
		m.VolumeID = o.Volume.ID
	}
	if o.ReservedIP != nil {
		m.ReservedIP = o.ReservedIP.IP
	}
}

// Recalled is a memory of a cluster that no state knows: of what was seen of it, so
// that it is looked for by its ids.
func (o Observed) Recalled() Memory {
	m := Memory{Version: MemoryVersion, ID: o.ID}
	m.Note(o)
	for _, d := range o.Hosts() {
		if role := d.Role(o.Cluster); role != "" { // what it is nobody knows else: it goes as a stray
			m.Remember(d.ID, HostRecord{Name: d.Name, Role: role, Pool: d.Pool(o.Cluster)})
		}
	}
	return m
}

// Holds says that something is remembered that may exist.
func (m Memory) Holds() bool {
	return m.Unsure || len(m.Hosts) > 0 || len(m.Firewalls) > 0 || len(m.OwnVPCs) > 0 || m.VolumeID != "" || m.ReservedIP != ""
}

// Runs says that a host of the role is remembered.
func (m Memory) Runs(role string) bool {
	for _, host := range m.Hosts {
		if host.Role == role {
			return true
		}
	}
	return false
}

// Adopt takes an imported cluster's objects over as they are. Its data are kept
// when it goes, until an apply says otherwise. One without nodes is a create that
// was not finished: nobody has secrets of it to keep, so new ones are drawn, and
// hosts that were told the old ones are made anew.
func (m *Memory) Adopt(o Observed) {
	m.Imported = slices.ContainsFunc(o.Hosts(), func(d Droplet) bool { return d.Role(o.Cluster) == RoleNode })
	m.Version, m.FinalSnapshot = MemoryVersion, o.Volume != nil
	m.Note(o)
	m.VPCs = map[string]string{}
	seen := SpecOf(o.Cluster, o)
	for _, d := range o.Hosts() {
		if d.Role(o.Cluster) == "" {
			continue // nobody can tell any more what it is: the next apply removes it
		}
		record := HostRecord{
			Name: d.Name, Role: d.Role(o.Cluster), Pool: d.Pool(o.Cluster), Basename: d.Basename(o.Cluster), SetUpFailed: !m.Imported, Network: seen.Network.Kind(),
		}
		if record.Role == RoleNode {
			record.EPMDPort, record.PortMin, record.PortMax = seen.Distribution.EPMDPort, seen.Distribution.PortMin, seen.Distribution.PortMax
		}
		m.Remember(d.ID, record)
		// Hosts that talk over public addresses are in their region's default VPC.
		if v, _ := o.VPC(d.VPCUUID); d.VPCUUID != "" && !v.Default {
			m.VPCs[d.Region] = d.VPCUUID
		}
	}
}

// CanMakeNodes returns an error when nodes cannot be made because the cluster
// was imported: its secrets are on its hosts only, and a new node must have the
// same. The user's configuration can supply them.
func (s Spec) CanMakeNodes(m Memory) error {
	if m.Secrets.Drawn() {
		return nil
	}
	var missing []string
	if s.Cookie == "" {
		missing = append(missing, "cookie")
	}
	if s.Environment["SECRET_KEY_BASE"] == "" {
		missing = append(missing, "environment.SECRET_KEY_BASE")
	}
	if s.Database != nil && s.Environment["DATABASE_URL"] == "" {
		missing = append(missing, "environment.DATABASE_URL")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the cluster was imported, and its secrets cannot be read back from DigitalOcean. "+
		"New nodes need them to join: set %s to what the running nodes have in /etc/beam/env and ~/.erlang.cookie "+
		"(`terraform import` takes a cookie over into an erlang_cookie)", strings.Join(missing, ", "))
}

// CanMakeDatabase returns an error when the database host cannot be made
// because the cluster was imported.
func (m Memory) CanMakeDatabase() error {
	if m.Secrets.Drawn() {
		return nil
	}
	return errors.New("the cluster was imported, and the passwords and certificate of its database cannot be read from DigitalOcean: its host cannot be made anew by this resource")
}
