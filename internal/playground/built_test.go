package playground_test

import (
	"os"
	"sync"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
)

// build is the provider of all tests.
var build struct {
	once   sync.Once
	folder string
	err    error
}

// built is the folder of the provider, which the first test that starts it builds.
func built(t *testing.T) string {
	t.Helper()
	build.once.Do(func() {
		if build.folder, build.err = os.MkdirTemp("", "beam-provider-"); build.err == nil {
			build.err = playground.Build(t.Context(), build.folder)
		}
	})
	must(t, build.err)
	return build.folder
}

func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(build.folder) // nothing where it was not built
	os.Exit(status)
}
