package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Maps and lists of nested attributes.

// editEach lets change fill in each object of a map. A map that is null becomes one
// without elements.
func editEach[T any](ctx context.Context, m *types.Map, diags *diag.Diagnostics, change func(*T)) {
	if m.IsUnknown() {
		return
	}
	elements := m.Elements()
	for key, element := range elements {
		if obj, is := element.(types.Object); is {
			edit(ctx, &obj, diags, change)
			elements[key] = obj
		}
	}
	if elements == nil {
		elements = map[string]attr.Value{}
	}
	edited, errs := types.MapValue(m.ElementType(ctx), elements)
	diags.Append(errs...)
	*m = edited
}

// readEach decodes the objects of a map that are known.
func readEach[T any](ctx context.Context, m types.Map, diags *diag.Diagnostics) map[string]T {
	found := map[string]T{}
	for key, element := range m.Elements() {
		if obj, is := element.(types.Object); is {
			if v := read[T](ctx, obj, diags); v != nil {
				found[key] = *v
			}
		}
	}
	return found
}

// editEvery does for a list what editEach does for a map.
func editEvery[T any](ctx context.Context, l *types.List, diags *diag.Diagnostics, change func(*T)) {
	if l.IsUnknown() {
		return
	}
	elements := append([]attr.Value{}, l.Elements()...)
	for i, element := range elements {
		if obj, is := element.(types.Object); is {
			edit(ctx, &obj, diags, change)
			elements[i] = obj
		}
	}
	edited, errs := types.ListValue(l.ElementType(ctx), elements)
	diags.Append(errs...)
	*l = edited
}

// readEvery decodes the objects of a list that are known.
func readEvery[T any](ctx context.Context, l types.List, diags *diag.Diagnostics) []T {
	var found []T
	for _, element := range l.Elements() {
		if obj, is := element.(types.Object); is {
			if v := read[T](ctx, obj, diags); v != nil {
				found = append(found, *v)
			}
		}
	}
	return found
}
