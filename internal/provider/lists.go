package provider

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

var (
	_ list.ListResource              = (*clusterList)(nil)
	_ list.ListResourceWithConfigure = (*clusterList)(nil)
	_ list.ListResource              = (*nodeList)(nil)
	_ list.ListResourceWithConfigure = (*nodeList)(nil)
)

// clusterList finds the clusters of the account for `terraform query`. What it
// shows of one is what an import reads back.
type clusterList struct{ clusterResource }

// nodeList does the same for hosts of beam_node.
type nodeList struct{ nodeResource }

// ListResourceConfigSchema implements list.ListResource.
func (l *clusterList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: "The clusters of the account that have hosts."}
}

// ListResourceConfigSchema implements list.ListResource.
func (l *nodeList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The hosts of `beam_node` in the account.",
		Attributes: map[string]schema.Attribute{
			"cluster": schema.StringAttribute{Optional: true, MarkdownDescription: "The name of the cluster that they are in. Default: any."},
		},
	}
}

// List implements list.ListResource.
func (l *clusterList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	eng, hosts, diags := l.account.hosts(ctx)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = results(cluster.ClustersOf(hosts), req, func(name string) list.ListResult {
		result := req.NewListResult(ctx)
		result.DisplayName = name
		result.Diagnostics.Append(result.Identity.Set(ctx, clusterIdentity{types.StringValue(name)})...)
		if req.IncludeResource {
			result.Diagnostics.Append(describeCluster(ctx, eng, name, &result)...)
		}
		return result
	})
}

// describeCluster fills in what an import would.
func describeCluster(ctx context.Context, eng *engine.Engine, name string, result *list.ListResult) diag.Diagnostics {
	var model clusterModel
	diags := result.Resource.SetAttribute(ctx, path.Root("name"), name)
	diags.Append(result.Resource.Get(ctx, &model)...)
	observed, found, errs := findCluster(ctx, eng, name)
	if diags.Append(errs...); diags.HasError() {
		return diags
	}
	mem := clusterMemory{Memory: found}
	diags.Append(model.adopt(ctx, &mem, observed)...)
	diags.Append(model.see(ctx, mem, observed)...)
	diags.Append(result.Resource.Set(ctx, model)...)
	return diags
}

// List implements list.ListResource.
func (l *nodeList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var wanted types.String
	diags := req.Config.GetAttribute(ctx, path.Root("cluster"), &wanted)
	eng, hosts, errs := l.account.hosts(ctx)
	if diags.Append(errs...); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	var nodes []cluster.Droplet
	for _, d := range hosts {
		if spec, is := cluster.NodeSpecOf(d); is && (wanted.IsNull() || wanted.ValueString() == spec.Cluster) {
			nodes = append(nodes, d)
		}
	}
	stream.Results = results(nodes, req, func(d cluster.Droplet) list.ListResult {
		result := req.NewListResult(ctx)
		result.DisplayName = d.Name
		result.Diagnostics.Append(result.Identity.Set(ctx, nodeIdentity{types.Int64Value(int64(d.ID))})...)
		if req.IncludeResource {
			result.Diagnostics.Append(describeNode(ctx, eng, d, &result)...)
		}
		return result
	})
}

// describeNode fills in what an import would.
func describeNode(ctx context.Context, eng *engine.Engine, d cluster.Droplet, result *list.ListResult) diag.Diagnostics {
	var model nodeModel
	diags := result.Resource.SetAttribute(ctx, path.Root("droplet_id"), int64(d.ID))
	diags.Append(result.Resource.Get(ctx, &model)...)
	spec, err := eng.ReadNode(ctx, d)
	if err != nil {
		diags.Append(failure("Cannot read the node", err))
		return diags
	}
	diags.Append(model.fill(ctx, spec, d)...)
	diags.Append(result.Resource.Set(ctx, model)...)
	return diags
}

// hosts lists what the provider made in the account.
func (a account) hosts(ctx context.Context) (*engine.Engine, []cluster.Droplet, diag.Diagnostics) {
	var diags diag.Diagnostics
	eng := a.need(&diags)
	if diags.HasError() {
		return nil, nil, diags
	}
	hosts, err := eng.All(ctx)
	if err != nil {
		diags.Append(failure("Cannot list the account's hosts", err))
	}
	return eng, hosts, diags
}

// results describes one item after the other, as many as are asked for.
func results[T any](items []T, req list.ListRequest, describe func(T) list.ListResult) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		for i, item := range items {
			if req.Limit > 0 && int64(i) >= req.Limit || !push(describe(item)) {
				return
			}
		}
	}
}
