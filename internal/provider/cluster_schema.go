package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Schema implements resource.Resource.
func (r *clusterResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := clusterInputAttributes(ctx)
	for name, attribute := range clusterOutputAttributes() {
		attributes[name] = attribute
	}
	resp.Schema = schema.Schema{
		Version: clusterVersion,
		MarkdownDescription: "A cluster of BEAM nodes on DigitalOcean: nodes in pools, in one region or several, that find each other and stay connected; " +
			"HAProxy in front with sticky sessions; Postgres behind with its data on a volume; closed firewalls around; one cookie everywhere.\n\n" +
			"A cluster that runs can be changed, and the plan says which hosts are told, restarted, replaced and removed: see the guide on changing a running cluster. " +
			"What would lose data or identity is refused when it is planned: another `name`; another `name`, `user`, `region`, `size`, `image` or `volume_gib` of the database, and removing it. " +
			"No change ever replaces the cluster as a whole. " +
			"When the number of nodes changes, the load balancer is told, where `management` is on. Where it is off, it is made anew behind its address, " +
			"which moves once DigitalOcean calls the new host active and answers again when HAProxy is installed there, a minute or two later; " +
			"with `management`, and `wait_for` other than `active`, it moves when the new host serves. " +
			"The same goes for the nodes when a lost database host comes back at another address.\n\n" +
			"An import by name reads back what the API shows. The rest, such as the cookie and the release, is taken from the configuration by the first apply, " +
			"which does not touch the hosts. Secrets that were generated cannot be read back: nodes that are added later need `cookie` and, " +
			"where the app uses them, `SECRET_KEY_BASE` and `DATABASE_URL` in `environment`.\n\n" +
			"What was deleted or changed outside of Terraform is listed in `drift` and repaired by the next apply.\n\n" +
			"~> Terraform leaves out, without a word, what it does not know inside a nested attribute: with `access = { ssh_form = [...] }` nobody gets in. " +
			"A plan warns of a nested attribute in which nothing is left, and shows every argument with the value that counts: " +
			"compare those when something seems to have no effect.\n\n" +
			"~> The state holds the cookie, unless it is given in `cookie_wo`, the database's passwords and `secret_key_base` as plain text. " +
			"Marking them sensitive only hides them in the output of commands: keep the state where only you can read it.",
		Attributes: attributes,
	}
}

func clusterInputAttributes(ctx context.Context) map[string]schema.Attribute {
	return cookieAttributes(map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The name of the cluster, unique in the account; names, tags and firewalls of its hosts begin with it. " +
				"It has 1 to 32 of the characters `a-z`, `0-9` and `-`, beginning with a letter and not ending with `-`. " +
				"Another name for a cluster that exists is refused: it would be another cluster, without this one's data.",
		},
		"region": optional("The region of every host that names none itself, such as `nyc3`. A change makes the nodes anew that follow it; a load balancer and a database have to name theirs then, for they stay where they are."),
		"image": defaulted("The image of every host that names none itself: `debian-13-x64`, `debian-12-x64`, `ubuntu-24-04-x64` or `ubuntu-22-04-x64`, or the id of a snapshot made from one. " +
			"A change makes nodes and load balancer anew that follow it; a database has to name its own then, for it stays as it is. Default: `debian-13-x64`."),
		"ssh_keys":      sshKeysAttribute("Where `management` is off, a change counts for hosts that are made from then on."),
		"node_pools":    nodePoolsAttribute(),
		"release":       clusterReleaseAttribute(),
		"environment":   environmentAttribute(),
		"load_balancer": loadBalancerAttribute(),
		"database":      databaseAttribute(),
		"access":        accessAttribute(),
		"management":    managementAttribute(),
		"wait_for":      waitForAttribute(),
		"update":        updateAttribute(),
		"network":       networkAttribute(),
		"distribution":  distributionAttribute(),
		"host":          hostAttribute(),
		"tags":          tagsAttribute(),
		"project_id": optional("The id of the project that the droplets, the volume and the reserved IP are put in. " +
			"It is changed in place. Default: the account's default project."),
		"monitoring": defaultedBool("Whether DigitalOcean's agent for graphs and alerts is installed on every host. It counts for hosts that are made from then on. Default: `false`."),
		"timeouts":   timeoutsAttribute(ctx),
	}, "The cookie that the nodes share, usually the `value` of an `erlang_cookie`. Left out, a cookie is generated and kept. "+
		"On the hosts only root and the app's user can read it.",
		"With `management`, another cookie is told to all running nodes at once; without it, it is refused.")
}

func nodePoolsAttribute() schema.MapNestedAttribute {
	return schema.MapNestedAttribute{
		Required: true,
		MarkdownDescription: "Groups of equal nodes by name. The nodes of a pool are called `<cluster>-<pool>-<number>`, in small letters and with `-` for `_`. " +
			"Pools can be added and removed in place, and what their nodes wrote on their disks goes with them. All pools together have at least one node.",
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"count": defaultedInt("How many nodes the pool has; all pools together may have 500. It is changed in place: new nodes join, and the youngest are removed first. Default: `1`."),
				"size":  defaulted("The droplet size of each node. A change makes the nodes anew. Default: `s-1vcpu-1gb`."),
				"region": defaulted("The region of the nodes. Default: the cluster's `region`. Pools in several regions are connected by peered VPCs, " +
					"or over public addresses with `network.mode = \"public\"`. A change makes the nodes anew."),
				"image": defaulted("The image of the nodes. A change makes the nodes anew. Default: the cluster's `image`."),
				"host":  broughtAttribute("each node of the pool"),
			},
		},
	}
}

func accessAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Who may reach the hosts beyond what the cluster itself needs. It is changed in place, in the firewalls.",
		Attributes: map[string]schema.Attribute{
			"ssh_from": schema.ListAttribute{
				Optional: true, Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Ranges of addresses in CIDR notation, IPv4 or IPv6, that may reach SSH on every host and the load balancer's stats page. " +
					"A new cluster that names any has `management`, so Terraform's own address should be among them, or in `management.from`. " +
					"Default: none, which closes both.",
			},
		},
	}
}

func managementAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "The provider's own way to the hosts: SSH with a key pair of the cluster, which runs one command only, and a host key that " +
			"was made beforehand, so that the very first connection is to the right host. With it an apply knows what happened on the hosts, " +
			"and running hosts are told of others instead of being made anew.",
		Attributes: map[string]schema.Attribute{
			"enabled": defaultedBool("Whether hosts are set up for it. A change makes all hosts anew, one after another. A cluster that exists keeps what it has, " +
				"unless the first address is named, which sets it up; one that is imported is without. Default: `true` where `access.ssh_from` or `management.from` names an address, else `false`."),
			"from": schema.ListAttribute{
				Optional: true, Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Ranges of addresses in CIDR notation that Terraform runs in, where `access.ssh_from` does not include them. " +
					"They may reach SSH on every host. Default: none.",
			},
			"port": defaultedInt("The TCP port to connect to. Default: `host.ssh_port`."),
		},
	}
}

func waitForAttribute() schema.StringAttribute {
	return defaulted("What an apply waits for. `formed`: the first boot of every host ended well, the release runs on every node, every node is " +
		"connected with every other, the database takes the app's login and the load balancer has every node up. `booted`: the first boot of " +
		"every host ended well. `active`: DigitalOcean calls every droplet active. The first two need `management`, and Terraform to run at an " +
		"address that `access.ssh_from` or `management.from` contains. " +
		"When it does not come, the error names the host and the cause. It is changed in place. Default: `formed` with `management`, else `active`.")
}

func networkAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "How hosts reach each other.",
		Attributes: map[string]schema.Attribute{
			"mode": defaulted("`private` connects hosts through a VPC in each region, peered when there are several; `auto` is the same today; " +
				"`public` uses public addresses, with the firewalls letting in only hosts of the cluster. To or from `public`, a whole second set of hosts takes the place of the first; with a `database` that is refused. Default: `auto`."),
			"vpc_uuid": optional("The id of a VPC of your own to use instead of a new one. All hosts are then in its region, " +
				"and it is left in place when the cluster is destroyed. For another VPC, or none, a whole second set of hosts takes the place of the first; with a `database` that is refused."),
			"ip_ranges": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "The private addresses of the VPC that is made in a region, in CIDR notation from `/16` to `/28`, by region. " +
					"Ranges must not overlap each other or other VPCs of the account. That of a VPC which is there cannot be changed later. Default: DigitalOcean chooses.",
			},
		},
	}
}

func databaseAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "A Postgres host for the cluster, reached by nodes only, over TLS. Its data lies on a volume that outlives the host. " +
			"Without it there is no database. It can be added later, which makes the nodes anew. " +
			"Of one that exists only `backups`, `final_snapshot` and `host` can be changed; for another `host` its droplet is made anew, and the database is away meanwhile. " +
			"To remove it is refused, for its data would go. A destroy of the cluster deletes the volume and all data on it; " +
			"only the snapshot of `final_snapshot` is left.",
		Attributes: map[string]schema.Attribute{
			"region":     defaulted("The region of the host and its volume. It cannot be changed later. Default: the cluster's `region`."),
			"size":       defaulted("The droplet size of the host. It cannot be changed later. Default: `s-1vcpu-1gb`."),
			"image":      defaulted("The image of the host; it decides the version of Postgres. It cannot be changed later. Default: the cluster's `image`."),
			"host":       broughtAttribute("the host"),
			"name":       defaulted("The name of the database. It cannot be changed later: under another name there would be no data. Default: the cluster's name with `_` for `-`."),
			"user":       defaulted("The role that the app logs in with. A second role, `<user>_owner`, owns the tables and runs migrations. It cannot be changed later. Default: the database's name."),
			"volume_gib": defaultedInt("The size of the volume in GiB, which holds the data. It cannot be changed later. The volume outlives its host and is deleted with the cluster. Default: `10`."),
			"final_snapshot": defaultedBool("Whether a snapshot of the volume is kept when the cluster is destroyed. It outlives the cluster and costs money " +
				"until you delete it. It is changed in place, and what was applied last counts: to destroy without a snapshot, set `false` and apply before. " +
				"A destroy then deletes the data for good. " +
				"Default: `true`."),
			"backups": defaultedBool("Whether DigitalOcean backs the host's own disk up every week; the volume, and so the data, is not part of it. It is changed in place. " +
				"Default: `false`."),
		},
	}
}
