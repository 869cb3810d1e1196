package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

var (
	_ resource.Resource                   = (*cookieResource)(nil)
	_ resource.ResourceWithValidateConfig = (*cookieResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*cookieResource)(nil)
	_ resource.ResourceWithImportState    = (*cookieResource)(nil)
	_ resource.ResourceWithMoveState      = (*cookieResource)(nil)
	_ resource.ResourceWithIdentity       = (*cookieResource)(nil)
)

// cookieResource is erlang_cookie and, under its other name, beam_cookie.
type cookieResource struct {
	typeName string
}

// Metadata implements resource.Resource.
func (r *cookieResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.typeName
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *cookieResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var model cookieModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.check()...)
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *cookieResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, state cookieModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan := config
	switch {
	case create:
		plan.resolve()
		plan.forget()
	case state.foreign():
		if plan.described() {
			plan.resolve()
		}
		plan.holdKeepers(config.Keepers, state.Keepers)
		plan.cookieValues = state.cookieValues
	default:
		state.cookieShape.resolve() // it may be older than an attribute that has a default
		plan.keepDefaults(state)
		plan.resolve()
		plan.cookieValues = state.cookieValues
		plan.holdKeepers(config.Keepers, state.Keepers)
		if changed := plan.changedFrom(state); len(changed) > 0 {
			resp.RequiresReplace = append(resp.RequiresReplace, changed...)
			plan.forget()
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// Create implements resource.Resource.
func (r *cookieResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model cookieModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	value, bits, diags := model.draw()
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	model.keep(value)
	model.EntropyBits = bits
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, cookieIdentity{Fingerprint: model.Fingerprint})...)
}

// Read implements resource.Resource. A cookie lives in the state alone; that of an
// earlier version had no identity.
func (r *cookieResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model cookieModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Identity.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Identity.Set(ctx, cookieIdentity{Fingerprint: model.Fingerprint})...)
	}
}

// Update implements resource.Resource. Only arguments change in place, never
// the value.
func (r *cookieResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model cookieModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	if resp.Identity.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Identity.Set(ctx, cookieIdentity{Fingerprint: model.Fingerprint})...)
	}
}

// Delete implements resource.Resource. There is nothing outside the state.
func (r *cookieResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
