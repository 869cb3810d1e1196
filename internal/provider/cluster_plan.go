package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
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
	config := tfsdk.Plan{Schema: req.Config.Schema, Raw: req.Config.Raw}
	resp.Diagnostics.Append(config.Set(ctx, model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(model.checkPools()...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(report(ctx, config, check.Spec(spec))...)
	resp.Diagnostics.Append(model.checkPair(false)...)
}

// checkPools refuses a pool that is null, as of a condition that is not met:
// Terraform 1.11 crashes when it plans one (SensitivePaths of a nested map).
func (m clusterModel) checkPools() diag.Diagnostics {
	var diags diag.Diagnostics
	pools := m.NodePools.Elements()
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		if pools[name].IsNull() {
			at := path.Root("node_pools").AtMapKey(name)
			diags.AddAttributeError(at, "Missing pool", fmt.Sprintf("%s is null. Write {} for a pool with every default, "+
				"or leave it out, as { for name, pool in local.pools : name => pool if pool != null } does.", at))
		}
	}
	return diags
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *clusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(warnOfDestroy(ctx, req.State)...)
		return
	}
	defer func() { resp.Diagnostics.Append(hideWriteOnly(ctx, &resp.Plan)...) }()
	resp.Diagnostics.Append(warnOfEmptied(ctx, req.Config)...)
	p := clusterPlan{create: req.State.Raw.IsNull(), account: r.account}
	resp.Diagnostics.Append(req.Config.Get(ctx, &p.model)...)
	if !p.create {
		resp.Diagnostics.Append(req.State.Get(ctx, &p.state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(p.resolve(ctx)...)
	if !p.unstarted() {
		resp.Diagnostics.Append(refusals(ctx, p.changes, req.Config, p.mem.Adopting)...)
		resp.Diagnostics.Append(p.rotation()...)
	}
	resp.Diagnostics.Append(p.model.checkCookie(p.state, p.mem)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, p.model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Only the configuration was validated, not what it leaves to the state.
	spec, diags := p.model.spec(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(report(ctx, resp.Plan, check.Spec(spec))...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.account.plans.planCluster(spec, !p.unknown)
	if p.create || p.alters("environment") {
		resp.Diagnostics.Append(advise(ctx, resp.Plan, check.AppWarnings(spec.Environment, spec.Release))...)
	}
	if p.create || p.alters("load_balancer") {
		resp.Diagnostics.Append(advise(ctx, resp.Plan, check.CertificateWarnings(spec.LoadBalancer, time.Now()))...)
	}
	resp.Diagnostics.Append(p.foresee(ctx, spec, resp.Plan)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, p.model)...)
}

// clusterPlan is a plan of Terraform on its way.
type clusterPlan struct {
	create  bool
	account account
	model   clusterModel // what is planned
	state   clusterModel // empty for a create
	mem     clusterMemory
	changes []change
	drifted bool
	unknown bool                    // an argument is not known yet
	sizes   map[string]cluster.Size // that the API lists, where it was asked
}

// unstarted says that the cluster was imported before it had a node: no host was
// told anything that would have to stay.
func (p *clusterPlan) unstarted() bool { return p.mem.Adopting && !p.mem.Imported }

// resolve fills in what the configuration leaves open, and keeps every output
// that the changes cannot touch.
func (p *clusterPlan) resolve(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	if !p.create { // a state may be older than an attribute that has a default
		diags.Append(p.state.resolve(ctx)...)
	}
	p.model.keepManagement(ctx, p.state, &diags)
	p.model.keepDefaults(ctx, p.state, &diags)
	diags.Append(sumArchive(ctx, &p.model.Release, p.state.Release)...)
	if !p.create {
		p.model.keepSpellings(ctx, p.state)
		keepTags(&p.model.Tags, p.state.Tags)
		diags.Append(p.account.keepSSHKeys(ctx, &p.model.SSHKeys, p.state.SSHKeys)...)
	}
	diags.Append(p.model.resolve(ctx)...)
	p.unknown = p.model.partlyUnknown(ctx) || p.model.undecided(p.state.givenCookie)
	if p.create {
		p.model.forgetAll(p.model.Name)
		p.model.Drift = listOf(nil)
		return diags
	}
	var errs diag.Diagnostics
	p.mem, _, errs = p.state.recall()
	diags.Append(errs...)
	p.mem.keepCookie(p.model, p.state)
	p.changes = p.model.changesFrom(p.state)
	p.drifted = len(p.state.Drift.Elements()) > 0
	p.keepOutputs()
	return diags
}

// keepOutputs keeps the outputs where nothing can touch them. Else they are not
// known, unless the steps of an apply tell, see promise.
func (p *clusterPlan) keepOutputs() {
	m := &p.model
	m.clusterOutputs = p.state.clusterOutputs
	m.Drift = listOf(nil)
	if !p.differs() && m.Timeouts.Equal(p.state.Timeouts) {
		return
	}
	m.Memory = types.StringUnknown()
	harms := func(c change) bool { return !c.harmless() }
	if p.drifted || p.unknown || slices.ContainsFunc(p.changes, harms) {
		m.forgetAll(m.Name)
	}
}

// differs says that an apply has something to do.
func (p *clusterPlan) differs() bool {
	return p.drifted || p.unknown || len(p.changes) > 0
}

// alters says that the argument, or something in it, is another one than before.
func (p *clusterPlan) alters(argument string) bool {
	return slices.ContainsFunc(p.changes, func(c change) bool { return c.under(argument) })
}

// checkAccount asks the API whether the account can have what would be made.
func (p *clusterPlan) checkAccount(ctx context.Context, spec cluster.Spec, in tfsdk.Plan, steps plan.Plan, o cluster.Observed) diag.Diagnostics {
	var diags diag.Diagnostics
	made, demand := growth(spec, steps)
	moved := p.alters("project_id")
	pooled := spec.Database != nil && p.alters("environment") // which sizes weigh the pools against
	if demand.Droplets > 0 || p.alters("network") {
		diags.Append(report(ctx, in, check.VPC(o, spec))...)
	}
	if demand == (check.Demand{}) && !moved && !pooled {
		return append(diags, p.checkKeys(ctx, spec, in, steps)...)
	}
	if !p.create && !moved {
		made.ProjectID = "" // a project that is gone keeps nothing else from being changed
	}
	catalogue, err := p.account.engine.Catalogue(ctx, made, steps, o)
	if err != nil {
		return append(diags, failures(ctx, in, "Cannot check the cluster against the account", err)...)
	}
	p.sizes = catalogue.Sizes
	for _, gone := range o.Others { // what is cleared away is gone before anything new comes
		catalogue.Droplets -= len(gone.Hosts())
		if gone.ReservedIP != nil {
			catalogue.ReservedIPs--
		}
		if gone.Volume != nil {
			catalogue.Volumes--
		}
	}
	diags.Append(report(ctx, in, check.Catalogue(catalogue, made, demand))...)
	diags.Append(advise(ctx, in, check.CatalogueWarnings(catalogue, spec))...)
	if len(made.SSHKeys) == 0 { // no host is made with them, but some may be told
		diags.Append(p.checkKeys(ctx, spec, in, steps)...)
	}
	return diags
}

// checkKeys asks the API whether the account has the SSH keys that running hosts are
// to be told, or that are asked for anew: later hosts get them.
func (p *clusterPlan) checkKeys(ctx context.Context, spec cluster.Spec, in tfsdk.Plan, steps plan.Plan) diag.Diagnostics {
	if !steps.TellsKeys() && !p.alters("ssh_keys") {
		return nil
	}
	missing, err := p.account.engine.MissingSSHKeys(ctx, spec.SSHKeys)
	if err != nil {
		return failures(ctx, in, "Cannot check the SSH keys against the account", err)
	}
	return report(ctx, in, missing)
}

// unreadSecrets refuses to make nodes of an imported cluster whose secrets nobody
// has told: they could not join.
func (p *clusterPlan) unreadSecrets(spec cluster.Spec, steps plan.Plan) diag.Diagnostics {
	var diags diag.Diagnostics
	pools, _, _ := steps.MadePools()
	if !p.mem.Imported || len(pools) == 0 || p.model.given().IsUnknown() || p.model.Environment.IsUnknown() {
		return nil
	}
	at := path.Root("environment")
	if p.model.given().IsNull() {
		at = path.Root("cookie")
	}
	if err := spec.CanMakeNodes(p.mem.Memory); err != nil {
		diags.AddAttributeError(at, "Secrets not known", asSentence(err.Error()))
	}
	return diags
}

// growth returns the part of the spec that gets hosts, and how much more than now
// there will be at most at a time.
func growth(spec cluster.Spec, steps plan.Plan) (cluster.Spec, check.Demand) {
	demand := check.Demand{Droplets: steps.Growth()}
	if steps.MakesAddress() {
		demand.ReservedIPs = 1
	}
	if steps.MakesVolume() {
		demand.Volumes = 1
	}
	pools, loadBalancer, database := steps.MadePools()
	made := spec
	made.Pools = slices.DeleteFunc(slices.Clone(spec.Pools), func(p cluster.Pool) bool { return !slices.Contains(pools, p.Name) })
	if !loadBalancer {
		made.LoadBalancer = nil
	}
	if !database {
		made.Database = nil
	}
	if len(made.Pools) == 0 && !loadBalancer && !database { // what is gone keeps nothing else from being changed
		made.SSHKeys, made.Network.VPCUUID = nil, ""
	}
	return made, demand
}
