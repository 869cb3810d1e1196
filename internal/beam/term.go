package beam

import "strings"

// quoteAtom writes a node name as an Erlang atom. Names are made of letters,
// digits and a few signs; escaping keeps any other input one atom.
func quoteAtom(name string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
}

// quoteString writes a path as an Erlang string.
func quoteString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
