package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Schema implements resource.Resource.
func (r *nodeResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One droplet that joins a cluster from outside its pools, such as a worker of another size or a node of another workspace. " +
			"It takes the cluster's network and firewalls from what is tagged with the cluster's name. " +
			"Being younger than the nodes that it is told of, it dials them; the cluster need not know it.\n\n" +
			"A change of `tags`, `peers`, or of `url` and `headers` of the same release leaves the droplet as it is; a change of anything else makes it anew. What is left out keeps the value that the droplet was made with. " +
			"With `lifecycle { create_before_destroy = true }` the new droplet joins before the old one goes.",
		Attributes: cookieAttributes(map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "The host name of the droplet, of the characters `a-z`, `0-9` and `-`."},
			"cluster": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The name of the cluster to join, usually `beam_cluster.<name>.name`. It exists, or the same run makes it.",
			},
			"peers": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "The long names of the nodes to dial, usually `beam_cluster.<name>.node_names`. The droplet learns them when it is made. " +
					"A later change is only written down: through any node that it knows, the node meets the others.",
			},
			"region":      schema.StringAttribute{Required: true, MarkdownDescription: "The region of the droplet, one in which the cluster has hosts."},
			"size":        defaulted("The droplet size. Default: `s-1vcpu-1gb`."),
			"image":       defaulted("`debian-13-x64`, `debian-12-x64`, `ubuntu-24-04-x64` or `ubuntu-22-04-x64`, or the id of a snapshot made from one. Default: `debian-13-x64`."),
			"ssh_keys":    sshKeysAttribute(),
			"release":     nodeReleaseAttribute(),
			"environment": environmentAttribute(),
			"database_ca_certificate": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The certificate, in PEM, that the database's own is signed with, usually `beam_cluster.<name>.database_ca_certificate`. " +
					"The host trusts it, so that a `DATABASE_URL` with `ssl=true` works.",
			},
			"distribution":         distributionAttribute(),
			"host":                 hostAttribute(),
			"tags":                 tagsAttribute(),
			"monitoring":           defaultedBool("Whether DigitalOcean's agent for graphs and alerts is installed. Default: `false`."),
			"timeouts":             timeoutsAttribute(ctx),
			"id":                   output("The id of the droplet, as text."),
			"droplet_id":           schema.Int64Attribute{Computed: true, MarkdownDescription: "The id of the droplet."},
			"node_name":            output("The long name of the node, such as `chat@10.10.0.5`."),
			"ipv4_address":         output("The public IPv4 address."),
			"ipv4_address_private": output("The private IPv4 address."),
			"cookie_fingerprint":   output("The first 12 hex digits of the SHA-256 of the cookie; safe to print."),
			"estimated_monthly_cost": schema.Float64Attribute{
				Computed:            true,
				MarkdownDescription: "What the droplet costs in a month, in USD without taxes, by the prices that the API lists. The plan of a new one tells it.",
			},
			"drift": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "What the last refresh found to differ from what the provider made, a sentence each. " +
					"It is planned to be empty, so that the next apply repairs it.",
			},
		}, "The cluster's cookie. This or `cookie_wo` is required.", "Another cookie makes the droplet anew."),
	}
}
