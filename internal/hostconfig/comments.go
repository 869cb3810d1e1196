package hostconfig

import (
	"regexp"
	"strings"
)

// The explanations in programs are for readers of this package: in user data, which
// is limited, they would take an eighth of the room.
var (
	comment   = regexp.MustCompile(`(?m)^[ \t]*#( .*)?\n`)
	docstring = regexp.MustCompile(`(?m)^( *(?:def .*|\).*):\n) +"""(?s:.*?)"""\n`)
)

// withoutComments leaves out the lines of a program for a shell or for Python that
// are nothing but comments. What they tell shellcheck stays, which judges programs as
// hosts get them.
func withoutComments(text string) string {
	return comment.ReplaceAllStringFunc(text, func(line string) string {
		if strings.Contains(line, "# shellcheck ") {
			return line
		}
		return ""
	})
}

// withoutDocstrings leaves out what the functions of a program for Python say of
// themselves. Modules keep theirs, which may be what they print, and so do classes,
// which may consist of it.
func withoutDocstrings(text string) string { return docstring.ReplaceAllString(text, "$1") }
