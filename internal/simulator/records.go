package simulator

import (
	"maps"
	"slices"
)

// records are what the account has: all that lists show. They can be copied,
// so that a list can show how the account was a while ago.
type records struct {
	droplets      table[int, *droplet]
	images        table[int, *image]
	volumes       table[string, *volume]
	volSnapshots  table[string, *volumeSnapshot]
	tags          table[string, *tag]
	firewalls     table[string, *firewall]
	vpcs          table[string, *vpc]
	peerings      table[string, *vpcPeering]
	reservedIPs   table[string, *reservedIP]
	keys          table[int, *sshKey]
	domains       table[string, *domain]
	projects      table[string, *project]
	assignments   map[string]assignment // by URN; what is not listed is in the default project
	databases     table[string, *database]
	loadBalancers table[string, *loadBalancer]
}

// clone copies the records so deeply that no later change shows in the copy.
// What never changes, such as regions and sizes, is shared. statusOf tells a
// droplet's status, which its host knows.
func (r *records) clone(statusOf func(*droplet) string) records {
	return records{
		droplets: r.droplets.clone(duplicate(func(d *droplet) {
			d.statusThen = statusOf(d)
			d.tags = slices.Clone(d.tags)
		})),
		images: r.images.clone(duplicate(func(i *image) { i.Tags = listOf(i.Tags) })),
		volumes: r.volumes.clone(duplicate(func(v *volume) {
			v.DropletIDs, v.Tags = listOf(v.DropletIDs), listOf(v.Tags)
		})),
		volSnapshots:  r.volSnapshots.clone(duplicate(func(v *volumeSnapshot) { v.Tags = listOf(v.Tags) })),
		tags:          r.tags.clone(duplicate(func(*tag) {})),
		firewalls:     r.firewalls.clone(duplicate((*firewall).detach)),
		vpcs:          r.vpcs.clone(duplicate(func(v *vpc) { v.members = v.members.clone(itself) })),
		peerings:      r.peerings.clone(duplicate(func(*vpcPeering) {})),
		reservedIPs:   r.reservedIPs.clone(duplicate(func(*reservedIP) {})),
		keys:          r.keys.clone(duplicate(func(*sshKey) {})),
		domains:       r.domains.clone(duplicate(func(d *domain) { d.records = d.records.clone(duplicate(func(*record) {})) })),
		projects:      r.projects.clone(duplicate(func(*project) {})),
		assignments:   maps.Clone(r.assignments),
		databases:     r.databases.clone(duplicate((*database).detach)),
		loadBalancers: r.loadBalancers.clone(duplicate(func(lb *loadBalancer) { lb.DropletIDs = listOf(lb.DropletIDs) })),
	}
}

// duplicate returns a function that copies an object and then replaces, in the
// copy, what it would still share with the original.
func duplicate[T any](detach func(*T)) func(*T) *T {
	return func(original *T) *T {
		copied := *original
		detach(&copied)
		return &copied
	}
}

// itself copies what holds no pointers.
func itself[T any](value T) T { return value }

// detach gives a copied firewall lists of its own: a droplet that is destroyed
// and a tag that is deleted are taken off them in place.
func (f *firewall) detach() {
	f.DropletIDs, f.Tags, f.PendingChanges = listOf(f.DropletIDs), listOf(f.Tags), listOf(f.PendingChanges)
	f.InboundRules, f.OutboundRules = listOf(f.InboundRules), listOf(f.OutboundRules)
	for i := range f.InboundRules {
		f.InboundRules[i].Sources = f.InboundRules[i].Sources.clone()
	}
	for i := range f.OutboundRules {
		f.OutboundRules[i].Destinations = f.OutboundRules[i].Destinations.clone()
	}
}

func (e *ruleEnds) clone() *ruleEnds {
	if e == nil {
		return nil
	}
	copied := *e
	copied.DropletIDs, copied.Tags = slices.Clone(e.DropletIDs), slices.Clone(e.Tags)
	return &copied
}

// detach gives a copied database parts of its own.
func (d *database) detach() {
	d.Tags, d.Rules = listOf(d.Tags), listOf(d.Rules)
	d.users = d.users.clone(duplicate(func(*databaseUser) {}))
	d.names = d.names.clone(itself)
	d.pools = d.pools.clone(duplicate(func(*connectionPool) {}))
	d.replicas = d.replicas.clone(duplicate(func(*databaseReplica) {}))
}
