package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

const (
	// listLag is how long after an apply lists may still lack what it made, or
	// show what it deleted, and a read of a single object may say that a new one
	// does not exist.
	listLag = time.Minute
	// recheckPause is the pause before a doubtful look is taken again.
	recheckPause = 5 * time.Second
)

// Observe looks at everything of the cluster, at the price of one call for each
// kind of object whatever the number of hosts. projectID is the project that
// should hold the cluster; empty for none. What the lists say against the memory
// is asked for object by object before it is believed.
func (e *Engine) Observe(ctx context.Context, name, projectID string, mem cluster.Memory) (cluster.Observed, error) {
	doubtful := mem.Unsure || time.Since(mem.ChangedAt) < listLag
	a, err := e.account(ctx, name, projectID, mem, doubtful)
	return a.Of(name, mem), err
}

// Find looks for a cluster that no state tells of, and gives its id; empty for one
// that was made before clusters had ids. Of several clusters of the name it returns
// all ids, and has looked at none. It believes the lists, at the price of one call
// for each kind of object.
func (e *Engine) Find(ctx context.Context, name string) (cluster.Observed, []string, error) {
	a, err := e.lists(ctx, name, "")
	if err != nil {
		return cluster.Observed{}, nil, err
	}
	ids := a.IDs(name)
	if len(ids) != 1 {
		return cluster.Observed{}, ids, nil
	}
	return a.Of(name, cluster.Memory{ID: ids[0], Unmarked: ids[0] == ""}), ids, nil
}

// look takes a fresh look for the run, which has changed things or is about to. What
// it finds that an earlier apply made and did not live to write down is remembered.
func (r *run) look(ctx context.Context) error {
	a, err := r.account(ctx, r.spec.Name, r.spec.ProjectID, *r.mem, true)
	if err != nil {
		return err
	}
	a.Tags = union(a.Tags, r.leases) // it holds those, whether or not they are listed yet
	r.obs = a.Of(r.spec.Name, *r.mem)
	r.mem.Note(r.obs)
	if r.adjust != nil {
		r.adjust()
	}
	if r.removing {
		return r.confirmNodes(ctx)
	}
	return nil
}

// confirmNodes asks for each host of beam_node that is listed: one that was
// deleted just now does not keep the cluster.
func (r *run) confirmNodes(ctx context.Context) error {
	for _, d := range r.obs.BeamNodes(*r.mem) {
		found, err := r.api.Droplet(ctx, d.ID)
		if err != nil {
			return lookFor("droplet "+d.Name, err)
		}
		if found == nil {
			r.obs.Droplets = slices.DeleteFunc(r.obs.Droplets, func(have cluster.Droplet) bool { return have.ID == d.ID })
		}
	}
	return nil
}

// account is what the lists say, and of what the memory has otherwise, what the
// API says of each object.
func (e *Engine) account(ctx context.Context, name, projectID string, mem cluster.Memory, doubtful bool) (cluster.Account, error) {
	a, err := e.lists(ctx, name, projectID)
	if err != nil {
		return a, err
	}
	if err := e.findUntagged(ctx, &a, mem); err != nil {
		return a, err
	}
	c := &confirmation{api: e.api, name: name, mem: mem, doubtful: doubtful}
	return a, c.confirm(ctx, &a)
}

func (e *Engine) lists(ctx context.Context, name, projectID string) (cluster.Account, error) {
	a := cluster.Account{At: time.Now()}
	var tags []digitalocean.Tag
	calls := []func(context.Context) error{
		into(&a.Droplets, func(ctx context.Context) ([]cluster.Droplet, error) {
			return e.api.DropletsByTag(ctx, cluster.ClusterTag(name))
		}),
		into(&a.Firewalls, e.api.Firewalls),
		into(&a.VPCs, e.api.VPCs),
		into(&a.Peerings, e.api.Peerings),
		into(&a.ReservedIPs, e.api.ReservedIPs),
		into(&tags, e.api.Tags),
		into(&a.Volumes, func(ctx context.Context) ([]cluster.Volume, error) {
			return e.api.Volumes(ctx, cluster.DatabaseHostName(name))
		}),
	}
	if projectID != "" {
		calls = append(calls, into(&a.ProjectURNs, func(ctx context.Context) ([]string, error) {
			return e.projectURNs(ctx, projectID)
		}))
	}
	if err := read(ctx, calls...); err != nil {
		return a, err
	}
	for _, t := range tags {
		if t.Name == cluster.TagAll {
			a.Carriers = t.Resources
		}
		if t.Name == cluster.TagAll || strings.HasPrefix(t.Name, cluster.ClusterTag("")) {
			a.Tags = append(a.Tags, t.Name)
		}
	}
	a.Tags = append(a.Tags, carried(a)...)
	return a, nil
}

// carried are the tags of clusters that droplets and firewalls carry although the
// list of tags, which may lag behind, lacks them.
func carried(a cluster.Account) []string {
	var tags []string
	for _, d := range a.Droplets {
		tags = append(tags, d.Tags...)
	}
	for _, f := range a.Firewalls {
		tags = append(tags, f.AllTags()...)
	}
	slices.Sort(tags)
	return slices.DeleteFunc(slices.Compact(tags), func(tag string) bool {
		return !strings.HasPrefix(tag, cluster.ClusterTag("")) || slices.Contains(a.Tags, tag)
	})
}

// projectURNs lists what the project holds; nil for one that is gone.
func (e *Engine) projectURNs(ctx context.Context, id string) ([]string, error) {
	urns, err := e.api.ProjectURNs(ctx, id)
	if digitalocean.Gone(err) {
		return nil, nil
	}
	if urns == nil {
		urns = []string{}
	}
	return urns, err
}

// findUntagged looks through all droplets of the account when a known one is
// not listed under the cluster's tag: somebody may have removed the tag, which
// is another thing than the droplet.
func (e *Engine) findUntagged(ctx context.Context, a *cluster.Account, mem cluster.Memory) error {
	if len(unlisted(mem, *a)) == 0 {
		return nil
	}
	all, err := e.api.AllDroplets(ctx)
	if err != nil {
		return err
	}
	for _, id := range unlisted(mem, *a) {
		if i := slices.IndexFunc(all, func(d cluster.Droplet) bool { return d.ID == id }); i >= 0 {
			a.Droplets = append(a.Droplets, all[i])
		}
	}
	return nil
}

// unlisted are the ids of remembered hosts that are not in the account's list.
func unlisted(mem cluster.Memory, a cluster.Account) []int {
	var ids []int
	for id := range mem.Hosts {
		if !slices.ContainsFunc(a.Droplets, func(d cluster.Droplet) bool { return d.ID == id }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// confirmation asks for single objects where the lists and the memory disagree.
type confirmation struct {
	api      *digitalocean.Client
	name     string
	mem      cluster.Memory
	doubtful bool // a first "does not exist" may come too early

	mu    sync.Mutex // guards the account while calls run side by side
	calls []func(context.Context) error
}

// confirm adds to the lists what they leave out and the API knows all the same,
// and takes out what they show and the API knows no more.
func (c *confirmation) confirm(ctx context.Context, a *cluster.Account) error {
	listed := a.Of(c.name, c.mem)
	for _, id := range unlisted(c.mem, *a) {
		ask(c, "droplet "+c.mem.Hosts[id].Name, &a.Droplets, func(ctx context.Context) (*cluster.Droplet, error) { return c.api.Droplet(ctx, id) }, nil)
	}
	for _, d := range listed.Hosts() {
		if _, known := c.mem.Hosts[d.ID]; !known {
			ask(c, "droplet "+d.Name, &a.Droplets, func(ctx context.Context) (*cluster.Droplet, error) { return c.api.Droplet(ctx, d.ID) },
				func(have cluster.Droplet) bool { return have.ID == d.ID })
		}
	}
	compare(c, "a firewall of cluster "+c.name, &a.Firewalls, c.mem.Firewalls, listed.Firewalls, func(f cluster.Firewall) string { return f.ID }, c.api.Firewall)
	compare(c, "a VPC of cluster "+c.name, &a.VPCs, c.mem.OwnVPCs, listed.OwnVPCs(), func(v cluster.VPC) string { return v.ID }, c.api.VPC)
	compare(c, "a peering of cluster "+c.name, &a.Peerings, c.mem.Peerings, nil, func(p cluster.Peering) string { return p.ID }, c.api.Peering)
	compare(c, "the volume "+cluster.DatabaseHostName(c.name), &a.Volumes, one(c.mem.VolumeID), some(listed.Volume), func(v cluster.Volume) string { return v.ID }, c.api.Volume)
	compare(c, "the reserved IP of cluster "+c.name, &a.ReservedIPs, one(c.mem.ReservedIP), some(listed.ReservedIP), func(r cluster.ReservedIP) string { return r.IP }, c.api.ReservedIP)
	if err := read(ctx, c.calls...); err != nil {
		return err
	}
	return c.findHolder(ctx, a)
}

// compare asks for what is remembered and not listed, and for what is listed as
// the cluster's and not remembered.
func compare[T any](c *confirmation, what string, all *[]T, remembered []string, own []T, id func(T) string, get func(context.Context, string) (*T, error)) {
	for _, want := range remembered {
		if !slices.ContainsFunc(*all, func(have T) bool { return id(have) == want }) {
			ask(c, what, all, func(ctx context.Context) (*T, error) { return get(ctx, want) }, nil)
		}
	}
	for _, item := range own {
		if !slices.Contains(remembered, id(item)) {
			ask(c, what, all, func(ctx context.Context) (*T, error) { return get(ctx, id(item)) }, func(have T) bool { return id(have) == id(item) })
		}
	}
}

// lookFor says what a look by an object's id was for.
func lookFor(what string, err error) error { return fmt.Errorf("look for %s: %w", what, err) }

// ask adds a call that reads one object: it is put into the list, or the one that
// is listed, if any, is taken out when there is none.
func ask[T any](c *confirmation, what string, all *[]T, get func(context.Context) (*T, error), listed func(T) bool) {
	c.calls = append(c.calls, func(ctx context.Context) error {
		found, err := get(ctx)
		if err == nil && found == nil && listed == nil && c.doubtful {
			if err = digitalocean.Pause(ctx, recheckPause); err == nil {
				found, err = get(ctx)
			}
		}
		if err != nil {
			return lookFor(what, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case found == nil && listed != nil:
			*all = slices.DeleteFunc(*all, listed)
		case found != nil && listed == nil:
			*all = append(*all, *found)
		}
		return nil
	})
}

// findHolder looks for a droplet of somebody else's that has the cluster's volume.
func (c *confirmation) findHolder(ctx context.Context, a *cluster.Account) error {
	o := a.Of(c.name, c.mem)
	if o.Volume == nil {
		return nil
	}
	for _, id := range o.Volume.DropletIDs {
		if _, ours := o.Droplet(id); ours {
			continue
		}
		holder, err := c.api.Droplet(ctx, id)
		if err != nil {
			return lookFor("the droplet that holds the volume "+o.Volume.Name, err)
		}
		if holder != nil {
			a.Holder = holder
		}
	}
	return nil
}

func one(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func some[T any](item *T) []T {
	if item == nil {
		return nil
	}
	return []T{*item}
}
