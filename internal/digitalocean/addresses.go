package digitalocean

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// ReservedIPs lists the account's reserved IPs.
func (c *Client) ReservedIPs(ctx context.Context) ([]cluster.ReservedIP, error) {
	ips, err := listAll(ctx, c.api.ReservedIPs.List)
	return convert(ips, reservedIPFromAPI), failed(err, "list the account's reserved IPs")
}

// CreateReservedIP reserves an address bound to the droplet and waits until it
// leads there. A reserved IP carries neither name nor tag: its binding is what
// it is known by.
func (c *Client) CreateReservedIP(ctx context.Context, dropletID int) (cluster.ReservedIP, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.ReservedIP, error) {
			made, _, err := c.api.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: dropletID})
			if err != nil {
				return cluster.ReservedIP{}, err
			}
			return reservedIPFromAPI(*made), nil
		},
		func(ctx context.Context) (cluster.ReservedIP, bool, error) { return c.boundTo(ctx, dropletID) })
	if err != nil || made.DropletID == dropletID {
		return made, failed(err, "reserve an IP for droplet %d", dropletID)
	}
	err = Wait(ctx, fmt.Sprintf("the reserved IP %s to lead to droplet %d", made.IP, dropletID), func(ctx context.Context) (bool, string, error) {
		now, _, err := c.api.ReservedIPs.Get(ctx, made.IP)
		if err != nil {
			return false, "", failed(err, "read the reserved IP %s", made.IP)
		}
		made = reservedIPFromAPI(*now)
		return made.DropletID == dropletID, "assigning", nil
	})
	return made, err
}

// boundTo finds the address that leads to the droplet, once no address is on
// its way to one.
func (c *Client) boundTo(ctx context.Context, dropletID int) (bound cluster.ReservedIP, ok bool, err error) {
	err = Wait(ctx, "reserved IPs on their way", func(ctx context.Context) (bool, string, error) {
		ips, err := c.ReservedIPs(ctx)
		if err != nil {
			return false, "", err
		}
		bound, ok = find(ips, func(have cluster.ReservedIP) bool { return have.DropletID == dropletID })
		_, moving := find(ips, func(have cluster.ReservedIP) bool { return have.Locked && have.DropletID == 0 })
		return ok || !moving, "moving", nil
	})
	return bound, ok, err
}

// AssignReservedIP moves the address to the droplet and waits until it is
// there.
func (c *Client) AssignReservedIP(ctx context.Context, ip string, dropletID int) error {
	return c.do(ctx, fmt.Sprintf("move the reserved IP %s to droplet %d", ip, dropletID),
		func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.api.ReservedIPActions.Assign(ctx, ip, dropletID)
		},
		func(ctx context.Context) (bool, error) {
			now, _, err := c.api.ReservedIPs.Get(ctx, ip)
			return err == nil && reservedIPFromAPI(*now).DropletID == dropletID, err
		})
}

// DeleteReservedIP gives the address back, waiting while an action on it runs.
func (c *Client) DeleteReservedIP(ctx context.Context, ip string) error {
	return deleteWhenFree(ctx, "the reserved IP "+ip, func(ctx context.Context) error {
		_, err := c.api.ReservedIPs.Delete(ctx, ip)
		return err
	})
}

func reservedIPFromAPI(r godo.ReservedIP) cluster.ReservedIP {
	out := cluster.ReservedIP{IP: r.IP, Locked: r.Locked}
	if r.Region != nil {
		out.Region = r.Region.Slug
	}
	if r.Droplet != nil {
		out.DropletID = r.Droplet.ID
	}
	return out
}
