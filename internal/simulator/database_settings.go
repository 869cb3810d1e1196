package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// databaseRule lets a source in, as the API description's schema
// "firewall_rule" has it.
type databaseRule struct {
	UUID        string    `json:"uuid"`
	ClusterUUID string    `json:"cluster_uuid"`
	Type        string    `json:"type"`
	Value       string    `json:"value"`
	CreatedAt   time.Time `json:"created_at"`
	Description string    `json:"description,omitempty"`
}

var databaseRuleTypes = []string{"droplet", "k8s", "ip_addr", "tag", "app"}

func (s *Simulator) databaseSettingRoutes(cluster string) {
	s.onDatabase("GET "+cluster+"/ca", http.StatusOK, s.databaseCA)
	s.onDatabase("GET "+cluster+"/firewall", http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		return object{"rules": d.Rules}, nil
	})
	s.onDatabase("PUT "+cluster+"/firewall", http.StatusNoContent, s.replaceDatabaseRules)
	s.onDatabase("GET "+cluster+"/config", http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		return object{"config": d.config}, nil
	})
	s.onDatabase("PATCH "+cluster+"/config", http.StatusOK, changeDatabaseConfig)
	s.onDatabase("GET "+cluster+"/backups", http.StatusOK, func(*http.Request, *database) (any, error) {
		return object{"backups": []object{}}, nil
	})
	s.onDatabase("GET "+cluster+"/events", http.StatusOK, databaseEvents)
	s.onDatabase("PUT "+cluster+"/maintenance", http.StatusNoContent, changeMaintenance)
	s.onDatabase("PUT "+cluster+"/install_update", http.StatusNoContent, func(*http.Request, *database) (any, error) {
		return nil, nil // there is never one to install
	})
	s.onDatabase("PUT "+cluster+"/upgrade", http.StatusNoContent, s.upgradeDatabase)
	s.databaseModeRoutes(cluster)
}

// databaseModeRoutes are settings with a path of their own that hold one value.
func (s *Simulator) databaseModeRoutes(cluster string) {
	s.onDatabase("GET "+cluster+"/autoscale", http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		// The API description wraps it, godo does not expect that: serve both.
		return object{"autoscale": autoscale{d.StorageAutoscale}, "storage": d.StorageAutoscale}, nil
	})
	s.onDatabase("PUT "+cluster+"/autoscale", http.StatusNoContent, changeAutoscale)
	s.onDatabase("GET "+cluster+"/do_settings", http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		if d.DOSettings == nil {
			return object{"do_settings": doSettings{ServiceCNames: []string{}}}, nil
		}
		return object{"do_settings": d.DOSettings}, nil
	})
	s.onDatabase("PUT "+cluster+"/do_settings", http.StatusNoContent, changeDOSettings)
}

// databaseCA answers the certificate that clients shall trust, base64 of PEM.
// It is made when it is first asked for and the same for all clusters.
func (s *Simulator) databaseCA(*http.Request, *database) (any, error) {
	if s.databaseCertificate == nil {
		certificate, err := newCertificate(s.timestamp())
		if err != nil {
			return nil, err
		}
		s.databaseCertificate = certificate
	}
	return object{"ca": object{"certificate": s.databaseCertificate}}, nil
}

// newCertificate is a self-signed CA in PEM. Its key is thrown away.
func newCertificate(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Simulated Project CA"},
		NotBefore: now, NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func (s *Simulator) replaceDatabaseRules(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Rules []databaseRule `json:"rules"`
	}](r)
	if err != nil {
		return nil, err
	}
	return nil, s.setDatabaseRules(d, request.Rules)
}

// setDatabaseRules replaces all rules; one that was there keeps its id and age.
func (s *Simulator) setDatabaseRules(d *database, wanted []databaseRule) error {
	rules := []databaseRule{}
	for _, rule := range wanted {
		if !slices.Contains(databaseRuleTypes, rule.Type) || rule.Value == "" {
			return unprocessable("invalid rule: type %q, value %q", rule.Type, rule.Value)
		}
		same := func(old databaseRule) bool { return old.Type == rule.Type && old.Value == rule.Value }
		if i := slices.IndexFunc(d.Rules, same); i >= 0 {
			rule.UUID, rule.CreatedAt = d.Rules[i].UUID, d.Rules[i].CreatedAt
		} else {
			rule.UUID, rule.CreatedAt = uuid.NewString(), s.timestamp()
		}
		rule.ClusterUUID = d.ID
		rules = append(rules, rule)
	}
	d.Rules = rules
	return nil
}

func changeDatabaseConfig(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Config map[string]any `json:"config"`
	}](r)
	if err != nil {
		return nil, err
	}
	maps.Copy(d.config, request.Config)
	return object{}, nil
}

// databaseEvents knows of the creation only.
func databaseEvents(_ *http.Request, d *database) (any, error) {
	return object{"events": []object{{
		"id": d.ID, "cluster_name": d.Name, "event_type": "cluster_create",
		"create_time": d.CreatedAt.Format(time.RFC3339),
	}}}, nil
}

func changeMaintenance(r *http.Request, d *database) (any, error) {
	request, err := decode[maintenanceWindow](r)
	if err != nil {
		return nil, err
	}
	if request.Day == "" || request.Hour == "" {
		return nil, unprocessable("day and hour are required")
	}
	d.MaintenanceWindow.Day, d.MaintenanceWindow.Hour = request.Day, request.Hour
	return nil, nil
}

func (s *Simulator) upgradeDatabase(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Version string `json:"version"`
	}](r)
	if err != nil {
		return nil, err
	}
	if slices.Index(postgresVersions, request.Version) <= slices.Index(postgresVersions, d.Version) {
		return nil, unprocessable("cannot upgrade from version %s to %q", d.Version, request.Version)
	}
	d.Version = request.Version
	return nil, nil
}

func changeAutoscale(r *http.Request, d *database) (any, error) {
	request, err := decode[autoscale](r)
	if err != nil {
		return nil, err
	}
	d.StorageAutoscale = request.Storage
	return nil, nil
}

func changeDOSettings(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Settings *doSettings `json:"do_settings"`
	}](r)
	if err != nil {
		return nil, err
	}
	d.DOSettings = request.Settings
	return nil, nil
}
