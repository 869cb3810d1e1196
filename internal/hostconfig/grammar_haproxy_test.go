package hostconfig_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// haproxyFamilies are directives whose first argument is part of their name.
var haproxyFamilies = []string{"option", "stats", "timeout", "http-request", "http-check", "no"}

// haproxyArguments says of directives that have options how many values come
// before those.
var haproxyArguments = map[string]int{
	"bind": 1, "server": 2, "default-server": 0, "cookie": 1, "balance": 0, "stats socket": 1, "http-check send": 0, "http-request redirect": 0,
	"ssl-default-bind-options": 0, "log": 1, "acl": 1, "use_backend": 1,
}

// haproxyValues are options that have values, and how many.
var haproxyValues = map[string]int{
	"crt": 1, "alpn": 1, "inter": 1, "fall": 1, "rise": 1, "slowstart": 1, "mode": 1, "attr": 1, "meth": 1, "uri": 1, "ver": 1, "hdr": 2,
	"ssl-min-ver": 1, "scheme": 1, "code": 1, "if": 1, "unless": 1, "path_beg": 1, "local0": 0, "cookie": 1,
}

var (
	haproxySample = regexp.MustCompile(`%\[([a-z_.]+)`)
	// What beamctl asks HAProxy's socket for, and reads of the answer.
	haproxyCommand = regexp.MustCompile(`\bask\(f?"([a-z]+ [a-z]+(?: state)?)`)
	haproxyState   = regexp.MustCompile(`set_state\([a-z]+, "([a-z]+)"`)
	haproxyColumn  = regexp.MustCompile(`\brow\["([a-z_]+)"\]`)
)

// haproxyWords are sections, directives with their options, samples, and the
// commands of the socket.
func haproxyWords(f writtenFile) []string {
	if path.Base(f.Path) == "balancer.py" {
		words := prefixed("socket ", append(matches(haproxyCommand, f.Content), matches(haproxyState, f.Content)...))
		return append(words, prefixed("column ", matches(haproxyColumn, f.Content))...)
	}
	if !strings.HasPrefix(f.Path, "/etc/haproxy/") || path.Ext(f.Path) != ".cfg" {
		return nil
	}
	words := prefixed("sample ", matches(haproxySample, f.Content))
	for line := range strings.Lines(f.Content) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case !strings.HasPrefix(line, " "):
			words = append(words, "section "+fields[0])
		default:
			words = append(words, haproxyDirective(fields)...)
		}
	}
	return words
}

func haproxyDirective(fields []string) []string {
	name, rest := fields[0], fields[1:]
	if slices.Contains(haproxyFamilies, name) {
		name, rest = name+" "+rest[0], rest[1:]
	}
	words := []string{name}
	before, hasOptions := haproxyArguments[name]
	if !hasOptions {
		return words
	}
	for i := before; i < len(rest); i += 1 + haproxyValues[rest[i]] {
		words = append(words, name+" "+rest[i])
	}
	return words
}
