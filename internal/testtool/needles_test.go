package testtool

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestNeedlesAreFoundInEachEncoding(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t/with+signs&more?"
	for _, around := range []string{"", "a", "ab", "abc"} {
		text := around + secret + around
		for name, hay := range map[string]string{
			"plain":      text,
			"base64":     base64.StdEncoding.EncodeToString([]byte(text)),
			"base64 URL": base64.URLEncoding.EncodeToString([]byte(text)),
			"query":      url.QueryEscape(text),
			"path":       url.PathEscape(text),
		} {
			found := slices.ContainsFunc(Needles(secret), func(n string) bool { return strings.Contains(hay, n) })
			if !found {
				t.Errorf("%s between %q: nothing of %q is found", name, around, hay)
			}
		}
	}
	if slices.ContainsFunc(Needles(secret), func(n string) bool {
		return strings.Contains(base64.StdEncoding.EncodeToString([]byte("s3cr3t/with+sign")), n)
	}) {
		t.Error("a part of the secret is taken for all of it")
	}
}

func TestNeedlesOfAKeyAreItsLines(t *testing.T) {
	t.Parallel()
	needles := Needles("-----BEGIN KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\n-----END KEY-----\n")
	for _, line := range []string{"MIGHAgEAMBMGByqGSM49AgEG", "CCqGSM49AwEHBG0wawIBAQQg"} {
		if !slices.Contains(needles, line) {
			t.Errorf("%q is no needle", line)
		}
	}
	if slices.Contains(needles, "-----BEGIN KEY-----") {
		t.Error("the first line of every key is a needle")
	}
}
