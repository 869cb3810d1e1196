package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// change is one attribute that differs between state and plan.
type change struct {
	path     path.Path
	from, to attr.Value // nil for an element of a map that is not there
}

// changes lists what differs, as deep as both sides have something to look
// into. What is planned to be unknown may turn out to be the same.
func changes(at path.Path, from, to attr.Value) []change {
	switch {
	case to.IsUnknown() || from.Equal(to):
		return nil
	case isNothing(from) && isNothing(to) && !isElement(at):
		return nil
	case !known(from) || !known(to):
		return []change{{at, from, to}}
	}
	switch a := from.(type) {
	case types.Object:
		if b, ok := to.(types.Object); ok {
			return childChanges(a.Attributes(), b.Attributes(), at.AtName)
		}
	case types.Map:
		if b, ok := to.(types.Map); ok {
			return childChanges(a.Elements(), b.Elements(), at.AtMapKey)
		}
	}
	return []change{{at, from, to}}
}

// isElement says that the path leads to an element of a map, of which an empty text
// is another one than null.
func isElement(at path.Path) bool {
	last, _ := at.Steps().LastStep()
	_, is := last.(path.PathStepElementKeyString)
	return is
}

func childChanges(from, to map[string]attr.Value, at func(string) path.Path) []change {
	names := slices.Concat(slices.Collect(maps.Keys(from)), slices.Collect(maps.Keys(to)))
	slices.Sort(names)
	var found []change
	for _, name := range slices.Compact(names) {
		a, had := from[name]
		b, has := to[name]
		switch {
		case had && has:
			found = append(found, changes(at(name), a, b)...)
		case !isAbsent(a) || !isAbsent(b): // null is nothing
			found = append(found, change{at(name), a, b})
		}
	}
	return found
}

func isAbsent(v attr.Value) bool { return v == nil || v.IsNull() }

// under says whether the change is of the attribute that names lead to, or of
// something in it. A "*" stands for any name.
func (c change) under(names ...string) bool {
	steps := c.path.Steps()
	if len(steps) < len(names) {
		return false
	}
	for i, name := range names {
		if name != "*" && stepName(steps[i]) != name {
			return false
		}
	}
	return true
}

// stepName is the attribute or key that a step of a path names.
func stepName(step path.PathStep) string {
	switch s := step.(type) {
	case path.PathStepAttributeName:
		return string(s)
	case path.PathStepElementKeyString:
		return string(s)
	}
	return ""
}
