package testtool

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// CheckNft has nft judge rules in a network namespace that ends with it. That
// takes root, or a system that lets its users make namespaces: elsewhere the
// test is skipped; under CI=true it fails instead.
func CheckNft(t testing.TB, rules string) {
	t.Helper()
	nft := Require(t, "nft")
	namespace := []string{"--net"}
	if os.Geteuid() != 0 {
		namespace = append(namespace, "--map-root-user")
	}
	unshare := func(program ...string) *exec.Cmd {
		return exec.CommandContext(t.Context(), "unshare", append(namespace, program...)...) //nolint:gosec // G204: the programs are named below
	}
	if output, err := unshare("true").CombinedOutput(); err != nil {
		Skip(t, "nft needs root here: "+strings.TrimSpace(string(output)))
		return
	}
	check := unshare(nft, "--check", "--file", "-")
	check.Stdin = strings.NewReader(rules)
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("nft --check: %v\n%s", err, output)
	}
}
