package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

const (
	// hostPatience is how long a droplet may take to become active. DigitalOcean
	// needs about a minute.
	hostPatience = 15 * time.Minute
	// bootInterval is the pause between two looks while droplets are only waited
	// for to become active.
	bootInterval = 3 * time.Second
	// looksUntilMissed is how many lists in a row leave a droplet out before it
	// is asked for by its id.
	looksUntilMissed = 2
)

// awaited is what is known of a droplet that is waited for.
type awaited struct {
	since       time.Time // when it was waited for first
	activeSince time.Time // when it became active, in this run
	missed      int       // lists in a row that left it out
	absent      int       // how often the API said that it does not exist
}

// await keeps looking for what is waited for: the list of the cluster's
// droplets, not each of them.
func (r *run) await(ctx context.Context, p plan.Plan) []error {
	var look looks
	for _, s := range p.Ready() {
		switch a := s.Action.(type) {
		case plan.AwaitAddress:
			look.addresses = append(look.addresses, r.idOf(a.Host))
		case plan.AwaitActive:
			look.hosts = append(look.hosts, r.idOf(a.Host))
		case plan.AwaitPeering:
			look.peerings = true
		case plan.AwaitVolume:
			look.volume = r.mem.VolumeID
		case plan.AwaitBooted, plan.AwaitNodes, plan.AwaitFormed:
			r.askHosts(ctx)
		}
	}
	if look.any() && !r.busy[pollKey] {
		if err := r.impatient(look); err != nil {
			return []error{err}
		}
		r.poll(ctx, look)
	}
	return nil
}

const pollKey = "poll"

// looks is what a poll has to look at.
type looks struct {
	addresses, hosts []int // ids of droplets
	peerings         bool
	volume           string // id
}

func (l looks) any() bool {
	return len(l.addresses)+len(l.hosts) > 0 || l.peerings || l.volume != ""
}

func (l looks) droplets() []int {
	ids := slices.Concat(l.addresses, l.hosts)
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id int) bool { return id == 0 })
}

func (l looks) interval() time.Duration {
	if len(l.addresses) > 0 || len(l.hosts) == 0 {
		return digitalocean.PollInterval
	}
	return bootInterval
}

// poll looks once, after a pause.
func (r *run) poll(ctx context.Context, l looks) {
	var suspects []int
	for _, id := range l.droplets() {
		if r.hosts[id] == nil {
			r.hosts[id] = &awaited{since: time.Now()}
		}
		if r.hosts[id].missed >= looksUntilMissed {
			suspects = append(suspects, id)
		}
	}
	listed, named := len(l.droplets()) > 0, r.droplets(suspects)
	r.launch(pollKey, func() error {
		if digitalocean.Pause(ctx, l.interval()) != nil {
			return nil //nolint:nilerr // toEnd tells what was waited for
		}
		return r.pollNow(ctx, l, listed, named)
	}, func() {})
}

func (r *run) pollNow(ctx context.Context, l looks, listed bool, suspects []cluster.Droplet) error {
	if listed {
		droplets, err := r.api.DropletsByTag(ctx, cluster.ClusterTag(r.spec.Name))
		if err != nil {
			return err
		}
		r.record(func() { r.seen(ctx, l.droplets(), droplets) })
	}
	for _, suspect := range suspects {
		d, err := r.api.Droplet(ctx, suspect.ID)
		if err != nil {
			return lookFor("droplet "+suspect.Name, err)
		}
		r.record(func() { r.confirmed(suspect.ID, d) })
	}
	if l.peerings {
		peerings, err := r.api.Peerings(ctx)
		if err != nil {
			return err
		}
		r.record(func() { r.mergePeerings(peerings) })
	}
	if l.volume == "" {
		return nil
	}
	v, err := r.api.Volume(ctx, l.volume)
	if err != nil {
		return lookFor("the volume "+cluster.DatabaseHostName(r.spec.Name), err)
	}
	if v == nil {
		return nil
	}
	r.record(func() { r.changedVolume(func(have *cluster.Volume) { have.DropletIDs = v.DropletIDs }) })
	return nil
}

// seen takes over what a list says of droplets that are known to exist. One that
// it leaves out may be new, or the list old.
func (r *run) seen(ctx context.Context, ids []int, listed []cluster.Droplet) {
	for _, id := range ids {
		i := slices.IndexFunc(listed, func(d cluster.Droplet) bool { return d.ID == id })
		switch a := r.hosts[id]; {
		case a == nil:
		case i < 0:
			a.missed++
		default:
			a.missed, a.absent = 0, 0
		}
	}
	up := 0
	for _, d := range listed {
		r.merge(d)
		if plan.Active(d) {
			up++
		}
	}
	tflog.Info(ctx, "waiting for droplets", map[string]any{"cluster": r.spec.Name, "active": up, "listed": len(listed)})
}

func (r *run) merge(fresh cluster.Droplet) {
	for i, d := range r.obs.Droplets {
		if d.ID != fresh.ID {
			continue
		}
		if a := r.hosts[d.ID]; plan.Active(fresh) && !plan.Active(d) && a != nil {
			a.activeSince = time.Now()
		}
		fresh.Tags = d.Tags // lists may be behind what was tagged just now
		r.obs.Droplets[i] = fresh
	}
}

// confirmed takes over what the API says of one droplet that lists left out. One
// that does not exist may be too new: it is lost when it is missing twice.
func (r *run) confirmed(id int, d *cluster.Droplet) {
	a := r.hosts[id]
	switch {
	case a == nil:
	case d != nil:
		a.missed = 0
		r.merge(*d)
	default:
		if a.absent++; a.absent >= 2 {
			r.lose(id)
		}
	}
}

func (r *run) mergePeerings(fresh []cluster.Peering) {
	for i, p := range r.obs.Peerings {
		for _, now := range fresh {
			if now.ID == p.ID {
				r.obs.Peerings[i] = now
			}
		}
	}
}

// impatient gives up on a droplet that does not come up. One that this apply made
// is made anew, once; any other one the next apply makes anew, so that its plan
// says so before.
func (r *run) impatient(l looks) error {
	for _, id := range l.droplets() {
		a := r.hosts[id]
		if a == nil || time.Since(a.since) < hostPatience || r.mem.Hosts[id].SetUpFailed {
			continue
		}
		d, _ := r.obs.Droplet(id)
		if r.made[id] && !r.retried[d.Name] {
			r.retried[d.Name] = true
			r.mem.RememberFailure(id)
			continue
		}
		state := fmt.Sprintf("its status is %q", d.Status)
		if d.Status == cluster.StatusActive {
			state = "it has no address"
		}
		r.slow = append(r.slow, r.asSlow(l, a.since)...)
		return fmt.Errorf("droplet %s (%d) did not come up within %s: %s; apply again to make it anew", d.Name, id, hostPatience, state)
	}
	return nil
}

// asSlow are the droplets that were waited for since then, or soon after: nodes of
// one cluster are made within a minute, each once it can be told of another one.
func (r *run) asSlow(l looks, since time.Time) (ids []int) {
	for _, id := range l.droplets() {
		if a := r.hosts[id]; a != nil && a.since.Sub(since) < time.Minute {
			ids = append(ids, id)
		}
	}
	return ids
}

// awaiting names what is waited for.
func (r *run) awaiting(p plan.Plan) string {
	var what []string
	for _, s := range p.Ready() {
		switch a := s.Action.(type) {
		case plan.AwaitAddress:
			what = append(what, fmt.Sprintf("the address of %s (droplet %d)", a.Host, r.idOf(a.Host)))
		case plan.AwaitActive:
			d, _ := r.obs.Droplet(r.idOf(a.Host))
			what = append(what, fmt.Sprintf("%s (droplet %d) to be active (it is %q)", a.Host, d.ID, d.Status))
		case plan.AwaitPeering:
			what = append(what, "the peering "+a.Name+" to be active")
		case plan.AwaitVolume:
			what = append(what, "the volume "+a.Name+" to be free")
		}
	}
	const most = 3
	if len(what) > most {
		what = append(what[:most], fmt.Sprintf("%d more", len(what)-most))
	}
	return strings.Join(what, ", ")
}
