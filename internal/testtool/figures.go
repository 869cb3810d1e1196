package testtool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// figuresFolder names the folder that `make bench` collects figures in.
const figuresFolder = "BEAM_FIGURES"

// FiguresWanted says that figures are taken, so that those may be too that take long.
func FiguresWanted() bool { return os.Getenv(figuresFolder) != "" }

// Figures tells figures that a test has taken, as a table or a line, under a
// title. They are logged; where BEAM_FIGURES names a folder they are written
// there, too, a file for each title.
func Figures(t testing.TB, title, text string) {
	t.Helper()
	text = title + "\n" + strings.TrimRight(text, "\n") + "\n"
	t.Log(text)
	folder := os.Getenv(figuresFolder)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, title), []byte(text+"\n"), 0o600); err != nil { //nolint:gosec // G703: make bench names the folder
		t.Fatal(err)
	}
}
