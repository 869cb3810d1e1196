package check

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// exampleMemory holds secrets as long as those that will be drawn for the spec,
// which compression makes no smaller than them.
func exampleMemory(s cluster.Spec) cluster.Memory {
	secrets := cluster.Secrets{
		SecretKeyBase: noise(80), UserPassword: noise(26), OwnerPassword: noise(26), StatsPassword: noise(26),
		UserVerifier: exampleVerifier, OwnerVerifier: exampleVerifier,
	}
	if s.Cookie == "" {
		secrets.Cookie = noise(40)
	}
	if s.Database != nil {
		secrets.DatabaseCAPEM, secrets.DatabaseCert, secrets.DatabaseKeyPEM = noise(900), noise(900), noise(300)
	}
	if s.Management.Enabled {
		key := "ssh-ed25519 " + noise(68) + " " + s.Name + "-management"
		secrets.Management = cluster.ManagementKeys{AuthorizedKey: key, HostKeyPEM: noise(500), HostPublicKey: key}
	}
	return cluster.Memory{Secrets: secrets, DatabaseAddress: exampleAddress(0)}
}

var exampleVerifier = "SCRAM-SHA-256$4096:" + noise(24) + "$" + noise(44) + ":" + noise(44)

// noise is text of that length without any pattern, the same at each call.
func noise(length int) string {
	var text strings.Builder
	for block := byte(0); text.Len() < length; block++ {
		sum := sha256.Sum256([]byte{block})
		text.WriteString(base64.RawStdEncoding.EncodeToString(sum[:]))
	}
	return text.String()[:length]
}

// exampleNodes are as many nodes as the spec asks for, with addresses of usual
// length.
func exampleNodes(s cluster.Spec) []cluster.Droplet {
	var nodes []cluster.Droplet
	for _, p := range s.Pools {
		for n := range p.Count {
			address := exampleAddress(len(nodes))
			nodes = append(nodes, cluster.Droplet{Name: cluster.NodeHostName(s.Name, p.Name, n+1), PrivateIPv4: address, PublicIPv4: address})
		}
	}
	return nodes
}

func exampleAddress(n int) string { return fmt.Sprintf("10.100.%d.%d", n/256, n%256) }
