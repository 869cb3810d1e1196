package cookie_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

func TestCheckSaysWhyACookieIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cookie string
		want   string // part of the error; empty means legal
	}{
		"one character":                {"a", ""},
		"255 characters":               {strings.Repeat("a", 255), ""},
		"all of printable ASCII":       {printable(), ""},
		"spaces inside and in front":   {"  two words", ""},
		"a - that is not in front":     {"a-b+c-", ""},
		"empty":                        {"", "empty"},
		"256 characters":               {strings.Repeat("a", 256), "has 256 characters"},
		"leading -":                    {"-secret", "starts with '-'"},
		"leading +":                    {"+secret", "starts with '+'"},
		"trailing space":               {"secret ", "ends with a space"},
		"only a space":                 {" ", "ends with a space"},
		"a line end as files have one": {"secret\n", "character 7 of the cookie is byte 0x0A"},
		"tab":                          {"a\tb", "character 2 of the cookie is byte 0x09"},
		"DEL":                          {"\x7f", "character 1 of the cookie is byte 0x7F"},
		"a letter beyond ASCII":        {"Ångström", "character 1 of the cookie is byte 0xC3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := cookie.Check(test.cookie)
			if test.want == "" {
				if err != nil {
					t.Fatalf("a legal cookie was refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestCheckNeverRepeatsTheCookie(t *testing.T) {
	t.Parallel()
	for _, illegal := range []string{"-hunter2hunter2", "hunter2 ", "hunter2\n", strings.Repeat("hunter2", 40)} {
		if err := cookie.Check(illegal); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want an error without the cookie", err)
		}
	}
}

func TestFingerprintIsTheStartOfSHA256(t *testing.T) {
	t.Parallel()
	// printf %s monster | sha256sum
	if got, want := cookie.Fingerprint("monster"), "beaafa510bcc"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// legal draws any cookie that Check accepts.
func legal() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom(nil, asciiTable), 1, cookie.MaxLength, -1).
		Filter(func(s string) bool { return cookie.Check(s) == nil })
}
