package cluster

import (
	"maps"
	"slices"
	"time"
)

// Account is what one look at the API found that may concern a cluster.
type Account struct {
	At          time.Time
	Droplets    []Droplet // those with the cluster's tag, and those that are remembered
	Firewalls   []Firewall
	VPCs        []VPC
	Peerings    []Peering
	ReservedIPs []ReservedIP
	Volumes     []Volume // those named as the cluster's, and the remembered one
	Tags        []string // all that the provider makes, whatever their cluster
	Carriers    int      // how many objects of the account carry TagAll
	ProjectURNs []string // what the spec's project holds; nil when the spec names none, or the project is gone
	// Holder is a droplet that is not listed with the cluster's and has the
	// cluster's volume; nil when nobody else has it.
	Holder *Droplet
}

// Taken is an object that has the name of one of the cluster's and is somebody
// else's.
type Taken struct {
	Kind   string // such as "volume"
	Name   string
	ID     string
	Region string // empty where names are unique in the whole account
}

// Of sorts out what belongs to the cluster with the memory: what carries its
// id, and what it remembers by the object's own id.
func (a Account) Of(name string, m Memory) Observed {
	o := a.owned(name, m)
	for _, id := range a.ids(name) {
		if other := a.owned(name, Memory{ID: id, Unmarked: id == ""}); id != m.ID && (id != "" || !m.Unmarked) {
			other.forget(o)
			if !other.Empty() || len(other.Leases) > 0 {
				o.Others = append(o.Others, other)
			}
		}
	}
	o.Taken = a.taken(o)
	return o
}

// IDs lists the ids of the clusters of the name that have objects, sorted; an
// empty one stands for objects that were made before clusters had ids.
func (a Account) IDs(name string) []string {
	return slices.DeleteFunc(a.ids(name), func(id string) bool {
		return a.owned(name, Memory{ID: id, Unmarked: id == ""}).Empty()
	})
}

func (a Account) ids(name string) []string {
	ids := map[string]bool{"": true}
	for _, tag := range a.Tags {
		ids[idOf(name, tag)] = true
		if lease, ok := parseLease(name, tag); ok {
			ids[lease.ID] = true
		}
	}
	for _, d := range a.Droplets {
		ids[idOf(name, d.Tags...)] = true
	}
	for _, f := range a.Firewalls {
		ids[idOf(name, f.Tags...)] = true
	}
	for _, v := range a.VPCs {
		ids[idOf(name, v.Description)] = true
	}
	for _, v := range a.Volumes {
		ids[idOf(name, v.Tags...)] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func (a Account) owned(name string, m Memory) Observed {
	w := whose{name: name, mem: m}
	o := Observed{Cluster: name, ID: m.ID, At: a.At, Peerings: a.Peerings, ProjectURNs: a.ProjectURNs, Holder: a.Holder}
	o.Droplets = filter(a.Droplets, func(d Droplet) bool { return w.droplet(d) || d.ofBeamNode(name) })
	slices.SortFunc(o.Droplets, ByAge)
	o.Firewalls = filter(a.Firewalls, w.firewall)
	for _, v := range a.VPCs {
		v.Own = w.vpc(v)
		o.VPCs = append(o.VPCs, v)
	}
	for _, v := range filter(a.Volumes, w.volume) {
		if o.Volume == nil || v.ID == m.VolumeID {
			o.Volume = &v
		}
	}
	o.ReservedIP = w.address(a.ReservedIPs, o)
	for _, r := range a.ReservedIPs {
		o.Addresses = append(o.Addresses, r.IP)
	}
	o.LastCluster = a.last(o)
	for _, tag := range a.Tags {
		if clusterOfTag(tag) == name {
			o.Tags = append(o.Tags, tag)
		}
		if lease, ok := parseLease(name, tag); ok && lease.ID == m.ID {
			o.Leases = append(o.Leases, lease)
		}
	}
	return o
}

// last says that no other cluster is left that uses TagAll.
func (a Account) last(o Observed) bool {
	own := 0
	for _, d := range o.Droplets {
		if d.HasTag(TagAll) {
			own++
		}
	}
	if o.Volume != nil && slices.Contains(o.Volume.Tags, TagAll) {
		own++
	}
	others := slices.ContainsFunc(a.Tags, func(tag string) bool { return tag != TagAll && clusterOfTag(tag) != o.Cluster })
	return !others && a.Carriers <= own && slices.Contains(a.Tags, TagAll)
}

// whose tells the cluster's objects from others.
type whose struct {
	name string
	mem  Memory
}

// marked says that the marks are the cluster's own. Where the cluster was made
// before there were ids, so are objects without any, given that they carry the
// mark of that time.
func (w whose) marked(before bool, marks ...string) bool {
	id := idOf(w.name, marks...)
	return id != "" && id == w.mem.ID || id == "" && w.mem.Unmarked && before
}

func (w whose) droplet(d Droplet) bool {
	_, known := w.mem.Hosts[d.ID]
	return known || w.marked(d.Role(w.name) != "", d.Tags...)
}

func (w whose) firewall(f Firewall) bool {
	before := slices.ContainsFunc(roles, func(role string) bool {
		return f.Name == FirewallName(w.name, role) && slices.Contains(f.Tags, RoleTag(w.name, role))
	})
	return slices.Contains(w.mem.Firewalls, f.ID) || w.marked(before, f.Tags...)
}

func (w whose) vpc(v VPC) bool {
	return slices.Contains(w.mem.OwnVPCs, v.ID) || w.marked(v.Description == ClusterTag(w.name), v.Description)
}

func (w whose) volume(v Volume) bool {
	return v.ID == w.mem.VolumeID || w.marked(slices.Contains(v.Tags, ClusterTag(w.name)), v.Tags...)
}

// address is the remembered one or, when none is remembered or that is gone, the
// one that leads to a load balancer of the cluster: addresses carry no marks.
func (w whose) address(all []ReservedIP, o Observed) *ReservedIP {
	var leading *ReservedIP
	for _, r := range all {
		if r.IP == w.mem.ReservedIP {
			return &r
		}
		if d, exists := o.Droplet(r.DropletID); exists && leading == nil && o.isBalancer(d, w.mem) {
			leading = &r
		}
	}
	return leading
}

func (a Account) taken(o Observed) []Taken {
	var taken []Taken
	mine := func(claimed func(Observed) bool) bool { return claimed(o) || slices.ContainsFunc(o.Others, claimed) }
	for _, f := range a.Firewalls {
		named := slices.ContainsFunc(roles, func(role string) bool { return f.Name == FirewallName(o.Cluster, role) })
		if named && !mine(func(o Observed) bool { return hasID(o.Firewalls, f.ID, Firewall.id) }) {
			taken = append(taken, Taken{Kind: "firewall", Name: f.Name, ID: f.ID})
		}
	}
	for _, v := range a.VPCs {
		if v.Name == VPCName(o.Cluster, v.Region) && !mine(func(o Observed) bool { return hasID(o.OwnVPCs(), v.ID, VPC.id) }) {
			taken = append(taken, Taken{Kind: "VPC", Name: v.Name, ID: v.ID})
		}
	}
	for _, v := range a.Volumes {
		if v.Name == DatabaseHostName(o.Cluster) && !mine(func(o Observed) bool { return o.Volume != nil && o.Volume.ID == v.ID }) {
			taken = append(taken, Taken{Kind: "volume", Name: v.Name, ID: v.ID, Region: v.Region})
		}
	}
	return taken
}

func (f Firewall) id() string { return f.ID }
func (v VPC) id() string      { return v.ID }

func hasID[T any](items []T, id string, of func(T) string) bool {
	return slices.ContainsFunc(items, func(item T) bool { return of(item) == id })
}
