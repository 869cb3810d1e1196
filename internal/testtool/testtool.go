// Package testtool finds the programs that tests judge rendered files with,
// such as haproxy, erl and cloud-init.
package testtool

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Require returns the path of a program. Where it is not installed the test is
// skipped by the program's name; under CI=true it fails instead, so that a
// missing program cannot hide a failure.
func Require(t testing.TB, name string) string {
	t.Helper()
	path, err := find(name)
	if err == nil {
		return path
	}
	Skip(t, name+" is not installed")
	return ""
}

// RequireSSHD returns the path of sshd, and makes the folder that it wants even to
// check settings: systemd makes it where sshd runs, and nobody does where it has
// only been installed.
func RequireSSHD(t testing.TB) string {
	t.Helper()
	sshd := Require(t, "sshd")
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { //nolint:gosec // G301: as systemd makes it
			t.Fatal(err)
		}
	}
	return sshd
}

// File returns the lines of a file of this machine, and skips the test where it
// is missing.
func File(t testing.TB, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path) //nolint:gosec // the path is a test's own
	if err != nil {
		Skip(t, path+" cannot be read")
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

// Skip ends a test that cannot run here, and says why. Under CI=true it fails it.
func Skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s, and CI must not skip a test", why)
	}
	t.Skipf("%s", why)
}

// Terraform returns the command line, Terraform's or OpenTofu's, that the
// acceptance tests run with: the one of TF_ACC_TERRAFORM_PATH, else the one on
// PATH.
func Terraform(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return Require(t, "terraform")
}

// find also looks where Debian puts servers and administrators' programs:
// these folders are not on every user's PATH.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", err
}
