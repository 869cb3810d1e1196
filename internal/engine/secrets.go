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
		keys, err := management.NewKeys(spec.Name)
		if err != nil {
			return s, err
		}
		s.Management = cluster.ManagementKeys(keys)
	}
	s.SecretKeyBase = secret.KeyBase()
	return s, nil
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
