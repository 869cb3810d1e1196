package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func clusterOutputAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":    output("The name of the cluster."),
		"nodes": nodesAttribute(),
		"node_names": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The long names of the nodes, such as `chat@10.10.0.5`, oldest first: `peers` of a `beam_node`.",
		},
		"cookie_fingerprint":         output("The first 12 hex digits of the SHA-256 of the cookie; safe to print."),
		"url":                        output("Where users reach the app. It is null without a load balancer."),
		"load_balancer_ipv4_address": output("The public address of the load balancer, which stays when its host is made anew."),
		"stats_password":             secret("The password of the load balancer's stats page."),
		"database_host":              output("The name under which nodes reach the database. It never changes, whatever the host's address."),
		"database_url":               secret("The `DATABASE_URL` of the app's role, as the nodes get it."),
		"migration_database_url":     secret("The `DATABASE_URL` of the role that owns the tables."),
		"database_ca_certificate": output("The certificate, in PEM, that the database's own is signed with. The nodes trust it; " +
			"a `beam_node` that uses the database needs it, too."),
		"secret_key_base": secret("The `SECRET_KEY_BASE` of the nodes. It is drawn once and kept."),
		"vpc_uuids":       outputMap("The ids of the VPCs that hosts are in, by region."),
		"firewall_ids":    outputMap("The ids of the firewalls: `node`, `load_balancer` and `database`."),
		"estimated_monthly_cost": schema.Float64Attribute{
			Computed: true,
			MarkdownDescription: "What the cluster costs in a month, in USD without taxes: its droplets by the prices that the API lists, the database's volume and the backups of its host. " +
				"The plan tells it before an apply, as it is once all is changed. Traffic, snapshots and hosts of `beam_node` come on top.",
		},
		"edeliver_config": output("A configuration for edeliver that deploys to the nodes: the content of `.deliver/config`. " +
			"It is null where nodes get a release by `release.url` or `release.path`."),
		"remote_console": outputMap("The command that opens a console on a running node, by host name."),
		"drift": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What the last refresh found to differ from what the provider made, a sentence each. " +
				"It is planned to be empty, so that the next apply repairs it.",
		},
		"memory": secret("What the provider keeps of the cluster from one apply to the next, as JSON: secrets, and what each host was told. " +
			"It is not for use in configurations."),
	}
}

func output(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func secret(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: description}
}

func outputMap(description string) schema.MapAttribute {
	return schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

func nodesAttribute() schema.MapNestedAttribute {
	return schema.MapNestedAttribute{
		Computed:            true,
		MarkdownDescription: "The nodes of the pools, by host name.",
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"droplet_id":           schema.Int64Attribute{Computed: true, MarkdownDescription: "The id of the droplet."},
				"pool":                 output("The name of the pool."),
				"region":               output("The region of the droplet."),
				"node_name":            output("The long name of the node."),
				"ipv4_address":         output("The public IPv4 address."),
				"ipv4_address_private": output("The private IPv4 address; null when the hosts talk over public addresses."),
			},
		},
	}
}
