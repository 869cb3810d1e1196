package plan

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// removal says that nothing is asked for: the cluster goes.
func (d *differ) removal() bool {
	return len(d.Spec.Pools) == 0 && d.Spec.LoadBalancer == nil && d.Spec.Database == nil
}

// adopt takes hosts into the memory that carry the cluster's id and are
// remembered by no state: an apply made them and died before it was written. One
// that was told just what it would be told today is kept; the others go last.
func (d *differ) adopt() {
	for _, host := range d.Observed.Droplets {
		if !d.stray(host) || d.removal() {
			continue
		}
		record := cluster.HostRecord{Name: host.Name, Role: host.Role(d.Spec.Name), Pool: host.Pool(d.Spec.Name)}
		if told := d.fingerprintOf(record); told != "" && host.HasTag(cluster.ToldTag(d.Spec.Name, told)) && d.elsewhere(host) == "" {
			pool, _ := d.pool(record.Pool)
			made := NewRecord(d.Input, CreateHosts{Role: record.Role, Pool: record.Pool, Place: pool.Place})
			made.Name, made.Told, made.Image = record.Name, told, ""
			if !made.Unmanaged {
				made.Delivered, made.Parts[hostconfig.PartKeys] = "", "" // of which hosts and SSH keys it was told since then nobody knows
			}
			record = made
			d.Memory.Remember(host.ID, record)
			d.do(AdoptHost{Droplet: host, Record: record}, describe(host.Name, host.ID)+" is not in the state")
		}
	}
	for id, record := range d.Memory.Hosts {
		if _, exists := d.Observed.Droplet(id); !exists {
			delete(d.Memory.Hosts, id)
			d.do(ForgetHost{ID: id, Record: record}, describe(record.Name, id)+" is gone")
		}
	}
	slices.SortStableFunc(d.steps, compareKeys)
}

// stray says that the cluster's marks are on a host that nobody remembers.
func (d *differ) stray(host cluster.Droplet) bool {
	_, known := d.Memory.Hosts[host.ID]
	return !known && d.Observed.Owns(host)
}

// HasStrays says that hosts of the cluster exist that the state does not know.
func HasStrays(in Input) bool {
	return slices.ContainsFunc(in.Observed.Droplets, (&differ{Input: in}).stray)
}

// fingerprintOf is what a host of the record's role, and of its pool, would be told
// today; empty where the spec has no such role. Which nodes a load balancer knows
// that cannot be told is found out from the nodes that are known by then.
func (d *differ) fingerprintOf(record cluster.HostRecord) string {
	switch role := record.Role; {
	case role == cluster.RoleNode && len(d.Spec.Pools) > 0:
		return d.node(record.Pool).fingerprint
	case role == cluster.RoleDatabase && d.Spec.Database != nil:
		return d.Spec.DatabaseHost(d.Memory).Fingerprint()
	case role == cluster.RoleLoadBalancer && d.Spec.LoadBalancer != nil:
		return d.Spec.LoadBalancerHost(d.Memory, d.nodes().stay()).Fingerprint()
	}
	return ""
}

// remove deletes what the spec no longer asks for, once nothing points at it any
// more: surplus nodes, former load balancers, hosts that nobody knows.
func (d *differ) remove() {
	after := d.keys(func(a Action) bool {
		switch a.(type) {
		case TagHosts, UntagHosts, SetBackups, RenameHost, DeleteHost:
			return false
		}
		return true
	})
	d.removeAddress()
	for _, host := range d.pools.surplus {
		d.removeNode(host, describe(host.Name, host.ID)+" is not needed any more", after...)
	}
	d.removeBalancers(after)
	if d.Spec.Database == nil {
		for _, host := range d.Observed.Known(cluster.RoleDatabase, d.Memory) {
			d.do(d.deletion(host), "", after...)
		}
	}
	for _, host := range d.Observed.Droplets {
		if d.stray(host) && !d.deletes(host.ID) {
			d.do(d.deletion(host), describe(host.Name, host.ID)+" is not in the state", append(slices.Clone(after), d.released(host)...)...)
		}
	}
	if d.removal() {
		d.removeData()
	}
}

// deleteLast has the deletion of a host come after all else that is done to the
// droplet: the API would know none by then.
func (d *differ) deleteLast() {
	touched := map[int][]string{}
	for _, s := range d.steps {
		for _, id := range touches(s.Action) {
			touched[id] = append(touched[id], s.Key())
		}
	}
	for i, s := range d.steps {
		if a, is := s.Action.(DeleteHost); is {
			d.steps[i].After = slices.Concat(s.After, touched[a.Droplet.ID])
		}
	}
}

// touches are the droplets of which a step needs that they are there.
func touches(a Action) []int {
	switch a := a.(type) {
	case TagHosts:
		return a.IDs
	case UntagHosts:
		return a.IDs
	case PowerOn:
		return []int{a.Droplet.ID}
	case RenameHost:
		return []int{a.Droplet.ID}
	case SetBackups:
		return []int{a.Droplet.ID}
	}
	return nil
}

func (d *differ) removeBalancers(after []string) {
	serves, _ := d.balancerHost()
	for _, host := range d.Observed.Known(cluster.RoleLoadBalancer, d.Memory) {
		if d.deletes(host.ID) || host.ID == serves.ID && d.Spec.LoadBalancer != nil && !d.makesBalancer() {
			continue
		}
		gone := append(slices.Clone(after), d.released(host)...)
		if d.Spec.LoadBalancer != nil { // else nobody answers its clients
			gone = d.retire(host, d.Spec.Update.DrainSeconds, gone)
		}
		d.do(d.deletion(host), describe(d.Memory.Hosts[host.ID].Name, host.ID)+" is not needed any more", gone...)
	}
}

// removeAddress gives the address back that nothing is to be reached at any more. It
// goes before the host that it leads to: only by that a state of before knows whose
// it is.
func (d *differ) removeAddress() {
	if ip := d.Observed.ReservedIP; ip != nil && d.Spec.LoadBalancer == nil {
		d.do(DeleteAddress{IP: ip.IP}, "")
	}
}

// released are the steps after which no client is led to the host.
func (d *differ) released(host cluster.Droplet) []string {
	if d.public(host.ID) {
		return []string{MoveAddress{}.Key(), DeleteAddress{IP: d.Observed.ReservedIP.IP}.Key()}
	}
	return nil
}

// removeData gives back the volume, which outlives hosts.
func (d *differ) removeData() {
	hosts := d.keys(isDelete)
	if v := d.Observed.Volume; v != nil {
		keep := SnapshotVolume{Volume: *v, Name: cluster.FinalSnapshotName(d.Spec.Name, d.Memory.ID), Since: d.Memory.ChangedAt}
		if d.Memory.FinalSnapshot && d.Memory.Snapshot != keep.Name {
			d.do(keep, "", hosts...)
		}
		d.do(DeleteVolume{Volume: *v}, "", append(slices.Clone(hosts), keep.Key())...)
	}
}

// project moves what is not there into the user's project.
func (d *differ) project() {
	if d.Spec.ProjectID == "" || d.Observed.ProjectURNs == nil {
		return
	}
	if outside := d.Observed.OutsideProject(d.Memory); len(outside) > 0 {
		d.do(AssignProject{ID: d.Spec.ProjectID, URNs: outside}, count(len(outside), "object")+" are not in project "+d.Spec.ProjectID,
			d.keys(func(a Action) bool {
				switch a.(type) {
				case CreateHosts, CreateVolume, ReserveAddress:
					return true
				}
				return false
			})...)
	}
}
