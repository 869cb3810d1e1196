package plan

import (
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// What running hosts were told stands in the state, and there only. An apply that is
// killed leaves the state of before it, and a state may be put back. So each apply
// that tells hosts of a change counts itself in a tag, before it begins to: a state
// that knows of fewer has all of them told anew.

// unknown stands for the fingerprint of a part of which nobody knows what it is.
const unknown = "unknown"

// forgetTold takes it for unknown what hosts run, where the state is of before an apply
// that told them.
func (d *differ) forgetTold() {
	if _, last := d.tellings(); last > d.Memory.Tellings && !d.removal() {
		ForgetAllTold(d.Input, &d.Memory, last)
		d.do(ForgetTold{Tellings: last}, "")
	}
}

// tellings are the marks of the applies that told hosts of the cluster, or the
// beam_node, and the greatest of their numbers.
func (d *differ) tellings() (tags []string, last int) {
	if host, exists := d.beamNode(); exists {
		return host.Tellings(d.Spec.Name)
	}
	return d.Observed.Tellings(d.Memory.ID)
}

// beamNode is the droplet of the beam_node that the plan is of; false for a cluster's
// plan, and for a node that cannot be told.
func (d *differ) beamNode() (cluster.Droplet, bool) {
	if d.Spec.Beside != nil && d.Spec.Management.Enabled {
		for id := range d.Memory.Hosts {
			return d.Observed.Droplet(id)
		}
	}
	return cluster.Droplet{}, false
}

// ForgetAllTold makes it unknown what hosts run that could be told. Of its cookie a node's
// own mark tells, which a rotation takes off before it begins.
func ForgetAllTold(in Input, m *cluster.Memory, tellings int) {
	wanted, fingerprint := (&differ{Input: in}).node("").parts[hostconfig.PartCookie], in.Spec.CookieFingerprint(in.Memory)
	m.Tellings = tellings
	for id := range m.Hosts {
		ForgetParts(m, id)
		ForgetDelivery(m, id)
		host, exists := in.Observed.Droplet(id)
		if exists && fingerprint != "" && host.CookieFingerprint(in.Spec.Name) == fingerprint && m.Hosts[id].Parts[hostconfig.PartCookie] == unknown {
			m.Hosts[id].Parts[hostconfig.PartCookie] = wanted
		}
	}
}

// ForgetParts makes it unknown what a host runs of the parts, or of all that it could be
// told: it did not say how it ended when it was told of them.
func ForgetParts(m *cluster.Memory, id int, parts ...hostconfig.Part) {
	record, known := m.Hosts[id]
	if !known || record.Unmanaged || record.Parts == nil {
		return
	}
	record.Parts = maps.Clone(record.Parts)
	for part, told := range record.Parts {
		if ways[part] < wayReplaced && told != "" && (len(parts) == 0 || slices.Contains(parts, part)) {
			record.Parts[part] = unknown
		}
	}
	m.Hosts[id] = record
}

// ForgetDelivery makes it unknown which other hosts a host was told of last.
func ForgetDelivery(m *cluster.Memory, id int) {
	record, known := m.Hosts[id]
	if !known || record.Unmanaged {
		return
	}
	record.Delivered = unknown
	m.Hosts[id] = record
}

// markTelling has all steps that tell hosts of a change wait until that is marked. A
// load balancer that is told of new nodes is found out by those.
func (d *differ) markTelling() {
	host, beside := d.beamNode()
	if d.Telling || d.removal() || !beside && d.Memory.ID == "" || len(d.keys(changesHosts)) == 0 {
		return
	}
	old, last := d.tellings()
	n := max(last, d.Memory.Tellings) + 1
	mark := MarkTelling{Tag: cluster.TellingTag(d.Spec.Name, d.Memory.ID, n), Number: n, Old: old}
	if beside {
		mark.Tag, mark.On = cluster.NodeTellingTag(d.Spec.Name, host.ID, n), &host
	}
	for i, s := range d.steps {
		if _, tell := s.Action.(Tell); tell || changesHosts(s.Action) {
			d.steps[i].After = append([]string{mark.Key()}, s.After...)
		}
	}
	d.add(Step{Action: mark, Quiet: true})
}

// changesHosts says that a step makes of a host what no earlier state knows. One
// that goes may have to stay, where the next apply is asked for something else.
func changesHosts(a Action) bool {
	switch a := a.(type) {
	case Apply, RotateCookie:
		return true
	case Retire:
		return a.Role == cluster.RoleNode
	}
	return false
}
