package health

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// cookieFingerprint is empty for an imported cluster whose cookie is not known.
func cookieFingerprint(s cluster.Spec, m cluster.Memory) string {
	if running := m.Secrets.RunningFingerprint; running != "" {
		return running
	}
	return s.CookieFingerprint(m)
}

// mesh looks at every pair of nodes that are up by themselves. A pair with
// different cookies is the doing of the node whose cookie is not the cluster's;
// any other is told of the node that is named first.
func (j *judgement) mesh(fingerprint string) {
	for i, a := range j.hosts {
		if !j.inMesh(a) {
			continue
		}
		var apart []string
		for _, b := range j.hosts[i+1:] {
			if !j.inMesh(b) || a.sees(b) && b.sees(a) {
				continue
			}
			if culprit, found := wrongCookie(a, b, fingerprint); found {
				j.add(culprit.Host, cookieVerdict(culprit, fingerprint))
				continue
			}
			apart = append(apart, fmt.Sprintf("%s (%s): %s", b.Host, b.NodeName, apartBecause(a, b)))
		}
		if len(apart) > 0 && !j.found(a) {
			j.add(a.Host, verdict{cause: "is not connected with every node", log: apart})
		}
	}
}

// inMesh says whether the host's node can be expected to see others: a node with
// a finding of its own explains by itself why others do not see it.
func (j *judgement) inMesh(h HostReport) bool {
	return h.Role == cluster.RoleNode && !j.found(h)
}

func (h HostReport) sees(other HostReport) bool {
	return slices.Contains(h.Report.Node.Nodes, other.NodeName)
}

// wrongCookie returns the one of a pair whose cookie is not the cluster's.
func wrongCookie(a, b HostReport, fingerprint string) (HostReport, bool) {
	for _, h := range []HostReport{b, a} {
		if fingerprint != "" && h.Report.Node.CookieFingerprint != fingerprint {
			return h, true
		}
	}
	return HostReport{}, false
}

func cookieVerdict(h HostReport, fingerprint string) verdict {
	return verdict{
		cause: fmt.Sprintf("its cookie is not the cluster's, so that other nodes refuse it: the fingerprint is %s, not %s",
			h.Report.Node.CookieFingerprint, fingerprint),
		final: true,
	}
}

// apartBecause says how far a connection of the two comes. The younger of a pair
// dials the older, and a node also dials those that it has met.
func apartBecause(a, b HostReport) string {
	for _, pair := range [][2]HostReport{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		for _, missing := range from.Report.Node.Missing {
			if missing.Name == to.NodeName {
				return missing.explain(from, to)
			}
		}
	}
	if a.Report.Node.CookieFingerprint != b.Report.Node.CookieFingerprint {
		return differentCookies(a, b)
	}
	if a.sees(b) || b.sees(a) {
		return "only one of the two has noticed the connection yet"
	}
	return "neither of the two dials the other"
}

func (p PeerReport) explain(from, to HostReport) string {
	switch p.State {
	case PeerNoHost:
		return fmt.Sprintf("%s cannot reach %s: %s", from.Host, to.Host, p.Detail)
	case PeerNoNode:
		return fmt.Sprintf("%s finds no node of that name on %s: %s", from.Host, to.Host, p.Detail)
	case PeerNoPort:
		return fmt.Sprintf("%s cannot reach the node's own port on %s: %s", from.Host, to.Host, p.Detail)
	}
	if from.Report.Node.CookieFingerprint != to.Report.Node.CookieFingerprint {
		return differentCookies(from, to)
	}
	return fmt.Sprintf("%s answers %s, but they do not connect; one of them may have started with another cookie than its file has now", to.Host, from.Host)
}

func differentCookies(a, b HostReport) string {
	return fmt.Sprintf("their cookies differ: the fingerprint is %s on %s and %s on %s",
		a.Report.Node.CookieFingerprint, a.Host, b.Report.Node.CookieFingerprint, b.Host)
}
