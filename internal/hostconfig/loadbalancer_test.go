package hostconfig_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestHAProxyAcceptsEveryLoadBalancer(t *testing.T) {
	t.Parallel()
	haproxy := testtool.Require(t, "haproxy")
	for name, l := range loadBalancers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := onDisk(t, l)
			out, err := exec.CommandContext(t.Context(), haproxy, append([]string{"-c"}, configArgs(dir)...)...).CombinedOutput()
			if err != nil {
				t.Errorf("haproxy -c: %v\n%s", err, out)
			}
			// Before the first certificate HAProxy says that it has none.
			if strings.Contains(string(out), "WARNING") && name != "acme" {
				t.Errorf("haproxy -c warns:\n%s", out)
			}
		})
	}
}

// onDisk writes HAProxy's files and its certificate into etc/haproxy of a folder
// of the test, and returns where. The only difference to the host is where they
// lie.
func onDisk(t *testing.T, l hostconfig.LoadBalancer, edits ...string) string {
	t.Helper()
	userData, err := l.Render()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "etc", "haproxy")
	edits = append(edits, "/etc/haproxy", dir)
	for _, sub := range []string{"certs", "beam"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range filesOf(t, userData) {
		path, ours := strings.CutPrefix(f.Path, "/etc/haproxy/")
		if !ours {
			continue
		}
		content := strings.NewReplacer(edits...).Replace(f.Content)
		if err := os.WriteFile(filepath.Join(dir, path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// configArgs name HAProxy's files in the order that its unit does.
func configArgs(dir string) []string {
	return []string{"-f", filepath.Join(dir, "haproxy.cfg"), "-f", filepath.Join(dir, "beam", "nodes.cfg")}
}

func TestLoadBalancerRefusesWhatHAProxyCannotCarry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		story  string
		change func(*hostconfig.LoadBalancer)
		want   string
	}{
		{"an unknown algorithm", func(l *hostconfig.LoadBalancer) { l.Algorithm = "fastest" },
			`algorithm is "fastest"; allowed are roundrobin, leastconn, first, source, random`},
		{"a cookie with a space", func(l *hostconfig.LoadBalancer) { l.StickyCookie = "SERVER ID" },
			`sticky_cookie is "SERVER ID"; use the characters A-Z, a-z, 0-9, _, . and -`},
		{"a path on a second line", func(l *hostconfig.LoadBalancer) { l.HealthCheck.Path = "/\n  user root" },
			`health_check.path is "/\n  user root"; it must begin with / and hold only characters that a URL may have`},
		{"a host with a format", func(l *hostconfig.LoadBalancer) { l.HealthCheck.Host = "%[src]" },
			`health_check.host is "%[src]"; use a host name with an optional port`},
		{"a user with a colon", func(l *hostconfig.LoadBalancer) { l.Stats = &hostconfig.Stats{Path: "/", User: "a:b", Password: "p"} },
			`stats.user is "a:b"; use the characters`},
		{"no password", func(l *hostconfig.LoadBalancer) { l.Stats = &hostconfig.Stats{Path: "/", User: "a"} },
			`the password of the stats page must be printable ASCII and not empty`},
		{"a server without address", func(l *hostconfig.LoadBalancer) { l.Servers = []hostconfig.Server{{Name: "us-1"}} },
			`server us-1: address "" is not an IPv4 address`},
		{"a certificate without key", func(l *hostconfig.LoadBalancer) { l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate} },
			`tls: certificate_pem and private_key_pem are not a pair that can be served`},
		{"no domains", func(l *hostconfig.LoadBalancer) {
			l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com"}}
		}, `tls.acme.domains is empty; at least one domain is needed`},
		{"a wildcard", func(l *hostconfig.LoadBalancer) {
			l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com", Domains: []string{"*.example.com"}}}
		}, `tls.acme.domains is "*.example.com"; use a name such as "chat.example.com", in small letters`},
		{"a directory without TLS", func(l *hostconfig.LoadBalancer) {
			l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com", Domains: []string{"example.com"}, Directory: "http://ca"}}
		}, `tls.acme.directory_url is "http://ca"; it must begin with https://`},
	} {
		l := exampleLoadBalancer()
		tt.change(&l)
		if _, err := l.Render(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.story, err, tt.want)
		}
	}
}

// A certificate is the same however its lines end, and so is the file of it.
func TestACertificateOfWindowsIsThatOfUnix(t *testing.T) {
	t.Parallel()
	render := func(certificate, key string) string {
		balancer := exampleLoadBalancer()
		balancer.TLS = &hostconfig.TLS{CertificatePEM: certificate, PrivateKeyPEM: key}
		userData, err := balancer.Render()
		if err != nil {
			t.Fatal(err)
		}
		return string(userData)
	}
	ofWindows := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	if render(ofWindows(siteCertificate), ofWindows(siteKey)) != render(siteCertificate, strings.TrimSpace(siteKey)) {
		t.Error("the hosts differ")
	}
}
