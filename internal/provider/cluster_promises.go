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

// promise says what the steps leave as it is, and which nodes come and go.
func (o *clusterOutputs) promise(spec cluster.Spec, mem cluster.Memory, steps plan.Plan, observed cluster.Observed) {
	now := outputsOf(spec.Name, cluster.OutputsOf(spec, mem, observed), nil)
	nodes, consoles := maps.Clone(now.Nodes.Elements()), maps.Clone(now.RemoteConsole.Elements())
	touched := touches{}
	for _, s := range steps.Steps {
		touched.note(s.Action)
		if a, is := s.Action.(plan.DeleteHost); is && a.Role == cluster.RoleNode {
			delete(nodes, a.Name)
			delete(consoles, a.Name)
		}
	}
	for _, s := range steps.Steps {
		a, is := s.Action.(plan.CreateHosts)
		if !is || a.Role != cluster.RoleNode {
			continue
		}
		for _, name := range a.Names {
			nodes[name] = newNode(cluster.Pool{Name: a.Pool, Place: a.Place})
			consoles[name] = types.StringUnknown()
		}
	}
	o.Nodes = types.MapValueMust(nodeOutputType, nodes)
	o.RemoteConsole = types.MapValueMust(types.StringType, consoles)
	o.keepUntouched(now, touched)
}

// touches says which kinds of objects the steps make or remove.
type touches struct{ nodes, hosts, networks, firewalls, address bool }

func (t *touches) note(a plan.Action) {
	switch a := a.(type) {
	case plan.CreateHosts:
		t.hosts = true
		t.nodes = t.nodes || a.Role == cluster.RoleNode
	case plan.DeleteHost:
		t.hosts = true
		t.nodes = t.nodes || a.Role == cluster.RoleNode
	case plan.AdoptHost, plan.ForgetHost:
		t.hosts, t.nodes = true, true
	case plan.CreateVPC, plan.DeleteVPC, plan.UseVPC, plan.UnmarkVPC:
		t.networks = true
	case plan.CreateFirewall, plan.DeleteFirewall:
		t.firewalls = true
	case plan.ReserveAddress:
		t.address = true
	}
}

// keepUntouched keeps the outputs that no step touches as they are now.
func (o *clusterOutputs) keepUntouched(now clusterOutputs, t touches) {
	if !t.nodes {
		o.NodeNames, o.EdeliverConfig = now.NodeNames, now.EdeliverConfig
	}
	if !t.hosts {
		o.EstimatedMonthlyCost = now.EstimatedMonthlyCost
	}
	if !t.networks {
		o.VPCUUIDs = now.VPCUUIDs
	}
	if !t.firewalls {
		o.FirewallIDs = now.FirewallIDs
	}
	if !t.address {
		o.URL, o.LoadBalancerIPv4 = now.URL, now.LoadBalancerIPv4
	}
	o.DatabaseHost = now.DatabaseHost
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
