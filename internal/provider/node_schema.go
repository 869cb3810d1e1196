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
			"With `management` a running node is told of most changes, or its release restarts: the guide on changes lists them. " +
			"Without it a change of `tags`, `peers`, `wait_for`, or of `url` and `headers` of the same release leaves the droplet as it is; a change of anything else makes it anew. What is left out keeps the value that the droplet was made with. " +
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
					"A later change is told to a node with `management`, and else only written down: through any node that it knows, the node meets the others.",
			},
			"region":      schema.StringAttribute{Required: true, MarkdownDescription: "The region of the droplet, one in which the cluster has hosts."},
			"size":        defaulted("The droplet size. Default: `s-1vcpu-1gb`."),
			"image":       defaulted("`debian-13-x64`, `debian-12-x64`, `ubuntu-24-04-x64` or `ubuntu-22-04-x64`, or the id of a snapshot made from one. Default: `debian-13-x64`."),
			"ssh_keys":    sshKeysAttribute("Where `management` is off, a change makes the droplet anew."),
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
			"management":           nodeManagementAttribute(),
			"wait_for":             nodeWaitForAttribute(),
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
			"memory": secret("What the provider keeps of a node with `management` from one apply to the next, as JSON: the keys to the host, and what it was told. " +
				"It is not for use in configurations."),
		}, "The cluster's cookie. This or `cookie_wo` is required.",
			"Another cookie, which the cluster has by then, is told to a node with `management` and makes any other one anew."),
	}
}

func nodeManagementAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The provider's own way to the host, as that of `beam_cluster`, with a key pair of the node's own. With it the running host is told of changes, or its release restarts, where the droplet would be made anew otherwise. " +
			"The cluster's firewall has to let Terraform in: `access.ssh_from` or `management.from` of the `beam_cluster` names its address. Left out, the node is without.",
		Attributes: map[string]schema.Attribute{
			"enabled": defaultedBool("Whether the host is set up for it. To set it up makes the droplet anew; to take it away leaves the droplet as it is, and nobody has a key to it any more. " +
				"Default: `false`."),
			"port": defaultedInt("The TCP port to connect to. Default: `host.ssh_port`."),
		},
	}
}

func nodeWaitForAttribute() schema.StringAttribute {
	return defaulted("What an apply waits for. `formed`: the first boot ended well, and the release runs. `booted`: the first boot ended well. " +
		"`active`: DigitalOcean calls the droplet active. The first two need `management`. When it does not come, the error names the cause. " +
		"It is changed in place. Default: `formed` with `management`, else `active`.")
}
