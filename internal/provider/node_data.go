package provider

import (
	"context"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ datasource.DataSource                   = (*nodeDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*nodeDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*nodeDataSource)(nil)
)

// nodeDataSource is beam_node for those who did not make it: what an import reads
// back.
type nodeDataSource struct {
	account account
}

// nodeData is what can be read back of a node.
type nodeData struct {
	Name                 types.String  `tfsdk:"name"`
	DropletID            types.Int64   `tfsdk:"droplet_id"`
	ID                   types.String  `tfsdk:"id"`
	Cluster              types.String  `tfsdk:"cluster"`
	Region               types.String  `tfsdk:"region"`
	Size                 types.String  `tfsdk:"size"`
	NodeName             types.String  `tfsdk:"node_name"`
	IPv4                 types.String  `tfsdk:"ipv4_address"`
	IPv4Private          types.String  `tfsdk:"ipv4_address_private"`
	CookieFingerprint    types.String  `tfsdk:"cookie_fingerprint"`
	EstimatedMonthlyCost types.Float64 `tfsdk:"estimated_monthly_cost"`
}

// Metadata implements datasource.DataSource.
func (d *nodeDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "beam_node"
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *nodeDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.account = accountOf(req.ProviderData, &resp.Diagnostics)
}

// Schema implements datasource.DataSource.
func (d *nodeDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A node outside the pools that another configuration made with a `beam_node`, looked up by its name or by the id of its droplet. " +
			"Nodes of pools are in `nodes` of the data source `beam_cluster`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "The name of the droplet. This or `droplet_id` is given.",
			},
			"droplet_id": schema.Int64Attribute{
				Optional: true, Computed: true, CustomType: wholeNumber{},
				MarkdownDescription: "The id of the droplet, for a name that several droplets of the account have.",
			},
			"id":      schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the droplet, as text."},
			"cluster": schema.StringAttribute{Computed: true, MarkdownDescription: "The name of the cluster that the node is in."},
			"region":  schema.StringAttribute{Computed: true, MarkdownDescription: "The region of the droplet."},
			"size":    schema.StringAttribute{Computed: true, MarkdownDescription: "The size of the droplet."},
			"node_name": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The long name of the node, such as `chat@10.10.0.5`. " +
					"It is null where the droplet carries no mark with the first part, as earlier versions made it.",
			},
			"ipv4_address":         schema.StringAttribute{Computed: true, MarkdownDescription: "The public IPv4 address."},
			"ipv4_address_private": schema.StringAttribute{Computed: true, MarkdownDescription: "The private IPv4 address."},
			"cookie_fingerprint": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The first 12 hex digits of the SHA-256 of the cookie; null where the droplet carries no mark with it.",
			},
			"estimated_monthly_cost": schema.Float64Attribute{
				Computed:            true,
				MarkdownDescription: "What the droplet costs in a month, in USD without taxes, by the prices that the API lists.",
			},
		},
	}
}

// ValidateConfig implements datasource.DataSourceWithValidateConfig.
func (d *nodeDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var data nodeData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() || data.Name.IsNull() != data.DropletID.IsNull() {
		return
	}
	if data.Name.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "No node named", "Neither name nor droplet_id is set. Set one of them to tell which node is looked up.")
		return
	}
	resp.Diagnostics.AddAttributeError(path.Root("droplet_id"), "Node named twice", "Both name and droplet_id are set. Leave one of them out.")
}

// Read implements datasource.DataSource.
func (d *nodeDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data nodeData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	eng := d.account.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	droplet, err := eng.FindNode(ctx, data.wanted())
	if err != nil {
		resp.Diagnostics.Append(unfound("Cannot look up the node", data.wanted(), err))
		return
	}
	spec, err := eng.ReadNode(ctx, droplet)
	if err != nil {
		resp.Diagnostics.Append(failure("Cannot look up the node", err))
		return
	}
	var node nodeModel
	node.reach(spec, droplet)
	resp.Diagnostics.Append(resp.State.Set(ctx, nodeData{
		Name: types.StringValue(spec.Name), DropletID: node.DropletID, ID: node.ID,
		Cluster: types.StringValue(spec.Cluster), Region: types.StringValue(spec.Region), Size: types.StringValue(spec.Size),
		NodeName: node.NodeName, IPv4: node.IPv4, IPv4Private: node.IPv4Private, CookieFingerprint: node.CookieFingerprint,
		EstimatedMonthlyCost: node.EstimatedMonthlyCost,
	})...)
}

// wanted is what an import would be told.
func (m nodeData) wanted() string {
	if m.DropletID.IsNull() {
		return m.Name.ValueString()
	}
	return strconv.FormatInt(m.DropletID.ValueInt64(), 10)
}
