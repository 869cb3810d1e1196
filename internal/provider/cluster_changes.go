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
)

// inputs are the arguments by name, less timeouts, which concern nobody else.
func (m clusterModel) inputs() map[string]attr.Value {
	return map[string]attr.Value{
		"name": m.Name, "region": m.Region, "image": m.Image, "ssh_keys": m.SSHKeys, "cookie": m.Cookie, "cookie_wo_version": m.CookieWOVersion,
		"node_pools": m.NodePools, "release": m.Release, "environment": m.Environment, "load_balancer": m.LoadBalancer,
		"database": m.Database, "access": m.Access, "management": m.Management, "wait_for": m.WaitFor, "update": m.Update, "network": m.Network, "distribution": m.Distribution,
		"host": m.Host, "tags": m.Tags, "project_id": m.ProjectID, "monitoring": m.Monitoring,
	}
}

// changesFrom lists the arguments that differ from the state's.
func (m clusterModel) changesFrom(state clusterModel) []change {
	return childChanges(state.inputs(), m.inputs(), path.Empty().AtName)
}

// refusal is a change that cannot be made of a cluster that exists.
type refusal struct {
	at     []string // names that lead to the attribute
	why    string   // why it cannot be made, as a sentence
	remedy string   // what to do instead, as a sentence
	// fits narrows it to some changes of the attribute; nil takes all.
	fits func(change) bool
	// told says that only hosts know the argument, so that the configuration of an
	// imported cluster tells what it is.
	told bool
}

const second = "build a second cluster under another name beside this one, move, and destroy this one"

// refused is the whole list: all else can be changed.
var refused = []refusal{
	{
		at: []string{"name"}, why: "All that belongs to a cluster carries its name, and would have to be made anew under another one.",
		remedy: "To have the other name, " + second + ".",
	},
	{
		at: []string{"database"}, fits: change.removed, why: "The database and its data would go with it.",
		remedy: "To be rid of the database, " + second + "; a destroy keeps a snapshot of the data unless database.final_snapshot is false.",
	},
	{
		at: []string{"database", "name"}, told: true, why: "The data are in the database of the name that it has, and another name would be an empty one.",
		remedy: "To have another name, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "user"}, told: true, why: "The tables belong to the role's owner, and the app logs in as it is called.",
		remedy: "To have another role, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "region"}, why: "A volume cannot leave its region.",
		remedy: "To have the database in another region, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "volume_gib"}, fits: change.smaller, why: "A volume cannot get smaller.",
		remedy: "To have a smaller one, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "volume_gib"}, why: "A larger volume for a database that runs is not supported yet.",
		remedy: "To have a larger one, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "size"}, why: "The size of a database's host that runs cannot be changed yet.",
		remedy: "To have another one, copy the data with pg_dump and pg_restore into a second cluster.",
	},
	{
		at: []string{"database", "image"}, why: "The image decides the version of Postgres, and data of one cannot be read by another yet.",
		remedy: "To have another one, copy the data with pg_dump and pg_restore into a second cluster.",
	},
}

// removed says that the whole attribute goes.
func (c change) removed() bool {
	return c.to == nil || c.to.IsNull()
}

func (c change) smaller() bool {
	from, isFrom := c.from.(types.Int64)
	to, isTo := c.to.(types.Int64)
	return isFrom && isTo && to.ValueInt64() < from.ValueInt64()
}

// refusalOf finds why the change cannot be made; nil where it can.
func (c change) refusalOf() *refusal {
	i := slices.IndexFunc(refused, func(r refusal) bool {
		return len(c.path.Steps()) == len(r.at) && c.under(r.at...) && (r.fits == nil || r.fits(c))
	})
	if i < 0 {
		return nil
	}
	return &refused[i]
}

// refusals names every change that cannot be made. config tells what the user
// wrote from what was taken over.
func refusals(ctx context.Context, found []change, config tfsdk.Config, imported bool) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, c := range found {
		r := c.refusalOf()
		if r == nil || r.told && imported {
			continue
		}
		diags.AddAttributeError(located(c.path), "Change not possible", join(
			fmt.Sprintf("%s of a cluster that exists cannot be changed%s.", c.path, shown(c)), r.why, r.restore(ctx, c, config), r.remedy,
			"`terraform destroy -refresh=false` goes through all the same."))
	}
	return diags
}

// restore says how to keep what there is.
func (r refusal) restore(ctx context.Context, c change, config tfsdk.Config) string {
	var written attr.Value
	followed := !config.GetAttribute(ctx, c.path, &written).HasError() && (written == nil || written.IsNull())
	switch {
	case followed && scalar(c.from) && len(r.at) > 1:
		return fmt.Sprintf("Set %s = %s to keep it.", c.path, c.from)
	case scalar(c.from):
		return fmt.Sprintf("Set it back to %s.", c.from)
	}
	return "Set it back to what it was."
}

// shown tells both values where they are short.
func shown(c change) string {
	if !scalar(c.from) || !scalar(c.to) {
		return ""
	}
	return fmt.Sprintf(" (from %s to %s)", c.from, c.to)
}

func scalar(v attr.Value) bool {
	switch v.(type) {
	case types.String, types.Int64, types.Bool:
		return known(v)
	}
	return false
}

// harmless are arguments that no host reads: no host is made, told or removed for
// a change of one.
var harmless = []string{"access", "tags", "project_id", "wait_for", "update"}

func (c change) harmless() bool {
	return slices.ContainsFunc(harmless, func(name string) bool { return c.under(name) })
}
