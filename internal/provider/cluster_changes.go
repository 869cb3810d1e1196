package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// inputs are the arguments by name, less timeouts, which concern nobody else.
func (m clusterModel) inputs() map[string]attr.Value {
	return map[string]attr.Value{
		"name": m.Name, "region": m.Region, "image": m.Image, "ssh_keys": m.SSHKeys, "cookie": m.Cookie,
		"node_pools": m.NodePools, "release": m.Release, "environment": m.Environment, "load_balancer": m.LoadBalancer,
		"database": m.Database, "access": m.Access, "management": m.Management, "wait_for": m.WaitFor, "update": m.Update, "network": m.Network, "distribution": m.Distribution,
		"host": m.Host, "tags": m.Tags, "project_id": m.ProjectID, "monitoring": m.Monitoring,
	}
}

// changesFrom lists the arguments that differ from the state's.
func (m clusterModel) changesFrom(state clusterModel) []change {
	return childChanges(state.inputs(), m.inputs(), path.Empty().AtName)
}

// inPlace says that the change can be made while the cluster runs. The
// cluster's own region and image only matter through the hosts that take them.
func (c change) inPlace() bool {
	switch {
	case c.under("wait_for"), c.under("management", "from"), c.under("management", "port"):
		return true
	case c.under("access"), c.under("tags"), c.under("project_id"), c.under("region"), c.under("image"):
		return true
	case c.under("node_pools", "*"):
		return len(c.path.Steps()) == 2 || c.under("node_pools", "*", "count")
	case c.under("network", "mode"):
		return c.public(c.from) == c.public(c.to)
	}
	return c.under("database", "backups") || c.under("database", "final_snapshot")
}

// public tells the one network mode that differs from the others.
func (c change) public(v attr.Value) bool { return v.Equal(types.StringValue(cluster.NetworkPublic)) }

// adoptable says that the configuration is taken to tell what is right of an
// imported cluster: nobody can read the argument back, or the cluster lacks it.
func (c change) adoptable() bool {
	switch {
	case c.under("load_balancer") && len(c.path.Steps()) == 1:
		return c.from.IsNull() // a create that was not finished may lack it
	case c.under("distribution"):
		return !c.under("*", "epmd_port") && !c.under("*", "port_min") && !c.under("*", "port_max")
	case c.under("load_balancer", "*"):
		return !c.ofPlace()
	case c.under("database", "*"):
		return c.under("database", "name") || c.under("database", "user")
	}
	return slices.ContainsFunc([]string{"cookie", "environment", "host", "release", "ssh_keys"}, func(name string) bool { return c.under(name) }) ||
		c.under("network", "ip_ranges")
}

// ofPlace says that the change is of a host's region, size or image.
func (c change) ofPlace() bool {
	steps := c.path.Steps()
	return slices.Contains([]string{"region", "size", "image"}, stepName(steps[len(steps)-1]))
}

// refusals names every change that would need another cluster. config tells
// what the user wrote from what was taken over.
func refusals(ctx context.Context, found []change, config tfsdk.Config, imported bool) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, c := range found {
		if c.inPlace() || imported && c.adoptable() {
			continue
		}
		blamed := blame(ctx, c, found, config)
		diags.AddAttributeError(blamed.path, "Change not supported yet", refusal(blamed))
	}
	return diags // equal ones, as of several hosts that take one region, count once
}

// blame returns the change that the user made: an argument that was left out
// may follow another one.
func blame(ctx context.Context, c change, found []change, config tfsdk.Config) change {
	var written attr.Value
	if diags := config.GetAttribute(ctx, c.path, &written); diags.HasError() || written != nil && !written.IsNull() {
		return c
	}
	for _, source := range sources(c) {
		for _, other := range found {
			if other.path.Equal(source) {
				return blame(ctx, other, found, config)
			}
		}
	}
	return c
}

// sources are the arguments that the changed one takes its default from.
func sources(c change) []path.Path {
	name := path.Root("name")
	switch {
	case c.under("*", "*", "region"), c.under("load_balancer", "region"), c.under("database", "region"):
		return []path.Path{path.Root("region")}
	case c.under("*", "*", "image"), c.under("load_balancer", "image"), c.under("database", "image"):
		return []path.Path{path.Root("image")}
	case c.under("distribution", "basename"):
		return []path.Path{path.Root("release").AtName("name"), path.Root("release"), name}
	case c.under("database", "user"):
		return []path.Path{path.Root("database").AtName("name"), name}
	case c.under("database", "name"):
		return []path.Path{name}
	}
	return nil
}

func refusal(c change) string {
	if c.under("management", "enabled") {
		return managementRefusal(c)
	}
	return fmt.Sprintf("%s of a cluster that exists cannot be changed yet in place%s, and replacing the cluster would take it down. "+
		"%s, or build a second cluster under another name beside this one and destroy this one after the move.", c.path, shown(c), restore(c))
}

func managementRefusal(c change) string {
	if c.to.Equal(types.BoolValue(true)) {
		return "The hosts of this cluster were made without management, or their keys are not in the state since it was imported, and running hosts " +
			"cannot get it. Remove management.enabled from the configuration or set it to false, " +
			"or build a second cluster under another name beside this one and destroy this one after the move."
	}
	return "The hosts of this cluster were made with management, and all of them would have to be made anew without it. " +
		"Remove management.enabled from the configuration or set it to true. Where Terraform cannot reach the hosts, wait_for = \"active\" " +
		"lets it apply without asking them; when running hosts have to be told of others, as after a change of the number of nodes, name the " +
		"addresses that Terraform runs at in management.from. Both are changed in place."
}

// shown tells both values where they are short and no secret.
func shown(c change) string {
	if secretInput(c) || !scalar(c.from) || !scalar(c.to) {
		return ""
	}
	return fmt.Sprintf(" (from %s to %s)", c.from, c.to)
}

func restore(c change) string {
	switch {
	case c.from == nil || c.from.IsNull():
		return "Remove it from the configuration"
	case !secretInput(c) && scalar(c.from):
		return fmt.Sprintf("Set it back to %s", c.from)
	}
	return "Set it back to what it was"
}

func secretInput(c change) bool {
	return c.under("cookie") || c.under("environment") || c.under("load_balancer", "tls") ||
		c.under("release", "url") // which may hold a password
}

func scalar(v attr.Value) bool {
	switch v.(type) {
	case types.String, types.Int64, types.Bool:
		return known(v)
	}
	return false
}
