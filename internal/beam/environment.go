package beam

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// maxVariable is the longest name=value that Linux hands to a program, less
// its terminating NUL (MAX_ARG_STRLEN, 32 pages).
const maxVariable = 128*1024 - 1

// CheckEnvironment reports why a variable cannot be handed to a release exactly
// as given, or nil. The error never repeats the value.
func CheckEnvironment(name, value string) error {
	if !variablePattern.MatchString(name) {
		return fmt.Errorf("the name %q is not allowed; use letters, digits and _, and no digit in front", name)
	}
	if err := checkOwned(name, value); err != nil {
		return err
	}
	if strings.ContainsRune(value, 0) {
		return fmt.Errorf("the value of %s holds a NUL character, which no environment can carry", name)
	}
	if !utf8.ValidString(value) {
		return fmt.Errorf("the value of %s is not valid UTF-8, and systemd drops such a variable", name)
	}
	if size := len(name) + len("=") + len(value); size > maxVariable {
		return fmt.Errorf("%s takes %d bytes with its value; Linux allows %d", name, size, maxVariable)
	}
	return nil
}

// EnvironmentFile writes variables in the syntax of systemd's EnvironmentFile=,
// sorted by name. Each must pass CheckEnvironment or be one that it keeps for
// the host.
//
// Within double quotes systemd (src/basic/env-file.c) takes everything
// literally, newlines too, except a backslash before one of the four
// characters escaped here.
func EnvironmentFile(variables map[string]string) string {
	var file strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&file, "%s=\"%s\"\n", name, environmentEscaper.Replace(variables[name]))
	}
	return file.String()
}

var environmentEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`)
