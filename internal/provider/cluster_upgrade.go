package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// clusterVersion is the version of beam_cluster's state. It grows when a state of
// before has to be told apart; what an attribute's default fills in does not need
// it. The memory inside has a version of its own.
const clusterVersion = 1

// UpgradeState implements resource.ResourceWithUpgradeState.
func (r *clusterResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: r.upgradeFrom0}}
}

// upgradeFrom0 reads a state that was written before clusters had ids: its form
// is today's, but for attributes that came later.
func (r *clusterResource) upgradeFrom0(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	raw, err := req.RawState.UnmarshalWithOpts(resp.State.Schema.Type().TerraformType(ctx), tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the state of the cluster", asSentence(err.Error()))
		return
	}
	var state clusterModel
	old := tfsdk.State{Schema: resp.State.Schema, Raw: raw}
	resp.Diagnostics.Append(old.Get(ctx, &state)...)
	mem, exists, diags := state.recall()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(state.resolve(ctx)...)
	if exists {
		resp.Diagnostics.Append(state.remember(mem)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}
