package hostconfig

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// minRSABits is the least that Debian's and Ubuntu's OpenSSL take (security level
// 2, 112 bits).
const minRSABits = 2048

// CheckKeyPair says why HAProxy cannot serve the certificate with the key. The
// error does not hold the key.
func CheckKeyPair(certificatePEM, privateKeyPEM string) error {
	if block := blockOf([]byte(certificatePEM), isPrivateKey); block != nil {
		return errors.New("certificate_pem holds a private key, which every plan would show: it belongs into private_key_pem alone")
	}
	if err := CheckPrivateKey(privateKeyPEM); err != nil {
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

// CertificateFaults says why browsers would refuse, at that time, what HAProxy
// serves all the same. What cannot be read is told elsewhere.
func CertificateFaults(certificatePEM string, now time.Time) []string {
	var faults []string
	var signed *x509.Certificate
	for block, rest := pem.Decode([]byte(certificatePEM)); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return faults
		}
		name := certificate.Subject.String()
		switch {
		case now.After(certificate.NotAfter):
			faults = append(faults, fmt.Sprintf("the certificate of %q expired on %s", name, certificate.NotAfter.Format(time.DateOnly)))
		case now.Before(certificate.NotBefore):
			faults = append(faults, fmt.Sprintf("the certificate of %q counts from %s on", name, certificate.NotBefore.Format(time.DateOnly)))
		}
		above := signed != nil && !bytes.Equal(signed.RawIssuer, signed.RawSubject) && !bytes.Equal(signed.Raw, certificate.Raw)
		if above && !bytes.Equal(signed.RawIssuer, certificate.RawSubject) {
			faults = append(faults, fmt.Sprintf("the certificate of %q is followed by that of %q, and was signed by %q", signed.Subject, name, signed.Issuer))
		}
		signed = certificate
	}
	return faults
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

// CheckPrivateKey says why HAProxy cannot read the key, or Go cannot. The error does
// not hold the key. It compares what a key is with what its first line says: OpenSSL
// goes by the label, where Go tries everything.
func CheckPrivateKey(privateKeyPEM string) error {
	block := blockOf([]byte(privateKeyPEM), isPrivateKey)
	switch {
	case block == nil:
		return errors.New("there is no private key in it")
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return errors.New("the key has a passphrase, which nobody could enter on the host")
	case block.Type == "OPENSSH PRIVATE KEY":
		return errors.New("the key is in the form of OpenSSH, and certificates are made with keys of another one")
	}
	switch kinds := kindsOfKey(block.Bytes); {
	case len(kinds) == 0:
		return errors.New("the key is none that can be read: RSA, a curve of P-256, P-384 or P-521, or Ed25519, from its first line to its last")
	case !slices.Contains(kinds, block.Type):
		return fmt.Errorf("the key is labelled %q, and keys of its form are labelled %q: correct its first and last line", block.Type, kinds[0])
	}
	return nil
}

// blockOf is the first block of a kind, past others such as the parameters of a
// curve; nil for none.
func blockOf(text []byte, wanted func(*pem.Block) bool) *pem.Block {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if wanted(block) {
			return block
		}
	}
	return nil
}

func isPrivateKey(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") }

// CheckAuthority says why the text is no certificate of an authority that a host can
// trust, or several of them.
func CheckAuthority(certificatesPEM string) error {
	if blockOf([]byte(certificatesPEM), isPrivateKey) != nil {
		return errors.New("it holds a private key, which every plan would show")
	}
	block := blockOf([]byte(certificatesPEM), func(b *pem.Block) bool { return b.Type == "CERTIFICATE" })
	if block == nil {
		return errors.New("it holds no certificate")
	}
	_, err := x509.ParseCertificate(block.Bytes)
	return err
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
