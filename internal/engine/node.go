package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// ConvergeNode creates the droplet of a beam_node, or mends the one of the id
// in place; 0 is none yet. It sets spec.Public to what the cluster's network
// is, and returns the droplet that exists even when it fails.
func (e *Engine) ConvergeNode(ctx context.Context, spec *cluster.NodeSpec, dropletID int) (cluster.Droplet, error) {
	o, err := e.Observe(ctx, spec.Cluster, "", cluster.Memory{})
	if err != nil {
		return cluster.Droplet{ID: dropletID}, err
	}
	spec.Public = cluster.SpecOf(spec.Cluster, o).Network.Mode == cluster.NetworkPublic
	node := cluster.Droplet{ID: dropletID}
	if dropletID == 0 {
		node, err = e.createNode(ctx, *spec, o)
	} else {
		err = e.wakeNode(ctx, dropletID)
	}
	if err != nil {
		return node, err
	}
	err = digitalocean.Wait(ctx, "node "+spec.Name+" to be active", func(ctx context.Context) (bool, string, error) {
		d, err := e.api.Droplet(ctx, node.ID)
		if err != nil || d == nil {
			return false, "not listed yet", err
		}
		node = *d
		return isActive(node) && (spec.Public || node.PrivateIPv4 != ""), node.Status, nil
	})
	if err != nil {
		return node, err
	}
	return node, e.mendNode(ctx, *spec, node)
}

// wakeNode powers a node on that was switched off.
func (e *Engine) wakeNode(ctx context.Context, id int) error {
	d, err := e.api.Droplet(ctx, id)
	switch {
	case err != nil:
		return err
	case d == nil:
		return fmt.Errorf("droplet %d was deleted meanwhile; apply again to replace it", id)
	case d.Status != cluster.StatusOff:
		return nil
	}
	return e.api.PowerOn(ctx, id)
}

func (e *Engine) createNode(ctx context.Context, spec cluster.NodeSpec, o cluster.Observed) (cluster.Droplet, error) {
	vpc, err := joinNetwork(spec, o)
	if err != nil {
		return cluster.Droplet{}, err
	}
	var known []int
	for _, d := range o.Droplets {
		known = append(known, d.ID)
		if d.Name == spec.Name {
			return cluster.Droplet{}, fmt.Errorf("%w: droplet %d of cluster %s has the name %q; to manage it here run `terraform import <address> %d`, else choose another name", ErrExists, d.ID, spec.Cluster, d.Name, d.ID)
		}
	}
	host := spec.HostConfig()
	if db, ok := databaseOf(o); ok {
		host.DatabaseName, host.DatabaseAddress = cluster.DatabaseDNSName(spec.Cluster), db
	}
	userData, err := host.Render()
	if err != nil {
		return cluster.Droplet{}, fmt.Errorf("configuration of node %s: %w", spec.Name, err)
	}
	var node cluster.Droplet
	err = e.api.CreateDroplets(ctx, digitalocean.DropletRequest{
		Names: []string{spec.Name}, Place: spec.Place, SSHKeys: spec.SSHKeys, UserData: string(userData),
		Tags: spec.WantedTags(), VPCUUID: vpc, Monitoring: spec.Monitoring,
		LookupTag: cluster.ClusterTag(spec.Cluster), Known: known,
	}, func(made []cluster.Droplet) {
		for _, d := range made {
			node = d
		}
	})
	return node, err
}

// joinNetwork finds the VPC that the cluster's hosts of the node's region are
// in; none for a cluster of public addresses.
func joinNetwork(spec cluster.NodeSpec, o cluster.Observed) (string, error) {
	if len(o.Hosts()) == 0 {
		return "", fmt.Errorf("the account has no cluster named %q; create it first, or let `cluster` refer to beam_cluster.<name>.name", spec.Cluster)
	}
	if spec.Public {
		return "", nil
	}
	var regions []string
	for _, d := range o.Hosts() {
		if d.Region == spec.Region {
			return d.VPCUUID, nil
		}
		if !slices.Contains(regions, d.Region) {
			regions = append(regions, d.Region)
		}
	}
	return "", fmt.Errorf("cluster %s has no private network in region %s; choose a region of its hosts: %v", spec.Cluster, spec.Region, regions)
}

func databaseOf(o cluster.Observed) (address string, ok bool) {
	for _, d := range o.Hosts() {
		if d.Role(o.Cluster) == cluster.RoleDatabase {
			return d.PrivateIPv4, d.PrivateIPv4 != ""
		}
	}
	return "", false
}

// mendNode sets tags and name as the spec says.
func (e *Engine) mendNode(ctx context.Context, spec cluster.NodeSpec, d cluster.Droplet) error {
	wanted := spec.WantedTags()
	for _, tag := range wanted {
		if !d.HasTag(tag) {
			if err := e.api.TagDroplets(ctx, tag, []int{d.ID}); err != nil {
				return err
			}
		}
	}
	for _, tag := range d.Tags {
		if !slices.Contains(wanted, tag) {
			if err := e.api.UntagDroplets(ctx, tag, []int{d.ID}); err != nil {
				return err
			}
		}
	}
	if d.Name != spec.Name {
		return e.api.Rename(ctx, d.ID, spec.Name)
	}
	return nil
}

// ObserveNode looks at the droplet; nil when it is gone.
func (e *Engine) ObserveNode(ctx context.Context, dropletID int) (*cluster.Droplet, error) {
	return e.api.Droplet(ctx, dropletID)
}

// ErrNotFound says that what was to be imported does not exist.
var ErrNotFound = errors.New("not found")

// FindNode finds a droplet by its id or by its name, which must be the name of
// one droplet only.
func (e *Engine) FindNode(ctx context.Context, nameOrID string) (cluster.Droplet, error) {
	if id, err := strconv.Atoi(nameOrID); err == nil {
		d, err := e.api.Droplet(ctx, id)
		if err != nil {
			return cluster.Droplet{}, err
		}
		if d == nil {
			return cluster.Droplet{}, fmt.Errorf("%w: the account has no droplet %d", ErrNotFound, id)
		}
		return *d, nil
	}
	named, err := e.api.DropletsByName(ctx, nameOrID)
	if err != nil {
		return cluster.Droplet{}, err
	}
	if len(named) != 1 {
		return cluster.Droplet{}, fmt.Errorf("%w: %d droplets are named %q; import by id instead", ErrNotFound, len(named), nameOrID)
	}
	return named[0], nil
}

// DestroyNode deletes the droplet; one that is gone is no error.
func (e *Engine) DestroyNode(ctx context.Context, dropletID int) error {
	return e.api.DeleteDroplet(ctx, dropletID)
}
