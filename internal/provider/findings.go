package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
)

// report turns problems into diagnostics on their attributes and drops those
// that rest on a value that is not known yet.
func report(ctx context.Context, in tfsdk.Plan, problems []check.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		if isUnknown(ctx, in, p.Path) || restsOnUnknown(ctx, in, p.Needs) {
			continue
		}
		diags.AddAttributeError(pathOf(in, p.Path), p.Summary, named(pathOf(in, p.Path), p.Detail))
	}
	return diags
}

// named says which attribute a detail is about where that lies in another:
// Terraform points at the line of an outermost one only, and for a deeper one
// at the resource or at an outermost one of the same name.
func named(at path.Path, detail string) string {
	if len(at.Steps()) < 2 {
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
