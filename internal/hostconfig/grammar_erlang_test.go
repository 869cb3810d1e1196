package hostconfig_test

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

var (
	erlangCall = regexp.MustCompile(`\b[a-z_]+:[a-z_]+\(`)
	erlangFlag = regexp.MustCompile(`(?m)^(-[a-z_]+)`)
)

// erlangWords are the functions of OTP that the dialer calls, with their arity,
// and flags of the VM.
func erlangWords(f writtenFile) []string {
	switch {
	case path.Base(f.Path) == "dialer.eval":
		var words []string
		for _, at := range erlangCall.FindAllStringIndex(f.Content, -1) {
			words = append(words, fmt.Sprintf("%s/%d", f.Content[at[0]:at[1]-1], arity(f.Content[at[1]:])))
		}
		return words
	case path.Ext(f.Path) == ".args":
		return matches(erlangFlag, f.Content)
	}
	return nil
}

// arity counts the arguments of a call whose parenthesis was just opened. The
// dialer has no text or comment with brackets within a call's arguments.
func arity(rest string) int {
	if strings.HasPrefix(rest, ")") {
		return 0
	}
	depth, arguments := 0, 1
	for _, character := range rest {
		switch character {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return arguments
			}
			depth--
		case ',':
			if depth == 0 {
				arguments++
			}
		}
	}
	return arguments
}
