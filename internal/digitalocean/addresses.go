package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// ReservedIPs lists the account's reserved IPs.
func (c *Client) ReservedIPs(ctx context.Context) ([]cluster.ReservedIP, error) {
	ips, err := listAll(ctx, "reserved_ips", func(r godo.ReservedIP) any { return r.IP }, c.api.ReservedIPs.List)
	return convert(ips, reservedIPFromAPI), failed(err, "list the account's reserved IPs")
}

// ReservedIP returns the reserved IP of the address; nil when the account has
// none.
func (c *Client) ReservedIP(ctx context.Context, ip string) (*cluster.ReservedIP, error) {
	found, err := read(ctx, "reserved_ip", func(ctx context.Context) (*godo.ReservedIP, *godo.Response, error) {
		return c.api.ReservedIPs.Get(ctx, ip)
	}, reservedIPFromAPI)
	return found, failed(err, "read the reserved IP %s", ip)
}

// ReserveIP reserves an address for the droplet and returns as soon as it
// exists; AwaitReservedIP waits until it leads there.
//
// A reserved IP carries neither name nor tag: its binding is what it is known
// by, and that comes late. So after a lost answer an address that the account
// did not have before, see known, and that leads nowhere is waited for until it
// is bound; none is reserved beside it.
func (c *Client) ReserveIP(ctx context.Context, d cluster.Droplet, known []string) (cluster.ReservedIP, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.ReservedIP, error) {
			made, err := object(ctx, "reserved_ip", func(ctx context.Context) (*godo.ReservedIP, *godo.Response, error) {
				return c.api.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: d.ID})
			})
			return reservedIPFromAPI(made), err
		},
		func(ctx context.Context) (cluster.ReservedIP, bool, error) {
			return c.reservedFor(ctx, d.ID, known)
		})
	return made, failed(err, "reserve an IP for %s", namedDroplets(d))
}

// reservedFor finds the address that leads to the droplet. While none does, an
// address that may become it is an error.
func (c *Client) reservedFor(ctx context.Context, dropletID int, known []string) (cluster.ReservedIP, bool, error) {
	ips, err := c.ReservedIPs(ctx)
	if err != nil {
		return cluster.ReservedIP{}, false, err
	}
	var candidates []string
	for _, have := range ips {
		if have.DropletID == dropletID {
			return have, true, nil
		}
		if have.DropletID == 0 && !slices.Contains(known, have.IP) {
			candidates = append(candidates, have.IP)
		}
	}
	if len(candidates) > 0 {
		return cluster.ReservedIP{}, false, fmt.Errorf("new and bound to no droplet yet: %s; release what is not needed, and apply again", strings.Join(candidates, ", "))
	}
	return cluster.ReservedIP{}, false, nil
}

// AwaitReservedIP waits until the address leads to the droplet; bound is false
// when it still does not after the given time.
func (c *Client) AwaitReservedIP(ctx context.Context, ip string, d cluster.Droplet, patience time.Duration) (bound bool, err error) {
	begun := time.Now()
	err = Wait(ctx, fmt.Sprintf("the reserved IP %s to lead to %s", ip, namedDroplets(d)), func(ctx context.Context) (bool, string, error) {
		now, err := c.ReservedIP(ctx, ip)
		waited := time.Since(begun)
		if err == nil && now == nil && waited >= appearTime {
			err = fmt.Errorf("the account has no reserved IP %s any more", ip)
		}
		bound = now != nil && now.DropletID == d.ID
		return bound || waited >= patience, "it is not bound yet", err
	})
	return bound, err
}

// AssignReservedIP moves the address to the droplet and waits until it is
// there.
func (c *Client) AssignReservedIP(ctx context.Context, ip string, d cluster.Droplet) error {
	return c.do(ctx, fmt.Sprintf("move the reserved IP %s to %s", ip, namedDroplets(d)),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.ReservedIPActions.Assign(ctx, ip, d.ID)
		},
		func(ctx context.Context) (bool, error) {
			now, err := c.ReservedIP(ctx, ip)
			return now != nil && now.DropletID == d.ID, err
		})
}

// DeleteReservedIP gives the address back, waiting while an action on it runs.
func (c *Client) DeleteReservedIP(ctx context.Context, ip string) error {
	return deleteWhenFree(ctx, "the reserved IP "+ip, func(ctx context.Context) error {
		return answered(c.api.ReservedIPs.Delete(ctx, ip))
	})
}

func reservedIPFromAPI(r godo.ReservedIP) cluster.ReservedIP {
	out := cluster.ReservedIP{IP: r.IP}
	if r.Region != nil {
		out.Region = r.Region.Slug
	}
	if r.Droplet != nil {
		out.DropletID = r.Droplet.ID
	}
	return out
}
