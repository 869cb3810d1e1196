//go:build linux

package linux

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a name's hosts consist of is found again by its prefix, to be removed.
func TestNoNameCoversWhatAnotherOneHas(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"e2e", "e2e-fail"}, {"e2e", "e2e-13"}, {"e2e-", "e2e--"}} {
		expectApart(t, names[0], names[1])
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "name")
		expectApart(t, name, name+rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "more"))
	})
}

func expectApart(t rapid.TB, name, longer string) {
	t.Helper()
	for _, n := range []string{name, longer} {
		if _, err := (Options{Name: n}).complete(); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(prefixOf(longer), prefixOf(name)) {
		t.Errorf("what begins with %s is also that of %s", prefixOf(name), longer)
	}
}

func TestNamesHoldNothingThatSeparates(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.b", "a/b", "A", "a*", strings.Repeat("a", 41)} {
		if _, err := (Options{Name: name}).complete(); err == nil || !strings.Contains(err.Error(), "at most 40") {
			t.Errorf("hosts named %q: %v, want a refusal that says what is allowed", name, err)
		}
	}
}
