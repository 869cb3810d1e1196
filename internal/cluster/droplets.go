package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Power states of a droplet (API description, droplet.status).
const (
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

// TagChanges says which tags the hosts lack and which of the user's former
// tags they carry still, each with the ids of the droplets.
func (s Spec) TagChanges(o Observed, m Memory) (add, remove map[string][]int) {
	add, remove = map[string][]int{}, map[string][]int{}
	for _, d := range o.Droplets {
		record, known := m.Hosts[d.ID]
		if !known {
			continue
		}
		wanted := s.WantedTags(record.Role, record.Pool)
		for _, tag := range wanted {
			if !d.HasTag(tag) {
				add[tag] = append(add[tag], d.ID)
			}
		}
		for _, tag := range m.UserTags {
			if d.HasTag(tag) && !slices.Contains(wanted, tag) {
				remove[tag] = append(remove[tag], d.ID)
			}
		}
	}
	return add, remove
}

// Repair is a change of one droplet that needs no new one.
type Repair struct {
	Droplet Droplet
	Kind    string
	Name    string // for RepairName: the name it should have
}

// Kinds of Repair.
const (
	RepairPower          = "power it on"
	RepairName           = "rename it"
	RepairEnableBackups  = "enable its backups"
	RepairDisableBackups = "disable its backups"
)

// Repairs lists what differs on the known droplets and can be mended in place.
func (s Spec) Repairs(o Observed, m Memory) []Repair {
	var repairs []Repair
	for _, d := range o.Droplets {
		record, known := m.Hosts[d.ID]
		if !known {
			continue
		}
		if d.Status == StatusOff {
			repairs = append(repairs, Repair{Droplet: d, Kind: RepairPower})
		}
		if d.Name != record.Name {
			repairs = append(repairs, Repair{Droplet: d, Kind: RepairName, Name: record.Name})
		}
		repairs = append(repairs, s.backupRepair(d, record)...)
	}
	return repairs
}

func (s Spec) backupRepair(d Droplet, record HostRecord) []Repair {
	if record.Role != RoleDatabase || s.Database == nil || s.Database.Backups == d.Backups {
		return nil
	}
	kind := RepairDisableBackups
	if s.Database.Backups {
		kind = RepairEnableBackups
	}
	return []Repair{{Droplet: d, Kind: kind}}
}

// Host returns the known droplet of a role with one host: of several, the
// youngest, for a successor comes up before the old one goes.
func (o Observed) Host(role string, m Memory) (Droplet, bool) {
	hosts := o.known(role, m)
	if len(hosts) == 0 {
		return Droplet{}, false
	}
	return hosts[len(hosts)-1], true
}

// known returns the remembered droplets of the role, oldest first.
func (o Observed) known(role string, m Memory) []Droplet {
	hosts := filter(o.Droplets, func(d Droplet) bool { return m.Hosts[d.ID].Role == role })
	slices.SortFunc(hosts, byAge)
	return hosts
}

// Members returns the hosts that make up the cluster as the spec wants it: not
// those on their way out.
func (s Spec) Members(o Observed, m Memory) []Droplet {
	members := s.PlanNodes(o, m).Keep
	for _, role := range []string{RoleLoadBalancer, RoleDatabase} {
		if d, exists := o.Host(role, m); exists {
			members = append(members, d)
		}
	}
	return members
}

// Surplus returns the hosts that the spec no longer asks for: nodes, and load
// balancers that have a successor.
func (s Spec) Surplus(o Observed, m Memory) []Droplet {
	surplus := s.PlanNodes(o, m).Surplus
	if balancers := o.known(RoleLoadBalancer, m); len(balancers) > 1 {
		surplus = append(surplus, balancers[:len(balancers)-1]...)
	}
	return surplus
}

// NextLoadBalancerName is the first name that no load balancer has.
func (s Spec) NextLoadBalancerName(o Observed) string {
	for n := 1; ; n++ {
		name := LoadBalancerHostName(s.Name, n)
		if !slices.ContainsFunc(o.Droplets, func(d Droplet) bool { return d.Name == name }) {
			return name
		}
	}
}

// LoadBalancerCurrent says whether the droplet balances just these nodes.
func (s Spec) LoadBalancerCurrent(d Droplet, m Memory, nodes []Droplet) bool {
	told := m.Hosts[d.ID].Told
	return !m.Hosts[d.ID].SetUpFailed && d.Size == s.LoadBalancer.Size && (told == "" || told == s.LoadBalancerHost(m, nodes).Fingerprint())
}

// DatabaseCurrent says whether the droplet runs what the database host should.
func (s Spec) DatabaseCurrent(d Droplet, m Memory) bool {
	told := m.Hosts[d.ID].Told
	return d.Size == s.Database.Size && (told == "" || told == s.DatabaseHost(m).Fingerprint())
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
