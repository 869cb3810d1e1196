package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

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
	if !same(value, reached) {
		*broken = append(*broken, name)
	}
	return value
}

// same says that both are the same value. An amount that comes from the state was
// written there in decimal.
func same(a, b attr.Value) bool {
	amount, is := a.(types.Float64)
	other, both := b.(types.Float64)
	if is && both && known(amount) && known(other) {
		return amount.ValueFloat64() == other.ValueFloat64()
	}
	return a.Equal(b)
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
	case types.List:
		if r, is := reached.(types.List); is {
			return promisedList(p, r)
		}
	}
	return planned
}

// promisedList is for texts: what they are is promised in order.
func promisedList(planned, reached types.List) types.List {
	elements := planned.Elements()
	for i, came := range reached.Elements()[:min(len(elements), len(reached.Elements()))] {
		elements[i] = promised(elements[i], came)
	}
	for i := range elements {
		elements[i] = nothing(elements[i])
	}
	return types.ListValueMust(types.StringType, elements)
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
