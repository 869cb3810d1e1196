package examples

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// pages are what users read: files, and folders with pages.
var pages = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs"}

// Marks say in an HTML comment what there is to know of the block that follows.
const (
	// alone needs a provider that is not there: the block is held to the syntax,
	// and what it has of this provider to its schema, but `terraform validate` does
	// not get it.
	alone = "needs other providers"
	// newer needs a newer command line than all that the provider works with, and is
	// taken as one that is alone.
	newer = "needs a newer Terraform"
	// ofDefaults shows the defaults of a nested attribute of beam_cluster.
	ofDefaults = "defaults"
)

// snippets returns the blocks of all pages in one of the languages.
func snippets(t *testing.T, languages ...string) []testtool.Block {
	t.Helper()
	var found []testtool.Block
	for _, page := range pages {
		err := filepath.WalkDir(filepath.Join("../..", page), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel("../..", path)
			blocks, _ := testtool.Blocks(name, string(text))
			found = append(found, blocks...)
			return err
		})
		must(t, err)
	}
	found = slices.DeleteFunc(found, func(b testtool.Block) bool { return len(languages) > 0 && !slices.Contains(languages, b.Language) })
	if len(found) == 0 {
		t.Fatalf("no page has a block of %v", languages)
	}
	return found
}

// A block without a language, or in one that no test looks at, may hold anything.
func TestEveryBlockNamesALanguage(t *testing.T) {
	t.Parallel()
	checked := []string{"terraform", "shell", "elixir", "erlang", "yaml"}
	prose := []string{"text", "go", "dockerfile", "sql"}
	for _, s := range snippets(t) {
		if !slices.Contains([]string{"", alone, newer, ofDefaults}, s.Mark) {
			t.Errorf("%s has the mark %q, which no test knows", s, s.Mark)
		}
		if !slices.Contains(slices.Concat(checked, prose), s.Language) {
			t.Errorf("%s is in %q: name one of %v, or of %v", s, s.Language, checked, prose)
		}
	}
}
