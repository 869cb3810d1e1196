package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// clusterOutputs are the computed attributes of a beam_cluster.
type clusterOutputs struct {
	ID                   types.String  `tfsdk:"id"`
	Nodes                types.Map     `tfsdk:"nodes"`
	NodeNames            types.List    `tfsdk:"node_names"`
	CookieFingerprint    types.String  `tfsdk:"cookie_fingerprint"`
	URL                  types.String  `tfsdk:"url"`
	LoadBalancerIPv4     types.String  `tfsdk:"load_balancer_ipv4_address"`
	StatsPassword        types.String  `tfsdk:"stats_password"`
	DatabaseHost         types.String  `tfsdk:"database_host"`
	DatabaseURL          types.String  `tfsdk:"database_url"`
	MigrationDatabaseURL types.String  `tfsdk:"migration_database_url"`
	DatabaseCA           types.String  `tfsdk:"database_ca_certificate"`
	SecretKeyBase        types.String  `tfsdk:"secret_key_base"`
	VPCUUIDs             types.Map     `tfsdk:"vpc_uuids"`
	FirewallIDs          types.Map     `tfsdk:"firewall_ids"`
	EstimatedMonthlyCost types.Float64 `tfsdk:"estimated_monthly_cost"`
	EdeliverConfig       types.String  `tfsdk:"edeliver_config"`
	RemoteConsole        types.Map     `tfsdk:"remote_console"`
	Drift                types.List    `tfsdk:"drift"`
	Memory               types.String  `tfsdk:"memory"`
}

var nodeOutputType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"droplet_id":           types.Int64Type,
	"pool":                 types.StringType,
	"region":               types.StringType,
	"node_name":            types.StringType,
	"ipv4_address":         types.StringType,
	"ipv4_address_private": types.StringType,
}}

// outputsOf translates what the engine reached.
func outputsOf(name string, out cluster.Outputs, drift []string) clusterOutputs {
	return clusterOutputs{
		ID:                   types.StringValue(name),
		Nodes:                nodesOf(out.Nodes),
		NodeNames:            listOf(out.NodeNames),
		CookieFingerprint:    textOrNull(out.CookieFingerprint),
		URL:                  textOrNull(out.URL),
		LoadBalancerIPv4:     textOrNull(out.LoadBalancerIPv4),
		StatsPassword:        textOrNull(out.StatsPassword),
		DatabaseHost:         textOrNull(out.DatabaseHost),
		DatabaseURL:          textOrNull(out.DatabaseURL),
		MigrationDatabaseURL: textOrNull(out.MigrationDatabaseURL),
		DatabaseCA:           textOrNull(out.DatabaseCAPEM),
		SecretKeyBase:        textOrNull(out.SecretKeyBase),
		VPCUUIDs:             mapOf(out.VPCUUIDs),
		FirewallIDs:          mapOf(out.FirewallIDs),
		EstimatedMonthlyCost: types.Float64Value(out.EstimatedMonthlyCost.Dollars()),
		EdeliverConfig:       textOrNull(out.EdeliverConfig),
		RemoteConsole:        mapOf(out.RemoteConsole),
		Drift:                listOf(drift),
	}
}

func nodesOf(nodes map[string]cluster.NodeOutput) types.Map {
	elements := map[string]attr.Value{}
	for name, n := range nodes {
		elements[name] = types.ObjectValueMust(nodeOutputType.AttrTypes, map[string]attr.Value{
			"droplet_id":           types.Int64Value(int64(n.DropletID)),
			"pool":                 types.StringValue(n.Pool),
			"region":               types.StringValue(n.Region),
			"node_name":            types.StringValue(n.NodeName),
			"ipv4_address":         textOrNull(n.PublicIPv4),
			"ipv4_address_private": textOrNull(n.PrivateIPv4),
		})
	}
	return types.MapValueMust(nodeOutputType, elements)
}

// forgetAll marks everything but the drift as not known before apply.
func (o *clusterOutputs) forgetAll(name types.String) {
	o.ID = name
	o.forgetNodes()
	o.forgetAddresses()
	o.CookieFingerprint = types.StringUnknown()
	o.StatsPassword = types.StringUnknown()
	o.DatabaseURL = types.StringUnknown()
	o.MigrationDatabaseURL = types.StringUnknown()
	o.DatabaseCA = types.StringUnknown()
	o.SecretKeyBase = types.StringUnknown()
	o.Memory = types.StringUnknown()
}

// forgetNodes marks what depends on which nodes there are.
func (o *clusterOutputs) forgetNodes() {
	o.Nodes = types.MapUnknown(nodeOutputType)
	o.NodeNames = types.ListUnknown(types.StringType)
	o.VPCUUIDs = types.MapUnknown(types.StringType)
	o.EstimatedMonthlyCost = types.Float64Unknown()
	o.EdeliverConfig = types.StringUnknown()
	o.RemoteConsole = types.MapUnknown(types.StringType)
}

// forgetAddresses marks what else a repair may change: objects that were
// deleted come back with new ids.
func (o *clusterOutputs) forgetAddresses() {
	o.URL = types.StringUnknown()
	o.LoadBalancerIPv4 = types.StringUnknown()
	o.DatabaseHost = types.StringUnknown()
	o.FirewallIDs = types.MapUnknown(types.StringType)
}
