package engine

import (
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// drawSecrets draws what the cluster keeps for life.
func drawSecrets(spec cluster.Spec) (cluster.Secrets, error) {
	s := cluster.Secrets{StatsPassword: secret.Password()}
	var err error
	if spec.Cookie == "" {
		if s.Cookie, err = cookie.Generate(cookie.Alphanumeric, cookie.DefaultLength(cookie.Alphanumeric)); err != nil {
			return s, err
		}
	}
	if spec.Database != nil {
		if err = drawDatabaseSecrets(&s, spec.Name); err != nil {
			return s, err
		}
	}
	if spec.Management.Enabled {
		if s.Management, err = drawKeys(spec.Name); err != nil {
			return s, err
		}
	}
	s.SecretKeyBase = secret.KeyBase()
	return s, nil
}

func drawKeys(name string) (cluster.ManagementKeys, error) {
	keys, err := management.NewKeys(name)
	return cluster.ManagementKeys(keys), err
}

// drawMissing draws what a cluster that exists needs from now on: secrets of a
// database, and keys of a management channel, which the hosts that there are do
// not have.
func drawMissing(spec cluster.Spec, mem *cluster.Memory) (err error) {
	if spec.Database != nil && mem.Secrets.Drawn() && mem.Secrets.UserPassword == "" {
		if err := drawDatabaseSecrets(&mem.Secrets, spec.Name); err != nil {
			return err
		}
	}
	if !spec.Management.Enabled || mem.Secrets.Management != (cluster.ManagementKeys{}) {
		return nil
	}
	for id, record := range mem.Hosts {
		record.Unmanaged = true
		mem.Hosts[id] = record
	}
	mem.Secrets.Management, err = drawKeys(spec.Name)
	return err
}

func drawDatabaseSecrets(s *cluster.Secrets, name string) (err error) {
	s.UserPassword, s.OwnerPassword = secret.Password(), secret.Password()
	if s.UserVerifier, err = secret.Verifier(s.UserPassword); err != nil {
		return err
	}
	if s.OwnerVerifier, err = secret.Verifier(s.OwnerPassword); err != nil {
		return err
	}
	s.DatabaseCAPEM, s.DatabaseCert, s.DatabaseKeyPEM, err = secret.DatabaseCertificates(cluster.DatabaseDNSName(name), time.Now())
	return err
}
