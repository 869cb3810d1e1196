package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// outputs are those after the steps, as far as they are known.
func (f *foresight) outputs() clusterOutputs {
	reached := cluster.OutputsOf(f.spec, f.mem, f.observed)
	reached.EstimatedMonthlyCost += f.cost
	after := outputsOf(f.spec.Name, reached, nil)
	nodes, consoles := after.Nodes.Elements(), after.RemoteConsole.Elements()
	for name, pool := range f.nodes {
		nodes[name], consoles[name] = newNode(pool), types.StringUnknown()
	}
	after.Nodes = types.MapValueMust(nodeOutputType, nodes)
	after.RemoteConsole = types.MapValueMust(types.StringType, consoles)
	after.NodeNames = withNew(after.NodeNames, len(f.nodes))
	if f.unaddressed {
		after.NodeNames = types.ListUnknown(types.StringType) // it stands in the middle
	}
	after.VPCUUIDs = withUnknowns(after.VPCUUIDs, f.regions)
	after.FirewallIDs = withUnknowns(after.FirewallIDs, f.firewalls)
	if len(f.nodes) > 0 && !f.spec.Release.Fetched() {
		after.EdeliverConfig = types.StringUnknown()
	}
	if f.unpriced {
		after.EstimatedMonthlyCost = types.Float64Unknown()
	}
	if f.address {
		after.URL, after.LoadBalancerIPv4 = types.StringUnknown(), types.StringUnknown()
		if url := f.spec.NamedURL(); url != "" {
			after.URL = types.StringValue(url)
		}
	}
	after.forgetUndrawn(f.spec, f.mem)
	return after
}

// forgetUndrawn marks secrets that the apply draws.
func (o *clusterOutputs) forgetUndrawn(spec cluster.Spec, mem cluster.Memory) {
	if lb := spec.LoadBalancer; lb != nil && lb.Stats.Enabled && mem.Secrets.StatsPassword == "" {
		o.StatsPassword = types.StringUnknown()
	}
	if mem.Imported {
		return // nobody draws what running hosts have
	}
	if spec.EffectiveCookie(mem) == "" {
		o.CookieFingerprint = types.StringUnknown()
	}
	if mem.Secrets.SecretKeyBase == "" {
		o.SecretKeyBase = types.StringUnknown()
	}
	if spec.Database != nil && mem.Secrets.UserPassword == "" {
		o.DatabaseURL, o.MigrationDatabaseURL, o.DatabaseCA = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	}
}

// withNew adds the names of nodes that are made. Being the youngest they come last;
// where nothing stays, nothing is known.
func withNew(names types.List, made int) types.List {
	elements := names.Elements()
	if made == 0 {
		return names
	}
	if len(elements) == 0 {
		return types.ListUnknown(types.StringType)
	}
	for range made {
		elements = append(elements, types.StringUnknown())
	}
	return types.ListValueMust(types.StringType, elements)
}

// withUnknowns adds keys whose values are not known yet.
func withUnknowns(m types.Map, keys []string) types.Map {
	elements := m.Elements()
	for _, key := range keys {
		elements[key] = types.StringUnknown()
	}
	return types.MapValueMust(types.StringType, elements)
}

// wholly is a map of which something is known, else one of which nothing is.
func wholly(m types.Map) types.Map {
	for _, v := range m.Elements() {
		if !v.IsUnknown() {
			return m
		}
	}
	return types.MapUnknown(types.StringType)
}

// namesOnly keeps of nodes what an import cannot change: names and places.
func namesOnly(nodes types.Map) types.Map {
	kept := map[string]attr.Value{}
	for name, v := range nodes.Elements() {
		node, is := v.(types.Object)
		if !is {
			continue
		}
		attributes := node.Attributes()
		attributes["node_name"] = types.StringUnknown()
		kept[name] = types.ObjectValueMust(nodeOutputType.AttrTypes, attributes)
	}
	return types.MapValueMust(nodeOutputType, kept)
}

// newNode is a node of which nothing is known but where it will be.
func newNode(pool cluster.Pool) attr.Value {
	region := types.StringValue(pool.Region)
	if pool.Region == "" {
		region = types.StringUnknown()
	}
	return types.ObjectValueMust(nodeOutputType.AttrTypes, map[string]attr.Value{
		"droplet_id": types.Int64Unknown(), "pool": types.StringValue(pool.Name), "region": region,
		"node_name": types.StringUnknown(), "ipv4_address": types.StringUnknown(), "ipv4_address_private": types.StringUnknown(),
	})
}

// placesOnly keeps of nodes which there are, and where.
func placesOnly(nodes types.Map) types.Map {
	kept := map[string]attr.Value{}
	for name, v := range nodes.Elements() {
		node, is := v.(types.Object)
		if !is {
			continue
		}
		pool, _ := node.Attributes()["pool"].(types.String)
		region, _ := node.Attributes()["region"].(types.String)
		kept[name] = newNode(cluster.Pool{Name: pool.ValueString(), Place: cluster.Place{Region: region.ValueString()}})
	}
	return types.MapValueMust(nodeOutputType, kept)
}
