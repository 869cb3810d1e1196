// Package health says from what hosts report of themselves whether they have
// become a cluster, and what is in the way. It is pure: no API, no clock, no
// Terraform.
package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// SettlePatience is how long the findings of a settled formation may last
// before waiting is pointless. Nodes dial each other every 5 to 7.5 seconds,
// and HAProxy readmits a node after a few checks.
const SettlePatience = 45 * time.Second

// HostReport is a host that was asked how it is.
type HostReport struct {
	DropletID int
	Host      string  // name of the droplet
	Role      string  // RoleNode, RoleLoadBalancer or RoleDatabase
	NodeName  string  // long name of a node
	Report    *Report // nil when the host could not be asked
	Err       error   // why it could not
	Hopeless  bool    // asking again will not help
}

func (h HostReport) answered() bool { return h.Report != nil }

// Formation says whether hosts have become a cluster.
type Formation struct {
	// Findings are what is missing, the database's first; none means that
	// the cluster has formed.
	Findings []Finding
	// Settled says that every host has come up as far as it will by itself:
	// findings that last SettlePatience will stay.
	Settled bool
	// Unreached says that not one host could be asked.
	Unreached bool

	asked int // hosts
}

// Finding is the first thing that is wrong with one host.
type Finding struct {
	Host  string
	Cause string
	Log   []string // the host's own words
	Final bool     // it will not mend itself
}

// Formed says that nothing is missing.
func (f Formation) Formed() bool { return len(f.Findings) == 0 }

// Failed says that the cluster cannot form any more by itself.
func (f Formation) Failed() bool {
	return slices.ContainsFunc(f.Findings, func(x Finding) bool { return x.Final })
}

// With adds what is missing of other hosts.
func (f Formation) With(other Formation) Formation {
	switch {
	case f.asked == 0:
		return other
	case other.asked == 0:
		return f
	}
	return Formation{
		Findings: slices.Concat(f.Findings, other.Findings), Settled: f.Settled && other.Settled,
		Unreached: f.Unreached && other.Unreached, asked: f.asked + other.asked,
	}
}

// maxFindings is how many findings are told in full.
const maxFindings = 10

// unreachedAdvice is for the likeliest reason why nobody answers.
const unreachedAdvice = "Not one host could be asked. Where Terraform runs at an address that neither access.ssh_from nor management.from of the cluster contains, " +
	"add it to management.from; where it has no fixed address, set wait_for = \"active\". Both are changed in place. " +
	"For a cluster whose hosts Terraform shall never reach, set management = { enabled = false } before it is created"

// String tells the findings, the final ones first.
func (f Formation) String() string {
	findings := slices.Clone(f.Findings)
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	var text strings.Builder
	for _, x := range findings[:min(len(findings), maxFindings)] {
		fmt.Fprintln(&text, x)
	}
	if more := len(findings) - maxFindings; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	if f.Unreached {
		fmt.Fprintln(&text, unreachedAdvice)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func rank(f Finding) int {
	if f.Final {
		return 0
	}
	return 1
}

// String is the finding, followed by the host's own words, indented.
func (f Finding) String() string {
	text := f.Host + ": " + f.Cause
	for _, line := range f.Log {
		text += "\n    " + line
	}
	return text
}

// NodesRun says that every node has booted and that no release is still on its
// way up.
func NodesRun(hosts []HostReport) bool {
	return !slices.ContainsFunc(hosts, func(h HostReport) bool {
		if h.Role != cluster.RoleNode {
			return false
		}
		r := h.Report
		return bootFinding(h).cause != "" || r.Service.State == "active" && r.Node != nil && !r.Node.Started
	})
}

// NodesReady says that every node runs its release and sees all others, and that
// a load balancer among the hosts has those up that it leads to.
func NodesReady(s cluster.Spec, m cluster.Memory, hosts []HostReport) bool {
	j := newJudgement(hosts)
	j.each("", bootFinding)
	if s.Release.Fetched() {
		j.each(cluster.RoleNode, releaseFinding)
		j.mesh(cookieFingerprint(s, m))
		j.each(cluster.RoleLoadBalancer, j.leadsFinding)
	}
	return len(j.findings) == 0
}

// JudgeBoot says whether all hosts have booted.
func JudgeBoot(hosts []HostReport) Formation {
	j := newJudgement(hosts)
	j.each("", bootFinding)
	return j.formation()
}

// Judge says whether the hosts, which must be all of the cluster's, have become
// the cluster that the spec asks for. Without a release to run, the nodes need only
// have booted: what a deploy brings later is its own business, as long as it is put
// where it is started.
func Judge(s cluster.Spec, m cluster.Memory, hosts []HostReport) Formation {
	j := newJudgement(hosts)
	j.each("", bootFinding)
	j.each(cluster.RoleDatabase, postgresFinding)
	if !j.anyFinding(cluster.RoleDatabase) {
		j.each(cluster.RoleNode, loginFinding)
	}
	j.each(cluster.RoleNode, misplacedFinding)
	if s.Release.Fetched() {
		j.each(cluster.RoleNode, releaseFinding)
		j.mesh(cookieFingerprint(s, m))
		j.each(cluster.RoleLoadBalancer, j.balancerFinding)
	}
	return j.formation()
}

// judgement collects at most one finding a host: its first cause.
type judgement struct {
	hosts    []HostReport // the database first, load balancers last
	findings map[string]Finding
	settled  bool
}

func newJudgement(hosts []HostReport) *judgement {
	order := []string{cluster.RoleDatabase, cluster.RoleNode, cluster.RoleLoadBalancer}
	hosts = slices.Clone(hosts)
	slices.SortStableFunc(hosts, func(a, b HostReport) int {
		return cmp.Compare(slices.Index(order, a.Role), slices.Index(order, b.Role))
	})
	return &judgement{hosts: hosts, findings: map[string]Finding{}, settled: true}
}

// verdict is what a check makes of a host. A cause that is empty is no finding.
type verdict struct {
	cause  string
	log    []string
	final  bool
	coming bool // the host is still on its way
}

// each applies the check to the hosts of the role, empty for all, that have no
// finding yet.
func (j *judgement) each(role string, check func(HostReport) verdict) {
	for _, h := range j.hosts {
		if role != "" && h.Role != role || j.found(h) {
			continue
		}
		j.add(h.Host, check(h))
	}
}

func (j *judgement) add(host string, v verdict) {
	if v.cause == "" {
		return
	}
	j.findings[host] = Finding{Host: host, Cause: v.cause, Log: v.log, Final: v.final}
	j.settled = j.settled && !v.coming
}

func (j *judgement) found(h HostReport) bool {
	_, found := j.findings[h.Host]
	return found
}

func (j *judgement) anyFinding(role string) bool {
	return slices.ContainsFunc(j.hosts, func(h HostReport) bool { return h.Role == role && j.found(h) })
}

func (j *judgement) formation() Formation {
	f := Formation{asked: len(j.hosts), Settled: j.settled, Unreached: !slices.ContainsFunc(j.hosts, HostReport.answered)}
	for _, h := range j.hosts {
		if finding, found := j.findings[h.Host]; found {
			f.Findings = append(f.Findings, finding)
		}
	}
	return f
}
