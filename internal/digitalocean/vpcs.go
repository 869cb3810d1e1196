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
	vpcs, err := listAll(ctx, "vpcs", func(r godo.VPC) any { return r.ID }, values(c.api.VPCs.List))
	return convert(vpcs, vpcFromAPI), failed(err, "list the account's VPCs")
}

// VPC returns the VPC of the id; nil when there is none.
func (c *Client) VPC(ctx context.Context, id string) (*cluster.VPC, error) {
	found, err := read(ctx, "vpc", func(ctx context.Context) (*godo.VPC, *godo.Response, error) {
		return c.api.VPCs.Get(ctx, id)
	}, vpcFromAPI)
	return found, failed(err, "read the VPC %s", id)
}

// CreateVPC creates a VPC in a region. Without an IP range the API picks one
// that overlaps with no other of the account. Its description tells it from a
// VPC of the name that is somebody else's.
func (c *Client) CreateVPC(ctx context.Context, v cluster.VPC) (cluster.VPC, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.VPC, error) {
			made, err := object(ctx, "vpc", func(ctx context.Context) (*godo.VPC, *godo.Response, error) {
				return c.api.VPCs.Create(ctx, &godo.VPCCreateRequest{
					Name: v.Name, RegionSlug: v.Region, Description: v.Description, IPRange: v.IPRange,
				})
			})
			return vpcFromAPI(made), err
		},
		func(ctx context.Context) (cluster.VPC, bool, error) {
			vpcs, err := c.VPCs(ctx)
			if err != nil {
				return cluster.VPC{}, false, err
			}
			return find(vpcs,
				func(have cluster.VPC) bool { return have.Name == v.Name },
				func(have cluster.VPC) bool { return have.Region == v.Region && have.Description == v.Description },
				func(have cluster.VPC) *TakenError {
					return &TakenError{Kind: "VPC", Name: have.Name, ID: have.ID, Region: have.Region}
				})
		})
	return made, failed(err, "create the VPC %s", v.Name)
}

// RenameVPC sets the name and the description of the VPC of v.ID.
func (c *Client) RenameVPC(ctx context.Context, v cluster.VPC) error {
	_, err := object(repeatableCall(ctx), "vpc", func(ctx context.Context) (*godo.VPC, *godo.Response, error) {
		return c.api.VPCs.Set(ctx, v.ID, godo.VPCSetName(v.Name), godo.VPCSetDescription(v.Description))
	})
	return failed(err, "rename the VPC %s", v.Name)
}

// DeleteVPC deletes the VPC, waiting while members linger in it: a droplet
// leaves its VPC a while after it is gone. When the context ends before, the
// error names what is still there.
func (c *Client) DeleteVPC(ctx context.Context, v cluster.VPC) error {
	err := deleteWhenFree(ctx, "the VPC "+v.Name, func(ctx context.Context) error {
		return answered(c.api.VPCs.Delete(ctx, v.ID))
	})
	if err == nil || ctx.Err() == nil {
		return err
	}
	// What cannot be listed goes unnamed: the error is told all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryTime)
	defer cancel()
	holders, _ := c.holders(ctx, v)
	if len(holders) == 0 {
		return err
	}
	return fmt.Errorf("%w; the VPC still holds %s: move or remove them, and destroy again", err, strings.Join(holders, ", "))
}

// holders names the members and peerings that keep a VPC from being deleted.
func (c *Client) holders(ctx context.Context, v cluster.VPC) ([]string, error) {
	members, err := listAll(ctx, "members", func(r godo.VPCMember) any { return r.URN }, values(func(ctx context.Context, page *godo.ListOptions) ([]*godo.VPCMember, *godo.Response, error) {
		return c.api.VPCs.ListMembers(ctx, v.ID, nil, page)
	}))
	if err != nil {
		return nil, err
	}
	names := convert(members, func(m godo.VPCMember) string { return oneLine(m.Name + " (" + m.URN + ")") })
	peerings, err := c.Peerings(ctx)
	for _, p := range peerings {
		if slices.Contains(p.VPCs[:], v.ID) {
			names = append(names, "the peering "+p.Name)
		}
	}
	return names, err
}

func vpcFromAPI(v godo.VPC) cluster.VPC {
	return cluster.VPC{ID: v.ID, Name: v.Name, Description: v.Description, Region: v.RegionSlug, IPRange: v.IPRange, Default: v.Default}
}
