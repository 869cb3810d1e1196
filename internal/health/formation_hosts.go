package health

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// crashLoop is how many restarts within two minutes are no accident.
const crashLoop = 3

func bootFinding(h HostReport) verdict {
	if h.Report == nil {
		return verdict{cause: fmt.Sprintf("cannot be asked how it is: %v", h.Err), final: h.Hopeless, coming: true}
	}
	boot := h.Report.Boot
	switch {
	case boot.Failed:
		return verdict{cause: fmt.Sprintf("the boot step %q failed", boot.Step), log: boot.Log, final: true}
	case boot.Status == BootError:
		return verdict{cause: "cloud-init failed", log: boot.Log, final: true}
	case boot.Status == BootDone, boot.Status == BootDegraded:
		return verdict{}
	case boot.Step != "":
		return verdict{cause: fmt.Sprintf("still boots: %s", boot.Step), log: boot.Log, coming: true}
	}
	return verdict{cause: "still boots", coming: true}
}

func postgresFinding(h HostReport) verdict {
	p := h.Report.Postgres
	switch {
	case p == nil:
		return verdict{cause: "does not say how Postgres is"}
	case !p.Mounted:
		return verdict{cause: "the data volume is not mounted"}
	case !p.Ready:
		return verdict{cause: "Postgres takes no connections: " + p.Detail, log: h.Report.Service.Log}
	case len(p.MissingRoles) > 0:
		return verdict{cause: "Postgres lacks the roles " + strings.Join(p.MissingRoles, ", ")}
	}
	return verdict{}
}

// releaseFinding is about the release of one node, whomever it sees.
func releaseFinding(h HostReport) verdict {
	service, node := h.Report.Service, h.Report.Node
	switch {
	case node == nil:
		return verdict{cause: "does not say how its node is"}
	case service.State == "active" && node.Started:
		return verdict{}
	case service.Restarts >= crashLoop && h.Report.canLogIn():
		return verdict{
			cause: fmt.Sprintf("the release crashes at start: %s, %d restarts in the last two minutes", service.end(), service.Restarts),
			log:   service.Log, final: true,
		}
	case service.State == "active":
		return verdict{cause: "the release is starting", log: service.Log, coming: true}
	case service.Restarts > 0:
		return verdict{cause: fmt.Sprintf("the release does not run: %s", service.end()), log: service.Log, coming: true}
	case h.Report.Release != nil && h.Report.Release.Running == "":
		return verdict{cause: "waits for its release", coming: true}
	}
	return verdict{cause: fmt.Sprintf("the release does not run: %s is %s", service.Unit, service.State), log: service.Log}
}

// misplacedFinding is about a release that was deployed beside the place where the
// node starts it.
func misplacedFinding(h HostReport) verdict {
	release := h.Report.Release
	if release == nil || release.Elsewhere == "" {
		return verdict{}
	}
	return verdict{cause: fmt.Sprintf("there is a release in %s, and the node starts %s, which does not exist", release.Elsewhere, release.Program)}
}

// end says how the service ended last.
func (s ServiceReport) end() string {
	if s.Signal != 0 {
		return fmt.Sprintf("killed by signal %d", s.Signal)
	}
	return fmt.Sprintf("exit code %d", s.ExitCode)
}

// canLogIn says that the node has its database, if it has one at all. A release
// that crashes without it may well start with it.
func (r *Report) canLogIn() bool { return r.Database == nil || r.Database.OK }

func loginFinding(h HostReport) verdict {
	if h.Report.canLogIn() {
		return verdict{}
	}
	return verdict{cause: "cannot log in to the database: " + h.Report.Database.Detail}
}

// balancerFinding is about the nodes that HAProxy does not see up and that have
// nothing wrong with themselves.
func (j *judgement) balancerFinding(h HostReport) verdict {
	if state := h.Report.Service.State; state != "active" {
		return verdict{cause: fmt.Sprintf("HAProxy does not run: %s is %s", h.Report.Service.Unit, state), log: h.Report.Service.Log}
	}
	var down []string
	for _, node := range j.hosts {
		if node.Role != cluster.RoleNode || j.found(node) {
			continue
		}
		i := slices.IndexFunc(h.Report.Servers, func(s ServerReport) bool { return s.Name == node.Host })
		switch {
		case i < 0:
			down = append(down, fmt.Sprintf("%s is not among its servers", node.Host))
		case !h.Report.Servers[i].Up:
			down = append(down, fmt.Sprintf("%s (%s): %s", node.Host, h.Report.Servers[i].Address, h.Report.Servers[i].Check))
		}
	}
	if len(down) == 0 {
		return verdict{}
	}
	return verdict{cause: "HAProxy does not have every node up", log: down}
}

// leadsFinding is about nodes that HAProxy leads to and does not see up. Those
// that it has yet to be told of are not its business, nor are their predecessors,
// which have the same names and other addresses.
func (j *judgement) leadsFinding(h HostReport) verdict {
	for _, server := range h.Report.Servers {
		node := slices.ContainsFunc(j.hosts, func(n HostReport) bool {
			return n.Role == cluster.RoleNode && n.Host == server.Name && n.isAt(server.Address)
		})
		if node && !server.Up {
			return verdict{cause: fmt.Sprintf("does not have %s up", server.Name)}
		}
	}
	return verdict{}
}

// isAt says that an address, which comes with a port, is the node's.
func (h HostReport) isAt(address string) bool {
	host, _, _ := strings.Cut(address, ":")
	return strings.HasSuffix(h.NodeName, "@"+host)
}
