package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func defaultString(v *types.String, fallback string) {
	if v.IsNull() {
		*v = types.StringValue(fallback)
	}
}

func defaultInt(v *types.Int64, fallback int) {
	if v.IsNull() {
		*v = types.Int64Value(int64(fallback))
	}
}

func defaultBool(v *types.Bool, fallback bool) {
	if v.IsNull() {
		*v = types.BoolValue(fallback)
	}
}

// inherit takes another attribute's value, known or not, where there is none.
func inherit(v *types.String, from types.String) {
	if v.IsNull() {
		*v = from
	}
}

func defaultSet(v *types.Set) {
	if v.IsNull() {
		*v = types.SetValueMust(types.StringType, nil)
	}
}

func defaultList(v *types.List) {
	if v.IsNull() {
		*v = types.ListValueMust(types.StringType, nil)
	}
}

// known says that an object has attributes to look at.
func known(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }

// read decodes a nested attribute; nil while it is null or unknown.
func read[T any](ctx context.Context, obj types.Object, diags *diag.Diagnostics) *T {
	if !known(obj) {
		return nil
	}
	v := new(T)
	diags.Append(obj.As(ctx, v, basetypes.ObjectAsOptions{})...)
	return v
}

// edit decodes a nested attribute, lets change fill it in and encodes it again.
// One that is null or unknown stays as it is.
func edit[T any](ctx context.Context, obj *types.Object, diags *diag.Diagnostics, change func(*T)) {
	v := read[T](ctx, *obj, diags)
	if v == nil || diags.HasError() {
		return
	}
	change(v)
	edited, errs := types.ObjectValueFrom(ctx, obj.AttributeTypes(ctx), v)
	diags.Append(errs...)
	*obj = edited
}

// ensure makes a null object one whose attributes are null.
func ensure(ctx context.Context, obj *types.Object) {
	if obj.IsNull() {
		attributes := obj.AttributeTypes(ctx)
		*obj = types.ObjectValueMust(attributes, nulls(ctx, attributes))
	}
}

func nulls(ctx context.Context, attributes map[string]attr.Type) map[string]attr.Value {
	values := map[string]attr.Value{}
	for name, t := range attributes {
		// A null of a type's own wire type always decodes.
		values[name], _ = t.ValueFromTerraform(ctx, tftypes.NewValue(t.TerraformType(ctx), nil))
	}
	return values
}

// nameAny says whether any of the lists has an element. One that is not known
// yet may turn out to be null.
func nameAny(lists ...types.List) types.Bool {
	answer := types.BoolValue(false)
	for _, list := range lists {
		if len(texts(list)) > 0 {
			return types.BoolValue(true)
		}
		if partlyUnknown(list) {
			answer = types.BoolUnknown()
		}
	}
	return answer
}

// partlyUnknown says that the list, or an element of it, is unknown.
func partlyUnknown(list types.List) bool {
	return list.IsUnknown() || slices.ContainsFunc(list.Elements(), attr.Value.IsUnknown)
}

// texts returns the elements of a list or set that are known, in order.
func texts(v interface{ Elements() []attr.Value }) []string {
	var out []string
	for _, e := range v.Elements() {
		if s, ok := e.(types.String); ok && known(s) {
			out = append(out, s.ValueString())
		}
	}
	return out
}

// sortedTexts does the same for a set, which has no order of its own.
func sortedTexts(v types.Set) []string {
	out := texts(v)
	slices.Sort(out)
	return out
}

// textMap returns the elements of a map that are known; nil for none.
func textMap(v types.Map) map[string]string {
	var out map[string]string
	for key, e := range v.Elements() {
		if s, ok := e.(types.String); ok && known(s) {
			if out == nil {
				out = map[string]string{}
			}
			out[key] = s.ValueString()
		}
	}
	return out
}

// textOrNull is null for an empty text.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// listOf, setOf and mapOf encode texts.
func listOf(items []string) types.List { return types.ListValueMust(types.StringType, values(items)) }
func setOf(items []string) types.Set   { return types.SetValueMust(types.StringType, values(items)) }

func values(items []string) []attr.Value {
	out := []attr.Value{}
	for _, item := range items {
		out = append(out, types.StringValue(item))
	}
	return out
}

func mapOf(items map[string]string) types.Map {
	out := map[string]attr.Value{}
	for key, item := range items {
		out[key] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, out)
}
