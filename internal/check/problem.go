package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Problem is one thing that is wrong with a spec, told so that a user can mend
// it without reading further.
type Problem struct {
	// Path leads to the attribute, such as {"node_pools", "us", "count"}.
	Path []string
	// Needs are further attributes the finding rests on. While any of them, an
	// element of a list among them, or Path itself is unknown, the problem is not
	// reported.
	Needs   [][]string
	Summary string // what is wrong, in general
	Detail  string // what was found, what is allowed, what to do
}

// at returns path with steps added, never sharing memory with another path.
func at(path []string, steps ...string) []string {
	return slices.Concat(path, steps)
}

// sentence turns a text such as an error's into a sentence.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// plural counts things: 1 node, 2 nodes.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// oneOf reports a value that is not among those allowed.
func oneOf(path []string, value string, allowed ...string) []Problem {
	if slices.Contains(allowed, value) {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %q. Use %s.", name, value, quoted(allowed)),
	}}
}

// quoted lists values for a sentence: "a", "b" or "c".
func quoted(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprintf("%q", v))
	}
	if last := len(out) - 1; last > 0 {
		return strings.Join(out[:last], ", ") + " or " + out[last]
	}
	return strings.Join(out, "")
}

// formed reports a text that a host could not be told.
func formed(path []string, value string, form hostconfig.Form) []Problem {
	return misformed(path, "is", value, form)
}

// formedEach reports the elements of a list that a host could not be told.
func formedEach(path []string, values []string, form hostconfig.Form) []Problem {
	var found []Problem
	for _, value := range values {
		found = append(found, misformed(path, "has", value, form)...)
	}
	return found
}

func misformed(path []string, verb, value string, form hostconfig.Form) []Problem {
	fault := form.Fault(value)
	if fault == "" {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s %s %q. %s", name, verb, form.Show(value), sentence(fault)),
	}}
}

// within reports a number that is not in the range.
func within(path []string, value int, r hostconfig.Range, unit string) []Problem {
	if value >= r.Min && value <= r.Max {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %d. Use %d to %d%s.", name, value, r.Min, r.Max, unit),
	}}
}

// matches reports a text that does not have the shape; allowed tells the shape
// in words.
func matches(path []string, value string, shape *regexp.Regexp, allowed string) []Problem {
	if shape.MatchString(value) {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %q. %s", name, value, allowed),
	}}
}
