package testtool

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Section compares text with the part of a file that stands between the marks
// `<!-- generated: NAME -->` and `<!-- end: NAME -->`. With -update it writes the
// part instead.
func Section(t testing.TB, path, name, got string) {
	t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // the path is the test's own
	if err != nil {
		t.Fatal(err)
	}
	before, want, after, err := cutSection(string(data), name)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+got+after), 0o644); err != nil { //nolint:gosec // to be read by everybody
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s of %s differs; make generate writes it anew (-want +got):\n%s", name, path, diff)
	}
}

// cutSection splits a text at the marks of a section, which stay with what is
// around it.
func cutSection(text, name string) (before, section, after string, err error) {
	begin, end := fmt.Sprintf("<!-- generated: %s -->\n", name), fmt.Sprintf("<!-- end: %s -->\n", name)
	before, rest, begins := strings.Cut(text, begin)
	section, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", "", "", fmt.Errorf("it has no lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin, section, end + after, nil
}
