package testtool_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
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

func TestRequireVersionSkipsOlderCommandLines(t *testing.T) {
	t.Setenv("CI", "true") // which runs older ones, too
	for _, tt := range []struct{ name, version, skipped string }{
		{"Terraform", "1.9.8", "Terraform 1.9.8, and this needs 1.10.0 or newer"},
		{"Terraform", "1.10.0-beta1", ""},
		{"Terraform", "1.14.0", ""},
		{"OpenTofu", "1.10.6", "OpenTofu 1.10.6, and this needs 1.11.0 or newer"},
		{"OpenTofu", "1.12.6", ""},
	} {
		t.Run(tt.name+tt.version, func(t *testing.T) {
			cli := filepath.Join(t.TempDir(), "cli")
			script := fmt.Sprintf("#!/bin/sh\n[ -n \"$2\" ] && echo '{\"terraform_version\": \"%[2]s\"}' || echo '%[1]s v%[2]s'\n", tt.name, tt.version)
			if err := program.Write(cli, script); err != nil {
				t.Fatal(err)
			}
			r := &recorder{TB: t}
			testtool.RequireVersion(r, cli, "1.10.0", "1.11.0")
			if !strings.HasSuffix(r.skipped, tt.skipped) || (r.skipped == "") != (tt.skipped == "") || r.failed != "" {
				t.Errorf("skipped %q, failed %q, want %q", r.skipped, r.failed, tt.skipped)
			}
		})
	}
}
