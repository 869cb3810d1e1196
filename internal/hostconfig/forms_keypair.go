package hostconfig

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// minRSABits is the least that Debian's and Ubuntu's OpenSSL take (security level
// 2, 112 bits).
const minRSABits = 2048

// CheckKeyPair says why HAProxy cannot serve the certificate with the key. The
// error does not hold the key.
func CheckKeyPair(certificatePEM, privateKeyPEM string) error {
	if err := checkKeyLabel([]byte(privateKeyPEM)); err != nil {
		return err
	}
	pair, err := tls.X509KeyPair([]byte(certificatePEM), []byte(privateKeyPEM))
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	for i, der := range pair.Certificate {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d of certificate_pem cannot be read: %w", i+1, err)
		}
		if err := checkStrength(certificate); err != nil {
			return fmt.Errorf("certificate %d of certificate_pem, of %q, %w", i+1, certificate.Subject, err)
		}
	}
	return nil
}

// checkStrength applies OpenSSL's security level (ssl/ssl_cert.c,
// ssl_security_cert), which asks for no signature of a certificate of its own.
func checkStrength(certificate *x509.Certificate) error {
	if key, isRSA := certificate.PublicKey.(*rsa.PublicKey); isRSA && key.N.BitLen() < minRSABits {
		return fmt.Errorf("has an RSA key of %d bits, and OpenSSL takes %d or more", key.N.BitLen(), minRSABits)
	}
	weak := []x509.SignatureAlgorithm{x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1}
	if slices.Contains(weak, certificate.SignatureAlgorithm) && certificate.Issuer.String() != certificate.Subject.String() {
		return fmt.Errorf("is signed with %s, which OpenSSL does not take any more", certificate.SignatureAlgorithm)
	}
	return nil
}

// checkKeyLabel compares what a key is with what its first line says. OpenSSL goes
// by the label, where Go tries everything.
func checkKeyLabel(privateKeyPEM []byte) error {
	for block, rest := pem.Decode(privateKeyPEM); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // such as the parameters of a curve
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return errors.New("the key has a passphrase, which nobody could enter on the host")
		}
		kinds := kindsOfKey(block.Bytes)
		if len(kinds) > 0 && !slices.Contains(kinds, block.Type) {
			return fmt.Errorf("the key is labelled %q, and keys of its form are labelled %q: correct its first and last line", block.Type, kinds[0])
		}
		return nil
	}
	return nil // what holds no key is reported as such
}

// kindsOfKey are the labels under which OpenSSL reads the key, the usual one
// first.
func kindsOfKey(der []byte) []string {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return []string{"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return []string{"RSA PRIVATE KEY"}
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return []string{"EC PRIVATE KEY"}
	}
	return nil
}
