package testtool

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares text with the file of the name in the package's testdata.
// With -update it writes the file instead.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // to be read by everybody
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // the name is the test's own
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; go test -update writes it anew (-want +got):\n%s", path, diff)
	}
}
