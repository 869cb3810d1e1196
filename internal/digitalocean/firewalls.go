package digitalocean

import (
	"context"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Firewalls lists the account's cloud firewalls.
func (c *Client) Firewalls(ctx context.Context) ([]cluster.Firewall, error) {
	firewalls, err := listAll(ctx, "firewalls", func(r godo.Firewall) any { return r.ID }, c.api.Firewalls.List)
	return convert(firewalls, firewallFromAPI), failed(err, "list the account's firewalls")
}

// Firewall returns the cloud firewall of the id; nil when there is none.
func (c *Client) Firewall(ctx context.Context, id string) (*cluster.Firewall, error) {
	found, err := read(ctx, "firewall", func(ctx context.Context) (*godo.Firewall, *godo.Response, error) {
		return c.api.Firewalls.Get(ctx, id)
	}, firewallFromAPI)
	return found, failed(err, "read the firewall %s", id)
}

// CreateFirewall creates the firewall. The tags it names must exist; they tell
// it from a firewall of the name that is somebody else's.
func (c *Client) CreateFirewall(ctx context.Context, f cluster.Firewall) (cluster.Firewall, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.Firewall, error) {
			made, err := object(ctx, "firewall", func(ctx context.Context) (*godo.Firewall, *godo.Response, error) {
				return c.api.Firewalls.Create(ctx, firewallRequest(f))
			})
			return firewallFromAPI(made), err
		},
		func(ctx context.Context) (cluster.Firewall, bool, error) {
			firewalls, err := c.Firewalls(ctx)
			if err != nil {
				return cluster.Firewall{}, false, err
			}
			return find(firewalls,
				func(have cluster.Firewall) bool { return have.Name == f.Name },
				func(have cluster.Firewall) bool { return carries(have.Tags, f.Tags) },
				func(have cluster.Firewall) *TakenError {
					return &TakenError{Kind: "firewall", Name: have.Name, ID: have.ID}
				})
		})
	return made, failed(err, "create the firewall %s", f.Name)
}

// UpdateFirewall makes the firewall of f.ID do what f says.
func (c *Client) UpdateFirewall(ctx context.Context, f cluster.Firewall) error {
	_, err := object(ctx, "firewall", func(ctx context.Context) (*godo.Firewall, *godo.Response, error) {
		return c.api.Firewalls.Update(ctx, f.ID, firewallRequest(f))
	})
	return failed(err, "update the firewall %s", f.Name)
}

// DeleteFirewall deletes the firewall; one that is gone is no error.
func (c *Client) DeleteFirewall(ctx context.Context, f cluster.Firewall) error {
	return deleteWhenFree(ctx, "the firewall "+f.Name, func(ctx context.Context) error {
		return answered(c.api.Firewalls.Delete(ctx, f.ID))
	})
}

func firewallRequest(f cluster.Firewall) *godo.FirewallRequest {
	return &godo.FirewallRequest{
		Name:       f.Name,
		Tags:       f.Tags,
		DropletIDs: f.Droplets,
		InboundRules: convert(f.Inbound, func(r cluster.Rule) godo.InboundRule {
			return godo.InboundRule{Protocol: r.Protocol, PortRange: r.Ports, Sources: &godo.Sources{Addresses: r.Addresses, Tags: r.Tags}}
		}),
		OutboundRules: convert(f.Outbound, func(r cluster.Rule) godo.OutboundRule {
			return godo.OutboundRule{Protocol: r.Protocol, PortRange: r.Ports, Destinations: &godo.Destinations{Addresses: r.Addresses, Tags: r.Tags}}
		}),
	}
}

func firewallFromAPI(f godo.Firewall) cluster.Firewall {
	return cluster.Firewall{
		ID: f.ID, Name: f.Name, Tags: f.Tags, Droplets: f.DropletIDs,
		Inbound:  convert(f.InboundRules, inboundFromAPI),
		Outbound: convert(f.OutboundRules, outboundFromAPI),
	}
}

// inboundFromAPI keeps sources that the provider never sets in sight, as
// addresses that match no wanted rule, so that they are seen as a change.
func inboundFromAPI(r godo.InboundRule) cluster.Rule {
	rule := cluster.Rule{Protocol: r.Protocol, Ports: r.PortRange}
	if s := r.Sources; s != nil {
		rule.Addresses = append(others(s.DropletIDs, s.LoadBalancerUIDs, s.KubernetesIDs), s.Addresses...)
		rule.Tags = s.Tags
	}
	return rule
}

func outboundFromAPI(r godo.OutboundRule) cluster.Rule {
	rule := cluster.Rule{Protocol: r.Protocol, Ports: r.PortRange}
	if d := r.Destinations; d != nil {
		rule.Addresses = append(others(d.DropletIDs, d.LoadBalancerUIDs, d.KubernetesIDs), d.Addresses...)
		rule.Tags = d.Tags
	}
	return rule
}

func others(droplets []int, loadBalancers, kubernetes []string) []string {
	var out []string
	for _, r := range dropletResources(droplets) {
		out = append(out, "droplet "+r.ID)
	}
	for _, id := range loadBalancers {
		out = append(out, "load balancer "+id)
	}
	for _, id := range kubernetes {
		out = append(out, "kubernetes "+id)
	}
	return out
}
