// Package secret draws the passwords, keys and certificates of a cluster.
package secret

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Password draws a password of 26 characters of [A-Z2-7] with 130 bits of
// entropy. It needs no quoting in URLs, shells or configuration files.
func Password() string {
	return rand.Text()
}

// KeyBase draws a value for Phoenix' SECRET_KEY_BASE, which must have at least
// 64 bytes (Plug.Session.COOKIE): 78 characters of [A-Z2-7].
func KeyBase() string {
	return rand.Text() + rand.Text() + rand.Text()
}

// Postgres' own defaults (src/include/common/scram-common.h).
const (
	scramIterations = 4096
	scramSaltBytes  = 16
)

// Verifier turns a password into what Postgres stores of it. A role made with
// the verifier as its PASSWORD accepts the password, which the database host
// then never sees. The password is of printable ASCII: SASLprep (RFC 4013), which
// SCRAM wants, leaves that as it is.
func Verifier(password string) (string, error) {
	salt := make([]byte, scramSaltBytes)
	rand.Read(salt)
	return verifier(password, salt, scramIterations)
}

func verifier(password string, salt []byte, iterations int) (string, error) {
	if strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", errors.New("derive a SCRAM verifier: the password has characters other than printable ASCII")
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive a SCRAM verifier: %w", err)
	}
	// RFC 5802, 3.
	storedKey := sha256.Sum256(keyed(salted, "Client Key"))
	serverKey := keyed(salted, "Server Key")
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(storedKey[:]), encode(serverKey)), nil
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// ID draws what tells a cluster from others of its name: 12 characters of
// [a-z2-7]. It is no secret.
func ID() string { return strings.ToLower(rand.Text()[:12]) }
