// Package cookie makes and judges Erlang cookies, the secret that every node of
// a cluster shares. Its only effect is reading the system's random source.
package cookie

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the longest cookie, in characters: a cookie becomes an atom, and
// an atom has at most 255 characters.
const MaxLength = 255

// Check reports why a cookie cannot be used, or nil if every node would take it
// exactly as written. The error never repeats the cookie.
//
// What lib/kernel/src/auth.erl reads from .erlang.cookie is 1 to 255 characters
// of 0x20 to 0x7E; line ends are cut off. The other rules keep a cookie intact
// where people hand it on: a flag's value starting with - or + is taken for
// another flag, and a space at the end is lost in most editors and shells.
func Check(cookie string) error {
	if cookie == "" {
		return errors.New("the cookie is empty; it must have 1 to 255 characters")
	}
	for i, char := range []byte(cookie) {
		if char < 0x20 || char > 0x7E {
			return fmt.Errorf("character %d of the cookie is byte 0x%02X; "+
				"only printable ASCII, 0x20 to 0x7E, is allowed", i+1, char)
		}
	}
	if len(cookie) > MaxLength {
		return fmt.Errorf("the cookie has %d characters; at most %d are allowed", len(cookie), MaxLength)
	}
	if first := cookie[0]; first == '-' || first == '+' {
		return fmt.Errorf("the cookie starts with %q; Erlang would take it for a command line flag", first)
	}
	if strings.HasSuffix(cookie, " ") {
		return errors.New("the cookie ends with a space; remove it")
	}
	return nil
}

// Fingerprint tells cookies apart without giving them away: the first 12 hex
// digits of the SHA-256 of the cookie. It is safe to print for a cookie with
// enough entropy; that of a guessable cookie can be guessed too.
func Fingerprint(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])[:12]
}
