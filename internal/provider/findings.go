package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
)

// report turns problems into errors, and advise into warnings. Those that rest on
// a value that is not known yet are dropped.
func report(ctx context.Context, in tfsdk.Plan, problems []check.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range findings(ctx, in, problems) {
		diags.AddAttributeError(located(f.at), f.Summary, f.detail())
	}
	return diags
}

func advise(ctx context.Context, in tfsdk.Plan, problems []check.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range findings(ctx, in, problems) {
		diags.AddAttributeWarning(located(f.at), f.Summary, f.detail())
	}
	return diags
}

// finding is a problem on the attribute that the user wrote.
type finding struct {
	check.Problem
	at      path.Path
	derived bool     // the value comes from this attribute, and was found in another
	details []string // of equal problems
}

// findings puts problems where the user can mend them, and what is said there
// under one summary together.
func findings(ctx context.Context, in tfsdk.Plan, problems []check.Problem) []finding {
	var found []finding
	for _, p := range problems {
		p.Path = writtenCookie(ctx, in, p.Path)
		if isUnknown(ctx, in, p.Path) || restsOnUnknown(ctx, in, p.Needs) || restsOnMissing(ctx, in, p.Path) {
			continue
		}
		source, derived := sourceOf(ctx, in, p.Path)
		f := finding{Problem: p, at: pathOf(in, source), derived: derived}
		f.details = []string{named(f.at, p.Detail)}
		if derived && source[0] != "region" && source[0] != "image" { // those say the same of every host
			own := pathOf(in, p.Path)
			f.details = []string{fmt.Sprintf("%s follows from %s: %s Or leave %s as it is, and set %s.", own, f.at, p.Detail, f.at, own)}
		}
		same := slices.IndexFunc(found, func(g finding) bool { return located(g.at).Equal(located(f.at)) && g.Summary == f.Summary })
		switch {
		case same < 0:
			found = append(found, f)
		case !slices.Contains(found[same].details, f.details[0]):
			found[same].details = append(found[same].details, f.details[0])
		}
	}
	// What follows from an attribute that is wrong itself is mended with it.
	own := func(f finding) bool {
		return slices.ContainsFunc(found, func(g finding) bool { return !g.derived && g.at.Equal(f.at) })
	}
	return slices.DeleteFunc(slices.Clone(found), func(f finding) bool { return f.derived && own(f) })
}

// detail says once what to do where several things are wrong alike.
func (f finding) detail() string {
	var lines, remedies []string
	name := named(f.at, "")
	for _, d := range f.details {
		what, remedy, both := strings.Cut(d, ". ")
		if same := slices.Index(remedies, remedy); both && same >= 0 {
			lines[same] += " " + strings.TrimPrefix(what, name) + "."
			continue
		}
		if both {
			what += "."
		}
		lines, remedies = append(lines, what), append(remedies, remedy)
	}
	for i, remedy := range remedies {
		lines[i] = strings.TrimSuffix(lines[i]+" "+remedy, " ")
	}
	return strings.Join(lines, "\n")
}

// writtenCookie names the argument that the cookie is given in.
func writtenCookie(ctx context.Context, in tfsdk.Plan, steps []string) []string {
	writeOnly := []string{"cookie_wo"}
	_, given := textAt(ctx, in, writeOnly)
	if slices.Equal(steps, []string{"cookie"}) && (given || isUnknown(ctx, in, writeOnly)) {
		return writeOnly
	}
	return steps
}

// sourceOf finds the attribute that a default comes from, where the one that was
// found has its value.
func sourceOf(ctx context.Context, in tfsdk.Plan, steps []string) (source []string, derived bool) {
	for _, from := range defaultsFrom(steps) {
		value, there := textAt(ctx, in, steps)
		origin, known := textAt(ctx, in, from)
		if there && known && (value == origin || value == strings.ReplaceAll(origin, "-", "_")) {
			source, _ = sourceOf(ctx, in, from)
			return source, true
		}
	}
	return steps, false
}

// defaultsFrom lists the attributes that one takes its default from.
func defaultsFrom(steps []string) [][]string {
	last := steps[len(steps)-1]
	switch outer := steps[0]; {
	case len(steps) > 1 && (last == "region" || last == "image") && slices.Contains([]string{"node_pools", "load_balancer", "database"}, outer):
		return [][]string{{last}}
	case last == "group":
		return [][]string{append(slices.Clone(steps[:len(steps)-1]), "owner")}
	case slices.Equal(steps, []string{"distribution", "basename"}):
		return [][]string{{"release", "name"}, {"name"}, {"cluster"}}
	case slices.Equal(steps, []string{"database", "name"}):
		return [][]string{{"name"}}
	case slices.Equal(steps, []string{"database", "user"}):
		return [][]string{{"database", "name"}}
	}
	return nil
}

// textAt is the text that an attribute has; false for none, and for one that is not
// known yet.
func textAt(ctx context.Context, in tfsdk.Plan, steps []string) (string, bool) {
	var value attr.Value
	if diags := in.GetAttribute(ctx, pathOf(in, steps), &value); diags.HasError() {
		return "", false
	}
	text, is := value.(types.String)
	return text.ValueString(), is && known(text)
}

// restsOnMissing says that the attribute is null and required, which is told as
// such, or takes its default from one that is.
func restsOnMissing(ctx context.Context, in tfsdk.Plan, steps []string) bool {
	var value attr.Value
	at := pathOf(in, steps)
	if diags := in.GetAttribute(ctx, at, &value); diags.HasError() || value == nil || !value.IsNull() {
		return false
	}
	attribute, diags := in.Schema.AttributeAtPath(ctx, at)
	required := !diags.HasError() && attribute.IsRequired()
	return required || slices.ContainsFunc(defaultsFrom(steps), func(from []string) bool { return restsOnMissing(ctx, in, from) })
}

// located is the part of a path that Terraform finds in a configuration: an
// outermost attribute, or an element of one that is a map. For a deeper attribute
// it would show the line of an outermost one of that name, such as the cluster's
// own name for release.name.
func located(at path.Path) path.Path {
	steps := at.Steps()
	if len(steps) == 0 {
		return at
	}
	shown := path.Root(fmt.Sprint(steps[0]))
	if len(steps) > 1 {
		if key, isKey := steps[1].(path.PathStepElementKeyString); isKey {
			return shown.AtMapKey(string(key))
		}
	}
	return shown
}

// named says which attribute a detail is about where Terraform does not.
func named(at path.Path, detail string) string {
	if at.Equal(located(at)) {
		return detail
	}
	return fmt.Sprintf("%s: %s", at, detail)
}

func restsOnUnknown(ctx context.Context, in tfsdk.Plan, paths [][]string) bool {
	for _, p := range paths {
		if isUnknown(ctx, in, p) || hasUnknownElement(ctx, in, p) {
			return true
		}
	}
	return false
}

// hasUnknownElement says that the attribute is a list that is known in part.
func hasUnknownElement(ctx context.Context, in tfsdk.Plan, steps []string) bool {
	var value attr.Value
	diags := in.GetAttribute(ctx, pathOf(in, steps), &value)
	list, isList := value.(types.List)
	return !diags.HasError() && isList && partlyUnknown(list)
}

// isUnknown says that the attribute, or something it lies in, is unknown.
func isUnknown(ctx context.Context, in tfsdk.Plan, steps []string) bool {
	for i := range steps {
		var value attr.Value
		diags := in.GetAttribute(ctx, pathOf(in, steps[:i+1]), &value)
		if diags.HasError() || value == nil {
			return false
		}
		if !known(value) {
			return value.IsUnknown()
		}
	}
	return false
}

// pathOf finds out from the schema which steps are names and which are keys of
// a map. Problems never lead into a list or set.
func pathOf(in tfsdk.Plan, steps []string) path.Path {
	at := path.Empty()
	t := in.Schema.Type()
	for _, step := range steps {
		switch container := t.(type) {
		case attr.TypeWithAttributeTypes:
			at, t = at.AtName(step), container.AttributeTypes()[step]
		case attr.TypeWithElementType:
			at, t = at.AtMapKey(step), container.ElementType()
		default:
			return at
		}
	}
	return at
}
