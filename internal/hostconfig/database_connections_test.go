package hostconfig_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// A plan reckons with as many connections as the host then sets.
func TestMaxConnectionsAreThoseOfTheHost(t *testing.T) {
	t.Parallel()
	userData, err := exampleDatabase().Render()
	if err != nil {
		t.Fatal(err)
	}
	var formula strings.Builder
	for line := range strings.Lines(readable(t, userData)) {
		if strings.Contains(line, "connections=") {
			formula.WriteString(line)
		}
	}
	for _, memoryMiB := range []int{512, 1024, 2048, 8192, 65536} {
		script := fmt.Sprintf("memory=%d\n%s\necho $connections", memoryMiB*15/16, formula.String())
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).Output()
		if got, want := strings.TrimSpace(string(out)), fmt.Sprint(hostconfig.MaxConnections(memoryMiB)); err != nil || got != want {
			t.Errorf("of %d MiB the host makes %q connections and a plan %s (%v)", memoryMiB, got, want, err)
		}
	}
}
