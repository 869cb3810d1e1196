package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var (
	_ resource.Resource                   = (*nodeResource)(nil)
	_ resource.ResourceWithConfigure      = (*nodeResource)(nil)
	_ resource.ResourceWithValidateConfig = (*nodeResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*nodeResource)(nil)
	_ resource.ResourceWithImportState    = (*nodeResource)(nil)
)

// nodeResource is beam_node. It only translates: the engine does the work.
type nodeResource struct {
	account account
}

// Metadata implements resource.Resource.
func (r *nodeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "beam_node"
}

// Configure implements resource.ResourceWithConfigure.
func (r *nodeResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.account = accountOf(req, &resp.Diagnostics)
}

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
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *nodeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state nodeModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(plan.resolve(ctx)...)
	create := req.State.Raw.IsNull()
	if create {
		plan.forget()
	} else {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		keepTags(&plan.Tags, state.Tags)
		resp.Diagnostics.Append(r.account.keepSSHKeys(ctx, &plan.SSHKeys, state.SSHKeys)...)
		resp.RequiresReplace = append(resp.RequiresReplace, plan.planOutputs(ctx, state)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Only the configuration was validated, in which less may have been known.
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(report(ctx, resp.Plan, check.Node(spec))...)
	if create && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.checkAccount(ctx, resp.Plan, plan)...)
	}
}

// planOutputs keeps the outputs where the droplet stays, and returns the
// changes that make it anew.
func (m *nodeModel) planOutputs(ctx context.Context, state nodeModel) path.Paths {
	var replace path.Paths
	m.nodeOutputs = state.nodeOutputs
	for _, c := range append(m.changesFrom(state), m.unsettled(ctx, state)...) {
		switch {
		case c.under("tags"), c.under("peers"), c.under("release", "headers"), c.under("release", "url") && m.fetchesTheSame(state):
		case state.imported() && c.toldToNode():
			m.NodeName, m.CookieFingerprint = types.StringUnknown(), types.StringUnknown()
		default:
			replace = append(replace, c.path)
		}
	}
	if len(replace) > 0 {
		m.forget()
	}
	m.Drift = listOf(nil)
	return replace
}

// fetchesTheSame says that the release is the one that the droplet has.
func (m *nodeModel) fetchesTheSame(state nodeModel) bool {
	sum, is := m.Release.Attributes()["sha256"].(types.String)
	return is && known(sum) && sum.Equal(state.Release.Attributes()["sha256"])
}

// toldToNode says that only the host knows the argument, so that an import
// takes it from the configuration.
func (c change) toldToNode() bool {
	for _, name := range []string{"cookie", "ssh_keys", "release", "environment", "distribution", "host"} {
		if c.under(name) {
			return true
		}
	}
	return false
}

func (r *nodeResource) checkAccount(ctx context.Context, in tfsdk.Plan, plan nodeModel) diag.Diagnostics {
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
	if catalogue.Droplets >= catalogue.DropletLimit {
		r.leaveOutOld(ctx, spec, &catalogue)
	}
	diags.Append(report(ctx, in, check.NodeCatalogue(catalogue, spec))...)
	return diags
}

// leaveOutOld takes a droplet of the node's name off the account's: it is
// replaced, and gone before the new one comes.
func (r *nodeResource) leaveOutOld(ctx context.Context, spec cluster.NodeSpec, catalogue *cluster.Catalogue) {
	if old, err := r.account.engine.FindNode(ctx, spec.Name); err == nil && clusterOf(old) == spec.Cluster {
		catalogue.Droplets--
	}
}

// Create implements resource.Resource. A droplet that exists when it ends is
// in the state, also when it fails.
func (r *nodeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan nodeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	limit, diags := plan.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	droplet, err := eng.ConvergeNode(working, &spec, 0)
	switch {
	case err != nil && droplet.ID == 0:
		resp.Diagnostics.Append(failures(ctx, req.Plan, "Cannot create the node", err)...)
		return
	case err != nil:
		resp.Diagnostics.Append(unfinished("Cannot complete the node", err, fmt.Sprintf("Droplet %d exists and is in the state.", droplet.ID), "beam_node.<name>"))
	}
	plan.reach(spec, droplet)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

// Read implements resource.Resource. While the provider's settings are unknown
// the state is taken as it is.
func (r *nodeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.account.unknown {
		return
	}
	var state nodeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	droplet, err := eng.ObserveNode(ctx, int(state.DropletID.ValueInt64()))
	if err != nil {
		resp.Diagnostics.Append(failure("Cannot read the node", err))
		return
	}
	if droplet == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	if state.imported() {
		resp.Diagnostics.Append(state.fill(ctx, *droplet)...)
	}
	spec, diags := state.spec(ctx)
	resp.Diagnostics.Append(diags...)
	state.see(spec, *droplet)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update implements resource.Resource.
func (r *nodeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state nodeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	limit, diags := plan.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	droplet, err := eng.ConvergeNode(working, &spec, int(state.DropletID.ValueInt64()))
	if err != nil {
		resp.Diagnostics.Append(failure("Cannot complete the change of the node", err))
		return
	}
	plan.reach(spec, droplet)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

// Delete implements resource.Resource.
func (r *nodeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state nodeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	limit, diags := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	spec, diags := state.spec(ctx)
	resp.Diagnostics.Append(diags...)
	if err := eng.DestroyNode(ctx, spec, int(state.DropletID.ValueInt64())); err != nil {
		resp.Diagnostics.Append(failure("Cannot destroy the node", err))
	}
}

// ImportState implements resource.ResourceWithImportState. The id is that of
// the droplet, or its name.
func (r *nodeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	eng := r.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	droplet, err := eng.FindNode(ctx, req.ID)
	if err != nil {
		resp.Diagnostics.Append(failure("Cannot import the node", err))
		return
	}
	if name := clusterOf(droplet); name == "" || droplet.Pool(name) != "" {
		resp.Diagnostics.AddError("Cannot import the node", fmt.Sprintf("Droplet %d (%s) is no beam_node: it has not the tags %q and %q of a cluster, "+
			"or it belongs to a pool.", droplet.ID, droplet.Name, cluster.ClusterTag("<cluster>"), cluster.RoleTag("<cluster>", cluster.RoleNode)))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), types.StringValue(strconv.Itoa(droplet.ID)))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("droplet_id"), types.Int64Value(int64(droplet.ID)))...)
}
