package cluster

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// DefaultHTTPPort is where the load balancer looks for the app when there is
// no release to say otherwise.
const DefaultHTTPPort = 8080

// Ports of what else listens on hosts, where nobody says otherwise.
const (
	DefaultSSHPort   = 22
	DefaultEPMDPort  = 4369 // of Erlang's own port mapper
	DefaultPortMin   = 9100
	DefaultPortMax   = 9155
	DefaultStatsPort = 8404
)

// HTTPPort is the port that nodes serve HTTP on.
func (s Spec) HTTPPort() int {
	if s.Release != nil {
		return s.Release.Port
	}
	return DefaultHTTPPort
}

// App names the folder that the release lives in.
func (s Spec) App() string { return appName(s.Release, s.Name) }

func appName(r *Release, fallback string) string {
	if r != nil {
		return r.Name
	}
	return strings.ReplaceAll(fallback, "-", "_")
}

// EffectiveCookie is the user's cookie, else the generated one.
func (s Spec) EffectiveCookie(m Memory) string { return cmp.Or(s.Cookie, m.Secrets.Cookie) }

// CookieFingerprint is that of the same; empty for a cookie that is not known.
func (s Spec) CookieFingerprint(m Memory) string {
	value := s.EffectiveCookie(m)
	if value == "" {
		return ""
	}
	return cookie.Fingerprint(value)
}

// NodeHost describes a node of the pool that dials the peers. Nodes of all pools
// are alike but for what the user brings for one of them.
func (s Spec) NodeHost(m Memory, pool string, peers []string) hostconfig.Node {
	n := s.nodeBase(peers)
	n.Base = s.base(m, s.broughtToPool(pool))
	n.Cookie = s.EffectiveCookie(m)
	n.PublicHost = s.publicHost()
	n.SecretKeyBase = m.Secrets.SecretKeyBase
	if s.Database != nil {
		n.DatabaseURL = s.databaseURL(s.Database.User, m.Secrets.UserPassword)
		n.MigrationDatabaseURL = s.databaseURL(s.Database.Owner(), m.Secrets.OwnerPassword)
		n.DatabaseName = DatabaseDNSName(s.Name)
		n.DatabaseAddress = m.DatabaseAddress
		n.DatabaseCAPEM = m.Secrets.DatabaseCAPEM
	}
	if b := s.Beside; b != nil {
		n.Peers, n.PeersTold, n.DatabaseCAPEM = b.Peers, s.Manages(m), b.DatabaseCA
		if m.DatabaseAddress != "" {
			n.DatabaseName, n.DatabaseAddress = DatabaseDNSName(s.Name), m.DatabaseAddress
		}
	}
	return n
}

func (s Spec) broughtToPool(name string) hostconfig.Brought {
	for _, p := range s.Pools {
		if p.Name == name {
			return p.Brought
		}
	}
	return hostconfig.Brought{}
}

// publicHost is the name that people know the app by, as far as the cluster does:
// the first that the certificate is for.
func (s Spec) publicHost() string {
	if lb := s.LoadBalancer; lb != nil && lb.TLS != nil && lb.TLS.ACME != nil && len(lb.TLS.ACME.Domains) > 0 {
		return lb.TLS.ACME.Domains[0]
	}
	return ""
}

func (s Spec) nodeBase(peers []string) hostconfig.Node {
	return NodeSpec{
		Cluster: s.Name, Cookie: s.Cookie, Peers: peers, Release: s.Release, Environment: s.Environment,
		Distribution: s.Distribution, Host: s.Host, Public: !s.Private(),
	}.HostConfig()
}

// HostConfig describes the host to be rendered.
func (n NodeSpec) HostConfig() hostconfig.Node {
	d := n.Distribution
	host := hostconfig.Node{
		Base:               n.Host.base(n.Cluster),
		Basename:           d.Basename,
		Cookie:             n.Cookie,
		PublicDistribution: n.Public,
		EPMDPort:           d.EPMDPort, PortMin: d.PortMin, PortMax: d.PortMax,
		Sync: d.Sync, SyncTimeoutMS: d.SyncTimeoutMS,
		Peers:         n.Peers,
		App:           appName(n.Release, n.Cluster),
		HTTPPort:      DefaultHTTPPort,
		Environment:   n.Environment,
		DatabaseCAPEM: n.DatabaseCA,
		Toolchain:     n.Host.Toolchain,
	}
	if r := n.Release; r != nil {
		host.HTTPPort = r.Port
		host.Triggers = r.Triggers
		host.Service, host.UDPPorts = r.Service.Told(), r.UDPPorts
		host.Release = &hostconfig.Release{
			Name: r.Name, URL: r.URL, SHA256: r.SHA256, Kind: r.Kind, Migrate: r.Migrate,
			Headers: r.Headers, Pushed: r.Path != "", Keep: r.Keep, ReadOnly: r.ReadOnly,
		}
	}
	return host
}

// base is what all hosts of the cluster have, and what the user brings for some.
func (s Spec) base(m Memory, brought hostconfig.Brought) hostconfig.Base {
	b := s.Host.base(s.Name)
	b.Brought, b.SSHKeys = b.With(brought), s.SSHKeys
	if keys := m.Secrets.Management; s.Manages(m) {
		b.Management = &hostconfig.Management{
			AuthorizedKey: keys.AuthorizedKey, HostKeyPEM: keys.HostKeyPEM, HostPublicKey: keys.HostPublicKey,
		}
	}
	return b
}

func (h Host) base(cluster string) hostconfig.Base {
	return hostconfig.Base{
		Cluster: cluster, User: h.User, SSHPort: h.SSHPort, Locale: h.Locale, SwapMiB: h.SwapMiB,
		Packages: h.Packages, UnattendedUpgrades: h.UnattendedUpgrades, Fail2ban: h.Fail2ban,
		Brought: h.Brought,
	}
}

// LoadBalancerHost describes the load balancer in front of the nodes.
func (s Spec) LoadBalancerHost(m Memory, nodes []Droplet) hostconfig.LoadBalancer {
	lb := s.LoadBalancer
	host := hostconfig.LoadBalancer{
		Base:         s.base(m, lb.Brought),
		Servers:      s.Servers(m, nodes),
		Algorithm:    lb.Algorithm,
		StickyCookie: lb.StickyCookie,
		HealthCheck:  hostconfig.HealthCheck(lb.HealthCheck),
		TLS:          lb.TLS.hostConfig(),
	}
	if lb.Stats.Enabled {
		host.Stats = &hostconfig.Stats{Port: lb.Stats.Port, Path: lb.Stats.Path, User: lb.Stats.User, Password: m.Secrets.StatsPassword}
	}
	return host
}

func (t *TLS) hostConfig() *hostconfig.TLS {
	if t == nil {
		return nil
	}
	return &hostconfig.TLS{
		CertificatePEM: t.CertificatePEM, PrivateKeyPEM: t.PrivateKeyPEM,
		ACME: (*hostconfig.ACME)(t.ACME),
	}
}

// Servers lists the nodes by name, so that the same nodes always give the same
// configuration. A node keeps the port that it was made with.
func (s Spec) Servers(m Memory, nodes []Droplet) []hostconfig.Server {
	var servers []hostconfig.Server
	for _, d := range nodes {
		port := cmp.Or(m.Hosts[d.ID].Port, s.HTTPPort())
		servers = append(servers, hostconfig.Server{Name: d.Name, Address: s.Address(d), Port: port})
	}
	slices.SortFunc(servers, func(a, b hostconfig.Server) int { return cmp.Compare(a.Name, b.Name) })
	return servers
}

// Owner is the role that owns the schema and runs migrations.
func (d Database) Owner() string { return d.User + hostconfig.OwnerSuffix }

// clientCIDRs is where the database lets its roles log in from. The cloud
// firewall narrows it to the cluster's nodes by tag; addresses of single nodes
// would have to be told to the database each time a node comes.
func (s Spec) clientCIDRs() []string {
	if s.Private() {
		return []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}
	}
	return []string{"0.0.0.0/0"}
}

// DatabaseHost describes the Postgres host.
func (s Spec) DatabaseHost(m Memory) hostconfig.Database {
	db := s.Database
	return hostconfig.Database{
		Base:           s.base(m, db.Brought),
		ServerName:     DatabaseDNSName(s.Name),
		Name:           db.Name,
		User:           db.User,
		Owner:          db.Owner(),
		UserVerifier:   m.Secrets.UserVerifier,
		OwnerVerifier:  m.Secrets.OwnerVerifier,
		ClientCIDRs:    s.clientCIDRs(),
		PublicNetwork:  !s.Private(),
		VolumeName:     DatabaseHostName(s.Name),
		CertificatePEM: m.Secrets.DatabaseCert,
		PrivateKeyPEM:  m.Secrets.DatabaseKeyPEM,
	}
}

// databaseURL is understood by Ecto and by libpq alike: libpq takes ssl=true
// for sslmode=require (fe-connect.c, conninfo_uri_parse_params).
func (s Spec) databaseURL(user, password string) string {
	if password == "" {
		return ""
	}
	u := url.URL{
		Scheme:   "postgresql",
		User:     url.UserPassword(user, password),
		Host:     fmt.Sprintf("%s:%d", DatabaseDNSName(s.Name), PortPostgres),
		Path:     "/" + s.Database.Name,
		RawQuery: "ssl=true",
	}
	return u.String()
}

// PeersOf returns the long names of the nodes in the order given: what a
// younger node dials.
func (s Spec) PeersOf(m Memory, nodes []Droplet) []string {
	var peers []string
	for _, d := range nodes {
		peers = append(peers, s.NodeName(m, d))
	}
	return peers
}

// NodeName is the long name of the node on the droplet, which keeps the name that
// it was made with, its address included. It is empty for a node of a cluster that was read back, if
// nothing tells.
func (s Spec) NodeName(m Memory, d Droplet) string {
	basename := cmp.Or(m.Hosts[d.ID].Basename, d.Basename(s.Name), s.Distribution.Basename)
	if basename == "" {
		return ""
	}
	if network := m.Hosts[d.ID].Network; network != "" {
		s.Network.Mode = network
	}
	return beam.LongName(basename, s.Address(d))
}
