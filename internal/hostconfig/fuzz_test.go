package hostconfig_test

import (
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// oneOfEach is a host of each kind.
type oneOfEach struct {
	node     hostconfig.Node
	balancer hostconfig.LoadBalancer
	database hostconfig.Database
}

// texts puts a text into each place that has one, as users or the API may.
var texts = []func(*oneOfEach, string){
	func(h *oneOfEach, v string) { h.node.User = v },
	func(h *oneOfEach, v string) { h.node.Locale = v },
	func(h *oneOfEach, v string) { h.node.Packages = []string{v} },
	func(h *oneOfEach, v string) { h.node.Toolchain = []string{v} },
	func(h *oneOfEach, v string) {
		h.node.Management = &hostconfig.Management{AuthorizedKey: v, HostKeyPEM: v, HostPublicKey: v}
	},
	func(h *oneOfEach, v string) { h.node.Basename = v },
	func(h *oneOfEach, v string) { h.node.Cookie = v },
	func(h *oneOfEach, v string) { h.node.Sync = v },
	func(h *oneOfEach, v string) { h.node.Peers = []string{v, v} },
	func(h *oneOfEach, v string) { h.node.App = v },
	func(h *oneOfEach, v string) { h.node.Environment = map[string]string{"VALUE": v, v: "value"} },
	func(h *oneOfEach, v string) {
		h.node.SecretKeyBase, h.node.DatabaseURL, h.node.MigrationDatabaseURL = v, v, v
	},
	func(h *oneOfEach, v string) {
		h.node.DatabaseName, h.node.DatabaseAddress, h.node.DatabaseCAPEM = v, v, v
	},
	func(h *oneOfEach, v string) {
		h.node.Release = &hostconfig.Release{Name: v, URL: v, SHA256: v, Kind: v, Migrate: v}
	},
	func(h *oneOfEach, v string) {
		h.node.UDPPorts = []string{v}
		h.node.Service = &hostconfig.Service{LimitNOFILE: 1024, EnvironmentFiles: []string{v}, WritablePaths: []string{v}, Hardening: v}
	},
	func(h *oneOfEach, v string) {
		brought := hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{v: {Content: v, Owner: v, Group: v, Mode: v}}}
		source := hostconfig.AptSource{Types: []string{v}, URIs: []string{v}, Suites: []string{v}, Components: []string{v}, Key: v}
		brought.Apt = map[string]hostconfig.AptSource{v: source}
		brought.Scripts = []hostconfig.Script{{Name: v, Script: v, User: v}}
		h.node.Brought, h.balancer.Brought, h.database.Brought = brought, brought, brought
	},
	func(h *oneOfEach, v string) { h.balancer.Servers = []hostconfig.Server{{Name: v, Address: v}} },
	func(h *oneOfEach, v string) { h.balancer.Algorithm = v },
	func(h *oneOfEach, v string) { h.balancer.StickyCookie = v },
	func(h *oneOfEach, v string) { h.balancer.HealthCheck.Path = v },
	func(h *oneOfEach, v string) { h.balancer.HealthCheck.Host = v },
	func(h *oneOfEach, v string) { h.balancer.Stats.Path = v },
	func(h *oneOfEach, v string) { h.balancer.Stats.User = v },
	func(h *oneOfEach, v string) { h.balancer.Stats.Password = v },
	func(h *oneOfEach, v string) { h.balancer.TLS = &hostconfig.TLS{CertificatePEM: v, PrivateKeyPEM: v} },
	func(h *oneOfEach, v string) {
		h.balancer.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com", Domains: []string{v}, Directory: v}}
	},
	func(h *oneOfEach, v string) {
		h.balancer.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: v, Domains: []string{"chat.example.com"}}}
	},
	func(h *oneOfEach, v string) { h.database.Name = v },
	func(h *oneOfEach, v string) { h.database.User = v },
	func(h *oneOfEach, v string) { h.database.Owner = v },
	func(h *oneOfEach, v string) { h.database.UserVerifier, h.database.OwnerVerifier = v, v },
	func(h *oneOfEach, v string) { h.database.ServerName, h.database.VolumeName = v, v },
	func(h *oneOfEach, v string) { h.database.ClientCIDRs = []string{v} },
	func(h *oneOfEach, v string) { h.database.CertificatePEM, h.database.PrivateKeyPEM = v, v },
}

// Whatever a host is described as, it is rendered or refused.
func FuzzRender(f *testing.F) {
	for place := range texts {
		f.Add(uint8(place), "it's \"5\" `$x` \\ {{.}}\n\x00é\xff")
		f.Add(uint8(place), "")
	}
	f.Fuzz(func(t *testing.T, place uint8, text string) {
		h := oneOfEach{exampleNode(), exampleLoadBalancer(), exampleDatabase()}
		texts[int(place)%len(texts)](&h, text)
		for _, render := range []func() ([]byte, error){h.node.Render, h.balancer.Render, h.database.Render} {
			userData, err := render()
			if err == nil && len(userData) > hostconfig.MaxUserData {
				t.Errorf("%d bytes of user data", len(userData))
			}
		}
		h.node.Fingerprint()
		h.balancer.Fingerprint()
		h.database.Fingerprint()
	})
}
