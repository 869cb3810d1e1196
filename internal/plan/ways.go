package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// way is how a change reaches a host that runs, the gentlest first.
type way int

const (
	wayNone      way = iota
	wayTold          // new files; nothing that serves restarts
	wayRestarted     // new files, and the release restarts
	wayReplaced      // a new host beside the old one
)

// ways says how a change of each part is brought to a running host. The cookie is
// in none: nodes change it together, see rotation.
var ways = map[hostconfig.Part]way{
	hostconfig.PartFixed:       wayReplaced,
	hostconfig.PartLogin:       wayReplaced,
	hostconfig.PartKeys:        wayTold,
	hostconfig.PartHost:        wayTold,
	hostconfig.PartBalancing:   wayTold,
	hostconfig.PartCertificate: wayTold,
	hostconfig.PartACME:        wayReplaced,
	hostconfig.PartEnvironment: wayRestarted,
	hostconfig.PartVM:          wayRestarted,
	hostconfig.PartRelease:     wayRestarted,
	hostconfig.PartTriggers:    wayRestarted,
	hostconfig.PartPeers:       wayTold,
}

// change is what differs between what a host runs and what it should.
type change struct {
	way   way
	parts []hostconfig.Part // to be told
	why   string            // a sentence without its end; empty for no change
}

// description is what a host should be told.
type description struct {
	fingerprint string
	parts       hostconfig.Parts
}

func described(host interface {
	Fingerprint() string
	Parts() hostconfig.Parts
},
) description {
	return description{host.Fingerprint(), host.Parts()}
}

// once describes hosts of a kind, which is asked for often, once.
func (d *differ) once(kind string, describe func() description) description {
	told, known := d.told[kind]
	if !known {
		told = describe()
		if d.told == nil {
			d.told = map[string]description{}
		}
		d.told[kind] = told
	}
	return told
}

// node describes the nodes of a pool. What all nodes have in common is that of a pool
// without a name, too.
func (d *differ) node(pool string) description {
	return d.once("node of "+pool, func() description {
		told := described(d.Spec.NodeHost(d.Memory, pool, nil))
		if d.Spec.EffectiveCookie(d.Memory) == "" {
			told.recallCookie(d.Memory)
		}
		return told
	})
}

// recallCookie stands in for a cookie that is not known: it is the one that the last
// apply was given, if that was told one.
func (n *description) recallCookie(m cluster.Memory) {
	delete(n.parts, hostconfig.PartCookie)
	if m.Secrets.WantedCookie != "" {
		n.parts[hostconfig.PartCookie] = m.Secrets.WantedCookie
	}
}

// changeOf compares a host with its place and with what it should be told. Of an
// imported host nobody knows what it was told: that is taken to be right.
func (d *differ) changeOf(host cluster.Droplet, place cluster.Place, wanted description) change {
	record := d.Memory.Hosts[host.ID]
	about := describe(record.Name, host.ID)
	if fault := d.misplaced(host, record, place); fault != "" {
		return change{way: wayReplaced, why: about + " " + fault + ": it is made anew"}
	}
	if record.Parts == nil {
		unknowable := record.Role == cluster.RoleNode && d.Spec.EffectiveCookie(d.Memory) == ""
		if record.Told == "" || record.Told == wanted.fingerprint || unknowable {
			return change{}
		}
		return change{way: wayReplaced, why: about + " was told another configuration, or of other hosts: it is made anew"}
	}
	var c change
	for _, part := range record.Parts.Changed(wanted.parts) {
		if part == hostconfig.PartCookie {
			continue
		}
		c.parts = append(c.parts, part)
		c.way = max(c.way, ways[part])
	}
	if c.way == wayNone {
		return c
	}
	if !d.reaches(host.ID) || c.way == wayRestarted && d.inSecondSet(host) {
		c.way = wayReplaced
	}
	c.why = about + " " + differs[c.way](c.parts)
	if record.Parts[hostconfig.PartHost] == unknown {
		c.why = about + " was told of changes that the state does not know: " + again[c.way]
	}
	return c
}

// inSecondSet says that what would restart the host goes to new ones beside it. A
// host that has yet to get its release is one of those.
func (d *differ) inSecondSet(host cluster.Droplet) bool {
	return d.Spec.Update.Strategy == cluster.UpdateBlueGreen && !d.lacksRelease(host)
}

// differs words what becomes of a host whose parts differ.
var differs = map[way]func([]hostconfig.Part) string{
	wayTold:      func(parts []hostconfig.Part) string { return "has yet to be told of: " + named(parts) },
	wayRestarted: func(parts []hostconfig.Part) string { return "has another " + named(parts) + ": its release restarts" },
	wayReplaced:  func(parts []hostconfig.Part) string { return "has another " + named(parts) + ": it is made anew" },
}

// again words it where nobody knows which parts differ.
var again = map[way]string{wayTold: "it is told anew", wayRestarted: "its release restarts", wayReplaced: "it is made anew"}

var partNames = map[hostconfig.Part]string{
	hostconfig.PartFixed:       "configuration that only a new host can be given",
	hostconfig.PartLogin:       "user who may log in",
	hostconfig.PartKeys:        "set of SSH keys",
	hostconfig.PartHost:        "packages and settings of the system",
	hostconfig.PartBalancing:   "configuration of HAProxy",
	hostconfig.PartCertificate: "certificate",
	hostconfig.PartACME:        "domains of its certificate, or authority for them",
	hostconfig.PartEnvironment: "environment",
	hostconfig.PartVM:          "configuration of the VM",
	hostconfig.PartRelease:     "release",
	hostconfig.PartTriggers:    "trigger",
	hostconfig.PartPeers:       "nodes to dial",
}

func named(parts []hostconfig.Part) string {
	var names []string
	for _, part := range parts {
		names = append(names, partNames[part])
	}
	return strings.Join(names, ", ")
}

// misplaced says what is wrong with where and on what a host runs.
func (d *differ) misplaced(host cluster.Droplet, record cluster.HostRecord, place cluster.Place) string {
	switch {
	case host.Size != place.Size:
		return fmt.Sprintf("has the size %s and shall have %s", host.Size, place.Size)
	case host.Region != place.Region:
		return fmt.Sprintf("is in the region %s and shall be in %s", host.Region, place.Region)
	case record.Image != "" && record.Image != place.Image:
		return fmt.Sprintf("was made from the image %s and shall run %s", record.Image, place.Image)
	}
	return d.outOfReach(host)
}

// reaches says that the provider has a way to a host that runs.
func (d *differ) reaches(id int) bool {
	record, known := d.Memory.Hosts[id]
	return known && d.Spec.Manages(d.Memory) && !record.Unmanaged
}

// NewRecord is what is remembered of a host that is made now.
func NewRecord(in Input, a CreateHosts) cluster.HostRecord {
	s, m := in.Spec, in.Memory
	record := cluster.HostRecord{Role: a.Role, Pool: a.Pool, Image: a.Place.Image, Unmanaged: !s.Manages(m), Network: s.Network.Kind(), Listening: s.Listening(a.Role)}
	var host description
	switch a.Role {
	case cluster.RoleDatabase:
		host = described(s.DatabaseHost(m))
	case cluster.RoleLoadBalancer:
		nodes := Serving(in)
		host = described(s.LoadBalancerHost(m, nodes))
		record.Delivered = BalancerDelivery(s, m, nodes).ID
	default:
		host = described(s.NodeHost(m, a.Pool, nil))
		host.parts = madeNodeParts(s, m, host.parts)
		record.Delivered, record.Basename = NodeDelivered(m), s.Distribution.Basename
		if s.Release != nil && s.Release.URL != "" {
			record.Stored = s.Release.SHA256 // its boot fetches it
		}
	}
	record.Told, record.Parts = host.fingerprint, host.parts
	return record
}

// madeNodeParts are the parts of a node that is made now: a release that comes
// over the channel is not among them, and secrets of an imported cluster that the
// configuration does not give are not known.
func madeNodeParts(s cluster.Spec, m cluster.Memory, parts hostconfig.Parts) hostconfig.Parts {
	if s.Release != nil && s.Release.Path != "" {
		parts[hostconfig.PartRelease] = ""
	}
	if s.EffectiveCookie(m) == "" {
		delete(parts, hostconfig.PartCookie)
	}
	return parts
}

// lacksRelease says that a node has never run the release that it is there for.
func (d *differ) lacksRelease(host cluster.Droplet) bool {
	part, known := d.Memory.Hosts[host.ID].Parts[hostconfig.PartRelease]
	return known && part == "" && d.Spec.Release.Fetched()
}

// takeOver takes what the configuration says of an imported cluster's hosts for
// what they were told, so that a later change of it is one.
func (d *differ) takeOver() {
	if d.removal() || !d.Memory.Secrets.Drawn() && !d.Memory.Imported {
		return
	}
	for _, host := range d.Observed.Hosts() {
		record := d.Memory.Hosts[host.ID]
		if record.Told != "" || record.Parts != nil || record.SetUpFailed {
			continue
		}
		parts := d.partsOf(host.ID)
		if parts == nil {
			continue
		}
		delete(parts, hostconfig.PartKeys) // nobody tells these hosts of others
		record.Parts, record.Unmanaged, record.Delivered = parts, true, NodeDelivered(d.Memory)
		if record.Role == cluster.RoleLoadBalancer {
			record.Delivered = BalancerDelivery(d.Spec, d.Memory, d.pools.stay()).ID
		}
		d.add(Step{Action: TakeOver{ID: host.ID, Record: record}, Quiet: true, After: d.keys(func(a Action) bool { return a.Kind() != Await })})
	}
}

// partsOf are the parts that a host of its role is told today; nil where the spec
// has no such role.
func (d *differ) partsOf(id int) hostconfig.Parts {
	switch record := d.Memory.Hosts[id]; {
	case record.Role == cluster.RoleNode && slices.ContainsFunc(d.Spec.Pools, func(p cluster.Pool) bool { return p.Name == record.Pool }):
		parts := maps.Clone(d.node(record.Pool).parts)
		if d.Spec.CanMakeNodes(d.Memory) != nil {
			delete(parts, hostconfig.PartEnvironment)
		}
		return parts
	case record.Role == cluster.RoleDatabase && d.Spec.Database != nil:
		return d.Spec.DatabaseHost(d.Memory).Parts()
	case record.Role == cluster.RoleLoadBalancer && d.Spec.LoadBalancer != nil:
		return d.Spec.LoadBalancerHost(d.Memory, nil).Parts()
	}
	return nil
}
