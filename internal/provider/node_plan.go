package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: everything
// that can be checked without the API.
func (r *nodeResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var model nodeModel
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
	resp.Diagnostics.Append(report(ctx, plan, check.Node(spec))...)
	resp.Diagnostics.Append(model.checkPair(true)...)
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *nodeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	defer func() { resp.Diagnostics.Append(hideWriteOnly(ctx, &resp.Plan)...) }()
	resp.Diagnostics.Append(warnOfEmptied(ctx, req.Config)...)
	var plan, state nodeModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		// A state may be older than an attribute that has a default.
		resp.Diagnostics.Append(state.resolve(ctx)...)
		plan.keepDefaults(ctx, state, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(sumArchive(ctx, &plan.Release, state.Release)...)
	resp.Diagnostics.Append(plan.resolve(ctx)...)
	if create {
		plan.forget()
		if known(plan.Cookie) {
			plan.CookieFingerprint = types.StringValue(cookie.Fingerprint(plan.Cookie.ValueString()))
		}
	} else {
		plan.keepSpellings(ctx, state)
		keepTags(&plan.Tags, state.Tags)
		resp.Diagnostics.Append(r.account.keepSSHKeys(ctx, &plan.SSHKeys, state.SSHKeys)...)
		r.account.plans.seeNode(state.Cluster.ValueString(), state.Name.ValueString())
		resp.Diagnostics.Append(plan.checkCookie(state)...)
		replace, diags := plan.planOutputs(ctx, state)
		resp.Diagnostics.Append(diags...)
		resp.RequiresReplace = append(resp.RequiresReplace, replace...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Only the configuration was validated, in which less may have been known.
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(report(ctx, resp.Plan, check.Node(spec))...)
	if create || !plan.Environment.Equal(state.Environment) {
		resp.Diagnostics.Append(advise(ctx, resp.Plan, check.AppWarnings(spec.Environment, spec.Release))...)
	}
	switch {
	case resp.Diagnostics.HasError():
	case create:
		resp.Diagnostics.Append(r.checkAccount(ctx, resp.Plan, &plan)...)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	case len(resp.RequiresReplace) == 0:
		resp.Diagnostics.Append(r.foresee(ctx, resp.Plan, plan, state)...)
	}
}

// planOutputs keeps the outputs where the droplet stays, and returns the
// changes that make it anew.
func (m *nodeModel) planOutputs(ctx context.Context, state nodeModel) (path.Paths, diag.Diagnostics) {
	mem, diags := m.recallFrom(state)
	record := mem.Hosts[int(state.DropletID.ValueInt64())]
	var replace path.Paths
	if record.SetUpFailed {
		replace = append(replace, path.Root("droplet_id"))
	}
	m.nodeOutputs = state.nodeOutputs
	if !m.managed() || m.differs(ctx, state) {
		m.Memory = m.nextMemory()
	}
	for _, c := range append(m.changesFrom(state), m.unsettled(ctx)...) {
		if !m.keepsHost(c, state) || m.managed() && c.under("ssh_keys") && record.KeepsKeys() {
			replace = append(replace, c.path)
		}
	}
	if len(replace) > 0 {
		m.forget()
	}
	m.Drift = listOf(nil)
	return replace, diags
}

// keepsHost says that the droplet stays with the change, and what follows from that
// for the outputs.
func (m *nodeModel) keepsHost(c change, state nodeModel) bool {
	switch {
	case c.under("tags"), c.under("peers"), c.under("wait_for"), c.under("management") && !m.opens(state):
	case c.under("release", "headers"), c.under("release", "url") && m.fetchesTheSame(state):
	case c.ofCookie() && m.sameCookie(state):
	case m.managed() && state.managed() && c.followed():
		if c.ofCookie() {
			m.foreseeCookie()
		}
	case state.imported() && c.toldToNode():
		m.NodeName, m.CookieFingerprint = types.StringUnknown(), types.StringUnknown()
	default:
		return false
	}
	return true
}

func (c change) ofCookie() bool { return c.under("cookie") || c.under("cookie_wo_version") }

// fetchesTheSame says that the release is the one that the droplet has.
func (m *nodeModel) fetchesTheSame(state nodeModel) bool {
	sum, is := m.Release.Attributes()["sha256"].(types.String)
	return is && known(sum) && sum.Equal(state.Release.Attributes()["sha256"])
}

// sameCookie says that the cookie is the one that the droplet has, in whichever way
// it is given.
func (m *nodeModel) sameCookie(state nodeModel) bool {
	return known(m.given()) && state.CookieFingerprint.Equal(types.StringValue(cookie.Fingerprint(m.given().ValueString())))
}

// checkCookie refuses a cookie that is not the one which the node is to have.
func (m *nodeModel) checkCookie(state nodeModel) diag.Diagnostics {
	return m.checkVersion(state.givenCookie, m.sameCookie(state), state.CookieFingerprint.ValueString())
}

// toldToNode says that only the host knows the argument, so that an import
// takes it from the configuration.
func (c change) toldToNode() bool {
	for _, name := range []string{"cookie", "cookie_wo_version", "ssh_keys", "release", "environment", "distribution", "host"} {
		if c.under(name) {
			return true
		}
	}
	return false
}

// checkAccount asks the API whether the node can be made, and what it will cost. A
// node that exists asks nothing.
func (r *nodeResource) checkAccount(ctx context.Context, in tfsdk.Plan, plan *nodeModel) diag.Diagnostics {
	if r.account.unknown {
		return nil
	}
	spec, diags := plan.spec(ctx)
	eng := r.account.need(&diags)
	if diags.HasError() {
		return diags
	}
	catalogue, err := eng.NodeCatalogue(ctx, spec)
	if err != nil {
		diags.Append(failure("Cannot check the node against the account", err))
		return diags
	}
	if size, listed := catalogue.Sizes[spec.Size]; listed {
		plan.EstimatedMonthlyCost = types.Float64Value(cluster.DropletCost(size.PriceMonthly, false).Dollars())
	}
	if catalogue.Droplets >= catalogue.DropletLimit {
		r.leaveOutOld(ctx, spec, &catalogue)
	}
	found := check.NodeCatalogue(catalogue, spec)
	if known(plan.Cluster) && known(plan.Name) && known(plan.Region) {
		joins, err := r.joins(ctx, spec)
		if err != nil {
			diags.Append(failure("Cannot look at the cluster that the node joins", err))
		}
		// A region that is none for the account is none of the cluster either.
		if slices.Contains(attributesOf(found), "region") {
			joins = slices.DeleteFunc(joins, func(p check.Problem) bool { return p.Path[0] == "region" })
		}
		found = append(found, joins...)
	}
	return append(diags, report(ctx, in, found)...)
}

// joins says why the node could not join its cluster. One that this very run makes or
// changes is taken as it will be.
func (r *nodeResource) joins(ctx context.Context, spec cluster.NodeSpec) ([]check.Problem, error) {
	steps, err := r.account.engine.DiffNode(ctx, spec, 0, cluster.Memory{})
	if err != nil {
		return nil, err
	}
	problems := steps.Refusals
	without := func(attributes ...string) {
		problems = slices.DeleteFunc(problems, func(p check.Problem) bool { return slices.Contains(attributes, p.Path[0]) })
	}
	if r.account.plans.hasNode(spec.Cluster, spec.Name) {
		without("name") // it is made anew
	}
	if planned, exists := r.account.plans.cluster(spec.Cluster); exists {
		without("cluster", "region", "distribution", "management")
		if found := check.Joins(spec, planned.spec); planned.known {
			without(attributesOf(found)...)
			problems = append(problems, found...)
		}
	}
	return problems, nil
}

func attributesOf(problems []check.Problem) []string {
	var attributes []string
	for _, p := range problems {
		attributes = append(attributes, p.Path[0])
	}
	return attributes
}

// leaveOutOld takes a droplet of the node's name off the account's: it is
// replaced, and gone before the new one comes.
func (r *nodeResource) leaveOutOld(ctx context.Context, spec cluster.NodeSpec, catalogue *cluster.Catalogue) {
	old, err := r.account.engine.FindNode(ctx, spec.Name)
	if read, is := cluster.NodeSpecOf(old); err == nil && is && read.Cluster == spec.Cluster {
		catalogue.Droplets--
	}
}
