package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// work is a step under way. It must not touch the run but through record.
type work func(context.Context) error

// prepare reads all that the step needs and returns what is to be run.
func (r *run) prepare(a plan.Action) (work, error) {
	switch a := a.(type) {
	case plan.CreateHosts:
		return r.createHosts(a)
	case plan.PowerOn, plan.RenameHost, plan.SetBackups, plan.DeleteHost, plan.TagHosts, plan.UntagHosts:
		return r.changeHosts(a), nil
	case plan.CreateVPC, plan.MarkVPC, plan.UnmarkVPC, plan.DeleteVPC, plan.CreatePeering, plan.DeletePeering:
		return r.changeNetwork(a), nil
	case plan.CreateFirewall, plan.UpdateFirewall, plan.DeleteFirewall:
		return r.changeFirewall(a), nil
	case plan.CreateVolume, plan.AttachVolume, plan.DeleteVolume, plan.TagVolume, plan.SnapshotVolume:
		return r.changeVolume(a), nil
	case plan.ReserveAddress, plan.MoveAddress, plan.DeleteAddress:
		return r.changeAddress(a), nil
	case plan.HoldLease, plan.MarkTelling, plan.CreateTag, plan.DeleteTag, plan.AssignProject:
		return r.changeAccount(a), nil
	}
	return r.prepareTelling(a)
}

// prepareTelling is prepare for steps that running hosts are asked to.
func (r *run) prepareTelling(a plan.Action) (work, error) {
	switch a := a.(type) {
	case plan.Tell:
		return r.tell(a.Delivery), nil
	case plan.Apply:
		return r.apply(a)
	case plan.Retire:
		return r.retire(a), nil
	case plan.FetchRelease:
		return r.fetchRelease(a)
	case plan.PushRelease:
		return r.pushRelease(a), nil
	case plan.SpreadRelease:
		return r.spreadRelease(a)
	case plan.Migrate:
		return r.migrate(a)
	case plan.CarryCertificate:
		return r.carryCertificate(a), nil
	case plan.RotateCookie:
		return r.rotateCookie(a)
	}
	return nil, fmt.Errorf("no way to carry out %q", a.Key())
}

// note does what changes the memory alone; false when nothing changed.
func (r *run) note(a plan.Action) bool {
	switch a := a.(type) {
	case plan.AdoptHost:
		r.mem.Remember(a.Droplet.ID, a.Record)
	case plan.ForgetHost:
		delete(r.mem.Hosts, a.ID)
	case plan.TakeOver:
		r.mem.Remember(a.ID, a.Record)
	case plan.UseVPC:
		r.useVPC(a.Region, a.ID)
	case plan.NoteDatabase:
		if a.Address == "" {
			return false // its host is still to come
		}
		r.mem.DatabaseAddress = a.Address
	case plan.Claim:
		r.mem.Unmarked = false
	case plan.ForgetTold:
		plan.ForgetAllTold(r.input(), r.mem, a.Tellings)
	default:
		return false
	}
	return true
}

func (r *run) useVPC(region, id string) {
	if r.mem.VPCs == nil {
		r.mem.VPCs = map[string]string{}
	}
	r.mem.VPCs[region] = id
	if id == "" {
		delete(r.mem.VPCs, region)
	}
}

func (r *run) changeFirewall(a plan.Action) work {
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.CreateFirewall:
			made, err := r.api.CreateFirewall(ctx, a.Firewall)
			if err != nil {
				return err
			}
			r.record(func() { r.obs.Firewalls = append(r.obs.Firewalls, made) })
		case plan.UpdateFirewall:
			if err := r.api.UpdateFirewall(ctx, a.Firewall); err != nil {
				return err
			}
			r.record(func() {
				r.obs.Firewalls = slices.DeleteFunc(r.obs.Firewalls, func(f cluster.Firewall) bool { return f.ID == a.Firewall.ID })
				r.obs.Firewalls = append(r.obs.Firewalls, a.Firewall)
			})
		case plan.DeleteFirewall:
			if err := r.api.DeleteFirewall(ctx, a.Firewall); err != nil {
				return err
			}
			r.record(func() {
				r.obs.Firewalls = slices.DeleteFunc(r.obs.Firewalls, func(f cluster.Firewall) bool { return f.ID == a.Firewall.ID })
			})
		}
		return nil
	}
}

func (r *run) changeVolume(a plan.Action) work {
	name := cluster.DatabaseHostName(r.spec.Name)
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.CreateVolume:
			made, err := r.api.CreateVolume(ctx, a.Volume)
			if err != nil {
				return err
			}
			r.record(func() { r.obs.Volume = &made })
		case plan.AttachVolume:
			return r.attach(ctx, a)
		case plan.TagVolume:
			if err := r.api.TagVolume(ctx, a.Tag, cluster.Volume{ID: a.ID, Name: name}); err != nil {
				return err
			}
			r.record(func() { r.changedVolume(func(v *cluster.Volume) { v.Tags = append(slices.Clone(v.Tags), a.Tag) }) })
		case plan.SnapshotVolume:
			if err := r.api.SnapshotVolume(ctx, a.Volume, a.Name, a.Since); err != nil {
				return fmt.Errorf("%w; to destroy the cluster without keeping its data, set database.final_snapshot = false and apply before", err)
			}
			r.record(func() { r.mem.Snapshot = a.Name })
		case plan.DeleteVolume:
			if err := r.api.DeleteVolume(ctx, a.Volume); err != nil {
				return err
			}
			r.record(func() { r.obs.Volume = nil })
		}
		return nil
	}
}

func (r *run) changedVolume(change func(*cluster.Volume)) {
	if r.obs.Volume == nil {
		return
	}
	v := *r.obs.Volume
	change(&v)
	r.obs.Volume = &v
}

// attach restarts the host unless the volume came back by itself meanwhile.
func (r *run) attach(ctx context.Context, a plan.AttachVolume) error {
	now, err := r.api.Volume(ctx, a.Volume.ID)
	if err != nil {
		return lookFor("the volume "+a.Volume.Name, err)
	}
	attached := now != nil && slices.Contains(now.DropletIDs, a.Host.ID)
	if !attached {
		if err := r.api.AttachVolume(ctx, a.Volume, a.Host); err != nil {
			return err
		}
		if err := r.api.Reboot(ctx, a.Host); err != nil {
			return err
		}
	}
	r.record(func() {
		r.changedVolume(func(v *cluster.Volume) { v.DropletIDs = []int{a.Host.ID} })
		r.reports = nil
	})
	return nil
}

// bindPatience is how long a new address may take until it leads to the droplet
// it was reserved for, before it is led there.
const bindPatience = 30 * time.Second

func (r *run) changeAddress(a plan.Action) work {
	known, host := slices.Clone(r.obs.Addresses), cluster.Droplet{}
	switch a := a.(type) {
	case plan.ReserveAddress:
		host = cluster.Droplet{ID: r.idOf(a.Host), Name: a.Host}
	case plan.MoveAddress:
		host = cluster.Droplet{ID: r.idOf(a.Host), Name: a.Host}
	}
	fresh := slices.Contains(r.reserved, host.ID)
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.ReserveAddress:
			made, err := r.api.ReserveIP(ctx, host, known)
			if err != nil {
				return err
			}
			r.record(func() {
				r.obs.ReservedIP, r.obs.Addresses = &made, append(r.obs.Addresses, made.IP)
				r.reserved = append(r.reserved, host.ID)
			})
		case plan.MoveAddress:
			return r.moveAddress(ctx, a.IP, host, fresh)
		case plan.DeleteAddress:
			if err := r.api.DeleteReservedIP(ctx, a.IP); err != nil {
				return err
			}
			r.record(func() { r.obs.ReservedIP = nil })
		}
		return nil
	}
}

// moveAddress leads the address to the droplet. One that was reserved for it
// just now gets there by itself, as a rule.
func (r *run) moveAddress(ctx context.Context, ip string, host cluster.Droplet, fresh bool) error {
	bound := false
	if fresh {
		var err error
		if bound, err = r.api.AwaitReservedIP(ctx, ip, host, bindPatience); err != nil {
			return err
		}
	}
	if !bound {
		if err := r.api.AssignReservedIP(ctx, ip, host); err != nil {
			return err
		}
	}
	r.record(func() {
		if r.obs.ReservedIP != nil {
			moved := *r.obs.ReservedIP
			moved.DropletID = host.ID
			r.obs.ReservedIP = &moved
		}
	})
	return nil
}

func (r *run) changeAccount(a plan.Action) work {
	return func(ctx context.Context) error {
		switch a := a.(type) {
		case plan.HoldLease:
			return r.holdLease(ctx, a)
		case plan.MarkTelling:
			return r.markTelling(ctx, a)
		case plan.CreateTag:
			if err := r.api.CreateTag(ctx, a.Tag); err != nil {
				return err
			}
			r.record(func() { r.obs.Tags = append(r.obs.Tags, a.Tag) })
		case plan.DeleteTag:
			if err := r.api.DeleteTag(ctx, a.Tag); err != nil {
				return err
			}
			r.record(func() { r.forgetTag(a.Tag) })
		case plan.AssignProject:
			if err := r.api.AssignToProject(ctx, a.ID, a.URNs); err != nil {
				return err
			}
			r.record(func() { r.obs.ProjectURNs = append(r.obs.ProjectURNs, a.URNs...) })
		}
		return nil
	}
}

func (r *run) forgetTag(tag string) {
	r.obs.Tags = slices.DeleteFunc(r.obs.Tags, func(have string) bool { return have == tag })
	r.obs.Leases = slices.DeleteFunc(r.obs.Leases, func(l cluster.Lease) bool { return l.Tag == tag })
	if tag == cluster.TagAll {
		r.obs.LastCluster = false
	}
	for i, d := range r.obs.Droplets {
		r.obs.Droplets[i].Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(have string) bool { return have == tag })
	}
}
