package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The exchange that RFC 7677 shows in its section 3, for the user "user" with the
// password "pencil".
const (
	exampleSalt       = "W22ZaJ0SNY7soEsUEjb6gQ=="
	exampleIterations = 4096
	exampleMessages   = "n=user,r=rOprNGfwEbeRWgbNEkqO," +
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096," +
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	exampleProof     = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	exampleSignature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

// A server that knows only the verifier lets in the client of the RFC's example,
// and proves itself to it.
func TestAServerWithTheVerifierTakesPartInTheExampleOfTheRFC(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]bool{"pencil": true, "Pencil": false, "pencil\x20": false, "": false} {
		text, err := verifier(password, decode(t, exampleSalt), exampleIterations)
		if err != nil {
			t.Fatal(err)
		}
		storedKey, serverKey := keysOf(t, text)
		clientKey := make([]byte, sha256.Size)
		subtle.XORBytes(clientKey, decode(t, exampleProof), signExample(storedKey))
		hashed := sha256.Sum256(clientKey)
		if got := hmac.Equal(hashed[:], storedKey); got != want {
			t.Errorf("with the verifier of %q the client is let in: %v, want %v", password, got, want)
		}
		if got := hmac.Equal(signExample(serverKey), decode(t, exampleSignature)); got != want {
			t.Errorf("with the verifier of %q the server proves itself: %v, want %v", password, got, want)
		}
	}
}

// signExample is HMAC(key, AuthMessage) of RFC 5802.
func signExample(key []byte) []byte { return keyed(key, exampleMessages) }

func decode(t rapid.TB, text string) []byte {
	t.Helper()
	octets, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// keysOf takes a verifier apart as Postgres does.
func keysOf(t rapid.TB, verifier string) (storedKey, serverKey []byte) {
	t.Helper()
	parts := regexp.MustCompile(`^SCRAM-SHA-256\$4096:([^$:]+)\$([^$:]+):([^$:]+)$`).FindStringSubmatch(verifier)
	if parts == nil {
		t.Fatal("the verifier has not the form that Postgres reads")
	}
	return decode(t, parts[2]), decode(t, parts[3])
}

func TestVerifiersOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringMatching(`[ -~]{1,40}`).Draw(t, "password")
		first, err := Verifier(password)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Verifier(password)
		if err != nil {
			t.Fatal(err)
		}
		keysOf(t, first)
		if first == second {
			t.Error("two verifiers have one salt")
		}
		if len(password) > 8 && strings.Contains(first, password) {
			t.Error("the verifier shows the password")
		}
	})
}

func TestAPasswordThatNeedsSASLprepIsRefusedUnseen(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"schlüssel", "a\tb", "soft\u00adhyphen"} {
		if _, err := Verifier(password); err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%q: got %v, want a refusal that does not show it", password, err)
		}
	}
}
