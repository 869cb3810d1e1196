package testtool

import (
	"os"
	"path/filepath"
	"testing"
)

// AsRoot returns what a command line begins with whose program may give files to
// other users: nothing where root runs the tests, and elsewhere fakeroot, which
// keeps the owners that files are given apart from the files. Programs of one
// test that are to see the same owners begin with the same words.
func AsRoot(t testing.TB) []string {
	t.Helper()
	if os.Getuid() == 0 {
		return nil
	}
	owners := filepath.Join(t.TempDir(), "owners")
	if err := os.WriteFile(owners, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{Require(t, "fakeroot"), "-i", owners, "-s", owners, "--"}
}
