package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// Observe looks at everything of the cluster, at the price of one call for each
// kind of object whatever the number of hosts. projectID is the project that
// should hold the cluster; empty for none.
func (e *Engine) Observe(ctx context.Context, name, projectID string, mem cluster.Memory) (cluster.Observed, error) {
	o := cluster.Observed{Cluster: name}
	var tags []digitalocean.Tag
	var addresses []cluster.ReservedIP
	var volumes []cluster.Volume
	calls := []func(context.Context) error{
		into(&o.Droplets, func(ctx context.Context) ([]cluster.Droplet, error) {
			return e.api.DropletsByTag(ctx, cluster.ClusterTag(name))
		}),
		into(&o.Firewalls, e.api.Firewalls),
		into(&o.VPCs, e.api.VPCs),
		into(&o.Peerings, e.api.Peerings),
		into(&addresses, e.api.ReservedIPs),
		into(&tags, e.api.Tags),
		into(&volumes, func(ctx context.Context) ([]cluster.Volume, error) {
			return e.api.Volumes(ctx, cluster.DatabaseHostName(name))
		}),
	}
	if projectID != "" {
		calls = append(calls, into(&o.ProjectURNs, func(ctx context.Context) ([]string, error) {
			return e.api.ProjectURNs(ctx, projectID)
		}))
	}
	if err := read(ctx, calls...); err != nil {
		return o, err
	}
	if err := e.findUntagged(ctx, &o, mem); err != nil {
		return o, err
	}
	slices.SortFunc(o.Droplets, func(a, b cluster.Droplet) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	o.Firewalls = slices.DeleteFunc(o.Firewalls, func(f cluster.Firewall) bool { return !ours(f, name, mem) })
	for i, v := range o.VPCs {
		o.VPCs[i].Own = v.Description == cluster.ClusterTag(name) || slices.Contains(mem.OwnVPCs, v.ID)
	}
	o.Tags = clusterTags(tags, name)
	o.ReservedIP = pickAddress(addresses, o, mem)
	o.Volume = pickVolume(volumes, name, mem)
	return o, nil
}

// findUntagged looks through all droplets of the account when a known one is
// not listed under the cluster's tag: somebody may have removed the tag, which
// is another thing than the droplet.
func (e *Engine) findUntagged(ctx context.Context, o *cluster.Observed, mem cluster.Memory) error {
	lostSight := false
	for id := range mem.Hosts {
		if _, listed := o.Droplet(id); !listed {
			lostSight = true
		}
	}
	if !lostSight {
		return nil
	}
	all, err := e.api.AllDroplets(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		_, known := mem.Hosts[d.ID]
		if _, listed := o.Droplet(d.ID); known && !listed {
			o.Droplets = append(o.Droplets, d)
		}
	}
	return nil
}

// ours says whether a firewall is the cluster's: it has one of its names and is
// bound to its tag, or is remembered and bound to no tag any more.
func ours(f cluster.Firewall, name string, mem cluster.Memory) bool {
	for _, role := range []string{cluster.RoleNode, cluster.RoleLoadBalancer, cluster.RoleDatabase} {
		if f.Name == cluster.FirewallName(name, role) {
			return slices.Contains(f.Tags, cluster.RoleTag(name, role)) || len(f.Tags) == 0 && slices.Contains(mem.Firewalls, f.ID)
		}
	}
	return false
}

func clusterTags(tags []digitalocean.Tag, name string) []string {
	var out []string
	for _, t := range tags {
		if t.Name == cluster.ClusterTag(name) || strings.HasPrefix(t.Name, cluster.ClusterTag(name)+":") {
			out = append(out, t.Name)
		}
	}
	return out
}

// pickAddress finds the remembered address or, when none is remembered, the one
// that leads to a load balancer of the cluster.
func pickAddress(all []cluster.ReservedIP, o cluster.Observed, mem cluster.Memory) *cluster.ReservedIP {
	for _, r := range all {
		d, _ := o.Droplet(r.DropletID)
		if r.IP == mem.ReservedIP || mem.ReservedIP == "" && d.Role(o.Cluster) == cluster.RoleLoadBalancer {
			return &r
		}
	}
	return nil
}

func pickVolume(named []cluster.Volume, name string, mem cluster.Memory) *cluster.Volume {
	for _, v := range named {
		if v.ID == mem.VolumeID || slices.Contains(v.Tags, cluster.ClusterTag(name)) {
			return &v
		}
	}
	return nil
}
