package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// leaseRenewal is how old a lease gets before it is renewed. Several renewals
// may fail before it runs out.
const leaseRenewal = 75 * time.Second

// lease lets no other apply take a cluster that is being created for one that
// nobody knows.
func (d *differ) lease() {
	if d.removal() || d.Memory.ID == "" {
		return
	}
	if !d.Creating {
		for _, l := range d.Observed.Leases {
			d.add(Step{Action: DeleteTag{Tag: l.Tag}, Quiet: true})
		}
		return
	}
	var old []string
	for _, l := range d.Observed.Leases {
		if d.Now.Sub(l.At) < leaseRenewal {
			return
		}
		old = append(old, l.Tag)
	}
	d.do(HoldLease{Tag: cluster.LeaseTag(d.Spec.Name, d.Memory.ID, d.Now), Old: old}, "")
}

// upkeep mends on hosts what needs no new host.
func (d *differ) upkeep() {
	if d.removal() {
		return
	}
	d.repairs()
	d.hostTags()
	d.volumeTags()
}

// repairs leaves out hosts that go at once, as a database's does whose successor
// has to wait for that.
func (d *differ) repairs() {
	for _, host := range d.Observed.Droplets {
		record, known := d.Memory.Hosts[host.ID]
		if !known || record.SetUpFailed || record.Role == cluster.RoleDatabase && d.deletes(host.ID) {
			continue
		}
		about := describe(record.Name, host.ID)
		if host.Status == cluster.StatusOff {
			d.do(PowerOn{Droplet: host}, about+": power it on")
		}
		if host.Name != record.Name {
			d.do(RenameHost{Droplet: host, Name: record.Name}, about+": rename it")
		}
		if db := d.Spec.Database; db != nil && record.Role == cluster.RoleDatabase && db.Backups != host.Backups {
			verb := map[bool]string{true: ": enable its backups", false: ": disable its backups"}[db.Backups]
			d.do(SetBackups{Droplet: host, On: db.Backups}, about+verb)
		}
	}
}

// wantedTags are the tags of a host; those that say whose it is come last.
func (d *differ) wantedTags(record cluster.HostRecord) (tags, marks []string) {
	return d.Spec.WantedTags(record.Role, record.Pool), hostMarks(d.Spec.Name, d.Memory, record)
}

func hostMarks(name string, m cluster.Memory, record cluster.HostRecord) []string {
	if m.ID == "" {
		return nil
	}
	marks := []string{cluster.IDTag(name, m.ID)}
	if record.Told != "" {
		marks = append(marks, cluster.ToldTag(name, record.Told))
	}
	return marks
}

// HostTags are all tags that a host carries from its creation on.
func HostTags(s cluster.Spec, m cluster.Memory, record cluster.HostRecord) []string {
	tags := append(s.WantedTags(record.Role, record.Pool), hostMarks(s.Name, m, record)...)
	if record.Role == cluster.RoleNode {
		tags = append(tags, s.NodeMarks(m)...)
	}
	return tags
}

func (d *differ) hostTags() {
	add, mark, remove := map[string][]int{}, map[string][]int{}, map[string][]int{}
	for _, host := range d.Observed.Droplets {
		record, known := d.Memory.Hosts[host.ID]
		if !known {
			continue
		}
		wanted, marks := d.wantedTags(record)
		collect(add, wanted, host)
		collect(mark, marks, host)
		for _, tag := range d.Memory.UserTags {
			if host.HasTag(tag) && !cluster.HasTag(wanted, tag) {
				spelled := host.Spelled(tag)
				remove[spelled] = append(remove[spelled], host.ID)
			}
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(add)) {
		d.do(TagHosts{Tag: tag, IDs: add[tag]}, missingTag(tag, len(add[tag])))
	}
	for _, tag := range slices.Sorted(maps.Keys(mark)) {
		d.add(Step{Action: TagHosts{Tag: tag, IDs: mark[tag]}, Why: missingTag(tag, len(mark[tag])), Quiet: d.Memory.Unmarked})
	}
	for _, tag := range slices.Sorted(maps.Keys(remove)) {
		d.do(UntagHosts{Tag: tag, IDs: remove[tag]}, "tag "+tag+" is no longer asked for")
	}
}

func collect(missing map[string][]int, tags []string, host cluster.Droplet) {
	for _, tag := range tags {
		if !host.HasTag(tag) {
			missing[tag] = append(missing[tag], host.ID)
		}
	}
}

func (d *differ) volumeTags() {
	v := d.Observed.Volume
	if v == nil || d.Memory.ID == "" || d.Spec.Database == nil {
		return
	}
	for _, tag := range volumeTags(d.Spec.Name, d.Memory.ID) {
		if !cluster.HasTag(v.Tags, tag) {
			d.add(Step{Action: TagVolume{Tag: tag, ID: v.ID}, Why: "tag " + tag + " is missing on the volume " + v.Name, Quiet: d.Memory.Unmarked})
		}
	}
}

func volumeTags(name, id string) []string {
	tags := []string{cluster.TagAll, cluster.ClusterTag(name)}
	if id != "" {
		tags = append(tags, cluster.IDTag(name, id))
	}
	return tags
}

// removeMarks deletes the tags of a cluster that goes, except those that others
// of its name need. A mark with another id is not its own, whether or not a look
// found what carries it, unless it was left by a create that died. Those with the
// cluster's name go last: as long as one is left, a refresh sees that a destroy which
// died has not come to its end.
func (d *differ) removeMarks() {
	if !d.removal() {
		return
	}
	needed := map[string]bool{}
	for _, host := range d.Observed.BeamNodes(d.Memory) {
		need(needed, host.Tags)
	}
	for _, other := range d.Observed.Others {
		needMarks(needed, other)
	}
	everything := func(Action) bool { return true }
	if d.Observed.LastCluster {
		d.do(DeleteTag{Tag: cluster.TagAll}, "", d.keys(everything)...)
	}
	// A lease goes last: by it what is left of a create that died is found.
	for _, leases := range []bool{false, true} {
		before := d.keys(everything)
		for _, tag := range d.Observed.Tags {
			id := cluster.MarkedID(d.Spec.Name, tag)
			own := id == "" || id == d.Memory.ID || d.abandoned(id)
			if cluster.IsLease(d.Spec.Name, tag) == leases && !needed[tag] && own {
				d.do(DeleteTag{Tag: tag}, "", before...)
			}
		}
	}
}

// abandoned says that a create of the name died that was given the id, before it had
// made anything.
func (d *differ) abandoned(id string) bool {
	return slices.ContainsFunc(d.Observed.Others, func(other cluster.Observed) bool {
		fresh := slices.ContainsFunc(other.Leases, func(l cluster.Lease) bool { return l.Fresh(d.Now) })
		return other.ID == id && other.Empty() && !fresh
	})
}

// needMarks adds the tags by which another cluster of the name is known, and those
// that its firewalls work by.
func needMarks(needed map[string]bool, other cluster.Observed) {
	for _, host := range other.Droplets {
		need(needed, host.Tags)
	}
	for _, f := range other.Firewalls {
		need(needed, f.AllTags())
	}
	if other.Volume != nil {
		need(needed, other.Volume.Tags)
	}
}

func need(needed map[string]bool, tags []string) {
	for _, tag := range tags {
		needed[tag] = true
	}
}

// finish takes note that nothing is left to be marked.
func (d *differ) finish() {
	if d.removal() || !d.Memory.Unmarked || d.Memory.ID == "" {
		return
	}
	d.add(Step{Action: Claim{}, Quiet: true, After: d.keys(func(a Action) bool { return a.Kind() != Await })})
}

func missingTag(tag string, hosts int) string {
	return "tag " + tag + " is missing on " + count(hosts, "droplet")
}

// count writes a number with its noun: "1 droplet", "2 droplets".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
