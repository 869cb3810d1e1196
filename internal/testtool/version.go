package testtool

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
)

// RequireVersion skips the test where the command line is older than the versions
// of Terraform and of OpenTofu that have what it is about. CI runs with older ones
// as well, so that this is no failure there.
func RequireVersion(t testing.TB, cli, terraform, tofu string) {
	t.Helper()
	if why := Older(t, cli, terraform, tofu); why != "" {
		t.Skip(why)
	}
}

// Older says that the command line is older than these versions of Terraform and of
// OpenTofu; empty where it is not.
func Older(t testing.TB, cli, terraform, tofu string) string {
	t.Helper()
	name, least := "Terraform", terraform
	if strings.Contains(output(t, cli, "version"), "OpenTofu v") {
		name, least = "OpenTofu", tofu
	}
	var told struct {
		Version string `json:"terraform_version"` // OpenTofu writes it, too
	}
	if err := json.Unmarshal([]byte(output(t, cli, "version", "-json")), &told); err != nil {
		t.Fatalf("%s version -json: %v", cli, err)
	}
	have, err := version.NewVersion(told.Version)
	if err != nil {
		t.Fatalf("%s version -json: %v", cli, err)
	}
	if have.Core().LessThan(version.Must(version.NewVersion(least))) {
		return fmt.Sprintf("%s is %s %s, and this needs %s or newer", cli, name, told.Version, least)
	}
	return ""
}

func output(t testing.TB, cli string, arguments ...string) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), cli, arguments...).Output() //nolint:gosec // the tests' own command line
	if err != nil {
		t.Fatalf("%s %s: %v", cli, strings.Join(arguments, " "), err)
	}
	return string(text)
}
