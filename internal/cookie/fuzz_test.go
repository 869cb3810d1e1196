package cookie_test

import (
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// Whatever is given as a cookie, the reason against it does not give it away.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "monster", " ", "-x", "+x", "x ", "a\nb", "é", "\xff", strings.Repeat("x", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		err := cookie.Check(value)
		if got := len(cookie.Fingerprint(value)); got != 12 {
			t.Errorf("the fingerprint has %d characters", got)
		}
		// Shorter texts may be words of the reason.
		if err != nil && len(value) > 20 && strings.Contains(err.Error(), value) {
			t.Errorf("the error repeats the cookie: %v", err)
		}
		if err == nil && (value == "" || len(value) > cookie.MaxLength || strings.TrimRight(value, " ") != value) {
			t.Errorf("%q is accepted", value)
		}
	})
}
