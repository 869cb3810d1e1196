package hostconfig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// keyPairCase is a certificate with its key as users bring them; want is a part
// of what is wrong, empty for nothing.
type keyPairCase struct{ certificate, key, want string }

func keyPairCases(t *testing.T) map[string]keyPairCase {
	t.Helper()
	large, small := rsaKey(t, 2048), rsaKey(t, 1024)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	sec1, err := x509.MarshalECPrivateKey(curve)
	must(t, err)
	pkcs1, pkcs8 := x509.MarshalPKCS1PrivateKey(large), pkcs8Of(t, large)
	ca, weakCA := selfSigned(t, "ca", large, 0), selfSigned(t, "ca", small, 0)
	ofLarge := inPEM("CERTIFICATE", selfSigned(t, "chat", large, 0).Raw)
	ofCurve := inPEM("CERTIFICATE", selfSigned(t, "chat", curve, 0).Raw)
	signed := func(ca *x509.Certificate, key crypto.Signer, algorithm x509.SignatureAlgorithm) string {
		return inPEM("CERTIFICATE", sign(t, "chat", large.Public(), ca, key, algorithm).Raw)
	}
	return map[string]keyPairCase{
		"RSA":                                  {ofLarge, inPEM("RSA PRIVATE KEY", pkcs1), ""},
		"RSA in PKCS 8":                        {ofLarge, inPEM("PRIVATE KEY", pkcs8), ""},
		"a curve, after parameters":            {ofCurve, inPEM("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + inPEM("EC PRIVATE KEY", sec1), ""},
		"Ed25519":                              {inPEM("CERTIFICATE", selfSigned(t, "chat", edwards, 0).Raw), inPEM("PRIVATE KEY", pkcs8Of(t, edwards)), ""},
		"PKCS 8 labelled RSA":                  {ofLarge, inPEM("RSA PRIVATE KEY", pkcs8), ""},
		"a chain":                              {signed(ca, large, 0) + inPEM("CERTIFICATE", ca.Raw), inPEM("PRIVATE KEY", pkcs8), ""},
		"RSA of 1,024 bits":                    {inPEM("CERTIFICATE", selfSigned(t, "chat", small, 0).Raw), inPEM("PRIVATE KEY", pkcs8Of(t, small)), "an RSA key of 1024 bits"},
		"PKCS 1 without RSA":                   {ofLarge, inPEM("PRIVATE KEY", pkcs1), `labelled "PRIVATE KEY", and keys of its form are labelled "RSA PRIVATE KEY"`},
		"PKCS 1 labelled EC":                   {ofLarge, inPEM("EC PRIVATE KEY", pkcs1), `labelled "EC PRIVATE KEY"`},
		"a curve labelled RSA":                 {ofCurve, inPEM("RSA PRIVATE KEY", sec1), `are labelled "EC PRIVATE KEY"`},
		"a label of its own":                   {ofLarge, inPEM("MY PRIVATE KEY", pkcs8), `labelled "MY PRIVATE KEY"`},
		"a passphrase":                         {ofLarge, encrypted(t, pkcs1), "has a passphrase"},
		"no key":                               {ofLarge, ofLarge, "private key"},
		"signed with SHA-1":                    {signed(ca, large, x509.SHA1WithRSA), inPEM("PRIVATE KEY", pkcs8), "signed with SHA1-RSA"},
		"a weak authority":                     {signed(weakCA, small, 0) + inPEM("CERTIFICATE", weakCA.Raw), inPEM("PRIVATE KEY", pkcs8), "certificate 2 of certificate_pem"},
		"the key of another":                   {ofCurve, inPEM("PRIVATE KEY", pkcs8), "private key type does not match"},
		"a certificate of its own, with SHA-1": {inPEM("CERTIFICATE", selfSigned(t, "chat", large, x509.SHA1WithRSA).Raw), inPEM("PRIVATE KEY", pkcs8), ""},
	}
}

// HAProxy would read these, and a user would not want it: what Go cannot read is not
// checked, and a certificate is shown in plans.
func TestKeysThatNobodyCouldCheckAreRefused(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, 2048)
	certificate, pkcs8 := inPEM("CERTIFICATE", selfSigned(t, "chat", key, 0).Raw), inPEM("PRIVATE KEY", pkcs8Of(t, key))
	ed448 := []byte{0x30, 0x05, 0x02, 0x01, 0x00, 0x30, 0x00} // any key of another kind
	for name, c := range map[string]keyPairCase{
		"a key among the certificates": {certificate + pkcs8, pkcs8, "certificate_pem holds a private key, which every plan would show"},
		"the two exchanged":            {pkcs8, certificate, "certificate_pem holds a private key"},
		"OpenSSH's form":               {certificate, inPEM("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), "the key is in the form of OpenSSH"},
		"another kind":                 {certificate, inPEM("PRIVATE KEY", ed448), "the key is none that can be read"},
		"cut off":                      {certificate, pkcs8[:len(pkcs8)/2], "no private key in it"},
		"a public key":                 {certificate, inPEM("PUBLIC KEY", []byte{1}), "no private key in it"},
	} {
		if err := hostconfig.CheckKeyPair(c.certificate, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCertificatesThatBrowsersRefuse(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, 2048)
	root, other := selfSigned(t, "root", key, 0), selfSigned(t, "other", key, 0)
	leaf := sign(t, "chat", key.Public(), root, key, 0)
	chain := func(certificates ...*x509.Certificate) string {
		var text strings.Builder
		for _, c := range certificates {
			text.WriteString(inPEM("CERTIFICATE", c.Raw))
		}
		return text.String()
	}
	for name, tt := range map[string]struct {
		text string
		at   time.Time
		want string
	}{
		"a good one":              {chain(leaf), leaf.NotAfter, ""},
		"a good chain":            {chain(leaf, root), leaf.NotAfter, ""},
		"more than the chain":     {chain(leaf, root, other), leaf.NotAfter, ""},
		"the first one twice":     {chain(leaf, leaf, root), leaf.NotAfter, ""},
		"none":                    {"hunter2", leaf.NotAfter, ""},
		"one that expired":        {chain(leaf, root), leaf.NotAfter.Add(time.Second), `the certificate of "CN=chat" expired on 2106-02-07`},
		"one of the future":       {chain(leaf), leaf.NotBefore.Add(-time.Second), `counts from`},
		"one between that is not": {chain(leaf, other), leaf.NotAfter, `is followed by that of "CN=other", and was signed by "CN=root"`},
	} {
		faults := strings.Join(hostconfig.CertificateFaults(tt.text, tt.at), "; ")
		if !strings.Contains(faults, tt.want) || (faults == "") != (tt.want == "") {
			t.Errorf("%s: %q, want %q", name, faults, tt.want)
		}
	}
}

func TestKeyPairsThatHAProxyCannotServeAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range keyPairCases(t) {
		err := hostconfig.CheckKeyPair(c.certificate, c.key)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// HAProxy is the judge: it takes exactly what CheckKeyPair takes.
func TestHAProxyJudgesKeyPairsTheSame(t *testing.T) {
	t.Parallel()
	haproxy := testtool.Require(t, "haproxy")
	for name, c := range keyPairCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "site.pem"), []byte(c.certificate+c.key), 0o600))
			config := filepath.Join(dir, "haproxy.cfg")
			must(t, os.WriteFile(config, []byte("defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"+
				"frontend site\n bind 127.0.0.1:8443 ssl crt "+dir+"/site.pem\n"), 0o600))
			check := exec.CommandContext(t.Context(), haproxy, "-c", "-f", config)
			check.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal to ask for a passphrase at
			out, err := check.CombinedOutput()
			if (err == nil) != (c.want == "") {
				t.Errorf("want %q, HAProxy says %v\n%s", c.want, err, out)
			}
		})
	}
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	return key
}

func encrypted(t *testing.T, pkcs1 []byte) string {
	t.Helper()
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", pkcs1, []byte("passphrase"), x509.PEMCipherAES128) //nolint:staticcheck // as users have them
	must(t, err)
	return string(pem.EncodeToMemory(block))
}

func pkcs8Of(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return der
}

func selfSigned(t *testing.T, name string, key crypto.Signer, algorithm x509.SignatureAlgorithm) *x509.Certificate {
	t.Helper()
	return sign(t, name, key.Public(), nil, key, algorithm)
}

// sign makes a certificate; one without an authority is signed by itself.
func sign(t *testing.T, name string, public any, ca *x509.Certificate, key crypto.Signer, algorithm x509.SignatureAlgorithm) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Unix(1<<32, 0), SignatureAlgorithm: algorithm,
	}
	if ca == nil {
		ca = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, public, key)
	must(t, err)
	certificate, err := x509.ParseCertificate(der)
	must(t, err)
	return certificate
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
