package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var (
	_ resource.Resource                   = (*nodeResource)(nil)
	_ resource.ResourceWithConfigure      = (*nodeResource)(nil)
	_ resource.ResourceWithValidateConfig = (*nodeResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*nodeResource)(nil)
	_ resource.ResourceWithImportState    = (*nodeResource)(nil)
	_ resource.ResourceWithIdentity       = (*nodeResource)(nil)
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
	r.account = accountOf(req.ProviderData, &resp.Diagnostics)
}

// Create implements resource.Resource. A droplet that exists when it ends is
// in the state, also when it fails.
func (r *nodeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan nodeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(plan.readWriteOnly(ctx, req.Config)...)
	resp.Diagnostics.Append(plan.checkPair(true)...)
	limit, diags := plan.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkArchive(ctx, plan.Release, types.Object{})...)
	if resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var mem cluster.Memory
	droplet, err := eng.ConvergeNode(working, &spec, 0, &mem)
	switch {
	case err != nil && droplet.ID == 0:
		resp.Diagnostics.Append(failures(ctx, req.Plan, "Cannot create the node", err)...)
		return
	case err != nil:
		resp.Diagnostics.Append(unfinished("Cannot complete the node", err, fmt.Sprintf("Droplet %s (%d) exists and is in the state.", droplet.Name, droplet.ID), "beam_node.<name>"))
	}
	plan.reachAsPlanned(spec, droplet)
	resp.Diagnostics.Append(plan.remember(mem)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, nodeIdentity{plan.DropletID})...)
}

// Read implements resource.Resource. While the provider's settings are unknown
// the state is taken as it is.
func (r *nodeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state nodeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, nodeIdentity{state.DropletID})...)
	if r.account.unknown {
		return
	}
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	droplet, err := eng.ObserveNode(ctx, state.Name.ValueString(), int(state.DropletID.ValueInt64()))
	if err != nil {
		resp.Diagnostics.Append(failure("Cannot read the node", err))
		return
	}
	if droplet == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	r.account.plans.seeNode(state.Cluster.ValueString(), state.Name.ValueString())
	if state.imported() {
		described, err := eng.ReadNode(ctx, *droplet)
		if err != nil {
			resp.Diagnostics.Append(failure("Cannot read the node", err))
			return
		}
		resp.Diagnostics.Append(state.fill(ctx, described, *droplet)...)
	}
	// A state may be older than an attribute that has a default.
	resp.Diagnostics.Append(state.resolve(ctx)...)
	spec, diags := state.spec(ctx)
	resp.Diagnostics.Append(diags...)
	mem, diags := state.recall()
	resp.Diagnostics.Append(diags...)
	state.see(spec, *droplet, mem)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update implements resource.Resource. After a failure the state holds the new
// arguments and, in drift, what is still missing.
func (r *nodeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state nodeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(plan.readWriteOnly(ctx, req.Config)...)
	resp.Diagnostics.Append(plan.checkPair(true)...)
	resp.Diagnostics.Append(plan.checkCookie(state)...)
	limit, diags := plan.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	eng := r.account.need(&resp.Diagnostics)
	spec, diags := plan.spec(ctx)
	resp.Diagnostics.Append(diags...)
	mem, diags := plan.recallFrom(state)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkArchive(ctx, plan.Release, state.Release)...)
	if resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	droplet, err := eng.ConvergeNode(working, &spec, int(state.DropletID.ValueInt64()), &mem)
	if err != nil {
		resp.Diagnostics.Append(failures(ctx, req.Plan, "Cannot complete the change of the node", err)...)
	}
	if droplet.Name == "" {
		return // nobody has seen it: what the state says is all that is known
	}
	plan.reachAsPlanned(spec, droplet)
	if err != nil {
		plan.see(spec, droplet, mem)
	}
	resp.Diagnostics.Append(plan.remember(mem)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, nodeIdentity{plan.DropletID})...)
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
// the droplet, or its name; the identity has the former.
func (r *nodeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	eng := r.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted, diags := importedNode(ctx, req)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	droplet, err := eng.FindNode(ctx, wanted)
	if err != nil {
		resp.Diagnostics.Append(unfound("Cannot import the node", wanted, err))
		return
	}
	if _, err := eng.ReadNode(ctx, droplet); err != nil {
		resp.Diagnostics.Append(failure("Cannot import the node", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), types.StringValue(strconv.Itoa(droplet.ID)))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("droplet_id"), types.Int64Value(int64(droplet.ID)))...)
}
