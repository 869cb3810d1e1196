package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What beam_cluster and beam_node have in common.

// optional and defaulted make attributes that users may leave out; the latter
// then show the value that is used.
func optional(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description}
}

func defaulted(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description}
}

func defaultedInt(description string) schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, Computed: true, CustomType: wholeNumber{}, MarkdownDescription: description}
}

func defaultedBool(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: description}
}

func defaultedSet(description string) schema.SetAttribute {
	return schema.SetAttribute{Optional: true, Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

// sshKeysAttribute is that of any resource; change says what a change does to hosts
// without the channel.
func sshKeysAttribute(change string) schema.ListAttribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType,
		MarkdownDescription: "The SSH keys of the account, by id or MD5 fingerprint, that may log in as `host.user`. " +
			"Without any, nobody can log in: passwords are off. Over the management channel running hosts are told of a change, and nothing restarts: keys that are no longer named " +
			"log in nowhere from then on, and what somebody wrote into `~/.ssh/authorized_keys` by hand stays. " + change,
	}
}

func environmentAttribute() schema.MapAttribute {
	return schema.MapAttribute{
		Optional: true, Sensitive: true, ElementType: types.StringType,
		MarkdownDescription: "Environment variables for the release, by name. A change restarts the release on node after node, or makes the nodes anew where `management` is off. They win over those that the provider sets: `PHX_SERVER`, `SECRET_KEY_BASE`, " +
			"`PHX_HOST` where `load_balancer.tls.acme` names a domain, and with a `database` `DATABASE_URL` and `POOL_SIZE` (10 connections of a node; a plan warns " +
			"when all nodes together need more than the database takes). `PORT` is `release.port` and may not be another. " +
			"What names a node, joins it to the others or secures their connections follows from the cluster and is refused: `HOME`, `RELEASE_NODE`, `RELEASE_COOKIE`, " +
			"`RELX_COOKIE`, `RELEASE_DISTRIBUTION`, `RELEASE_VM_ARGS`, `RELEASE_REMOTE_VM_ARGS`, `RELEASE_CONFIG_DIR`, `RELEASE_VSN`, `VMARGS_PATH`, `RELEASE_TMP`, `RELX_OUT_FILE_PATH`, " +
			"`ERL_DIST_PORT`, every `ERL_EPMD_*`, and flags such as `-name`, `-setcookie`, `-proto_dist`, `-start_epmd`, `-args_file` or `-kernel inet_dist_…` in " +
			"`ERL_FLAGS`, `ERL_AFLAGS`, `ERL_ZFLAGS`, `ERL_OTP…_FLAGS` and `ELIXIR_ERL_OPTIONS`, which may hold others. A `PATH` has `/usr/bin` among its folders. " +
			"A plan warns of a `SECRET_KEY_BASE` or a `PHX_HOST` that an app of Phoenix could not use. " +
			"Names have the characters `A-Z`, `a-z`, `0-9` and `_`; values may hold any text without a NUL byte. " +
			"On the hosts only root and the app's user can read them.",
	}
}

func tagsAttribute() schema.SetAttribute {
	return schema.SetAttribute{
		Optional: true, ElementType: types.StringType,
		MarkdownDescription: "Tags of your own for every droplet. They are changed in place, without touching the hosts. " +
			"`beam` and everything that begins with `beam:` belong to the provider.",
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: "How long a create may take. Default: `60m`.",
		ReadDescription:   "How long a refresh may take. Default: `10m`.",
		UpdateDescription: "How long an update may take. Default: `60m`.",
		DeleteDescription: "How long a destroy may take. Default: `30m`.",
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		for name, limit := range nested.Attributes {
			if text, isText := limit.(schema.StringAttribute); isText {
				text.Validators = []validator.String{duration}
				nested.Attributes[name] = text
			}
		}
		nested.MarkdownDescription = "How long operations may take, as numbers with units such as `45m` or `1h30m`. What is not done by then is done by the next apply."
		return nested
	}
	return attribute
}

func distributionAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Erlang's distribution: how nodes are named and how they reach each other. " +
			"Firewalls open its ports to nodes of the cluster only.",
		Attributes: map[string]schema.Attribute{
			"epmd_port": defaultedInt("The TCP port of epmd, which tells nodes each other's ports. It is the same on all nodes of a cluster, which gets a whole second set of nodes when it changes. Default: `4369`."),
			"port_min":  defaultedInt("The lowest TCP port that a node may listen on for other nodes. A change makes the nodes anew. Default: `9100`."),
			"port_max":  defaultedInt("The highest of these ports. A change makes the nodes anew. Default: `9155`."),
			"basename": defaulted("The part of a node's name before the `@`; what follows is its address. " +
				"A change makes the nodes anew. Default: the release's name, else the cluster's."),
			"sync": defaulted("How a node that starts waits for the older ones (`sync_nodes_optional` and `sync_nodes_mandatory` of Erlang's kernel): " +
				"`optional` starts after `sync_timeout_ms` without those that are missing, `mandatory` does not start without them, " +
				"`none` does not wait. Nodes connect later in any case. Default: `optional`."),
			"sync_timeout_ms": defaultedInt("How long a node that starts waits for the older ones, in milliseconds. " +
				"The host asks them until they run, before it starts the VM; the VM gets what remains of the time. Default: `30000`."),
		},
	}
}

func hostAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "What is set up on every host.",
		Attributes: withBrought(map[string]schema.Attribute{
			"user":     defaulted("The user who may log in with the SSH keys and has sudo; on nodes it also runs the release. Users and groups of Debian and of what is installed are refused. A change makes every host anew, and a database is away meanwhile. Default: `deploy`."),
			"locale":   defaulted("The system's locale, one of glibc's of UTF-8. Default: `en_US.UTF-8`."),
			"swap_mib": defaultedInt("The size of the swap file in MiB; `0` makes none. It leaves 4 GiB of the smallest disk to the system. Default: `2048`."),
			"packages": defaultedSet("Debian packages to install beside those that the host needs. What closes the ports of the cluster, or keeps the provider's own packages from being installed, is refused, such as `firewalld` and `iptables-persistent`. Default: none."),
			"toolchain": defaultedSet("What nodes get to build releases with: any of `erlang`, `elixir` and `nodejs`, from the distribution's packages. " +
				"A release brings its own Erlang and needs none of them. Default: none."),
			"unattended_upgrades": defaultedBool("Whether security updates are installed by themselves. Default: `true`."),
			"fail2ban":            defaultedBool("Whether addresses that fail to log in over SSH again and again are blocked for a while. Default: `true`."),
			"ssh_port":            defaultedInt("The TCP port of SSH. A change makes every host anew, and a database is away meanwhile. Default: `22`."),
		}, "every host"),
	}
}
