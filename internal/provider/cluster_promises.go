package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// What a plan says of outputs is a promise: Terraform takes another value after
// the apply for an error in the provider.

// partlyUnknown says that an argument, or something in one, is not known yet.
func (m clusterModel) partlyUnknown(ctx context.Context) bool {
	for _, v := range m.inputs() {
		if unknownIn(ctx, v) {
			return true
		}
	}
	return false
}

// promiseNames says which nodes a new cluster will have: their names follow from
// the configuration, so that others can be made for each.
func (m *clusterModel) promiseNames(spec cluster.Spec) {
	if !known(m.Name) || !m.countsKnown() {
		return
	}
	nodes := map[string]attr.Value{}
	for _, pool := range spec.Pools {
		for n := range pool.Count {
			nodes[cluster.NodeHostName(spec.Name, pool.Name, n+1)] = newNode(pool)
		}
	}
	m.Nodes = types.MapValueMust(nodeOutputType, nodes)
}

// countsKnown says that it is known which pools there are and how many nodes
// each has.
func (m clusterModel) countsKnown() bool {
	if !known(m.NodePools) {
		return false
	}
	for _, v := range m.NodePools.Elements() {
		pool, is := v.(types.Object)
		if !is || !known(pool) || pool.Attributes()["count"].IsUnknown() {
			return false
		}
	}
	return true
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

// promise says what is known of the outputs after the steps.
func (o *clusterOutputs) promise(spec cluster.Spec, mem cluster.Memory, steps plan.Plan, observed cluster.Observed) {
	foreseen := newForesight(mem, observed)
	for _, s := range steps.Steps {
		foreseen.note(s.Action)
	}
	after := outputsOf(spec.Name, cluster.OutputsOf(spec, foreseen.mem, foreseen.observed), nil)
	nodes, consoles := after.Nodes.Elements(), after.RemoteConsole.Elements()
	for name, pool := range foreseen.nodes {
		nodes[name], consoles[name] = newNode(pool), types.StringUnknown()
	}
	after.Nodes = types.MapValueMust(nodeOutputType, nodes)
	after.RemoteConsole = types.MapValueMust(types.StringType, consoles)
	after.VPCUUIDs = withUnknowns(after.VPCUUIDs, foreseen.regions)
	after.FirewallIDs = withUnknowns(after.FirewallIDs, foreseen.firewalls)
	if len(foreseen.nodes) > 0 {
		after.NodeNames, after.EdeliverConfig = types.ListUnknown(types.StringType), types.StringUnknown()
	}
	if foreseen.made {
		after.EstimatedMonthlyCost = types.Float64Unknown()
	}
	if foreseen.address {
		after.URL, after.LoadBalancerIPv4 = types.StringUnknown(), types.StringUnknown()
	}
	after.forgetUndrawn(spec, mem)
	*o = after
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

// foresight is what will be there after steps, as far as that is known, and what
// they make of which it is not.
type foresight struct {
	mem                cluster.Memory
	observed           cluster.Observed
	nodes              map[string]cluster.Pool // that are made, by name
	regions, firewalls []string                // keys of VPCs and firewalls that are made
	made, address      bool                    // some host is made; the address is
}

func newForesight(mem cluster.Memory, observed cluster.Observed) *foresight {
	return &foresight{mem: mem.Clone(), observed: observed, nodes: map[string]cluster.Pool{}}
}

func (f *foresight) note(a plan.Action) {
	switch a := a.(type) {
	case plan.CreateHosts:
		f.made = true
		for _, name := range a.Names {
			if a.Role == cluster.RoleNode {
				f.nodes[name] = cluster.Pool{Name: a.Pool, Place: a.Place}
			}
		}
	case plan.DeleteHost:
		f.observed.Droplets = slices.DeleteFunc(slices.Clone(f.observed.Droplets), func(d cluster.Droplet) bool { return d.ID == a.Droplet.ID })
	case plan.AdoptHost:
		f.mem.Remember(a.Droplet.ID, a.Record)
	case plan.ForgetHost:
		delete(f.mem.Hosts, a.ID)
	case plan.CreateVPC:
		f.regions = append(f.regions, a.VPC.Region)
	case plan.UseVPC:
		f.useVPC(a.Region, a.ID)
	case plan.CreateFirewall:
		role := strings.TrimPrefix(a.Firewall.Name, cluster.FirewallName(f.observed.Cluster, ""))
		f.firewalls = append(f.firewalls, strings.ReplaceAll(role, "-", "_"))
	case plan.ReserveAddress:
		f.address = true
	}
}

func (f *foresight) useVPC(region, id string) {
	if id == "" {
		delete(f.mem.VPCs, region)
		return
	}
	f.regions = append(f.regions, region)
}

// withUnknowns adds keys whose values are not known yet.
func withUnknowns(m types.Map, keys []string) types.Map {
	elements := m.Elements()
	for _, key := range keys {
		elements[key] = types.StringUnknown()
	}
	return types.MapValueMust(types.StringType, elements)
}

// keepPromises writes down what was planned where something else came of it, as
// when a host is lost while others are made. The next refresh tells the truth.
func (o *clusterOutputs) keepPromises(planned clusterOutputs) diag.Diagnostics {
	var broken []string
	o.Nodes = kept("nodes", planned.Nodes, o.Nodes, &broken)
	o.NodeNames = kept("node_names", planned.NodeNames, o.NodeNames, &broken)
	o.RemoteConsole = kept("remote_console", planned.RemoteConsole, o.RemoteConsole, &broken)
	o.EdeliverConfig = kept("edeliver_config", planned.EdeliverConfig, o.EdeliverConfig, &broken)
	o.EstimatedMonthlyCost = kept("estimated_monthly_cost", planned.EstimatedMonthlyCost, o.EstimatedMonthlyCost, &broken)
	o.VPCUUIDs = kept("vpc_uuids", planned.VPCUUIDs, o.VPCUUIDs, &broken)
	o.FirewallIDs = kept("firewall_ids", planned.FirewallIDs, o.FirewallIDs, &broken)
	o.URL = kept("url", planned.URL, o.URL, &broken)
	o.LoadBalancerIPv4 = kept("load_balancer_ipv4_address", planned.LoadBalancerIPv4, o.LoadBalancerIPv4, &broken)
	if len(broken) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("The cluster changed while it was applied", fmt.Sprintf(
		"Something was lost or changed after the plan was made, and has been repaired. What depends on these outputs has old values: %s. Apply again.",
		strings.Join(broken, ", ")))}
}

// kept is the planned value, with what was unknown in it filled in.
func kept[T attr.Value](name string, planned, reached T, broken *[]string) T {
	value, ok := promised(planned, reached).(T)
	if !ok {
		return reached // promised keeps the type
	}
	if !value.Equal(reached) {
		*broken = append(*broken, name)
	}
	return value
}

func promised(planned, reached attr.Value) attr.Value {
	if planned.IsUnknown() || planned.Equal(reached) {
		return reached
	}
	switch p := planned.(type) {
	case types.Map:
		if r, is := reached.(types.Map); is && known(p) {
			return types.MapValueMust(elementType(p), promisedEach(p.Elements(), r.Elements()))
		}
	case types.Object:
		if r, is := reached.(types.Object); is && known(p) {
			return types.ObjectValueMust(nodeOutputType.AttrTypes, promisedEach(p.Attributes(), r.Attributes()))
		}
	}
	return planned
}

// elementType is that of the two kinds of maps among the outputs.
func elementType(m types.Map) attr.Type {
	for _, e := range m.Elements() {
		if _, is := e.(types.Object); is {
			return nodeOutputType
		}
	}
	return types.StringType
}

func promisedEach(planned, reached map[string]attr.Value) map[string]attr.Value {
	out := map[string]attr.Value{}
	for _, key := range slices.Sorted(maps.Keys(planned)) {
		if r, exists := reached[key]; exists {
			out[key] = promised(planned[key], r)
		} else {
			out[key] = nothing(planned[key])
		}
	}
	return out
}

// nothing is the value of something that was planned and never came: what is
// unknown in it becomes null.
func nothing(planned attr.Value) attr.Value {
	switch p := planned.(type) {
	case types.Object:
		return types.ObjectValueMust(nodeOutputType.AttrTypes, promisedEach(p.Attributes(), nil))
	case types.String:
		if p.IsUnknown() {
			return types.StringNull()
		}
	case types.Int64:
		if p.IsUnknown() {
			return types.Int64Null()
		}
	}
	return planned
}
