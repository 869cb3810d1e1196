package examples

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// snippet is a fenced block of a page.
type snippet struct {
	page     string
	line     int // of its first line
	language string
	text     string
	mark     string
}

func (s snippet) String() string { return fmt.Sprintf("%s:%d", s.page, s.line) }

// snippets returns the blocks of all pages in one of the languages.
func snippets(t *testing.T, languages ...string) []snippet {
	t.Helper()
	var found []snippet
	for _, page := range pages {
		err := filepath.WalkDir(filepath.Join("../..", page), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel("../..", path)
			found = append(found, blocks(name, string(text))...)
			return err
		})
		must(t, err)
	}
	found = slices.DeleteFunc(found, func(s snippet) bool { return len(languages) > 0 && !slices.Contains(languages, s.language) })
	if len(found) == 0 {
		t.Fatalf("no page has a block of %v", languages)
	}
	return found
}

// blocks are the fenced blocks of a page, also where lists indent them.
func blocks(page, text string) []snippet {
	found, _ := apart(page, text)
	return found
}

// apart tells the blocks of a page from its prose.
func apart(page, text string) (found []snippet, prose []string) {
	var open *snippet
	indent, before := "", ""
	for i, line := range strings.Split(text, "\n") {
		fence, language, is := strings.Cut(line, "```")
		switch {
		case open == nil && is && strings.TrimSpace(fence) == "":
			indent = fence
			open = &snippet{page: page, line: i + 2, language: strings.TrimSpace(language), mark: markIn(before)}
		case open != nil && strings.TrimSpace(line) == "```":
			found, open = append(found, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		default:
			prose = append(prose, line)
		}
		if strings.TrimSpace(line) != "" {
			before = strings.TrimSpace(line)
		}
	}
	return found, prose
}

// markIn is the mark that the line before a block has.
func markIn(line string) string {
	mark, is := strings.CutPrefix(line, "<!-- snippet: ")
	if !is {
		return ""
	}
	return strings.TrimSuffix(mark, " -->")
}

func TestBlocksOfAPage(t *testing.T) {
	t.Parallel()
	const page = "# Page\n\n```shell\nls\n```\n\n- an item\n\n  <!-- snippet: defaults -->\n  ```terraform\n  a = {\n    b = 1\n  }\n  ```\n"
	want := []snippet{
		{page: "page.md", line: 4, language: "shell", text: "ls\n"},
		{page: "page.md", line: 11, language: "terraform", text: "a = {\n  b = 1\n}\n", mark: ofDefaults},
	}
	if diff := cmp.Diff(want, blocks("page.md", page), cmp.AllowUnexported(snippet{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A block without a language, or in one that no test looks at, may hold anything.
func TestEveryBlockNamesALanguage(t *testing.T) {
	t.Parallel()
	checked := []string{"terraform", "shell", "elixir", "erlang", "yaml"}
	prose := []string{"text", "go", "dockerfile", "sql"}
	for _, s := range snippets(t) {
		if !slices.Contains([]string{"", alone, newer, ofDefaults}, s.mark) {
			t.Errorf("%s has the mark %q, which no test knows", s, s.mark)
		}
		if !slices.Contains(slices.Concat(checked, prose), s.language) {
			t.Errorf("%s is in %q: name one of %v, or of %v", s, s.language, checked, prose)
		}
	}
}
