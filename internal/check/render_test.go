package check

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// field is a text that users write and hosts are told.
type field struct {
	path string
	set  func(*cluster.Spec, string)
}

func fields() []field {
	acme := func(s *cluster.Spec) *cluster.ACME {
		if tls := s.LoadBalancer.TLS; tls == nil || tls.ACME == nil {
			s.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
		}
		return s.LoadBalancer.TLS.ACME
	}
	service := func(s *cluster.Spec) *hostconfig.Service {
		if s.Release.Service == nil {
			service := hostconfig.DefaultService
			s.Release.Service = &service
		}
		return s.Release.Service
	}
	return []field{
		{"name", func(s *cluster.Spec, v string) { s.Name = v }},
		{"cookie", func(s *cluster.Spec, v string) { s.Cookie = v }},
		{"release.name", func(s *cluster.Spec, v string) { s.Release.Name = v }},
		{"release.url", func(s *cluster.Spec, v string) { s.Release.URL = v }},
		{"release.sha256", func(s *cluster.Spec, v string) { s.Release.SHA256 = v }},
		{"release.kind", func(s *cluster.Spec, v string) { s.Release.Kind = v }},
		{"release.migrate", func(s *cluster.Spec, v string) { s.Release.Migrate = v }},
		{"release.udp_ports", func(s *cluster.Spec, v string) { s.Release.UDPPorts = []string{v} }},
		{"release.service.hardening", func(s *cluster.Spec, v string) { service(s).Hardening = v }},
		{"release.service.environment_files", func(s *cluster.Spec, v string) { service(s).EnvironmentFiles = []string{v} }},
		{"release.service.writable_paths", func(s *cluster.Spec, v string) { service(s).WritablePaths = []string{v} }},
		{"environment.VALUE", func(s *cluster.Spec, v string) { s.Environment = map[string]string{"VALUE": v} }},
		{"distribution.basename", func(s *cluster.Spec, v string) { s.Distribution.Basename = v }},
		{"distribution.sync", func(s *cluster.Spec, v string) { s.Distribution.Sync = v }},
		{"load_balancer.algorithm", func(s *cluster.Spec, v string) { s.LoadBalancer.Algorithm = v }},
		{"load_balancer.sticky_cookie", func(s *cluster.Spec, v string) { s.LoadBalancer.StickyCookie = v }},
		{"load_balancer.health_check.path", func(s *cluster.Spec, v string) { s.LoadBalancer.HealthCheck.Path = v }},
		{"load_balancer.health_check.host", func(s *cluster.Spec, v string) { s.LoadBalancer.HealthCheck.Host = v }},
		{"load_balancer.stats.path", func(s *cluster.Spec, v string) { s.LoadBalancer.Stats.Path = v }},
		{"load_balancer.stats.user", func(s *cluster.Spec, v string) { s.LoadBalancer.Stats.User = v }},
		{"load_balancer.tls", func(s *cluster.Spec, v string) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: v, PrivateKeyPEM: "-----BEGIN"}
		}},
		{"load_balancer.tls.acme.email", func(s *cluster.Spec, v string) { acme(s).Email = v }},
		{"load_balancer.tls.acme.domains", func(s *cluster.Spec, v string) { acme(s).Domains = []string{v} }},
		{"load_balancer.tls.acme.directory_url", func(s *cluster.Spec, v string) { acme(s).Directory = v }},
		{"database.name", func(s *cluster.Spec, v string) { s.Database.Name = v }},
		{"database.user", func(s *cluster.Spec, v string) { s.Database.User = v }},
		{"host.user", func(s *cluster.Spec, v string) { s.Host.User = v }},
		{"host.locale", func(s *cluster.Spec, v string) { s.Host.Locale = v }},
		{"host.packages", func(s *cluster.Spec, v string) { s.Host.Packages = []string{v} }},
		{"host.files", func(s *cluster.Spec, v string) { s.Host.Brought = files(v, "0644") }},
		{"host.files", func(s *cluster.Spec, v string) { s.Host.Brought = files("/etc/chat/x", v) }},
		{"node_pools.us.host.files", func(s *cluster.Spec, v string) { s.Pools[1].Brought = files(v, "0644") }},
		{"host.run", func(s *cluster.Spec, v string) {
			s.Host.Brought.Scripts = []hostconfig.Script{{Name: v, Script: "true", User: "root"}}
		}},
		{"node_pools.us.host.run", func(s *cluster.Spec, v string) {
			s.Pools[1].Brought.Scripts = []hostconfig.Script{{Name: "x", Script: "true", User: v}}
		}},
		{"database.host.run", func(s *cluster.Spec, v string) {
			s.Database.Brought.Scripts = []hostconfig.Script{{Name: "x", Script: v, User: "root"}}
		}},
		{"host.apt_sources", func(s *cluster.Spec, v string) { s.Host.Brought.Apt = aptSource(v, "stable") }},
		{"database.host.apt_sources", func(s *cluster.Spec, v string) { s.Database.Brought.Apt = aptSource("example", v) }},
		{"node_pools.us.host.files", func(s *cluster.Spec, v string) {
			service(s).WritablePaths = []string{"/srv/uploads/a"}
			s.Pools[1].Brought = files(v, "0644")
		}},
		{"load_balancer.host.files", func(s *cluster.Spec, v string) { s.LoadBalancer.Brought = ownedBy(v) }},
		{"database.host.files", func(s *cluster.Spec, v string) { s.Database.Brought = ownedBy(v) }},
		{"host.toolchain", func(s *cluster.Spec, v string) { s.Host.Toolchain = []string{v} }},
	}
}

// ownedBy is a file of somebody's.
func ownedBy(owner string) hostconfig.Brought {
	return hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/etc/chat/x": {Owner: owner, Group: "root", Mode: "0644"}}}
}

func aptSource(name, suite string) map[string]hostconfig.AptSource {
	return map[string]hostconfig.AptSource{name: {
		Types: []string{"deb"}, URIs: []string{"https://example.com"}, Suites: []string{suite}, Components: []string{"main"},
	}}
}

// awkward draws texts of which some have the form that somebody asks for.
func awkward() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "-", "/", "chat", "Chat", "my-chat", "my_chat", "-chat", "chat-", "root", "beamctl", "systemd-network", "staff", "postgres",
			"all", "pg_chat", "template1", "ops@example.com", "ops@müller.example", "jürgen@example.com", `"a b"@example.com`, "-x@example.com",
			"chat.example.com", "müller.example", "*.example.com", "https://ca.example.com/dir", "http://ca.example.com", "/health?a=b", "/a'b", "/a b",
			"localhost:8080", "%[src]", "en_US.UTF-8", "de_DE", "C.UTF-8", "POSIX", "htop", "--purge", "htop vim", "erlang", "rust", "mix", "random",
			"/srv/uploads", "/etc/beam/env", "0640", "0999", "5060", "10000-10099", "80", "/etc/chat/env", "/opt/chat/x", "/srv/../etc", "off", "strict",
			"a\nb", "a\x00b", "\xff", "it's $5 `x` \"y\" \\", strings.Repeat("a", 64), strings.Repeat("a", 256),
		}),
		rapid.String(),
		rapid.StringMatching(`[a-zA-Z0-9_.:/@-]{1,40}`),
		rapid.StringMatching(`[a-z][a-z0-9_]{0,60}`),
	)
}

// renderings are the errors that rendering the spec's hosts ends with.
func renderings(s cluster.Spec) error {
	memory, nodes := exampleMemory(s), exampleNodes(s)
	_, node := s.NodeHost(memory, "us", s.PeersOf(memory, nodes)).Render()
	_, balancer := s.LoadBalancerHost(memory, nodes).Render()
	_, database := s.DatabaseHost(memory).Render()
	return errors.Join(node, balancer, database)
}

// What rendering refuses would end an apply that a plan let begin.
func TestWhatRenderingRefusesIsAProblemOfItsAttribute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(fields()).Draw(rt, "field")
		spec := validSpec()
		f.set(&spec, awkward().Draw(rt, "text"))
		found := Spec(spec)
		if slices.ContainsFunc(found, func(p Problem) bool { return strings.HasPrefix(strings.Join(p.Path, "."), f.path) }) {
			return
		}
		size := new(hostconfig.TooLargeError)
		if err := renderings(spec); err != nil && !errors.As(err, &size) {
			rt.Fatalf("rendering says %v, and check:\n%s", err, tell(found))
		}
	})
}

func TestWhatCheckAcceptsIsRendered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		spec := validSpec()
		spec.Management.Enabled = rapid.Bool().Draw(rt, "management")
		spec.Pools[0].Count = rapid.IntRange(0, 500).Draw(rt, "count")
		spec.Host.SSHPort = rapid.IntRange(-1, 70000).Draw(rt, "ssh_port")
		spec.Host.SwapMiB = rapid.IntRange(-1, 70000).Draw(rt, "swap_mib")
		for _, f := range rapid.SliceOfN(rapid.SampledFrom(fields()), 0, 3).Draw(rt, "fields") {
			f.set(&spec, awkward().Draw(rt, f.path))
		}
		if len(Spec(spec)) > 0 {
			return
		}
		if err := renderings(spec); err != nil {
			rt.Fatal(err)
		}
	})
}
