package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// VPCs lists the account's VPCs.
func (c *Client) VPCs(ctx context.Context) ([]cluster.VPC, error) {
	vpcs, err := listAll(ctx, c.api.VPCs.List)
	return convert(vpcs, vpcFromAPI), failed(err, "list the account's VPCs")
}

// CreateVPC creates a VPC in a region. Without an IP range the API picks one
// that overlaps with no other of the account.
func (c *Client) CreateVPC(ctx context.Context, v cluster.VPC) (cluster.VPC, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.VPC, error) {
			made, _, err := c.api.VPCs.Create(ctx, &godo.VPCCreateRequest{
				Name: v.Name, RegionSlug: v.Region, Description: v.Description, IPRange: v.IPRange,
			})
			if err != nil {
				return cluster.VPC{}, err
			}
			return vpcFromAPI(made), nil
		},
		func(ctx context.Context) (cluster.VPC, bool, error) {
			return lookup(ctx, c.VPCs, func(have cluster.VPC) bool {
				return have.Name == v.Name && have.Region == v.Region && have.Description == v.Description
			})
		})
	return made, failed(err, "create the VPC %s", v.Name)
}

// RenameVPC sets the name and the description of the VPC of v.ID.
func (c *Client) RenameVPC(ctx context.Context, v cluster.VPC) error {
	_, _, err := c.api.VPCs.Set(ctx, v.ID, godo.VPCSetName(v.Name), godo.VPCSetDescription(v.Description))
	return failed(err, "rename the VPC %s", v.Name)
}

// DeleteVPC deletes the VPC, waiting while members linger in it: a droplet
// leaves its VPC a while after it is gone. When the context ends before, the
// error names what is still there.
func (c *Client) DeleteVPC(ctx context.Context, v cluster.VPC) error {
	err := deleteWhenFree(ctx, "the VPC "+v.Name, func(ctx context.Context) error {
		_, err := c.api.VPCs.Delete(ctx, v.ID)
		return err
	})
	if err == nil {
		return nil
	}
	// What cannot be listed goes unnamed: the error is told all the same.
	holders, _ := uncancelled(ctx, func(ctx context.Context) ([]string, error) { return c.holders(ctx, v) })
	if len(holders) == 0 {
		return err
	}
	return fmt.Errorf("%w; the VPC still holds %s: move or remove them, and destroy again", err, strings.Join(holders, ", "))
}

// holders names the members and peerings that keep a VPC from being deleted.
func (c *Client) holders(ctx context.Context, v cluster.VPC) ([]string, error) {
	members, err := listAll(ctx, func(ctx context.Context, page *godo.ListOptions) ([]*godo.VPCMember, *godo.Response, error) {
		return c.api.VPCs.ListMembers(ctx, v.ID, nil, page)
	})
	if err != nil {
		return nil, err
	}
	names := convert(members, func(m *godo.VPCMember) string { return m.Name + " (" + m.URN + ")" })
	peerings, err := c.Peerings(ctx)
	for _, p := range peerings {
		if slices.Contains(p.VPCs[:], v.ID) {
			names = append(names, "the peering "+p.Name)
		}
	}
	return names, err
}

func vpcFromAPI(v *godo.VPC) cluster.VPC {
	return cluster.VPC{ID: v.ID, Name: v.Name, Description: v.Description, Region: v.RegionSlug, IPRange: v.IPRange, Default: v.Default}
}

// Peerings lists the account's VPC peerings.
func (c *Client) Peerings(ctx context.Context) ([]cluster.Peering, error) {
	peerings, err := listAll(ctx, c.api.VPCs.ListVPCPeerings)
	return convert(peerings, peeringFromAPI), failed(err, "list the account's VPC peerings")
}

// CreatePeering connects two VPCs; it does not wait until traffic passes.
func (c *Client) CreatePeering(ctx context.Context, p cluster.Peering) (cluster.Peering, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.Peering, error) {
			made, _, err := c.api.VPCs.CreateVPCPeering(ctx, &godo.VPCPeeringCreateRequest{Name: p.Name, VPCIDs: p.VPCs[:]})
			if err != nil {
				return cluster.Peering{}, err
			}
			return peeringFromAPI(made), nil
		},
		func(ctx context.Context) (cluster.Peering, bool, error) {
			return lookup(ctx, c.Peerings, func(have cluster.Peering) bool { return have.Connects(p.VPCs[0], p.VPCs[1]) })
		})
	return made, failed(err, "create the peering %s", p.Name)
}

// WaitForPeerings waits until the peerings of the ids carry traffic.
func (c *Client) WaitForPeerings(ctx context.Context, ids map[string]bool) error {
	return Wait(ctx, "VPC peerings to become active", func(ctx context.Context) (bool, string, error) {
		peerings, err := c.Peerings(ctx)
		active := 0
		for _, p := range peerings {
			if ids[p.ID] && p.Active() {
				active++
			}
		}
		return active == len(ids), fmt.Sprintf("%d of %d are", active, len(ids)), err
	})
}

// DeletePeering deletes the peering and waits until it is gone: until then its
// VPCs cannot be deleted.
func (c *Client) DeletePeering(ctx context.Context, p cluster.Peering) error {
	if _, err := c.api.VPCs.DeleteVPCPeering(ctx, p.ID); err != nil && !gone(err) {
		return failed(err, "delete the peering %s", p.Name)
	}
	return Wait(ctx, "the peering "+p.Name+" to be gone", func(ctx context.Context) (bool, string, error) {
		_, _, err := c.api.VPCs.GetVPCPeering(ctx, p.ID)
		if gone(err) {
			return true, "", nil
		}
		return false, "deleting", failed(err, "read the peering %s", p.Name)
	})
}

func peeringFromAPI(p *godo.VPCPeering) cluster.Peering {
	out := cluster.Peering{ID: p.ID, Name: p.Name, Status: p.Status}
	copy(out.VPCs[:], p.VPCIDs)
	return out
}
