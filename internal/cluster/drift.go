package cluster

import (
	"fmt"
	"maps"
	"slices"
)

// Drift says, a sentence each, what differs between what exists and what the
// provider made of the spec. The next converge mends all of it.
func Drift(s Spec, m Memory, o Observed) []string {
	var found []string
	for _, part := range []func(Memory, Observed) []string{
		s.hostDrift, s.tagDrift, s.firewallDrift, s.networkDrift, s.addressDrift, s.volumeDrift, s.projectDrift,
	} {
		found = append(found, part(m, o)...)
	}
	if !o.Finished() {
		found = append(found, "the cluster was never completed")
	}
	if m.Unformed && s.WaitsForHosts(m) {
		found = append(found, "the cluster was not "+s.WaitFor+" when it was looked at last")
	}
	return found
}

func (s Spec) hostDrift(m Memory, o Observed) []string {
	var found []string
	for _, id := range slices.Sorted(maps.Keys(m.Hosts)) {
		if _, exists := o.Droplet(id); !exists {
			found = append(found, fmt.Sprintf("droplet %s (%d) is gone", m.Hosts[id].Name, id))
		}
	}
	for _, d := range o.Hosts() {
		if _, known := m.Hosts[d.ID]; !known {
			found = append(found, fmt.Sprintf("droplet %s (%d) is not in the state", d.Name, d.ID))
		}
	}
	found = append(found, s.hostsToRemove(m, o)...)
	for _, r := range s.Repairs(o, m) {
		found = append(found, fmt.Sprintf("droplet %s (%d): %s", r.Droplet.Name, r.Droplet.ID, r.Kind))
	}
	for _, d := range s.Deliveries(m, o) {
		found = append(found, fmt.Sprintf("droplet %s (%d) has yet to be told of other hosts", d.Droplet.Name, d.Droplet.ID))
	}
	return append(found, s.staleHosts(m, o)...)
}

// hostsToRemove names the known hosts that are to be removed.
func (s Spec) hostsToRemove(m Memory, o Observed) []string {
	var found []string
	for _, d := range o.Droplets {
		if m.Hosts[d.ID].SetUpFailed {
			found = append(found, fmt.Sprintf("droplet %s (%d): its set-up failed", d.Name, d.ID))
		}
	}
	for _, d := range s.Surplus(o, m) {
		if _, known := m.Hosts[d.ID]; known {
			found = append(found, fmt.Sprintf("droplet %s (%d) is not needed any more", d.Name, d.ID))
		}
	}
	return found
}

// staleHosts names the hosts that are to be made anew.
func (s Spec) staleHosts(m Memory, o Observed) []string {
	var found []string
	stale := func(d Droplet) {
		if m.Hosts[d.ID].SetUpFailed {
			return // hostsToRemove names it
		}
		found = append(found, fmt.Sprintf("droplet %s (%d) has another size or was told of other hosts", d.Name, d.ID))
	}
	plan := s.PlanNodes(o, m)
	for _, d := range plan.Outdated {
		stale(d)
	}
	if len(plan.Missing) > 0 {
		found = append(found, fmt.Sprintf("%d of %d nodes are missing", len(plan.Missing), s.NodeCount()))
	}
	if s.Database != nil {
		if d, ok := o.Host(RoleDatabase, m); ok && !s.DatabaseCurrent(d, m) {
			stale(d)
		}
	}
	if s.LoadBalancer != nil && len(plan.Missing)+len(plan.Outdated) == 0 {
		if d, ok := o.Host(RoleLoadBalancer, m); ok && !s.LoadBalancerCurrent(d, m, plan.Keep) {
			stale(d)
		}
	}
	return found
}

// NodeCount is how many nodes all pools ask for.
func (s Spec) NodeCount() int {
	n := 0
	for _, p := range s.Pools {
		n += p.Count
	}
	return n
}

func (s Spec) tagDrift(m Memory, o Observed) []string {
	var found []string
	add, _ := s.TagChanges(o, m)
	for _, tag := range slices.Sorted(maps.Keys(add)) {
		found = append(found, fmt.Sprintf("tag %s is missing on %d droplets", tag, len(add[tag])))
	}
	return found
}

func (s Spec) firewallDrift(_ Memory, o Observed) []string {
	var found []string
	for _, wanted := range s.WantedFirewalls() {
		switch have, exists := o.Firewall(wanted.Name); {
		case !exists:
			found = append(found, fmt.Sprintf("firewall %s is gone", wanted.Name))
		case !have.Same(wanted):
			found = append(found, fmt.Sprintf("firewall %s has other rules, tags or droplets", wanted.Name))
		}
	}
	return found
}

func (s Spec) networkDrift(m Memory, o Observed) []string {
	if !s.Private() {
		return nil
	}
	var found []string
	for _, region := range s.Regions() {
		switch v, exists := o.VPCIn(region, m); {
		case !exists:
			found = append(found, fmt.Sprintf("the VPC of region %s is gone", region))
		case s.RenamedVPC(v):
			found = append(found, fmt.Sprintf("the VPC %s is called %s and described as %q", VPCName(s.Name, region), v.Name, v.Description))
		}
	}
	for _, pair := range s.MissingPeerings(m, o) {
		found = append(found, fmt.Sprintf("the peering %s is gone", PeeringName(s.Name, pair[0], pair[1])))
	}
	return found
}

// RenamedVPC says whether a VPC of the cluster's own has lost its name, or the
// description that marks it as such.
func (s Spec) RenamedVPC(v VPC) bool {
	return v.Own && (v.Name != VPCName(s.Name, v.Region) || v.Description != ClusterTag(s.Name))
}

// MissingPeerings returns the pairs of regions whose VPCs are not peered.
func (s Spec) MissingPeerings(m Memory, o Observed) [][2]string {
	return filter(RegionPairs(s.Regions()), func(pair [2]string) bool {
		a, b := m.VPCs[pair[0]], m.VPCs[pair[1]]
		return !slices.ContainsFunc(o.Peerings, func(p Peering) bool { return p.Connects(a, b) })
	})
}

func (s Spec) addressDrift(m Memory, o Observed) []string {
	if s.LoadBalancer == nil || m.ReservedIP == "" {
		return nil
	}
	if o.ReservedIP == nil {
		return []string{fmt.Sprintf("the reserved IP %s is gone", m.ReservedIP)}
	}
	if d, ok := o.Host(RoleLoadBalancer, m); ok && o.ReservedIP.DropletID != d.ID {
		return []string{fmt.Sprintf("the reserved IP %s does not lead to %s", m.ReservedIP, d.Name)}
	}
	return nil
}

func (s Spec) volumeDrift(m Memory, o Observed) []string {
	if s.Database == nil || m.VolumeID == "" {
		return nil
	}
	if o.Volume == nil {
		return []string{fmt.Sprintf("the volume %s is gone, and with it the database; the next apply starts with an empty one", DatabaseHostName(s.Name))}
	}
	if d, ok := o.Host(RoleDatabase, m); ok && !slices.Contains(o.Volume.DropletIDs, d.ID) {
		return []string{fmt.Sprintf("the volume %s is not attached to %s", o.Volume.Name, d.Name)}
	}
	return nil
}

func (s Spec) projectDrift(m Memory, o Observed) []string {
	if s.ProjectID == "" || o.ProjectURNs == nil {
		return nil
	}
	if outside := o.OutsideProject(m); len(outside) > 0 {
		return []string{fmt.Sprintf("%d objects are not in project %s", len(outside), s.ProjectID)}
	}
	return nil
}
