package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// tell writes problems as a user meets them.
func tell(problems []Problem) string {
	var out strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&out, "  %s: %s\n    %s\n", strings.Join(p.Path, "."), p.Summary, p.Detail)
		for _, need := range p.Needs {
			fmt.Fprintf(&out, "    rests on %s\n", strings.Join(need, "."))
		}
	}
	return out.String()
}

func validHost() cluster.Host {
	return cluster.Host{User: "deploy", Locale: "en_US.UTF-8", SwapMiB: 2048, SSHPort: 22, UnattendedUpgrades: true, Fail2ban: true}
}

func validDistribution() cluster.Distribution {
	return cluster.Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Basename: "chat", Sync: cluster.SyncOptional, SyncTimeoutMS: 30000}
}

func validSpec() cluster.Spec {
	place := cluster.Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-13-x64"}
	return cluster.Spec{
		Name:   "chat",
		Cookie: "monster",
		SSHKeys: []string{
			"512189", "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45",
		},
		Pools: []cluster.Pool{
			{Name: "uk", Count: 1, Place: cluster.Place{Region: "lon1", Size: "s-1vcpu-1gb", Image: "debian-13-x64"}},
			{Name: "us", Count: 1, Place: place},
		},
		Release: &cluster.Release{
			Name: "chat", URL: "https://example.com/chat-0.1.0.tar.gz", SHA256: strings.Repeat("0f", 32), Kind: cluster.KindMix, Port: 8080, Keep: 3,
		},
		Environment: map[string]string{"PHX_HOST": "chat.example.com"},
		LoadBalancer: &cluster.LoadBalancer{
			Place: place, Algorithm: "roundrobin", StickyCookie: "SERVERID",
			HealthCheck: cluster.HealthCheck{Path: "/", Host: "localhost", IntervalMS: 2000, Rise: 2, Fall: 3},
			Stats:       cluster.Stats{Enabled: true, Port: 8404, Path: "/haproxy?stats", User: "admin"},
		},
		Database:     &cluster.Database{Place: place, Name: "chat", User: "chat", VolumeGiB: 10},
		Access:       cluster.Access{SSHFrom: []string{"203.0.113.7/32", "2001:db8::/32"}},
		Network:      cluster.Network{Mode: cluster.NetworkAuto, IPRanges: map[string]string{"nyc3": "10.0.0.0/24", "lon1": "10.0.1.0/24"}},
		Distribution: validDistribution(),
		Host:         validHost(),
		WaitFor:      cluster.WaitActive,
		Update:       cluster.DefaultUpdate,
		Tags:         []string{"team:chat"},
		ProjectID:    "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679",
	}
}

func validNode() cluster.NodeSpec {
	return cluster.NodeSpec{
		Name: "worker-1", Cluster: "chat", Cookie: "monster", Peers: []string{"chat@10.0.0.5"},
		Place:        cluster.Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-13-x64"},
		Distribution: validDistribution(), Host: validHost(), WaitFor: cluster.WaitActive,
	}
}

// manyRanges are count different ranges of addresses within one of /8.
func manyRanges(first byte, count int) []string {
	var ranges []string
	for n := range count {
		ranges = append(ranges, fmt.Sprintf("%d.%d.%d.0/24", first, n/256, n%256))
	}
	return ranges
}

// manyDomains are count different names.
func manyDomains(count int) []string {
	var names []string
	for n := range count {
		names = append(names, fmt.Sprintf("a%d.example.com", n))
	}
	return names
}

// keyPair makes a certificate and its key as PEM.
func keyPair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", keyDER)
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
