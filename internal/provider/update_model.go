package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// updateModel is how hosts that serve change.
type updateModel struct {
	Strategy       types.String `tfsdk:"strategy"`
	MaxSurge       types.Int64  `tfsdk:"max_surge"`
	MaxUnavailable types.Int64  `tfsdk:"max_unavailable"`
	DrainSeconds   types.Int64  `tfsdk:"drain_seconds"`
	PauseSeconds   types.Int64  `tfsdk:"pause_seconds"`
	OnFailure      types.String `tfsdk:"on_failure"`
}

func (m *updateModel) resolve() {
	d := cluster.DefaultUpdate
	defaultString(&m.Strategy, d.Strategy)
	defaultInt(&m.MaxSurge, d.MaxSurge)
	defaultInt(&m.MaxUnavailable, d.MaxUnavailable)
	defaultInt(&m.DrainSeconds, d.DrainSeconds)
	defaultInt(&m.PauseSeconds, d.PauseSeconds)
	defaultString(&m.OnFailure, d.OnFailure)
}

func updateOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) cluster.Update {
	m := read[updateModel](ctx, obj, diags)
	if m == nil {
		return cluster.DefaultUpdate
	}
	return cluster.Update{
		Strategy: m.Strategy.ValueString(), MaxSurge: int(m.MaxSurge.ValueInt64()), MaxUnavailable: int(m.MaxUnavailable.ValueInt64()),
		DrainSeconds: int(m.DrainSeconds.ValueInt64()), PauseSeconds: int(m.PauseSeconds.ValueInt64()), OnFailure: m.OnFailure.ValueString(),
	}
}
