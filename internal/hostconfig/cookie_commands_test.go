package hostconfig_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// newWithCookie is a node whose release does not run.
func newWithCookie(t *testing.T) *member {
	t.Helper()
	m := &member{managed: newManaged(t, managedNode()), name: "chat"}
	m.write(t, "/home/deploy/.erlang.cookie", oldCookie+"\n")
	return m
}

func stageInput(t *testing.T, value string) string {
	t.Helper()
	input, err := hostconfig.StageCookieInput(value)
	must(t, err)
	return string(input)
}

func TestAStagedCookieLiesBesideTheOldOneForTheNodesUserToRead(t *testing.T) {
	t.Parallel()
	m := newWithCookie(t)
	m.write(t, "/etc/beam/cookie.staged.new", "what a cut-off try left")
	m.write(t, "/run/beam-request", `{<<"1">>, switch}.`)
	for range 2 {
		m.must(t, hostconfig.CommandStageCookie, stageInput(t, newCookie))
	}
	want := health.CookieReport{Version: 1, File: cookie.Fingerprint(oldCookie), Staged: cookie.Fingerprint(newCookie)}
	if diff := cmp.Diff(want, m.cookies(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(m.root + "/etc/beam/cookie.staged")
	must(t, err)
	if info.Mode() != 0o640 {
		t.Errorf("the file has mode %s", info.Mode())
	}
	for _, left := range []string{"/etc/beam/cookie.staged.new", "/run/beam-request"} {
		if _, err := os.Stat(m.root + left); !os.IsNotExist(err) {
			t.Errorf("%s is still there", left)
		}
	}
}

// Every character that a cookie may have gets to the host and back.
func TestEveryLegalCookieIsStagedAndAdoptedAsItIs(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`a "legal" cookie: $HOME 'x' \ #1`, "x", " x", strings.Repeat("~", cookie.MaxLength)} {
		m := newWithCookie(t)
		for range 2 { // as good as once
			m.must(t, hostconfig.CommandStageCookie, stageInput(t, value))
			m.must(t, hostconfig.CommandAdoptCookie(cookie.Fingerprint(value)), "")
		}
		m.must(t, hostconfig.CommandAdoptCookie(cookie.Fingerprint(value)), "")
		if got := m.read(t, "/home/deploy/.erlang.cookie"); got != value {
			t.Errorf("the host has the cookie %q, want %q", got, value)
		}
		if diff := cmp.Diff(health.CookieReport{Version: 1, File: cookie.Fingerprint(value)}, m.cookies(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A power cut may come between the two steps of an adoption.
func TestAnAdoptionGoesOnAfterAPowerCut(t *testing.T) {
	t.Parallel()
	m := newWithCookie(t)
	m.must(t, hostconfig.CommandStageCookie, stageInput(t, newCookie))
	m.write(t, "/home/deploy/.erlang.cookie", newCookie)
	m.must(t, hostconfig.CommandAdoptCookie(cookie.Fingerprint(newCookie)), "")
	if diff := cmp.Diff(health.CookieReport{Version: 1, File: cookie.Fingerprint(newCookie)}, m.cookies(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCommandsOnCookiesSayWhyTheyDoNothing(t *testing.T) {
	t.Parallel()
	const illegal = `{"version": 1, "cookie": `
	staged, other := cookie.Fingerprint(newCookie), cookie.Fingerprint("another")
	tests := []struct {
		story, command, stdin, want string
		status                      int
	}{
		{"no JSON", "stage-cookie", newCookie, "not a cookie in JSON", 1},
		{"a list", "stage-cookie", `["` + newCookie + `"]`, "not a cookie in JSON", 1},
		{"another version", "stage-cookie", `{"version": 2, "cookie": "` + newCookie + `"}`, "version 2", 1},
		{"empty", "stage-cookie", illegal + `""}`, "not one that every node would take", 1},
		{"a line end", "stage-cookie", illegal + `"` + newCookie + `\n"}`, "not one that every node would take", 1},
		{"a flag", "stage-cookie", illegal + `"-` + newCookie + `"}`, "not one that every node would take", 1},
		{"a space at the end", "stage-cookie", illegal + `"` + newCookie + ` "}`, "not one that every node would take", 1},
		{"too long", "stage-cookie", illegal + `"` + strings.Repeat(newCookie, 15) + `"}`, "not one that every node would take", 1},
		{"a number", "stage-cookie", illegal + `1}`, "not one that every node would take", 1},
		{"switch to what is not staged", "switch-cookie " + other, "", "is not staged here", 1},
		{"adopt what is not staged", "adopt-cookie " + other, "", "neither staged nor in use", 1},
		{"no fingerprint", "switch-cookie " + newCookie, "", "not a command of this host", 2},
		{"two fingerprints", "adopt-cookie " + staged + " " + other, "", "not a command of this host", 2},
	}
	m := newWithCookie(t)
	m.must(t, hostconfig.CommandStageCookie, stageInput(t, newCookie))
	before := m.cookies(t)
	for _, tt := range tests {
		out, messages, status := m.ask(t, tt.command, tt.stdin)
		if status != tt.status || out != "" || !strings.Contains(messages, tt.want) || strings.Contains(messages, newCookie) {
			t.Errorf("%s: exit status %d, %q, %q; want %q", tt.story, status, out, messages, tt.want)
		}
	}
	if diff := cmp.Diff(before, m.cookies(t)); diff != "" {
		t.Errorf("something was changed (-before +after):\n%s", diff)
	}
}

func TestANodeBeforeItsFirstBootSaysThatItHasNoCookie(t *testing.T) {
	t.Parallel()
	m := newWithCookie(t)
	must(t, os.Remove(m.root+"/home/deploy/.erlang.cookie"))
	_, messages, status := m.ask(t, hostconfig.CommandStageCookie, stageInput(t, newCookie))
	if status != 1 || !strings.Contains(messages, "its first boot has not come so far") {
		t.Errorf("exit status %d: %s", status, messages)
	}
}

// A VM that was started before its dialer knew of staged cookies, say.
func TestAnAdoptionSaysWhenTheRunningNodeDoesNotFollow(t *testing.T) {
	t.Parallel()
	m := newWithCookie(t)
	m.write(t, "/usr/local/lib/beam/beamctl/cookie.py",
		strings.Replace(m.read(t, "/usr/local/lib/beam/beamctl/cookie.py"), "ADOPT_TIMEOUT_S = 10", "ADOPT_TIMEOUT_S = 0", 1))
	m.write(t, "/run/beam/nodes", "")
	m.must(t, hostconfig.CommandStageCookie, stageInput(t, newCookie))
	_, messages, status := m.ask(t, hostconfig.CommandAdoptCookie(cookie.Fingerprint(newCookie)), "")
	if status != 1 || !strings.Contains(messages, "restart beam.service") {
		t.Errorf("exit status %d: %s", status, messages)
	}
}

func TestWhatCannotBeACookieIsNotSentToHosts(t *testing.T) {
	t.Parallel()
	if _, err := hostconfig.StageCookieInput("-secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v", err)
	}
}
