package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
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

// promise says which outputs of a cluster that exists are known, by what is known
// of its arguments.
func (p *clusterPlan) promise(ctx context.Context, ahead *foresight) {
	m, now := &p.model, ahead.outputs()
	now.Memory = m.Memory
	judged := p.judged(ctx)
	switch {
	case p.mem.Adopting && m.Nodes.IsUnknown():
		m.Nodes = namesOnly(now.Nodes)
		if !p.unknown {
			m.EstimatedMonthlyCost = now.EstimatedMonthlyCost
		}
	case p.mem.Adopting:
	case !p.unknown, judged.unknownOnly(ctx, harmless...):
		m.clusterOutputs = now
	case unknownIn(ctx, m.NodePools):
		p.takeOver(ctx, ahead.spec, now)
	case p.managed() && ahead.restartsInPlace() && judged.unknownOnly(ctx, slices.Concat([]string{"cookie", "environment"}, harmless)...):
		p.takeOver(ctx, ahead.spec, now) // hosts that can be told stay
		m.Nodes, m.NodeNames, m.RemoteConsole, m.EdeliverConfig = now.Nodes, now.NodeNames, now.RemoteConsole, now.EdeliverConfig
	default:
		p.takeOver(ctx, ahead.spec, now)
		m.Nodes = placesOnly(now.Nodes)
	}
}

// promiseNew says which outputs of a cluster that is made are known. Of nodes that
// is their names; lists of what will be there would only make the plan longer.
func (p *clusterPlan) promiseNew(ctx context.Context, ahead *foresight) {
	p.takeOver(ctx, ahead.spec, ahead.outputs())
	p.model.VPCUUIDs, p.model.FirewallIDs = wholly(p.model.VPCUUIDs), wholly(p.model.FirewallIDs)
}

// takeOver takes those outputs over that follow from arguments which are known,
// however the hosts come to what they are told: once all arguments are known, in the
// apply, Terraform plans again, and must be told the same.
func (p *clusterPlan) takeOver(ctx context.Context, spec cluster.Spec, now clusterOutputs) {
	m, inputs := &p.model, p.judged(ctx).inputs()
	decided := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return unknownIn(ctx, inputs[name]) })
	}
	if decided("node_pools", "load_balancer", "database") || p.create && m.costDecided() {
		m.EstimatedMonthlyCost = now.EstimatedMonthlyCost
	}
	if decided("load_balancer") {
		m.LoadBalancerIPv4, m.StatsPassword = now.LoadBalancerIPv4, now.StatsPassword
	}
	if decided("load_balancer", "environment") {
		m.URL = now.URL
	}
	if decided("database") {
		m.DatabaseHost, m.DatabaseURL, m.MigrationDatabaseURL, m.DatabaseCA = now.DatabaseHost, now.DatabaseURL, now.MigrationDatabaseURL, now.DatabaseCA
	}
	if decided("node_pools", "load_balancer", "database", "network") {
		m.VPCUUIDs, m.FirewallIDs = now.VPCUUIDs, now.FirewallIDs
	}
	if decided("cookie", "cookie_wo_version") && m.CookieWO.IsNull() {
		m.CookieFingerprint = now.CookieFingerprint
	}
	if spec.Release.Fetched() && decided("release") {
		m.EdeliverConfig = now.EdeliverConfig // null, whatever nodes there are
	}
	m.SecretKeyBase = now.SecretKeyBase
}

// costDecided says that what a cluster costs is known, whatever else is not.
func (m clusterModel) costDecided() bool {
	if !known(m.NodePools) {
		return false
	}
	hosts := append(slices.Collect(maps.Values(m.NodePools.Elements())), m.LoadBalancer, m.Database)
	return !slices.ContainsFunc(hosts, func(v attr.Value) bool {
		host, is := v.(types.Object)
		if !is || host.IsUnknown() {
			return true
		}
		for _, name := range []string{"count", "size", "volume_gib", "backups"} {
			if value, has := host.Attributes()[name]; has && value.IsUnknown() {
				return true
			}
		}
		return false
	})
}

// managed says that the hosts have the management channel, before and after.
func (p *clusterPlan) managed() bool {
	on := func(management types.Object) bool {
		enabled, is := management.Attributes()["enabled"].(types.Bool)
		return is && enabled.ValueBool()
	}
	return on(p.state.Management) && on(p.model.Management)
}

// judged are the arguments as outputs hang on them: another certificate changes none.
func (p *clusterPlan) judged(ctx context.Context) clusterModel {
	m := p.model
	m.settleCertificate(ctx, p.state)
	return m
}

// unknownOnly says that no other arguments than these are not known yet.
func (m clusterModel) unknownOnly(ctx context.Context, names ...string) bool {
	for name, v := range m.inputs() {
		if !slices.Contains(names, name) && unknownIn(ctx, v) {
			return false
		}
	}
	return true
}
