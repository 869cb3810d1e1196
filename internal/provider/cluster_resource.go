package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

var (
	_ resource.Resource                   = (*clusterResource)(nil)
	_ resource.ResourceWithConfigure      = (*clusterResource)(nil)
	_ resource.ResourceWithValidateConfig = (*clusterResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*clusterResource)(nil)
	_ resource.ResourceWithImportState    = (*clusterResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*clusterResource)(nil)
	_ resource.ResourceWithIdentity       = (*clusterResource)(nil)
)

// clusterType is the type of a cluster's resource.
const clusterType = "beam_cluster"

// clusterResource is beam_cluster. It only translates: the engine does the
// work.
type clusterResource struct {
	account account
}

// How long things may take when the configuration says nothing.
const (
	createTimeout = 60 * time.Minute
	readTimeout   = 10 * time.Minute
	updateTimeout = 60 * time.Minute
	deleteTimeout = 30 * time.Minute
)

// Metadata implements resource.Resource.
func (r *clusterResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = clusterType
}

// Configure implements resource.ResourceWithConfigure.
func (r *clusterResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.account = accountOf(req.ProviderData, &resp.Diagnostics)
}

// Create implements resource.Resource. Whatever exists when it ends is in the
// state, also when it fails.
func (r *clusterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned clusterModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(planned.readWriteOnly(ctx, req.Config)...)
	resp.Diagnostics.Append(planned.checkPair(false)...)
	eng := r.account.need(&resp.Diagnostics)
	spec, diags := planned.spec(ctx)
	resp.Diagnostics.Append(diags...)
	limit, diags := planned.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(checkArchive(ctx, planned.Release, types.Object{})...); resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	mem := clusterMemory{}
	observed, err := eng.Converge(working, spec, &mem.Memory)
	if err != nil && observed.Empty() && !mem.Holds() {
		resp.Diagnostics.Append(failures(ctx, req.Plan, "Cannot create the cluster", err)...)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(unfinished("Cannot complete the cluster", err, whatExists(spec.Name, observed), "beam_cluster.<name>"))
	}
	promised := planned.clusterOutputs
	resp.Diagnostics.Append(planned.reach(spec, mem, observed, err)...)
	if err == nil {
		resp.Diagnostics.Append(planned.keepPromises(promised)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, planned)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, clusterIdentity{planned.Name})...)
}

// whatExists says what a create that failed leaves.
func whatExists(name string, o cluster.Observed) string {
	return fmt.Sprintf("Of cluster %s there are now %s, and they are in the state.", name, plan.Inventory(o))
}

// reach writes down what the engine reached. After a success nothing differs
// from the plan; after a failure the next plan shows what is missing.
func (m *clusterModel) reach(spec cluster.Spec, mem clusterMemory, observed cluster.Observed, err error) diag.Diagnostics {
	var drift []string
	if err != nil {
		drift = driftOf(spec, mem, observed)
	}
	m.clusterOutputs = outputsOf(spec.Name, cluster.OutputsOf(spec, mem.Memory, observed), drift)
	return m.remember(mem)
}

// driftOf says what an apply would do to what was observed.
func driftOf(spec cluster.Spec, mem clusterMemory, observed cluster.Observed) []string {
	return plan.Diff(plan.Input{Spec: spec, Memory: mem.Memory, Observed: observed, Now: observed.At}).Drift()
}

// Read implements resource.Resource. While the provider's settings are unknown
// the state is taken as it is.
func (r *clusterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state clusterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, clusterIdentity{state.Name})...)
	if r.account.unknown {
		return
	}
	eng := r.account.need(&resp.Diagnostics)
	mem, exists, diags := state.recall()
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	name := state.Name.ValueString()
	if !exists {
		_, mem.Memory, diags = findCluster(ctx, eng, name)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	observed, err := eng.Observe(ctx, name, state.ProjectID.ValueString(), mem.Memory)
	if err != nil {
		resp.Diagnostics.Append(failures(ctx, planLike(req.State), "Cannot read the cluster", err)...)
		return
	}
	// A destroy whose process died leaves tags last, which only a destroy removes.
	if observed.Empty() && (len(observed.Tags) == 0 || len(observed.Others) > 0) {
		resp.State.RemoveResource(ctx)
		return
	}
	if !exists {
		resp.Diagnostics.Append(state.adopt(ctx, &mem, observed)...)
	}
	resp.Diagnostics.Append(state.see(ctx, mem, observed)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// adopt takes over what an import found.
func (m *clusterModel) adopt(ctx context.Context, mem *clusterMemory, observed cluster.Observed) diag.Diagnostics {
	mem.Adopt(observed)
	mem.Adopting = true
	return m.fill(ctx, cluster.SpecOf(m.Name.ValueString(), observed))
}

// see takes over what a refresh found. A state may be older than an attribute that
// has a default.
func (m *clusterModel) see(ctx context.Context, mem clusterMemory, observed cluster.Observed) diag.Diagnostics {
	diags := m.resolve(ctx)
	spec, errs := m.spec(ctx)
	diags.Append(errs...)
	m.clusterOutputs = outputsOf(m.Name.ValueString(), cluster.OutputsOf(spec, mem.Memory, observed), driftOf(spec, mem, observed))
	diags.Append(m.remember(mem)...)
	return diags
}

// Update implements resource.Resource. After a failure the state holds the new
// arguments and, in drift, what is still missing.
func (r *clusterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, state clusterModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(planned.readWriteOnly(ctx, req.Config)...)
	resp.Diagnostics.Append(planned.checkPair(false)...)
	eng := r.account.need(&resp.Diagnostics)
	mem, _, diags := state.recall()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(planned.checkCookie(state, mem)...)
	spec, diags := planned.spec(ctx)
	resp.Diagnostics.Append(diags...)
	limit, diags := planned.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(checkArchive(ctx, planned.Release, state.Release)...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, clusterIdentity{planned.Name})...)
	mem.keepCookie(planned, state)
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	observed, err := eng.Converge(working, spec, &mem.Memory)
	if err != nil {
		resp.Diagnostics.Append(failures(ctx, req.Plan, "Cannot complete the change of the cluster", err)...)
	}
	if observed.At.IsZero() {
		return // nobody has looked: what the state says is all that is known
	}
	mem.Adopting = false
	if err == nil {
		mem.forgetCookie(planned)
	}
	promised := planned.clusterOutputs
	resp.Diagnostics.Append(planned.reach(spec, mem, observed, err)...)
	if err == nil {
		resp.Diagnostics.Append(planned.keepPromises(promised)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, planned)...)
}

// Delete implements resource.Resource.
func (r *clusterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state clusterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	eng := r.account.need(&resp.Diagnostics)
	mem, _, diags := state.recall()
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	working, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := eng.Destroy(working, state.Name.ValueString(), &mem.Memory); err != nil {
		resp.Diagnostics.Append(failures(ctx, planLike(req.State), "Cannot destroy the cluster", err)...)
		resp.Diagnostics.Append(state.remember(mem)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

// ImportState implements resource.ResourceWithImportState. The id, or the identity,
// is the cluster's name; Read finds the rest.
func (r *clusterResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.account.need(&resp.Diagnostics)
	name, diags := importedName(ctx, req)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), types.StringValue(name))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), types.StringValue(name))...)
}

// accountOf takes the account from the provider. Before the provider is
// configured, as when a configuration is only validated, there is none.
func accountOf(data any, diags *diag.Diagnostics) account {
	if data == nil {
		return account{unknown: true}
	}
	given, ok := data.(account)
	if !ok {
		diags.AddError("Provider misconfigured", fmt.Sprintf("The provider handed a %T to its resource. Please report this.", data))
	}
	return given
}

// planLike lets a state stand where errors are looked up on attributes.
func planLike(s tfsdk.State) tfsdk.Plan { return tfsdk.Plan(s) }
