package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What an object was made with stays while the configuration leaves it open. Each
// resource has a keepDefaults, which uses these.

func keepRelease(ctx context.Context, release *types.Object, state types.Object, diags *diag.Diagnostics) {
	keepIn(ctx, release, state, diags, func(v, was *releaseModel) {
		keepText(&v.Kind, was.Kind)
		keepInt(&v.Port, was.Port)
		keepInt(&v.Keep, was.Keep)
		keepBool(&v.ReadOnly, was.ReadOnly)
		keepScalars(ctx, &v.Service, was.Service, diags)
	})
}

// keepDistribution keeps the basename only where what it follows is the same.
func keepDistribution(ctx context.Context, distribution *types.Object, state types.Object, same bool, diags *diag.Diagnostics) {
	basename := types.StringNull()
	if v := read[distributionModel](ctx, *distribution, diags); v != nil {
		basename = v.Basename
	}
	keepScalars(ctx, distribution, state, diags)
	if !same {
		edit(ctx, distribution, diags, func(v *distributionModel) { v.Basename = basename })
	}
}

// keepIn changes a nested attribute that both have.
func keepIn[T any](ctx context.Context, obj *types.Object, state types.Object, diags *diag.Diagnostics, keep func(v, was *T)) {
	was := read[T](ctx, state, diags)
	if was == nil {
		return
	}
	edit(ctx, obj, diags, func(v *T) { keep(v, was) })
}

// keepScalars keeps what is left open of a nested attribute that is filled in as a
// whole, lists and sets excepted.
func keepScalars(ctx context.Context, obj *types.Object, state types.Object, diags *diag.Diagnostics) {
	ensure(ctx, obj)
	if !known(*obj) || !known(state) {
		return
	}
	attributes, was := obj.Attributes(), state.Attributes()
	for name, value := range attributes {
		switch was[name].(type) {
		case types.String, types.Int64, types.Bool:
			if value.IsNull() {
				attributes[name] = was[name]
			}
		}
	}
	filled, errs := types.ObjectValue(obj.AttributeTypes(ctx), attributes)
	diags.Append(errs...)
	*obj = filled
}

func keepText(v *types.String, was types.String) {
	if v.IsNull() {
		*v = was
	}
}

func keepInt(v *types.Int64, was types.Int64) {
	if v.IsNull() {
		*v = was
	}
}

func keepBool(v *types.Bool, was types.Bool) {
	if v.IsNull() {
		*v = was
	}
}
