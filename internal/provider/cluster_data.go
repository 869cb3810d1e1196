package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var (
	_ datasource.DataSource              = (*clusterDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*clusterDataSource)(nil)
)

// clusterDataSource is beam_cluster for those who did not make it: what an import
// reads back.
type clusterDataSource struct {
	account account
}

// clusterData are those outputs of a cluster that can be read back.
type clusterData struct {
	Name                 types.String  `tfsdk:"name"`
	ID                   types.String  `tfsdk:"id"`
	Nodes                types.Map     `tfsdk:"nodes"`
	NodeNames            types.List    `tfsdk:"node_names"`
	CookieFingerprint    types.String  `tfsdk:"cookie_fingerprint"`
	LoadBalancerIPv4     types.String  `tfsdk:"load_balancer_ipv4_address"`
	DatabaseHost         types.String  `tfsdk:"database_host"`
	VPCUUIDs             types.Map     `tfsdk:"vpc_uuids"`
	FirewallIDs          types.Map     `tfsdk:"firewall_ids"`
	EstimatedMonthlyCost types.Float64 `tfsdk:"estimated_monthly_cost"`
}

// Metadata implements datasource.DataSource.
func (d *clusterDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = clusterType
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *clusterDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.account = accountOf(req.ProviderData, &resp.Diagnostics)
}

// Schema implements datasource.DataSource. What it shows is described as in the
// resource.
func (d *clusterDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	outputs := clusterOutputAttributes()
	shown := func(name string) string { return outputs[name].GetMarkdownDescription() }
	resp.Schema = schema.Schema{
		MarkdownDescription: "A cluster that another configuration made, looked up by its name: what a workspace of its own needs to join it, watch it or point at it. " +
			"It shows what the marks of the cluster's objects tell, see the guide on ownership. Secrets are on the hosts and in the state of the resource only, and cannot be looked up.\n\n" +
			"A cluster that does not exist is an error, and so are several of one name.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "The name of the cluster."},
			"id":   schema.StringAttribute{Computed: true, MarkdownDescription: shown("id")},
			"nodes": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: shown("nodes"),
				NestedObject: schema.NestedAttributeObject{Attributes: nodeOutputData()},
			},
			"node_names": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: shown("node_names") + " Nodes that carry no mark with the first part of their name, as earlier versions made them, are left out.",
			},
			"cookie_fingerprint": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: shown("cookie_fingerprint") + " The function `cookie_fingerprint` makes the same of a cookie. " +
					"It is null while the nodes do not agree, and where they carry no mark with it.",
			},
			"load_balancer_ipv4_address": schema.StringAttribute{Computed: true, MarkdownDescription: shown("load_balancer_ipv4_address")},
			"database_host":              schema.StringAttribute{Computed: true, MarkdownDescription: shown("database_host")},
			"vpc_uuids":                  schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: shown("vpc_uuids")},
			"firewall_ids":               schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: shown("firewall_ids")},
			"estimated_monthly_cost":     schema.Float64Attribute{Computed: true, MarkdownDescription: shown("estimated_monthly_cost")},
		},
	}
}

// nodeOutputData is nodesAttribute's inside for data sources.
func nodeOutputData() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for name, output := range nodesAttribute().NestedObject.Attributes {
		description := output.GetMarkdownDescription()
		if name == "droplet_id" {
			attributes[name] = schema.Int64Attribute{Computed: true, MarkdownDescription: description}
			continue
		}
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return attributes
}

// Read implements datasource.DataSource.
func (d *clusterDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data clusterData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	eng := d.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	name := data.Name.ValueString()
	observed, mem, diags := findCluster(ctx, eng, name)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() && observed.Empty() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "Cluster not found", fmt.Sprintf(
			"The account has no cluster named %q. Check the name, and that the provider's token is one of the account in which the cluster is.", name))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	data.show(name, mem, observed)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// show takes over what an import would.
func (m *clusterData) show(name string, mem cluster.Memory, observed cluster.Observed) {
	mem.Adopt(observed)
	out := outputsOf(name, cluster.OutputsOf(cluster.SpecOf(name, observed), mem, observed), nil)
	*m = clusterData{
		Name: m.Name, ID: out.ID, Nodes: out.Nodes, NodeNames: out.NodeNames, CookieFingerprint: out.CookieFingerprint,
		LoadBalancerIPv4: out.LoadBalancerIPv4, DatabaseHost: out.DatabaseHost,
		VPCUUIDs: out.VPCUUIDs, FirewallIDs: out.FirewallIDs, EstimatedMonthlyCost: out.EstimatedMonthlyCost,
	}
}
