package provider

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// foresight is what will be there after steps, as far as that is known, and what
// they make of which it is not.
type foresight struct {
	spec               cluster.Spec
	mem                cluster.Memory
	observed           cluster.Observed
	nodes              map[string]cluster.Pool // of which only their place is known, by name
	regions, firewalls []string                // keys of VPCs and firewalls that are made
	unaddressed        bool                    // a node that stays has yet to get its address
	address            bool                    // the public address is reserved

	prices   map[string]float64 // by size
	cost     cluster.Cents      // of the hosts that are made
	unpriced bool               // the price of one is not known
}

// foresee follows the steps. Sizes are those that the API lists, as far as it was
// asked; what runs tells its price itself.
func foresee(spec cluster.Spec, mem cluster.Memory, steps plan.Plan, observed cluster.Observed, sizes map[string]cluster.Size) *foresight {
	f := &foresight{spec: spec, mem: mem.Clone(), observed: observed, nodes: map[string]cluster.Pool{}, prices: map[string]float64{}}
	if f.mem.VPCs == nil {
		f.mem.VPCs = map[string]string{}
	}
	for _, d := range observed.Droplets {
		f.prices[d.Size] = d.PriceMonthly
	}
	for slug, size := range sizes {
		f.prices[slug] = size.PriceMonthly
	}
	for _, s := range steps.Steps {
		f.note(s.Action)
	}
	for _, d := range f.observed.Known(cluster.RoleNode, f.mem) {
		if d.PublicIPv4 == "" {
			host := f.mem.Hosts[d.ID]
			f.nodes[host.Name], f.unaddressed = cluster.Pool{Name: host.Pool, Place: cluster.Place{Region: d.Region}}, true
		}
	}
	return f
}

// restartsInPlace says that nodes which have to restart need no successors for it.
func (f *foresight) restartsInPlace() bool {
	for _, host := range f.mem.Hosts {
		if host.Unmanaged {
			return false
		}
	}
	return f.spec.Update.Strategy != cluster.UpdateBlueGreen
}

func (f *foresight) note(a plan.Action) {
	switch a := a.(type) {
	case plan.CreateHosts:
		f.make(a)
	case plan.DeleteHost:
		f.observed.Droplets = slices.DeleteFunc(slices.Clone(f.observed.Droplets), func(d cluster.Droplet) bool { return d.ID == a.Droplet.ID })
	case plan.AdoptHost:
		f.mem.Remember(a.Droplet.ID, a.Record)
	case plan.ForgetHost:
		delete(f.mem.Hosts, a.ID)
	case plan.SetBackups:
		f.setBackups(a)
	case plan.CreateVPC:
		f.regions = append(f.regions, a.VPC.Region)
	case plan.UseVPC:
		f.useVPC(a.Region, a.ID)
	case plan.CreateFirewall:
		f.firewalls = append(f.firewalls, cluster.FirewallKey(f.observed.Cluster, a.Firewall.Name))
	case plan.CreateVolume:
		f.observed.Volume = &a.Volume
	case plan.DeleteVolume:
		f.observed.Volume = nil
	case plan.ReserveAddress:
		f.address = true
	}
}

// useVPC notes another VPC of a region; without an id none.
func (f *foresight) useVPC(region, id string) {
	if id == "" {
		delete(f.mem.VPCs, region)
		return
	}
	f.mem.VPCs[region] = id
}

func (f *foresight) make(a plan.CreateHosts) {
	price, known := f.prices[a.Place.Size]
	f.unpriced = f.unpriced || !known
	backups := a.Role == cluster.RoleDatabase && f.spec.Database.Backups
	for _, name := range a.Names {
		f.cost += cluster.DropletCost(price, backups)
		if a.Role == cluster.RoleNode {
			f.nodes[name] = cluster.Pool{Name: a.Pool, Place: a.Place}
		}
	}
}

func (f *foresight) setBackups(a plan.SetBackups) {
	f.observed.Droplets = slices.Clone(f.observed.Droplets)
	for i, d := range f.observed.Droplets {
		if d.ID == a.Droplet.ID {
			f.observed.Droplets[i].Backups = a.On
		}
	}
}
