package testtool

import (
	"fmt"
	"strings"
)

// Block is a fenced block of a page in Markdown.
type Block struct {
	Page     string
	Line     int // of its first line
	Language string
	Text     string
	// Mark is what an HTML comment in the line before says of it, see
	// CONTRIBUTING.md.
	Mark string
}

func (b Block) String() string { return fmt.Sprintf("%s:%d", b.Page, b.Line) }

// Blocks tells the fenced blocks of a page from its prose, also where lists
// indent them.
func Blocks(page, text string) (found []Block, prose []string) {
	var open *Block
	indent, before := "", ""
	for i, line := range strings.Split(text, "\n") {
		fence, language, is := strings.Cut(line, "```")
		switch {
		case open == nil && is && strings.TrimSpace(fence) == "":
			indent = fence
			open = &Block{Page: page, Line: i + 2, Language: strings.TrimSpace(language), Mark: markIn(before)}
		case open != nil && strings.TrimSpace(line) == "```":
			found, open = append(found, *open), nil
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
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
