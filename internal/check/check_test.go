package check

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestValidSpecHasNoProblems(t *testing.T) {
	t.Parallel()
	if found := Spec(validSpec()); len(found) > 0 {
		t.Errorf("problems of a valid spec:\n%s", tell(found))
	}
}

// A number of nodes that nobody can have costs nothing but its refusal. Allocations
// are counted for the whole process, so that no other test may run meanwhile.
func TestAHugeNumberOfNodesIsRefusedAtOnce(t *testing.T) {
	for _, count := range []int{501, 1_000_000_000, math.MaxInt} {
		spec := validSpec()
		spec.Pools[0].Count, spec.Pools[1].Count = count, count
		allocated := testing.AllocsPerRun(1, func() {
			if found := Spec(spec); len(found) == 0 {
				t.Errorf("%d nodes are accepted", count)
			}
		})
		if allocated > 1000 { // fewer than one for each node of the first count
			t.Fatalf("refusing %d nodes allocates %v times", count, allocated)
		}
	}
}

// Every rule is broken once; the golden file holds what the user is told.
func TestProblems(t *testing.T) {
	t.Parallel()
	cert, key := keyPair(t)
	_, otherKey := keyPair(t)
	cases := []struct {
		name string
		edit func(*cluster.Spec)
	}{
		{"capital in the name", func(s *cluster.Spec) { s.Name = "Chat" }},
		{"name too long", func(s *cluster.Spec) { s.Name = strings.Repeat("a", 33) }},
		{"space at the cookie's end", func(s *cluster.Spec) { s.Cookie = "monster " }},
		{"SHA-256 fingerprint", func(s *cluster.Spec) { s.SSHKeys = []string{"SHA256:47DEQpj8HBSa"} }},
		{"no nodes", func(s *cluster.Spec) { s.Pools[0].Count, s.Pools[1].Count = 0, 0; s.Network.IPRanges = nil }},
		{"only a negative count", func(s *cluster.Spec) { s.Pools = s.Pools[:1]; s.Pools[0].Count = -1; s.Network.IPRanges = nil }},
		{"negative count", func(s *cluster.Spec) { s.Pools[0].Count = -1; s.Network.IPRanges = nil }},
		{"more nodes than a mesh carries", func(s *cluster.Spec) { s.Pools[1].Count = 1_000_000_000; s.Network.IPRanges = nil }},
		{"more nodes together than a mesh carries", func(s *cluster.Spec) { s.Pools[0].Count, s.Pools[1].Count = 251, 250; s.Network.IPRanges = nil }},
		{"pool with a dot", func(s *cluster.Spec) { s.Pools[0].Name = "u.k" }},
		{"long pool", func(s *cluster.Spec) { s.Pools[0].Name = strings.Repeat("p", 60) }},
		{"us_east and us-east", func(s *cluster.Spec) { s.Pools[0].Name, s.Pools[1].Name = "us-east", "us_east" }},
		{"management at a port that is none", func(s *cluster.Spec) { s.Management.Enabled, s.Management.Port = true, 70000 }},
		{"epmd on a port of root's", func(s *cluster.Spec) { s.Distribution.EPMDPort = 22 }},
		{"epmd on the port of a release that is deployed later", func(s *cluster.Spec) { s.Release, s.Distribution.EPMDPort = nil, 8080 }},
		{"ACME for names that no DNS finds", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com", "chat.internal"}}}
		}},
		{"SSH on a port of the distribution's", func(s *cluster.Spec) { s.Host.SSHPort = 9100 }},
		{"the stats page on the port of SSH", func(s *cluster.Spec) { s.LoadBalancer.Stats.Enabled, s.LoadBalancer.Stats.Port = true, 22 }},
		{"SSH on the port of the stats page", func(s *cluster.Spec) {
			s.LoadBalancer.Stats.Enabled, s.LoadBalancer.Stats.Port, s.Host.SSHPort = true, 8404, 8404
		}},
		{"the distribution on a port of SSH's", func(s *cluster.Spec) { s.Distribution.PortMax, s.Host.SSHPort = 9300, 9200 }},
		{"a URL with a port that is none", func(s *cluster.Spec) { s.Release.URL = "https://example.com:99999/chat.tar.gz" }},
		{"a key among the certificates", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert + key, PrivateKeyPEM: key}
		}},
		{"pool lb in small letters", func(s *cluster.Spec) { s.Pools[0].Name = "lb" }},
		{"pool lb", func(s *cluster.Spec) { s.Pools[0].Name = "LB" }},
		{"pool lb without a load balancer", func(s *cluster.Spec) { s.Pools[0].Name = "lb"; s.LoadBalancer = nil }},
		{"pool without a region", func(s *cluster.Spec) { s.Pools[0].Region = ""; delete(s.Network.IPRanges, "lon1") }},
		{"load balancer without a size", func(s *cluster.Spec) { s.LoadBalancer.Size = "" }},
		{"database without an image", func(s *cluster.Spec) { s.Database.Image = "" }},
		{"image of another distribution", func(s *cluster.Spec) { s.Pools[0].Image = "fedora-42-x64" }},
		{"image of an old version", func(s *cluster.Spec) { s.Database.Image = "ubuntu-20-04-x64" }},
		{"image of an application", func(s *cluster.Spec) { s.LoadBalancer.Image = "docker-20-04" }},
		{"image of a snapshot", func(s *cluster.Spec) { s.LoadBalancer.Image = "155133621" }},
		{"release with a dash", func(s *cluster.Spec) { s.Release.Name = "my-chat" }},
		{"release of another kind", func(s *cluster.Spec) { s.Release.Kind = "hex" }},
		{"release without a checksum", func(s *cluster.Spec) { s.Release.SHA256 = "" }},
		{"release without a url", func(s *cluster.Spec) { s.Release.URL = "" }},
		{"release from two places", func(s *cluster.Spec) {
			s.Release.Path = "chat.tar.gz"
			s.Management.Enabled, s.Management.Port = true, 22
		}},
		{"release that cannot be carried", func(s *cluster.Spec) { s.Release.URL, s.Release.Path = "", "chat.tar.gz" }},
		{"release with headers for no url", func(s *cluster.Spec) {
			s.Release.URL, s.Release.SHA256, s.Release.Headers = "", "", map[string]string{"Authorization": "secret"}
		}},
		{"header that is two", func(s *cluster.Spec) { s.Release.Headers = map[string]string{"Authorization": "secret\r\nHost: a"} }},
		{"header without a name", func(s *cluster.Spec) { s.Release.Headers = map[string]string{"A b": "secret"} }},
		{"release of which none is kept", func(s *cluster.Spec) { s.Release.Keep = 0 }},
		{"service beyond its limits", func(s *cluster.Spec) {
			s.Release.Service = &hostconfig.Service{
				LimitNOFILE: 2_000_000, Nice: -21, Hardening: "paranoid", EnvironmentFiles: []string{"%h/env"}, WritablePaths: []string{"/var", "/srv/a", "/home/deploy"},
			}
		}},
		{"files of the provider's, and of nobody", func(s *cluster.Spec) {
			s.Host.Brought = files("/etc/sudoers.d/beamctl", "0644")
			s.Pools[0].Brought = files("/opt/chat/bin/chat", "0644")
			s.LoadBalancer.Brought = files("/etc/haproxy/haproxy.cfg", "0644")
			s.Database.Brought = files("/etc/chat/ok", "0999")
		}},
		{"files that are folders of others", func(s *cluster.Spec) {
			s.Host.Brought = files("/etc/chat", "0644").With(files("/etc/chat-b", "0644")).With(files("/etc/chat/a", "0644"))
			s.Pools[0].Brought = files("/etc/chat-b/c/d", "0644")
		}},
		{"files in the place of folders that a release writes to", func(s *cluster.Spec) {
			s.Release.Service = &hostconfig.Service{LimitNOFILE: 1024, Hardening: "strict", WritablePaths: []string{"/srv/a", "/srv/b/c", "/srv/d", "/usr/share/chat/x"}}
			s.Host.Brought = files("/srv/a", "0644").With(files("/srv/a/b", "0644")).With(files("/srv/d/e", "0644"))
			s.Pools[0].Brought = files("/srv/b", "0644")
			s.Database.Brought = files("/srv/d", "0644")
		}},
		{"files that the first boot makes of Postgres", func(s *cluster.Spec) {
			s.Host.Brought = files("/srv/postgresql/x", "0644")
			s.Pools[0].Brought = files("/etc/postgresql/17/main/postgresql.conf", "0644") // a Postgres of the user's
			s.Database.Brought = files("/etc/postgresql/17/main/postgresql.conf", "0644").With(files("/etc/postgresql/17/main/conf.d/beam.conf", "0644")).
				With(files("/etc/postgresql/17/main/conf.d", "0644")).With(files("/etc/postgresql/17/main/pg_hba.conf", "0644"))
		}},
		{"settings of Postgres", func(s *cluster.Spec) {
			s.Database.Image = "debian-13-x64"
			s.Database.Brought = files("/etc/postgresql/17/main/conf.d/tuning.conf", "0644").With(files("/etc/postgresql/common.conf", "0644"))
		}},
		{"settings of another Postgres", func(s *cluster.Spec) {
			s.Database.Image = "debian-12-x64"
			s.Database.Brought = files("/etc/postgresql/17/main/conf.d/tuning.conf", "0644")
		}},
		{"settings of Postgres from elsewhere", func(s *cluster.Spec) {
			s.Database.Image = "debian-12-x64"
			s.Database.Brought = files("/etc/postgresql/17/main/conf.d/tuning.conf", "0644")
			s.Host.Brought.Apt = aptSource("pgdg", "bookworm-pgdg")
		}},
		{"settings of the Postgres that a snapshot brings", func(s *cluster.Spec) {
			s.Database.Image = "155133621"
			s.Database.Brought = files("/etc/postgresql/17/main/conf.d/tuning.conf", "0644")
		}},
		{"scripts that no host runs", func(s *cluster.Spec) {
			s.Host.Brought.Scripts = []hostconfig.Script{{Name: "Install fonts", Script: "true", User: "root"}, {Name: "fonts", Script: "hunter2\r\n", User: "ann"}}
			s.Pools[0].Brought.Scripts = []hostconfig.Script{{Name: "fonts", Script: " ", User: "deploy"}}
			for n := range 49 {
				s.Database.Brought.Scripts = append(s.Database.Brought.Scripts, hostconfig.Script{Name: fmt.Sprint("script-", n), Script: "true", User: "root"})
			}
		}},
		{"sources that apt does not read", func(s *cluster.Spec) {
			s.Host.Brought.Apt = map[string]hostconfig.AptSource{"My source": {
				Types: []string{"rpm"}, URIs: []string{"ftp://example.com", "https://ann:hunter2@example.com"}, Suites: []string{"a b"},
				Components: []string{"main, contrib"}, Architectures: []string{"any x"}, Key: "hunter2",
			}}
			s.Pools[0].Brought.Apt = map[string]hostconfig.AptSource{"flat": {Types: []string{"deb"}, URIs: []string{"file:/srv"}, Suites: []string{"./"}, Components: []string{"main"}}}
			s.LoadBalancer.Brought.Apt = map[string]hostconfig.AptSource{"none": {}}
		}},
		{"ports of UDP that a release cannot have", func(s *cluster.Spec) {
			s.Release.UDPPorts = []string{"53", "+5060", "2000-1999", "5060-5060", "1024-70000"}
		}},
		{"more ports of UDP than rules", func(s *cluster.Spec) {
			for port := range 41 {
				s.Release.UDPPorts = append(s.Release.UDPPorts, fmt.Sprint(5000+port))
			}
		}},
		{"unknown strategy", func(s *cluster.Spec) { s.Update.Strategy = "canary" }},
		{"update that makes no node", func(s *cluster.Spec) { s.Update.MaxSurge = 0 }},
		{"update without any node", func(s *cluster.Spec) { s.Update.MaxUnavailable = 500 }},
		{"draining for a day", func(s *cluster.Spec) { s.Update.DrainSeconds, s.Update.PauseSeconds = 86400, -1 }},
		{"unknown way out", func(s *cluster.Spec) { s.Update.OnFailure = "panic" }},
		{"migration with a NUL character", func(s *cluster.Spec) { s.Release.Migrate = "a\x00b" }},
		{"release over ftp", func(s *cluster.Spec) { s.Release.URL = "ftp://example.com/chat.tar.gz" }},
		{"release with a password in its URL", func(s *cluster.Spec) { s.Release.URL = "https://ann:hunter2@example.com/chat.tar.gz" }},
		{"release with a token in its URL", func(s *cluster.Spec) { s.Release.URL = "https://hunter2@example.com/chat.tar.gz?token=hunter2" }},
		{"release with a space in its URL", func(s *cluster.Spec) { s.Release.URL = "https://example.com/my chat.tar.gz?token=hunter2" }},
		{"release with brackets in its URL", func(s *cluster.Spec) { s.Release.URL = "https://example.com/[RELEASE]/{1,2}.tar.gz" }},
		{"short checksum", func(s *cluster.Spec) { s.Release.SHA256 = "abc" }},
		{"privileged release port", func(s *cluster.Spec) { s.Release.Port = 80 }},
		{"release on epmd's port", func(s *cluster.Spec) { s.Release.Port = 4369 }},
		{"release in the distribution's range", func(s *cluster.Spec) { s.Release.Port = 9155 }},
		{"epmd in the distribution's range", func(s *cluster.Spec) { s.Distribution.EPMDPort = 9100 }},
		{"SSH on the release's port", func(s *cluster.Spec) { s.Host.SSHPort = 8080 }},
		{"SSH on Postgres' port", func(s *cluster.Spec) { s.Host.SSHPort = 5432 }},
		{"stats on HTTPS", func(s *cluster.Spec) { s.LoadBalancer.Stats.Port = 443 }},
		{"stats closed, whatever its port", func(s *cluster.Spec) { s.LoadBalancer.Stats = cluster.Stats{Port: 443} }},
		{"SSH on the ACME client's port", func(s *cluster.Spec) {
			s.Host.SSHPort = 54321
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
		}},
		{"port_max below port_min", func(s *cluster.Spec) { s.Distribution.PortMax = 9000 }},
		{"port out of range", func(s *cluster.Spec) { s.Distribution.EPMDPort = 70000 }},
		{"basename with a dot", func(s *cluster.Spec) { s.Distribution.Basename = "chat.app" }},
		{"unknown sync", func(s *cluster.Spec) { s.Distribution.Sync = "always" }},
		{"mandatory sync without an end", func(s *cluster.Spec) { s.Distribution.Sync, s.Distribution.SyncTimeoutMS = cluster.SyncMandatory, 0 }},
		{"environment name", func(s *cluster.Spec) { s.Environment = map[string]string{"PHX-HOST": "x"} }},
		{"environment value", func(s *cluster.Spec) { s.Environment = map[string]string{"SECRET": "a\x00b"} }},
		{"what names, joins or secures a node", func(s *cluster.Spec) {
			s.Environment = map[string]string{
				"RELEASE_NODE": "chat@127.0.0.1", "ERL_AFLAGS": "-proto_dist inet6_tcp", "ELIXIR_ERL_OPTIONS": "+P 5000000 -setcookie hunter2",
				"ERL_ZFLAGS": "-kernel inet_dist_listen_min 1", "ERL_EPMD_NAMES": "x", "ERL_FLAGS": "+sbwt none",
			}
		}},
		{"another port than release.port", func(s *cluster.Spec) { s.Environment = map[string]string{"PORT": "4000"} }},
		{"another port, without a release", func(s *cluster.Spec) { s.Release, s.Environment = nil, map[string]string{"PORT": "4000"} }},
		{"the port of the release with a zero in front", func(s *cluster.Spec) { s.Environment = map[string]string{"PORT": "08080"} }},
		{"the port of the release", func(s *cluster.Spec) { s.Release.Port, s.Environment = 4000, map[string]string{"PORT": "4000"} }},
		{"one address", func(s *cluster.Spec) { s.Access.SSHFrom = []string{"203.0.113.7"} }},
		{"host bits", func(s *cluster.Spec) { s.Access.SSHFrom = []string{"203.0.113.7/24"} }},
		{"host bits of IPv6", func(s *cluster.Spec) { s.Access.SSHFrom = []string{"2001:db8::1/32"} }},
		{"not an address", func(s *cluster.Spec) { s.Access.SSHFrom = []string{"office"} }},
		{"management from one address", func(s *cluster.Spec) {
			s.Management = cluster.Management{Enabled: true, From: []string{"203.0.113.7"}, Port: 22}
		}},
		{"1,000 ranges of people and of management", func(s *cluster.Spec) {
			s.Access.SSHFrom = manyRanges(1, 600)
			s.Management = cluster.Management{Enabled: true, From: append(manyRanges(1, 200), manyRanges(2, 400)...), Port: 22}
		}},
		{"1,001 ranges, most of management", func(s *cluster.Spec) {
			s.Access.SSHFrom = manyRanges(1, 400)
			s.Management = cluster.Management{Enabled: true, From: manyRanges(2, 601), Port: 22}
		}},
		{"1,001 ranges of people", func(s *cluster.Spec) {
			s.Access.SSHFrom = manyRanges(1, 1001)
			s.Management = cluster.Management{From: manyRanges(2, 1001), Port: 22}
		}},
		{"management from nowhere", func(s *cluster.Spec) {
			s.Access.SSHFrom = nil
			s.Management = cluster.Management{Enabled: true, Port: 22}
		}},
		{"formed without management", func(s *cluster.Spec) { s.WaitFor = cluster.WaitFormed }},
		{"unknown wait_for", func(s *cluster.Spec) { s.WaitFor = "ready" }},
		{"unknown mode", func(s *cluster.Spec) { s.Network.Mode = "vpn" }},
		{"VPC id", func(s *cluster.Spec) {
			s.Network = cluster.Network{Mode: cluster.NetworkAuto, VPCUUID: "mine"}
			s.Pools[0].Region = "nyc3"
		}},
		{"VPC and two regions", func(s *cluster.Spec) {
			s.Network = cluster.Network{Mode: cluster.NetworkAuto, VPCUUID: "5a4981aa-9653-4bd1-bef5-d6bff52042e4"}
		}},
		{"VPC and ranges", func(s *cluster.Spec) {
			s.Pools[0].Region = "nyc3"
			s.Network = cluster.Network{Mode: cluster.NetworkAuto, VPCUUID: "5a4981aa-9653-4bd1-bef5-d6bff52042e4", IPRanges: map[string]string{"nyc3": "10.0.0.0/24"}}
		}},
		{"public with a VPC", func(s *cluster.Spec) {
			s.Pools[0].Region = "nyc3"
			s.Network = cluster.Network{Mode: cluster.NetworkPublic, VPCUUID: "5a4981aa-9653-4bd1-bef5-d6bff52042e4"}
		}},
		{"public with ranges", func(s *cluster.Spec) { s.Network.Mode = cluster.NetworkPublic }},
		{"range of another region", func(s *cluster.Spec) { s.Network.IPRanges["ams3"] = "10.0.2.0/24" }},
		{"range that is none", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "10.0.0" }},
		{"range with host bits", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "10.0.0.1/24" }},
		{"public range", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "203.0.113.0/24" }},
		{"IPv6 range", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "fd00::/64" }},
		{"range too large", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "10.0.0.0/15" }},
		{"range too small", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "10.0.0.0/29" }},
		{"range without room", func(s *cluster.Spec) { s.Pools[1].Count = 10; s.Network.IPRanges["nyc3"] = "10.0.0.0/28" }},
		{"range kept everywhere", func(s *cluster.Spec) { s.Network.IPRanges["lon1"] = "10.244.8.0/24" }},
		{"range kept in the region", func(s *cluster.Spec) { s.Network.IPRanges["nyc3"] = "10.17.0.0/24" }},
		{"ranges overlap", func(s *cluster.Spec) { s.Network.IPRanges["lon1"] = "10.0.0.128/25" }},
		{"unknown algorithm", func(s *cluster.Spec) { s.LoadBalancer.Algorithm = "fair" }},
		{"sticky cookie", func(s *cluster.Spec) { s.LoadBalancer.StickyCookie = "my cookie" }},
		{"health check", func(s *cluster.Spec) { s.LoadBalancer.HealthCheck = cluster.HealthCheck{Path: "health", Host: "a b"} }},
		{"stats", func(s *cluster.Spec) { s.LoadBalancer.Stats = cluster.Stats{Enabled: true, Path: "stats", User: "a:b"} }},
		{"certificate of one's own", func(s *cluster.Spec) { s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert, PrivateKeyPEM: key} }},
		{"key of another certificate", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert, PrivateKeyPEM: otherKey}
		}},
		{"not PEM", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: "nonsense", PrivateKeyPEM: key}
		}},
		{"certificate without a key", func(s *cluster.Spec) { s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert} }},
		{"key without a certificate", func(s *cluster.Spec) { s.LoadBalancer.TLS = &cluster.TLS{PrivateKeyPEM: key} }},
		{"certificate and ACME", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert, PrivateKeyPEM: key, ACME: &cluster.ACME{}}
		}},
		{"empty TLS", func(s *cluster.Spec) { s.LoadBalancer.TLS = &cluster.TLS{} }},
		{"ACME", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops", Domains: []string{"*.example.com"}, Directory: "http://ca.example.com"}}
		}},
		{"ACME with a password in the directory", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{
				Email: "ops@example.com", Domains: []string{"chat.example.com"}, Directory: "https://ann:hunter2@ca.example.com",
			}}
		}},
		{"ACME with umlauts", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@müller.example", Domains: []string{"müller.example"}}}
		}},
		{"ACME with more domains than Let's Encrypt takes", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: manyDomains(101)}}
		}},
		{"ACME with as many domains of another authority", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: manyDomains(101), Directory: "https://ca.example.com"}}
		}},
		{"ACME without domains", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com"}}
		}},
		{"database name", func(s *cluster.Spec) { s.Database.Name = "my-chat" }},
		{"database of the system", func(s *cluster.Spec) { s.Database.Name = "postgres" }},
		{"database user of the system", func(s *cluster.Spec) { s.Database.User = "pg_monitor" }},
		{"database user without room for the owner", func(s *cluster.Spec) { s.Database.User = strings.Repeat("u", 58) }},
		{"no volume", func(s *cluster.Spec) { s.Database.VolumeGiB = 0 }},
		{"root", func(s *cluster.Spec) { s.Host.User = "root" }},
		{"the provider's own user", func(s *cluster.Spec) { s.Host.User = "beamctl" }},
		{"a user of systemd", func(s *cluster.Spec) { s.Host.User = "systemd-network" }},
		{"a group of the system", func(s *cluster.Spec) { s.Host.User = "staff" }},
		{"user with a capital", func(s *cluster.Spec) { s.Host.User = "Deploy" }},
		{"a group of Debian's", func(s *cluster.Spec) { s.Host.User = "operator" }},
		{"a user of a package that is installed", func(s *cluster.Spec) { s.Host.User = "postgres" }},
		{"locale that does not exist", func(s *cluster.Spec) { s.Host.Locale = "en_EN.UTF-8" }},
		{"locale without UTF-8", func(s *cluster.Spec) { s.Host.Locale = "de_DE" }},
		{"swap", func(s *cluster.Spec) { s.Host.SwapMiB = -1 }},
		{"package and tool", func(s *cluster.Spec) { s.Host.Packages, s.Host.Toolchain = []string{"htop; reboot"}, []string{"rust"} }},
		{"tag", func(s *cluster.Spec) { s.Tags = []string{"my tag"} }},
		{"the provider's tag", func(s *cluster.Spec) { s.Tags = []string{"beam:chat:node"} }},
		{"project", func(s *cluster.Spec) { s.ProjectID = "mine" }},
	}
	var out strings.Builder
	for _, c := range cases {
		spec := validSpec()
		c.edit(&spec)
		fmt.Fprintf(&out, "%s\n%s", c.name, tell(Spec(spec)))
	}
	testtool.Golden(t, "problems.golden", out.String())
}

func TestNodeProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit func(*cluster.NodeSpec)
	}{
		{"valid", func(*cluster.NodeSpec) {}},
		{"host name", func(n *cluster.NodeSpec) { n.Name = "worker_1" }},
		{"cluster's name", func(n *cluster.NodeSpec) { n.Cluster = "-chat" }},
		{"no region", func(n *cluster.NodeSpec) { n.Region = "" }},
		{"short name as a peer", func(n *cluster.NodeSpec) { n.Peers = []string{"chat@localhost"} }},
		{"ports overlap", func(n *cluster.NodeSpec) { n.Distribution.EPMDPort = 9120 }},
		{"waiting without the channel", func(n *cluster.NodeSpec) { n.WaitFor = cluster.WaitFormed }},
		{"waiting with the channel", func(n *cluster.NodeSpec) {
			n.WaitFor, n.Management = cluster.WaitFormed, cluster.Management{Enabled: true, Port: 22}
		}},
		{"a file without the channel", func(n *cluster.NodeSpec) {
			n.Release = &cluster.Release{Name: "jobs", Kind: cluster.KindMix, Port: 8080, Keep: 3, Path: "jobs.tar.gz", SHA256: strings.Repeat("ab", 32)}
		}},
	}
	var out strings.Builder
	for _, c := range cases {
		spec := validNode()
		c.edit(&spec)
		fmt.Fprintf(&out, "%s\n%s", c.name, tell(Node(spec)))
	}
	testtool.Golden(t, "node_problems.golden", out.String())
}

// A node that is to be told has to be reached through the firewall of its cluster.
func TestANodeJoinsAClusterThatLetsTerraformIn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*cluster.Spec)
		want int
	}{
		"people may come":                   {func(*cluster.Spec) {}, 0},
		"nobody may":                        {func(s *cluster.Spec) { s.Access = cluster.Access{} }, 1},
		"Terraform may, and management off": {func(s *cluster.Spec) { s.Access, s.Management.From = cluster.Access{}, []string{"198.51.100.0/24"} }, 1},
		"Terraform may": {func(s *cluster.Spec) {
			s.Access, s.Management = cluster.Access{}, cluster.Management{Enabled: true, From: []string{"198.51.100.0/24"}}
		}, 0},
		"to another port": {func(s *cluster.Spec) { s.Host.SSHPort = 2222 }, 1},
	} {
		spec, node := validSpec(), validNode()
		tt.edit(&spec)
		node.Region, node.Management = spec.Pools[0].Region, cluster.Management{Enabled: true}
		if found := Joins(node, spec); len(found) != tt.want {
			t.Errorf("%s: found %v, want %d problems", name, found, tt.want)
		}
		node.Management.Enabled = false
		if found := Joins(node, spec); len(found) > 0 {
			t.Errorf("%s, and nobody need come: found %v", name, found)
		}
	}
}

// files is one file of the user's.
func files(at, mode string) hostconfig.Brought {
	return hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{at: {Content: "hunter2", Owner: "root", Group: "root", Mode: mode}}}
}
