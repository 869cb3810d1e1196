package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// Marks are tags and descriptions that say whose an object is. A name alone
// never makes an object the cluster's: two clusters may be given one name.

// LeaseTerm is for how long a lease holds after it was renewed last. Who sees
// one that is older takes the process that held it for dead.
const LeaseTerm = 5 * time.Minute

// IDTag says that an object was made for the cluster with the id.
func IDTag(cluster, id string) string { return idPrefix(cluster) + id }

// FirewallTag marks a firewall, which carries no tags but those that it is bound
// to. No droplet has the tag, so that the firewall opens nothing by it.
func FirewallTag(cluster, id string) string { return IDTag(cluster, id) + firewallSuffix }

// ToldTag carries the first characters of the fingerprint of what a host was
// told, for an apply that finds the host but no memory of it.
func ToldTag(cluster, fingerprint string) string {
	return toldPrefix(cluster) + fingerprint[:min(len(fingerprint), toldLength)]
}

// NamedTag carries the part of a node's name before the @, which a node keeps, for
// those who look the node up.
func NamedTag(cluster, basename string) string { return namedPrefix(cluster) + basename }

// CookieTag carries the fingerprint of the cookie that a node uses.
func CookieTag(cluster, fingerprint string) string { return cookiePrefix(cluster) + fingerprint }

// NodeMarks tell of a node that is made now what else only its host knows.
func (s Spec) NodeMarks(m Memory) []string {
	return nodeMarks(s.Name, s.Distribution.Basename, s.EffectiveCookie(m))
}

// NodeMarks do the same of a beam_node. Its ports are told, too, for the cluster's
// firewall to open.
func (n NodeSpec) NodeMarks() []string {
	ports := fmt.Sprintf("%s%d-%d", portsPrefix(n.Cluster), n.Distribution.PortMin, n.Distribution.PortMax)
	return append(nodeMarks(n.Cluster, n.Distribution.Basename, n.Cookie), ports)
}

func nodeMarks(cluster, basename, value string) []string {
	tags := []string{NamedTag(cluster, basename)}
	if value != "" {
		tags = append(tags, CookieTag(cluster, cookie.Fingerprint(value)))
	}
	return tags
}

// Basename is the part of the node's name before the @; empty where the droplet
// was made before it was marked.
func (d Droplet) Basename(cluster string) string { return d.marked(namedPrefix(cluster)) }

// Listening are the ports that the mark of a beam_node tells of; none where the
// droplet was made before it was marked.
func (d Droplet) Listening(cluster string) Listening {
	from, to := Rule{Ports: d.marked(portsPrefix(cluster))}.ports()
	return Listening{PortMin: from, PortMax: to}
}

// CookieFingerprint is that of the cookie that the node uses; empty where the
// droplet was made before it was marked.
func (d Droplet) CookieFingerprint(cluster string) string { return d.marked(cookiePrefix(cluster)) }

// marked is what follows the prefix in one of the droplet's tags.
func (d Droplet) marked(prefix string) string {
	for _, tag := range d.Tags {
		if rest, found := strings.CutPrefix(tag, prefix); found {
			return rest
		}
	}
	return ""
}

// IsCookieTag says that the tag is a CookieTag.
func IsCookieTag(cluster, tag string) bool { return strings.HasPrefix(tag, cookiePrefix(cluster)) }

// KeepsTag says that the tag tells what the droplet was made with, so that it
// stays as it is.
func KeepsTag(cluster, tag string) bool {
	return slices.ContainsFunc([]string{toldPrefix(cluster), namedPrefix(cluster), portsPrefix(cluster), cookiePrefix(cluster), nodeTellingsPrefix(cluster)}, func(prefix string) bool {
		return len(tag) > len(prefix) && strings.HasPrefix(tag, prefix)
	})
}

// LeaseTag says that a create of the cluster with the id ran at the time.
func LeaseTag(cluster, id string, at time.Time) string {
	return leasePrefix(cluster) + id + ":" + strconv.FormatInt(at.UnixMilli(), 10)
}

// TellingTag says that the nth apply of those that told running hosts of a change
// has begun to. A state that knows of fewer is of before it.
func TellingTag(cluster, id string, n int) string {
	return tellingPrefix(cluster) + id + ":" + strconv.Itoa(n)
}

// Tellings are the TellingTags of the cluster with the id, and the greatest of their
// numbers.
func (o Observed) Tellings(id string) (tags []string, last int) {
	if id == "" {
		return nil, 0
	}
	return tellings(o.Tags, tellingPrefix(o.Cluster)+id+":")
}

// NodeTellingTag says the same of the beam_node on a droplet, which carries it, so
// that whoever reads the droplet knows.
func NodeTellingTag(cluster string, dropletID, n int) string {
	return nodeTellingPrefix(cluster, dropletID) + strconv.Itoa(n)
}

// Tellings are the NodeTellingTags of the droplet, and the greatest of their numbers.
func (d Droplet) Tellings(cluster string) (tags []string, last int) {
	return tellings(d.Tags, nodeTellingPrefix(cluster, d.ID))
}

// tellings are the tags with the prefix, and the greatest of their numbers.
func tellings(all []string, prefix string) (tags []string, last int) {
	for _, tag := range all {
		if number, own := strings.CutPrefix(tag, prefix); own {
			n, _ := strconv.Atoi(number) // what is no number is before all
			tags, last = append(tags, tag), max(last, n)
		}
	}
	return tags, last
}

const (
	firewallSuffix = ":firewalls"
	toldLength     = 16
)

func idPrefix(cluster string) string      { return ClusterTag(cluster) + ":id:" }
func tellingPrefix(cluster string) string { return ClusterTag(cluster) + ":telling:" }
func nodeTellingPrefix(cluster string, dropletID int) string {
	return nodeTellingsPrefix(cluster) + strconv.Itoa(dropletID) + ":"
}
func nodeTellingsPrefix(cluster string) string { return ClusterTag(cluster) + ":node-telling:" }
func leasePrefix(cluster string) string        { return ClusterTag(cluster) + ":lease:" }
func toldPrefix(cluster string) string         { return ClusterTag(cluster) + ":told:" }
func namedPrefix(cluster string) string        { return ClusterTag(cluster) + ":named:" }
func portsPrefix(cluster string) string        { return ClusterTag(cluster) + ":ports:" }
func cookiePrefix(cluster string) string       { return ClusterTag(cluster) + ":cookie:" }

// Lease is a LeaseTag that was found.
type Lease struct {
	ID  string // of the cluster that is created
	At  time.Time
	Tag string
}

// Before says that the lease was taken before the other one. Of two creates that
// begin at once the one whose lease comes first goes on.
func (l Lease) Before(other Lease) bool {
	return cmp.Or(l.At.Compare(other.At), cmp.Compare(l.ID, other.ID)) < 0
}

// Fresh says that the create may still run.
func (l Lease) Fresh(now time.Time) bool { return now.Sub(l.At) < LeaseTerm }

// IsLease says that the tag is a LeaseTag of a cluster of the name.
func IsLease(cluster, tag string) bool {
	_, is := parseLease(cluster, tag)
	return is
}

func parseLease(cluster, tag string) (Lease, bool) {
	rest, found := strings.CutPrefix(tag, leasePrefix(cluster))
	id, at, timed := strings.Cut(rest, ":")
	millis, err := strconv.ParseInt(at, 10, 64)
	if !found || !timed || err != nil {
		return Lease{}, false
	}
	return Lease{ID: id, At: time.UnixMilli(millis), Tag: tag}, true
}

// MarkedID reads from a tag the id of the cluster that it tells of; empty for a tag
// that is all clusters' of the name.
func MarkedID(cluster, tag string) string {
	if lease, is := parseLease(cluster, tag); is {
		return lease.ID
	}
	if rest, is := strings.CutPrefix(tag, tellingPrefix(cluster)); is {
		id, _, _ := strings.Cut(rest, ":")
		return id
	}
	return idOf(cluster, tag)
}

// idOf reads the id from the marks of an object; empty for none.
func idOf(cluster string, marks ...string) string {
	for _, mark := range marks {
		if rest, found := strings.CutPrefix(mark, idPrefix(cluster)); found {
			return strings.TrimSuffix(rest, firewallSuffix)
		}
	}
	return ""
}
