package cookie_test

import (
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

func TestGenerateHasTheLookOfItsFormat(t *testing.T) {
	t.Parallel()
	tests := map[cookie.Format]struct {
		length int
		look   string
		bits   float64
	}{
		cookie.Alphanumeric: {32, `^[A-Za-z0-9]{32}$`, 190.5},
		cookie.OTP:          {20, `^[A-Z]{20}$`, 94.0},
		cookie.Elixir:       {56, `^[A-Za-z0-9_][A-Za-z0-9_-]{53}==$`, 320.0},
	}
	for format, test := range tests {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			if got := cookie.DefaultLength(format); got != test.length {
				t.Errorf("default length %d, want %d", got, test.length)
			}
			if got := cookie.EntropyBits(format, test.length); math.Abs(got-test.bits) > 0.05 {
				t.Errorf("entropy %f bits, want about %f", got, test.bits)
			}
			value := generate(t, format, test.length)
			if !regexp.MustCompile(test.look).MatchString(value) {
				t.Errorf("a generated cookie does not match %s", test.look)
			}
			if value == generate(t, format, test.length) {
				t.Error("two generated cookies are the same")
			}
		})
	}
}

func TestGenerateMakesLegalCookiesOfEveryLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom(cookie.Formats()).Draw(t, "format")
		length := rapid.IntRange(cookie.MinLength, cookie.MaxLength).Draw(t, "length")
		value, err := cookie.Generate(format, length)
		if (err == nil) != (cookie.CheckLength(format, length) == nil) {
			t.Fatalf("Generate says %v, CheckLength %v", err, cookie.CheckLength(format, length))
		}
		if err != nil {
			return
		}
		if len(value) != length {
			t.Fatalf("%d characters, want %d", len(value), length)
		}
		if err := cookie.Check(value); err != nil {
			t.Fatal(err)
		}
	})
}

func TestGenerateRefusesWhatItCannotMake(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		format cookie.Format
		length int
		want   string
	}{
		"unknown format":       {"hex", 32, `unknown cookie format "hex"`},
		"too short":            {cookie.Alphanumeric, 19, "use 20 to 255"},
		"too long":             {cookie.OTP, 256, "use 20 to 255"},
		"not whole for base64": {cookie.Elixir, 57, "multiple of 4"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cookie.Generate(test.format, test.length)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if bits := cookie.EntropyBits(test.format, test.length); bits != 0 {
				t.Errorf("%f bits of entropy in a cookie that is never made", bits)
			}
		})
	}
}

// A remainder of a random byte would favour the first letters of an alphabet by
// a quarter and more; the bounds here are six standard deviations wide.
func TestGenerateFavoursNoCharacter(t *testing.T) {
	t.Parallel()
	const cookies, length = 400, 250
	counts := map[rune]int{}
	for range cookies {
		for _, char := range generate(t, cookie.Alphanumeric, length) {
			counts[char]++
		}
	}
	want := float64(cookies*length) / 62
	for char, n := range counts {
		if math.Abs(float64(n)-want) > 6*math.Sqrt(want) {
			t.Errorf("%c was drawn %d times of about %.0f", char, n, want)
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d different characters, want 62", len(counts))
	}
}

func TestElixirFormatIsBase64OfFortyBytes(t *testing.T) {
	t.Parallel()
	random, err := base64.URLEncoding.DecodeString(generate(t, cookie.Elixir, 56))
	if err != nil {
		t.Fatal("not URL-safe base64 with padding")
	}
	if len(random) != 40 {
		t.Errorf("%d bytes, want 40", len(random))
	}
}

func generate(t *testing.T, format cookie.Format, length int) string {
	t.Helper()
	value, err := cookie.Generate(format, length)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
