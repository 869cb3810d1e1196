package digitalocean

import (
	"context"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// deleting is the status of a peering whose delete was accepted (API
// description, vpc_peering.status).
const deleting = "DELETING"

// Peerings lists the account's VPC peerings.
func (c *Client) Peerings(ctx context.Context) ([]cluster.Peering, error) {
	peerings, err := listAll(ctx, "vpc_peerings", func(r godo.VPCPeering) any { return r.ID }, values(c.api.VPCs.ListVPCPeerings))
	return convert(peerings, peeringFromAPI), failed(err, "list the account's VPC peerings")
}

// Peering returns the VPC peering of the id; nil when there is none.
func (c *Client) Peering(ctx context.Context, id string) (*cluster.Peering, error) {
	found, err := read(ctx, "vpc_peering", func(ctx context.Context) (*godo.VPCPeering, *godo.Response, error) {
		return c.api.VPCs.GetVPCPeering(ctx, id)
	}, peeringFromAPI)
	return found, failed(err, "read the VPC peering %s", id)
}

// CreatePeering connects two VPCs; it does not wait until traffic passes. Two
// VPCs have one peering at most, so the one that connects them is the one that
// is wanted.
func (c *Client) CreatePeering(ctx context.Context, p cluster.Peering) (cluster.Peering, error) {
	made, err := createOnce(ctx,
		func(ctx context.Context) (cluster.Peering, error) {
			made, err := object(ctx, "vpc_peering", func(ctx context.Context) (*godo.VPCPeering, *godo.Response, error) {
				return c.api.VPCs.CreateVPCPeering(ctx, &godo.VPCPeeringCreateRequest{Name: p.Name, VPCIDs: p.VPCs[:]})
			})
			return peeringFromAPI(made), err
		},
		func(ctx context.Context) (cluster.Peering, bool, error) {
			peerings, err := c.Peerings(ctx)
			if err != nil {
				return cluster.Peering{}, false, err
			}
			connects := func(have cluster.Peering) bool { return have.Connects(p.VPCs[0], p.VPCs[1]) }
			return find(peerings,
				func(have cluster.Peering) bool {
					return have.Status != deleting && (connects(have) || have.Name == p.Name)
				},
				connects,
				func(have cluster.Peering) *TakenError {
					return &TakenError{Kind: "VPC peering", Name: have.Name, ID: have.ID}
				})
		})
	return made, failed(err, "create the peering %s", p.Name)
}

// DeletePeering deletes the peering and waits until it is gone: until then its
// VPCs cannot be deleted. A delete that is refused may have been accepted
// before, by a call whose answer was lost.
func (c *Client) DeletePeering(ctx context.Context, p cluster.Peering) error {
	accepted := false
	return Wait(ctx, "the peering "+p.Name+" to be gone", func(ctx context.Context) (bool, string, error) {
		progress := "it is being deleted"
		if !accepted {
			err := answered(c.api.VPCs.DeleteVPCPeering(ctx, p.ID))
			switch {
			case Gone(err):
				return true, "", nil
			case busy(err):
				progress = err.Error()
			case err != nil:
				return false, "", failed(err, "delete the peering %s", p.Name)
			}
		}
		now, err := c.Peering(ctx, p.ID)
		if now == nil {
			return err == nil, "", err
		}
		accepted = now.Status == deleting
		return false, progress, nil
	})
}

func peeringFromAPI(p godo.VPCPeering) cluster.Peering {
	out := cluster.Peering{ID: p.ID, Name: p.Name, Status: p.Status}
	copy(out.VPCs[:], p.VPCIDs)
	return out
}
