package testtool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestFiguresAreCollected(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("BEAM_FIGURES", folder)
	testtool.Figures(t, "Lives", "seeds  2\n\n")
	got, err := os.ReadFile(filepath.Join(folder, "Lives"))
	if want := "Lives\nseeds  2\n\n"; err != nil || string(got) != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
}
