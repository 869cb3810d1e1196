package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func loadBalancerAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "An HAProxy host in front of the nodes, with WebSockets, sticky sessions and health checks. Its address is a reserved IP that outlives the host; it is given back for good when `load_balancer` is removed or the cluster destroyed. " +
			"Without it the nodes' HTTP port is closed.",
		Attributes: map[string]schema.Attribute{
			"region": defaulted("The region of the host and its address. It cannot be changed later. Default: the cluster's `region`."),
			"size":   defaulted("The droplet size of the host. A change makes the load balancer anew behind its address. Default: `s-1vcpu-1gb`."),
			"image":  defaulted("The image of the host. A change makes the load balancer anew behind its address. Default: the cluster's `image`."),
			"host":   broughtAttribute("the host"),
			"algorithm": defaulted("How HAProxy chooses a node for a new session: `roundrobin`, `leastconn`, `first`, `source` or `random`. " +
				"Default: `roundrobin`."),
			"sticky_cookie": defaulted("The name of the HTTP cookie that keeps a browser on one node. Default: `SERVERID`."),
			"health_check":  healthCheckAttribute(),
			"stats":         statsAttribute(),
			"tls":           tlsAttribute(),
		},
	}
}

func healthCheckAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "How HAProxy finds out whether a node can serve: with a `GET` that must answer 2xx or 3xx.",
		Attributes: map[string]schema.Attribute{
			"path":        defaulted("The path that is asked for. Default: `/`."),
			"host":        defaulted("The `Host` header; Phoenix does not redirect `localhost` to HTTPS. Default: `localhost`."),
			"interval_ms": defaultedInt("The time between two checks of a node, in milliseconds. Default: `2000`."),
			"rise":        defaultedInt("How many good checks in a row bring a node in. Default: `2`."),
			"fall":        defaultedInt("How many bad checks in a row take a node out. Default: `3`."),
		},
	}
}

func statsAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "HAProxy's page of statistics. Only `access.ssh_from` reaches it, with the password in `stats_password`.",
		Attributes: map[string]schema.Attribute{
			"enabled": defaultedBool("Whether there is such a page. A change makes the load balancer anew behind its address. Default: `true`."),
			"port":    defaultedInt("The TCP port of the page. A change makes the load balancer anew behind its address. Default: `8404`."),
			"path":    defaulted("The path of the page. Default: `/haproxy?stats`."),
			"user":    defaulted("The user of the page. Default: `admin`."),
		},
	}
}

func tlsAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Where the certificate for HTTPS comes from: `certificate_pem` and `private_key_pem`, or `acme`. " +
			"With it, HTTP is redirected to HTTPS; without it, the load balancer serves plain HTTP. " +
			"To add or to remove it makes the load balancer anew behind its address.",
		Attributes: map[string]schema.Attribute{
			"certificate_pem": optional("The certificate and those that signed it, in this order, as PEM, without the key: plans show it. A plan warns of one that has expired. RSA keys have 2,048 bits or more, and none is signed with SHA-1."),
			"private_key_pem": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The private key of the certificate, as PEM without a passphrase, under the label that belongs to its form.",
			},
			"acme": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "A certificate from a certificate authority such as Let's Encrypt, fetched and renewed by the load balancer. " +
					"The domains must lead to `load_balancer_ipv4_address`. A change makes the load balancer anew behind its address.",
				Attributes: map[string]schema.Attribute{
					"email": schema.StringAttribute{Required: true, MarkdownDescription: "Where the authority writes to."},
					"domains": schema.ListAttribute{
						Required: true, ElementType: types.StringType,
						MarkdownDescription: "The names that the certificate is for. Wildcards are not possible, and Let's Encrypt takes none that only a DNS of your own finds, such as those of `.internal`. The first is the release's `PHX_HOST`, unless `environment` names another.",
					},
					"directory_url": optional("The directory of another authority. Default: Let's Encrypt."),
				},
			},
		},
	}
}
