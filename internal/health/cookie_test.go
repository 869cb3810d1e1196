package health_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

func TestTheCookiesOfANodeAreRead(t *testing.T) {
	t.Parallel()
	got, err := health.ParseCookieReport([]byte(`{"version": 1, "file": "0123456789ab", "staged": null, "running": "0123456789ab"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := health.CookieReport{Version: 1, File: "0123456789ab", Running: "0123456789ab"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASwitchTellsWhoTookTheCookie(t *testing.T) {
	t.Parallel()
	got, err := health.ParseSwitchReport([]byte(`{"version": 1, "nodes": ["chat@10.0.0.2"], "failed": ["chat@10.0.0.3"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := health.SwitchReport{Version: 1, Nodes: []string{"chat@10.0.0.2"}, Failed: []string{"chat@10.0.0.3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordsOnCookiesThatThisProviderDoesNotKnowAreRefused(t *testing.T) {
	t.Parallel()
	parsers := map[string]func(string) error{
		"cookie": func(text string) error { _, err := health.ParseCookieReport([]byte(text)); return err },
		"switch": func(text string) error { _, err := health.ParseSwitchReport([]byte(text)); return err },
	}
	for name, parse := range parsers {
		for text, want := range map[string]string{`{"version": 2}`: "version 2", `{}`: "version 0", `beamctl: no`: "invalid character"} {
			if err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s: got error %v, want one with %q", name, text, err, want)
			}
		}
	}
}
