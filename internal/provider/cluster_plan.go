package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: everything
// that can be checked without the API.
func (r *clusterResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var model clusterModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.resolve(ctx)...)
	spec, diags := model.spec(ctx)
	resp.Diagnostics.Append(diags...)
	plan := tfsdk.Plan{Schema: req.Config.Schema, Raw: req.Config.Raw}
	resp.Diagnostics.Append(plan.Set(ctx, model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(report(ctx, plan, check.Spec(spec))...)
}

// ModifyPlan implements resource.ResourceWithModifyPlan. A plan to destroy
// needs no look at anything.
func (r *clusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state clusterModel
	create := req.State.Raw.IsNull()
	resp.Diagnostics.Append(req.Config.Get(ctx, &plan)...)
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan.keepManagement(ctx, state, &resp.Diagnostics)
	resp.Diagnostics.Append(plan.resolve(ctx)...)
	if create {
		plan.forgetAll(plan.Name)
	} else {
		mem, _, diags := state.recall()
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		found := plan.changesFrom(state)
		resp.Diagnostics.Append(refusals(ctx, found, req.Config, mem.Adopting)...)
		resp.Diagnostics.Append(unreadSecrets(ctx, plan, state, mem)...)
		plan.planOutputs(state, found, mem)
	}
	plan.Drift = listOf(nil)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Only the configuration was validated, not what it leaves to the state.
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(report(ctx, resp.Plan, check.Spec(spec))...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.checkAccount(ctx, resp.Plan, plan, state)...)
}

// unreadSecrets refuses to add nodes to an imported cluster whose secrets nobody
// has told: they could not join.
func unreadSecrets(ctx context.Context, plan, state clusterModel, mem clusterMemory) diag.Diagnostics {
	spec, diags := plan.spec(ctx)
	if _, demand := growth(spec, state); demand.Droplets == 0 || !mem.Imported {
		return diags
	}
	at := path.Root("environment")
	if plan.Cookie.IsNull() {
		at = path.Root("cookie")
	}
	if err := spec.CanMakeNodes(mem.Memory); err != nil && !plan.Cookie.IsUnknown() && !plan.Environment.IsUnknown() {
		diags.AddAttributeError(at, "Secrets not known", asSentence(err.Error()))
	}
	return diags
}

// planOutputs keeps every output that the changes cannot touch.
func (m *clusterModel) planOutputs(state clusterModel, found []change, mem clusterMemory) {
	m.clusterOutputs = state.clusterOutputs
	drifted := len(state.Drift.Elements()) > 0
	if drifted || len(found) > 0 || !m.Timeouts.Equal(state.Timeouts) {
		m.Memory = types.StringUnknown()
	}
	for _, c := range found {
		if mem.Adopting && c.adoptable() {
			m.forgetAll(m.Name)
		}
		if c.under("node_pools") {
			m.forgetNodes()
		}
	}
	if mem.Imported && (drifted || m.Nodes.IsUnknown()) {
		m.StatsPassword = types.StringUnknown() // drawn with the next load balancer
	}
	switch {
	case drifted && !mem.Secrets.Drawn() && !mem.Imported:
		m.forgetAll(m.Name) // a create that did not get far
	case drifted:
		m.forgetNodes()
		m.forgetAddresses()
	}
}

// checkAccount asks the API whether the account can have the hosts that would
// be created; without any it asks nothing. While the provider's settings are
// unknown nobody can be asked.
func (r *clusterResource) checkAccount(ctx context.Context, in tfsdk.Plan, plan, state clusterModel) diag.Diagnostics {
	if r.account.unknown {
		return nil
	}
	spec, diags := plan.spec(ctx)
	eng := r.account.need(&diags)
	needed, demand := growth(spec, state)
	if diags.HasError() || demand.Droplets == 0 {
		return diags
	}
	catalogue, err := eng.Catalogue(ctx, needed)
	if err != nil {
		diags.Append(failure("Cannot check the cluster against the account", err))
		return diags
	}
	problems := check.Catalogue(catalogue, needed, demand)
	if state.ID.IsNull() && len(problems) > 0 {
		diags.Append(r.leaveOutOwn(ctx, spec.Name, &catalogue)...)
		problems = check.Catalogue(catalogue, needed, demand)
	}
	diags.Append(report(ctx, in, problems)...)
	return diags
}

// leaveOutOwn takes what the cluster has itself off the account's. A create that
// finds some of it replaces a cluster or clears away what an interrupted one
// left: that is gone before anything new comes.
func (r *clusterResource) leaveOutOwn(ctx context.Context, name string, catalogue *cluster.Catalogue) diag.Diagnostics {
	observed, err := r.account.engine.Observe(ctx, name, "", cluster.Memory{})
	if err != nil {
		return diag.Diagnostics{failure("Cannot check the cluster against the account", err)}
	}
	catalogue.Droplets -= len(observed.Hosts())
	if observed.ReservedIP != nil {
		catalogue.ReservedIPs--
	}
	if observed.Volume != nil {
		catalogue.Volumes--
	}
	return nil
}

// growth returns the part of the spec that gets hosts, and how much more there
// will be at a time. Next to a new node there is a second load balancer for a
// while: the old one goes when the new one has taken over, and leaves it its
// address.
func growth(spec cluster.Spec, state clusterModel) (cluster.Spec, check.Demand) {
	create := state.ID.IsNull()
	have := state.haveNodes()
	var demand check.Demand
	var pools []cluster.Pool
	for _, p := range spec.Pools {
		if missing := p.Count - have[p.Name]; missing > 0 {
			demand.Droplets += missing
			pools = append(pools, p)
		}
	}
	if demand.Droplets > 0 && spec.LoadBalancer != nil {
		demand.Droplets++
	}
	if create && spec.LoadBalancer != nil {
		demand.ReservedIPs++
	}
	if create && spec.Database != nil {
		demand.Droplets++
		demand.Volumes++
	}
	needed := spec
	needed.Pools = pools
	if !create {
		needed.Database = nil
	}
	return needed, demand
}
