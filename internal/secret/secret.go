// Package secret draws the passwords, keys and certificates of a cluster.
package secret

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/xdg-go/scram"
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
// then never sees.
func Verifier(password string) (string, error) {
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		return "", fmt.Errorf("prepare the password for SCRAM: %w", err)
	}
	salt := make([]byte, scramSaltBytes)
	rand.Read(salt)
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: scramIterations})
	if err != nil {
		return "", fmt.Errorf("derive the SCRAM verifier: %w", err)
	}
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s",
		stored.Iters, encode([]byte(stored.Salt)), encode(stored.StoredKey), encode(stored.ServerKey)), nil
}
