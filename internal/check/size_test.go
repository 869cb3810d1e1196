package check

import (
	"crypto/sha256"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// What users can make too large for user data is named, with its largest files.
func TestHostsThatDoNotFit(t *testing.T) {
	t.Parallel()
	cert, key := keyPair(t)
	for _, tt := range []struct {
		path, file string
		edit       func(*cluster.Spec)
	}{
		{"environment", "/etc/beam/env", func(s *cluster.Spec) { s.Environment = map[string]string{"NOISE": randomText(100_000)} }},
		{"environment", "/etc/beam/env", func(s *cluster.Spec) {
			s.Cookie = "" // is generated
			s.Environment = map[string]string{"NOISE": randomText(100_000)}
		}},
		{"host", "/etc/beam/packages", func(s *cluster.Spec) {
			for n := range 8000 {
				s.Host.Packages = append(s.Host.Packages, fmt.Sprintf("p%x", sha256.Sum256([]byte{byte(n), byte(n >> 8)})))
			}
		}},
		{"host", "/etc/chat/noise", func(s *cluster.Spec) { s.Host.Brought = noisy() }},
		{"node_pools", "/etc/chat/noise", func(s *cluster.Spec) { s.Pools[1].Brought = noisy() }},
		{"load_balancer", "/etc/chat/noise", func(s *cluster.Spec) { s.LoadBalancer.Brought = noisy() }},
		{"database", "/etc/chat/noise", func(s *cluster.Spec) { s.Database.Brought = noisy() }},
		{"host", "/var/lib/beam/run/noise", func(s *cluster.Spec) {
			s.Host.Brought.Scripts = []hostconfig.Script{{Name: "noise", Script: randomText(100_000), User: "root"}}
		}},
		{"release", "/migrate", func(s *cluster.Spec) { s.Release.Migrate = randomText(100_000) }},
		{"load_balancer", ".pem", func(s *cluster.Spec) {
			s.LoadBalancer.TLS = &cluster.TLS{CertificatePEM: cert + manyCertificates(t), PrivateKeyPEM: key}
		}},
	} {
		spec := validSpec()
		tt.edit(&spec)
		found := Spec(spec)
		if len(found) != 1 || found[0].Path[0] != tt.path || !strings.Contains(found[0].Detail, tt.file) {
			t.Errorf("%s: %s", tt.path, tell(found))
		}
	}
}

// noisy is a file that is too large for any host.
func noisy() hostconfig.Brought {
	return hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/etc/chat/noise": {Content: randomText(100_000), Owner: "root", Group: "root", Mode: "0644"}}}
}

// manyCertificates are more than a host can be told.
func manyCertificates(t *testing.T) string {
	t.Helper()
	var chain strings.Builder
	for range 1200 {
		cert, _ := keyPair(t)
		chain.WriteString(cert)
	}
	return chain.String()
}

func TestNodeThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, cookie := range []string{"monster", ""} { // empty while it is not known
		spec := validNode()
		spec.Cookie = cookie
		spec.Environment = map[string]string{"NOISE": randomText(100_000)}
		if found := Node(spec); len(found) != 1 || found[0].Path[0] != "environment" {
			t.Errorf("cookie %q: %s", cookie, tell(found))
		}
	}
}

// randomText is text that does not get smaller by compression.
func randomText(length int) string {
	source := mathrand.New(mathrand.NewPCG(1, 2))
	var out strings.Builder
	for range length {
		out.WriteByte(byte('!' + source.IntN('~'-'!')))
	}
	return out.String()
}

// The examples must not be shorter than what is drawn: a host that seems to fit
// would then be refused when it is made.
func TestExampleSecretsTakeAsMuchRoomAsDrawnOnes(t *testing.T) {
	t.Parallel()
	spec := validSpec()
	spec.Cookie, spec.Management.Enabled = "", true
	example, drawn := exampleMemory(spec), drawnMemory(t, spec)
	for name, render := range map[string]func(cluster.Memory) ([]byte, error){
		"node":          func(m cluster.Memory) ([]byte, error) { return spec.NodeHost(m, "us", nil).Render() },
		"load balancer": func(m cluster.Memory) ([]byte, error) { return spec.LoadBalancerHost(m, nil).Render() },
		"database":      func(m cluster.Memory) ([]byte, error) { return spec.DatabaseHost(m).Render() },
	} {
		a, err := render(example)
		if err != nil {
			t.Fatalf("%s with examples: %v", name, err)
		}
		b, err := render(drawn)
		if err != nil {
			t.Fatalf("%s with drawn secrets: %v", name, err)
		}
		if len(a) < len(b) || len(a) > len(b)+1500 {
			t.Errorf("%s takes %d bytes with examples and %d with drawn secrets", name, len(a), len(b))
		}
	}
}

func drawnMemory(t *testing.T, spec cluster.Spec) cluster.Memory {
	t.Helper()
	secrets := cluster.Secrets{
		Cookie: secret.Password(), SecretKeyBase: secret.KeyBase(), StatsPassword: secret.Password(),
		UserPassword: secret.Password(), OwnerPassword: secret.Password(),
	}
	var err error
	if secrets.UserVerifier, err = secret.Verifier(secrets.UserPassword); err != nil {
		t.Fatal(err)
	}
	if secrets.OwnerVerifier, err = secret.Verifier(secrets.OwnerPassword); err != nil {
		t.Fatal(err)
	}
	secrets.DatabaseCAPEM, secrets.DatabaseCert, secrets.DatabaseKeyPEM, err = secret.DatabaseCertificates(cluster.DatabaseDNSName(spec.Name), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := management.NewKeys(spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	secrets.Management = cluster.ManagementKeys(keys)
	return cluster.Memory{Secrets: secrets, DatabaseAddress: "10.108.0.9"}
}
