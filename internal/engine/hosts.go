package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// createHosts makes droplets of one role and remembers each as soon as it exists.
func (r *run) createHosts(a plan.CreateHosts) (work, error) {
	request, record, err := r.request(a)
	if err != nil {
		return nil, err
	}
	if a.Role == cluster.RoleNode {
		r.migratesAtBoot()
	}
	return func(ctx context.Context) error {
		return r.api.CreateDroplets(ctx, request, func(made []cluster.Droplet) {
			r.record(func() {
				for _, d := range made {
					r.obs.Droplets = append(r.obs.Droplets, d)
					record.Name = d.Name
					r.made[d.ID] = true
					r.mem.Remember(d.ID, record)
					if len(request.VolumeIDs) > 0 {
						r.changedVolume(func(v *cluster.Volume) { v.DropletIDs = []int{d.ID} })
					}
				}
			})
		})
	}, nil
}

// clusterHosts describes the droplets of a role of the cluster.
func (r *run) clusterHosts(a plan.CreateHosts) (digitalocean.DropletRequest, cluster.HostRecord, error) {
	request := digitalocean.DropletRequest{
		Names: a.Names, Place: a.Place, SSHKeys: r.spec.SSHKeys, Monitoring: r.spec.Monitoring,
		LookupTag: cluster.IDTag(r.spec.Name, r.mem.ID), Known: r.dropletIDs(),
	}
	if r.spec.Private() {
		request.VPCUUID = r.mem.VPCs[a.Place.Region]
	}
	userData, err := r.render(a)
	if err != nil {
		return request, cluster.HostRecord{}, err
	}
	if a.Role == cluster.RoleDatabase {
		request.VolumeIDs, request.Backups = []string{r.mem.VolumeID}, r.spec.Database.Backups
	}
	record := plan.NewRecord(r.input(), a)
	request.UserData = string(userData)
	request.Tags = plan.HostTags(r.spec, *r.mem, record)
	return request, record, nil
}

// render gives the user data of a host made now.
func (r *run) render(a plan.CreateHosts) ([]byte, error) {
	switch a.Role {
	case cluster.RoleDatabase:
		if err := r.mem.CanMakeDatabase(); err != nil {
			return nil, err
		}
		return named("configuration of the database host")(r.spec.DatabaseHost(*r.mem).Render())
	case cluster.RoleLoadBalancer:
		if r.mem.Secrets.StatsPassword == "" {
			r.mem.Secrets.StatsPassword = secret.Password()
		}
		return named("configuration of the load balancer")(r.spec.LoadBalancerHost(*r.mem, plan.Serving(r.input())).Render())
	}
	if err := r.spec.CanMakeNodes(*r.mem); err != nil {
		return nil, err
	}
	if r.mem.Secrets.RunningFingerprint == "" {
		r.mem.Secrets.RunningFingerprint = cookie.Fingerprint(r.spec.EffectiveCookie(*r.mem))
	}
	return named("configuration of the nodes")(r.spec.NodeHost(*r.mem, a.Pool, r.spec.PeersOf(*r.mem, plan.Peers(r.input()))).Render())
}

// named says of what it is an error.
func named(what string) func(text []byte, err error) ([]byte, error) {
	return func(text []byte, err error) ([]byte, error) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		return text, nil
	}
}

func (r *run) dropletIDs() []int {
	var ids []int
	for _, d := range r.obs.Droplets {
		ids = append(ids, d.ID)
	}
	return ids
}

// droplets are those of the ids.
func (r *run) droplets(ids []int) (all []cluster.Droplet) {
	for _, id := range ids {
		d, _ := r.obs.Droplet(id)
		d.ID = id
		all = append(all, d)
	}
	return all
}

// idOf is the youngest known host of the name: its predecessors are on their way
// out.
func (r *run) idOf(name string) int {
	id := 0
	for _, d := range r.obs.Droplets {
		if r.mem.Hosts[d.ID].Name == name {
			id = d.ID
		}
	}
	return id
}

func (r *run) changeHosts(a plan.Action) work {
	var tagged []cluster.Droplet
	switch a := a.(type) {
	case plan.TagHosts:
		tagged = r.droplets(a.IDs)
	case plan.UntagHosts:
		tagged = r.droplets(a.IDs)
	}
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.PowerOn:
			if err := r.api.PowerOn(ctx, a.Droplet); err != nil {
				return err
			}
			r.changed(a.Droplet.ID, func(d *cluster.Droplet) { d.Status = cluster.StatusActive })
		case plan.RenameHost:
			if err := r.api.Rename(ctx, a.Droplet, a.Name); err != nil {
				return err
			}
			r.changed(a.Droplet.ID, func(d *cluster.Droplet) { d.Name = a.Name })
		case plan.SetBackups:
			if err := r.api.SetBackups(ctx, a.Droplet, a.On); err != nil {
				return err
			}
			r.changed(a.Droplet.ID, func(d *cluster.Droplet) { d.Backups = a.On })
		case plan.TagHosts:
			return r.tagHosts(ctx, a.Tag, tagged)
		case plan.UntagHosts:
			return r.untagHosts(ctx, a.Tag, tagged)
		case plan.DeleteHost:
			return r.deleteHost(ctx, a.Droplet)
		}
		return nil
	}
}

// changed records what a step made of a droplet.
func (r *run) changed(id int, change func(*cluster.Droplet)) {
	r.record(func() {
		for i := range r.obs.Droplets {
			if r.obs.Droplets[i].ID == id {
				change(&r.obs.Droplets[i])
			}
		}
	})
}

func (r *run) tagHosts(ctx context.Context, tag string, on []cluster.Droplet) error {
	if err := r.api.TagDroplets(ctx, tag, on); err != nil {
		return err
	}
	for _, one := range on {
		r.changed(one.ID, func(d *cluster.Droplet) { d.Tags = append(slices.Clone(d.Tags), tag) })
	}
	return nil
}

func (r *run) untagHosts(ctx context.Context, tag string, off []cluster.Droplet) error {
	if err := r.api.UntagDroplets(ctx, tag, off); err != nil {
		return err
	}
	for _, one := range off {
		r.changed(one.ID, func(d *cluster.Droplet) {
			d.Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(have string) bool { return have == tag })
		})
	}
	return nil
}

func (r *run) deleteHost(ctx context.Context, d cluster.Droplet) error {
	if err := r.api.DeleteDroplet(ctx, d); err != nil {
		return err
	}
	r.record(func() { r.lose(d.ID) })
	return nil
}

// lose drops a droplet that is gone.
func (r *run) lose(id int) {
	delete(r.mem.Hosts, id)
	delete(r.hosts, id)
	r.obs.Droplets = slices.DeleteFunc(r.obs.Droplets, func(d cluster.Droplet) bool { return d.ID == id })
}
