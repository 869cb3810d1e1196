package provider

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// nodeModel is a beam_node as Terraform holds it.
type nodeModel struct {
	Name         types.String   `tfsdk:"name"`
	Cluster      types.String   `tfsdk:"cluster"`
	Peers        types.List     `tfsdk:"peers"`
	SSHKeys      types.List     `tfsdk:"ssh_keys"`
	Release      types.Object   `tfsdk:"release"`
	Environment  types.Map      `tfsdk:"environment"`
	DatabaseCA   types.String   `tfsdk:"database_ca_certificate"`
	Distribution types.Object   `tfsdk:"distribution"`
	Host         types.Object   `tfsdk:"host"`
	Tags         types.Set      `tfsdk:"tags"`
	Monitoring   types.Bool     `tfsdk:"monitoring"`
	Management   types.Object   `tfsdk:"management"`
	WaitFor      types.String   `tfsdk:"wait_for"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`
	givenCookie
	placeModel
	nodeOutputs
}

type nodeOutputs struct {
	ID                   types.String  `tfsdk:"id"`
	DropletID            types.Int64   `tfsdk:"droplet_id"`
	NodeName             types.String  `tfsdk:"node_name"`
	IPv4                 types.String  `tfsdk:"ipv4_address"`
	IPv4Private          types.String  `tfsdk:"ipv4_address_private"`
	CookieFingerprint    types.String  `tfsdk:"cookie_fingerprint"`
	EstimatedMonthlyCost types.Float64 `tfsdk:"estimated_monthly_cost"`
	Drift                types.List    `tfsdk:"drift"`
	Memory               types.String  `tfsdk:"memory"`
}

// resolve fills every default in.
func (m *nodeModel) resolve(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	m.placeModel.resolve(types.StringNull(), types.StringValue(defaultImage))
	defaultBool(&m.Monitoring, false)
	edit(ctx, &m.Release, &diags, func(r *releaseModel) { r.resolve(ctx, &diags) })
	resolveShared(ctx, m.Release, &m.Distribution, &m.Host, m.Cluster, &diags)
	m.resolveManagement(ctx, &diags)
	return diags
}

// keepDefaults takes from the state of a node that exists what the configuration
// leaves open, as that of beam_cluster does.
func (m *nodeModel) keepDefaults(ctx context.Context, state nodeModel, diags *diag.Diagnostics) {
	keepText(&m.Size, state.Size)
	keepText(&m.Image, state.Image)
	keepBool(&m.Monitoring, state.Monitoring)
	keepRelease(ctx, &m.Release, state.Release, diags)
	keepScalars(ctx, &m.Host, state.Host, diags)
	same := m.Cluster.Equal(state.Cluster) && releaseName(m.Release).Equal(releaseName(state.Release))
	keepDistribution(ctx, &m.Distribution, state.Distribution, same, diags)
}

// spec is what the engine builds. The model is resolved; what is unknown in it
// is empty in the spec.
func (m nodeModel) spec(ctx context.Context) (cluster.NodeSpec, diag.Diagnostics) {
	var diags diag.Diagnostics
	return cluster.NodeSpec{
		Name: m.Name.ValueString(), Cluster: m.Cluster.ValueString(), Cookie: m.given().ValueString(),
		Place: m.place(), Peers: texts(m.Peers), SSHKeys: texts(m.SSHKeys),
		Release:      releaseOf(ctx, m.Release, &diags),
		Environment:  textMap(m.Environment),
		DatabaseCA:   m.DatabaseCA.ValueString(),
		Distribution: distributionOf(ctx, m.Distribution, &diags),
		Host:         hostOf(ctx, m.Host, &diags),
		Tags:         sortedTexts(m.Tags),
		Monitoring:   m.Monitoring.ValueBool(),
		Management:   nodeManagementOf(ctx, m.Management, &diags),
		WaitFor:      m.WaitFor.ValueString(),
	}, diags
}

// reach writes down what exists.
func (m *nodeModel) reach(spec cluster.NodeSpec, d cluster.Droplet) {
	m.nodeOutputs = nodeOutputs{
		ID:                   types.StringValue(strconv.Itoa(d.ID)),
		DropletID:            types.Int64Value(int64(d.ID)),
		NodeName:             textOrNull(cluster.NodeNamed(spec, d)),
		IPv4:                 textOrNull(d.PublicIPv4),
		IPv4Private:          textOrNull(d.PrivateIPv4),
		CookieFingerprint:    textOrNull(d.CookieFingerprint(spec.Cluster)),
		EstimatedMonthlyCost: types.Float64Value(d.Cost().Dollars()),
		Drift:                listOf(nil),
	}
	if spec.Cookie != "" {
		m.CookieFingerprint = types.StringValue(cookie.Fingerprint(spec.Cookie))
	}
}

// see takes over what a refresh found. What was changed behind Terraform's
// back goes into drift; only the user's own tags show as arguments.
func (m *nodeModel) see(spec cluster.NodeSpec, d cluster.Droplet, mem cluster.Memory) {
	m.IPv4, m.IPv4Private = textOrNull(d.PublicIPv4), textOrNull(d.PrivateIPv4)
	m.EstimatedMonthlyCost = types.Float64Value(d.Cost().Dollars())
	if tags := d.UserTags(spec.Cluster); !cluster.SameTags(tags, texts(m.Tags)) {
		m.Tags = setOf(tags)
	}
	spec.Tags = d.UserTags(spec.Cluster) // those show as an argument
	m.Drift = listOf(engine.NodeDrift(spec, d, mem))
}

// fill takes over what an import could read back of a droplet: without a cookie
// in the state, the next apply takes the rest from the configuration.
func (m *nodeModel) fill(ctx context.Context, spec cluster.NodeSpec, d cluster.Droplet) diag.Diagnostics {
	m.Name, m.placeModel = types.StringValue(spec.Name), placeOf(spec.Place)
	m.Cluster, m.Monitoring = types.StringValue(spec.Cluster), types.BoolValue(spec.Monitoring)
	diags := m.resolve(ctx)
	m.reach(spec, d)
	return diags
}

// imported says that no configuration was applied since an import.
func (m nodeModel) imported() bool { return m.Cookie.IsNull() && m.CookieWOVersion.IsNull() }

// forget marks the outputs but the drift as not known before apply.
func (o *nodeOutputs) forget() {
	*o = nodeOutputs{
		ID: types.StringUnknown(), DropletID: types.Int64Unknown(), NodeName: types.StringUnknown(),
		IPv4: types.StringUnknown(), IPv4Private: types.StringUnknown(), CookieFingerprint: types.StringUnknown(),
		EstimatedMonthlyCost: types.Float64Unknown(), Drift: listOf(nil), Memory: types.StringUnknown(),
	}
}

// reachAsPlanned writes down what exists, and of its cost what the plan said.
func (m *nodeModel) reachAsPlanned(spec cluster.NodeSpec, d cluster.Droplet) {
	planned := m.EstimatedMonthlyCost
	m.reach(spec, d)
	if !planned.IsUnknown() {
		m.EstimatedMonthlyCost = planned
	}
}

// inputs are the arguments by name, less timeouts, which concern nobody else.
func (m nodeModel) inputs() map[string]attr.Value {
	return map[string]attr.Value{
		"name": m.Name, "cluster": m.Cluster, "cookie": m.Cookie, "cookie_wo_version": m.CookieWOVersion, "peers": m.Peers, "region": m.Region, "size": m.Size, "image": m.Image,
		"ssh_keys": m.SSHKeys, "release": m.Release, "environment": m.Environment,
		"database_ca_certificate": m.DatabaseCA, "distribution": m.Distribution, "host": m.Host,
		"tags": m.Tags, "monitoring": m.Monitoring, "management": m.Management, "wait_for": m.WaitFor,
	}
}

// changesFrom lists the arguments that differ from the state's.
func (m nodeModel) changesFrom(state nodeModel) []change {
	return childChanges(state.inputs(), m.inputs(), path.Empty().AtName)
}

// unsettled lists the arguments that are not known yet. They count as changed: an
// apply must not turn out to make a droplet anew that its plan keeps.
func (m nodeModel) unsettled(ctx context.Context) []change {
	var found []change
	inputs := m.inputs()
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		found = append(found, unknowns(ctx, path.Root(name), inputs[name])...)
	}
	return found
}

// unknowns are what is not known yet of a value, as far as names lead into it.
func unknowns(ctx context.Context, at path.Path, v attr.Value) []change {
	section, is := v.(types.Object)
	switch {
	case !unknownIn(ctx, v):
		return nil
	case !is || !known(section):
		return []change{{path: at, to: v}}
	}
	var found []change
	attributes := section.Attributes()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		found = append(found, unknowns(ctx, at.AtName(name), attributes[name])...)
	}
	return found
}
