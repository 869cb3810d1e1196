package secret

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

const (
	// certificateYears is how long the database's certificate lasts. Nothing
	// renews it, so it must outlive the cluster.
	certificateYears = 20
	// clockSkew is how far hosts' clocks may be behind.
	clockSkew = time.Hour
)

// DatabaseCertificates makes a certificate authority and the server
// certificate for serverName that it signed, all as PEM. The authority can
// only vouch for serverName, and its key is thrown away: it never signs again.
func DatabaseCertificates(serverName string, now time.Time) (caPEM, certPEM, keyPEM string, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", "", fmt.Errorf("draw the key of the database's CA: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", "", fmt.Errorf("draw the database's key: %w", err)
	}
	ca := authority(serverName, now)
	caPEM, err = sign(ca, ca, caKey, caKey)
	if err != nil {
		return "", "", "", fmt.Errorf("sign the certificate of the database's CA: %w", err)
	}
	certPEM, err = sign(server(serverName, now), ca, key, caKey)
	if err != nil {
		return "", "", "", fmt.Errorf("sign the database's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", "", fmt.Errorf("encode the database's key: %w", err)
	}
	return caPEM, certPEM, encodePEM("PRIVATE KEY", keyDER), nil
}

func authority(serverName string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:                     pkix.Name{CommonName: "CA of " + serverName},
		SerialNumber:                serialNumber(),
		NotBefore:                   now.Add(-clockSkew),
		NotAfter:                    now.AddDate(certificateYears, 0, 0),
		KeyUsage:                    x509.KeyUsageCertSign,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		PermittedDNSDomains:         []string{serverName},
		PermittedDNSDomainsCritical: true,
	}
}

func server(serverName string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:      pkix.Name{CommonName: serverName},
		SerialNumber: serialNumber(),
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.AddDate(certificateYears, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{serverName},
	}
}

// serialNumber draws 128 bits, as RFC 5280 allows at most 20 octets.
func serialNumber() *big.Int {
	octets := make([]byte, 16)
	rand.Read(octets)
	return new(big.Int).SetBytes(octets)
}

func sign(certificate, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (string, error) {
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, key.Public(), signer)
	if err != nil {
		return "", err
	}
	return encodePEM("CERTIFICATE", der), nil
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
