package secret_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

func TestPasswordsNeedNoQuoting(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`^[A-Z2-7]{26}$`)
	first, second := secret.Password(), secret.Password()
	if !plain.MatchString(first) {
		t.Errorf("a password is not 26 characters of [A-Z2-7]")
	}
	if first == second {
		t.Error("two passwords are equal")
	}
}

func TestKeyBaseIsLongEnoughForPlug(t *testing.T) {
	t.Parallel()
	if got := secret.KeyBase(); !regexp.MustCompile(`^[A-Z2-7]{64,}$`).MatchString(got) {
		t.Errorf("SECRET_KEY_BASE has %d characters, want at least 64 of [A-Z2-7]", len(got))
	}
}

func TestDatabaseCertificatesVouchForTheirNameOnly(t *testing.T) {
	t.Parallel()
	const name = "database.chat.internal"
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	caPEM, certPEM, keyPEM, err := secret.DatabaseCertificates(name, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM)); err != nil {
		t.Errorf("certificate and key do not belong together: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(caPEM)) {
		t.Fatal("the CA is not PEM")
	}
	block, _ := pem.Decode([]byte(certPEM))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		story, name string
		at          time.Time
		want        string // part of the error; empty is success
	}{
		{"right away", name, now, ""},
		{"on a clock that is behind", name, now.Add(-59 * time.Minute), ""},
		{"years later", name, now.AddDate(19, 11, 0), ""},
		{"after its end", name, now.AddDate(20, 0, 1), "expired"},
		{"as another host", "database.other.internal", now, "not database.other.internal"},
	} {
		_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: tt.name, CurrentTime: tt.at})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.story, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got error %v, want one with %q", tt.story, err, tt.want)
		}
	}
	ca, _ := pem.Decode([]byte(caPEM))
	authority, err := x509.ParseCertificate(ca.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if got := authority.PermittedDNSDomains; len(got) != 1 || got[0] != name {
		t.Errorf("the CA may sign for %v, want %s only", got, name)
	}
}
