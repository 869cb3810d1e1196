package cluster

import (
	"cmp"
	"fmt"
	"strings"
)

// Power states of a droplet (API description, droplet.status).
const (
	StatusNew    = "new"
	StatusActive = "active"
	StatusOff    = "off"
)

// WantedTags are the tags that a host of the role carries; pool is for nodes.
func (s Spec) WantedTags(role, pool string) []string {
	tags := []string{TagAll, ClusterTag(s.Name), RoleTag(s.Name, role)}
	if role == RoleNode {
		tags = append(tags, PoolTag(s.Name, pool))
	}
	return append(tags, s.Tags...)
}

// UserTags are the tags of a droplet that the provider did not make.
func (d Droplet) UserTags(cluster string) []string {
	return filter(d.Tags, func(tag string) bool {
		return tag != TagAll && tag != ClusterTag(cluster) && !strings.HasPrefix(tag, ClusterTag(cluster)+":")
	})
}

// ByAge sorts the oldest first. Droplets of one request share a second; their
// ids only ever grow.
func ByAge(a, b Droplet) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// URN is how projects name the droplet (API description, "Projects").
func (d Droplet) URN() string { return fmt.Sprintf("do:droplet:%d", d.ID) }

// URN is how projects name the volume.
func (v Volume) URN() string { return "do:volume:" + v.ID }

// URN is how projects name the address. The API writes floatingip where users
// read reserved IP.
func (r ReservedIP) URN() string { return "do:floatingip:" + r.IP }

// URNs returns the names, within projects, of everything of the cluster that a
// project can hold.
func (o Observed) URNs(m Memory) []string {
	var urns []string
	for _, d := range o.Droplets {
		if _, known := m.Hosts[d.ID]; known {
			urns = append(urns, d.URN())
		}
	}
	if o.Volume != nil {
		urns = append(urns, o.Volume.URN())
	}
	if o.ReservedIP != nil {
		urns = append(urns, o.ReservedIP.URN())
	}
	return urns
}

// OutsideProject returns the URNs that the spec's project should hold and does
// not.
func (o Observed) OutsideProject(m Memory) []string {
	held := map[string]bool{}
	for _, urn := range o.ProjectURNs {
		held[strings.Replace(urn, "do:reservedip:", "do:floatingip:", 1)] = true
	}
	return filter(o.URNs(m), func(urn string) bool { return !held[urn] })
}
