package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// releaseAttributes are those of beam_cluster and of beam_node, which can carry a
// release to running nodes.
func releaseAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The name of the release, as in `mix.exs` or `relx.config`. A change makes the nodes anew."},
		"url": optional("Where each node fetches the release's archive (`.tar.gz`), over `https://` or `http://`, exactly as it stands. It comes together with `sha256`. " +
			"It is shown in plans: a user or a password in it is refused, and `headers` are there for them. " +
			"Another address of the same `sha256`, such as one with a new signature, is written down for nodes that are made later and touches no host."),
		"path": optional("The release's archive (`.tar.gz`) as a file on the machine that Terraform runs on, in the place of `url`. Relative paths begin where Terraform runs; " +
			"`\"${path.module}/chat.tar.gz\"` is beside the configuration. It needs `management`, over which it is carried: once for a cluster, for nodes pass it on. " +
			"Its `sha256` is taken in the plan, and a file that changes between plan and apply is refused. " +
			"Once the nodes have it, the file may be gone: nodes of the cluster that are made later get the release from the others."),
		"sha256": defaulted("The SHA-256 of the archive, 64 hex digits. A node refuses an archive with another one. With `management` another `sha256` is a deploy: all nodes fetch the archive first, " +
			"`migrate` runs once, and then the nodes restart, as `update` of a cluster says. With `path` it can be left out; given, the file must have it."),
		"keep": defaultedInt("How many releases a node keeps, the running one among them, 1 to 20. A node that does not come up with a new release goes back to " +
			"the one before, which needs at least `2`. Default: `3`."),
		"triggers": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Any values of yours, by name: when one changes, the release restarts on node after node, as `update` of a cluster says. They are not told to the release.",
		},
		"headers": schema.MapAttribute{
			Optional: true, Sensitive: true, ElementType: types.StringType,
			MarkdownDescription: "HTTP headers to fetch `url` with, by name, such as `Authorization` for a private store. They are sent to the host of `url` only, " +
				"never to another one that it redirects to. A change is written down for nodes that are made later and touches no host.",
		},
		"kind": defaulted("Which tool built the release: `mix` or `rebar3`. A change makes the nodes anew. Default: `mix`."),
		"port": defaultedInt("The TCP port on which the release serves HTTP; nodes get it as `PORT`, and the load balancer and the firewalls lead to it. A change makes the nodes anew. Default: `8080`."),
		"migrate": optional("An expression for `bin/<name> eval` that migrates the database, such as `Chat.Release.migrate()`. " +
			"It is evaluated with the database's owner role before the release starts for the first time."),
		"service": serviceAttribute(),
		"udp_ports": defaultedSet("UDP ports that the release listens on and that anyone may reach, at the nodes' public addresses: each from `1024` to `65535`, such as `\"5060\"`, or a range, such as `\"10000-10099\"`. " +
			"The load balancer has no part in it. A change opens or closes the firewalls in place and makes the nodes anew, whose own firewalls it concerns. " +
			"A `beam_node` is behind the cluster's firewall: there the cluster's `release` opens the ports as well. Default: none."),
		"read_only": defaultedBool("Whether the release is kept from writing below its own folder. Default: `false`."),
	}
}

// nodeReleaseAttribute is the release of a beam_node.
func nodeReleaseAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The release that the node runs. Without it the host is prepared and waits for a deploy over SSH, such as one by edeliver.",
		Attributes:          releaseAttributes(),
	}
}

// clusterReleaseAttribute is the release of a beam_cluster.
func clusterReleaseAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The release that the nodes run. Without it the hosts are prepared and wait for a deploy over SSH, such as one by edeliver. " +
			"It can be added and removed later, which makes the nodes anew.",
		Attributes: releaseAttributes(),
	}
}
