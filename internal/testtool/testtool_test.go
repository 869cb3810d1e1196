package testtool_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const missing = "a-program-nobody-has"

// recorder stands in for a test, to see how Require ends it.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) { r.skipped = sprintf(format, args) }

func (r *recorder) Fatalf(format string, args ...any) { r.failed = sprintf(format, args) }

func sprintf(format string, args []any) string {
	return fmt.Sprintf(format, args...)
}

func TestRequireFindsPrograms(t *testing.T) {
	if path := testtool.Require(t, "go"); filepath.Base(path) != "go" {
		t.Errorf("path of go: %q", path)
	}
}

func TestRequireSkipsByName(t *testing.T) {
	t.Setenv("CI", "")
	r := &recorder{TB: t}
	testtool.Require(r, missing)
	if !strings.Contains(r.skipped, missing) || r.failed != "" {
		t.Errorf("skipped %q, failed %q: want a skip that names %s", r.skipped, r.failed, missing)
	}
}

func TestRequireFailsUnderCI(t *testing.T) {
	t.Setenv("CI", "true")
	r := &recorder{TB: t}
	testtool.Require(r, missing)
	if !strings.Contains(r.failed, missing) {
		t.Errorf("failed %q: want a failure that names %s", r.failed, missing)
	}
}
