package cookie

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// MinLength is the shortest cookie that Generate makes, in characters. The
// handshake is a challenge that an eavesdropper can attack offline, so a short
// cookie can be found by trying. A cookie from elsewhere may be shorter.
const MinLength = 20

// Format is the look of a generated cookie.
type Format string

// The formats that Generate knows.
const (
	// Alphanumeric is letters and digits, 32 by default.
	Alphanumeric Format = "alphanumeric"
	// OTP is capital letters, 20 by default, as lib/kernel/src/auth.erl writes
	// them, but from a random source that cannot be predicted.
	OTP Format = "otp"
	// Elixir is URL-safe base64 with padding, by default of 40 random bytes:
	// Base.url_encode64(:crypto.strong_rand_bytes(40)), 56 characters.
	Elixir Format = "elixir"
)

// Formats lists every format, the default first.
func Formats() []Format {
	return []Format{Alphanumeric, OTP, Elixir}
}

const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	letters  = capitals + "abcdefghijklmnopqrstuvwxyz"
	digits   = "0123456789"
)

// DefaultLength returns the usual length of a format in characters, or 0 for an
// unknown format.
func DefaultLength(format Format) int {
	switch format {
	case Alphanumeric:
		return 32
	case OTP:
		return 20
	case Elixir:
		return 56
	default:
		return 0
	}
}

// CheckLength reports why Generate cannot make a cookie of that format and
// length, or nil.
func CheckLength(format Format, length int) error {
	if DefaultLength(format) == 0 {
		return fmt.Errorf("unknown cookie format %q; use %q, %q or %q", format, Alphanumeric, OTP, Elixir)
	}
	if length < MinLength || length > MaxLength {
		return fmt.Errorf("a cookie of %d characters cannot be generated; use %d to %d", length, MinLength, MaxLength)
	}
	if format == Elixir && length%4 != 0 {
		return fmt.Errorf("a cookie of format %q is base64 and cannot have %d characters; use a multiple of 4",
			Elixir, length)
	}
	return nil
}

// Generate draws a new cookie of length characters from crypto/rand. Every
// legal cookie of the format is equally likely. It fails only when CheckLength
// does.
func Generate(format Format, length int) (string, error) {
	if err := CheckLength(format, length); err != nil {
		return "", err
	}
	if format == Elixir {
		return generateBase64(length), nil
	}
	return generateFrom(alphabet(format), length)
}

// EntropyBits returns the base-2 logarithm of the number of cookies that
// Generate can return, or 0 when it returns none.
func EntropyBits(format Format, length int) float64 {
	if CheckLength(format, length) != nil {
		return 0
	}
	if format == Elixir {
		// One first character of 64, the -, is drawn again.
		return float64(8*base64Bytes(length)) + math.Log2(63.0/64)
	}
	return float64(length) * math.Log2(float64(len(alphabet(format))))
}

func alphabet(format Format) string {
	if format == OTP {
		return capitals
	}
	return letters + digits
}

func generateFrom(alphabet string, length int) (string, error) {
	size := big.NewInt(int64(len(alphabet)))
	cookie := make([]byte, length)
	for i := range cookie {
		n, err := rand.Int(rand.Reader, size) // unbiased, unlike a remainder
		if err != nil {
			return "", fmt.Errorf("drawing a random cookie: %w", err)
		}
		cookie[i] = alphabet[n.Int64()]
	}
	return string(cookie), nil
}

// generateBase64 draws again when the first character is the one of the
// alphabet that a cookie must not start with.
func generateBase64(length int) string {
	random := make([]byte, base64Bytes(length))
	for {
		rand.Read(random) // never fails: crypto/rand ends the program instead
		cookie := base64.URLEncoding.EncodeToString(random)
		if !strings.HasPrefix(cookie, "-") {
			return cookie
		}
	}
}

// base64Bytes is how many bytes are encoded: the fewest that fill the length,
// which for 56 characters is Elixir's 40.
func base64Bytes(length int) int {
	return length/4*3 - 2
}
