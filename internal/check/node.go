package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// nodeName is a long name: a name, an @ and a host that has a dot, as
// lib/kernel/src/net_kernel.erl wants it.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// Node returns everything that is wrong with the spec by itself, as Spec does.
func Node(n cluster.NodeSpec) []Problem {
	found := slices.Concat(
		nameProblems(n),
		clusterNameProblems("cluster", n.Cluster),
		placeProblems(nil, n.Place),
		cookieProblems(n.Cookie),
		Peers(n.Peers),
		sshKeyProblems(n.SSHKeys),
		releaseProblems(n.Release, n.Host.User),
		pushProblems(n.Alone(), "Set it up with management = { enabled = true }"),
		waitForProblems(n.Alone(), withoutChannel),
		managementPortProblems(n.Management),
		environmentProblems(n.Environment, n.Release),
		Distribution(n.Distribution),
		overlaps(nodeListeners(n.Distribution, n.Release, n.Host)),
		hostProblems(n.Host),
		bringing{path: []string{"host"}, own: n.Host.Brought, all: n.Host.Brought, user: n.Host.User, app: n.HostConfig().App, writable: writablePaths(n.Release)}.problems(),
		tagProblems(n.Tags),
		authorityProblems(n.DatabaseCA),
	)
	if len(found) > 0 {
		return found
	}
	alone := n.Alone()
	return nodeSizeProblems(alone.NodeHost(exampleMemory(alone), n.Name, nil), nil, hostconfig.Brought{})
}

func nameProblems(n cluster.NodeSpec) []Problem {
	if hostName.MatchString(n.Name) && len(n.Name) <= maxHostName {
		return nil
	}
	return []Problem{{
		Path:    []string{"name"},
		Summary: "Invalid host name",
		Detail: fmt.Sprintf("%q is not a host name. Use 1 to %d of the characters a-z, 0-9 and -, neither beginning nor ending with -.",
			n.Name, maxHostName),
	}}
}

// Peers returns which of them are no names of nodes.
func Peers(names []string) []Problem {
	var found []Problem
	for _, peer := range names {
		if !nodeName.MatchString(peer) {
			found = append(found, Problem{
				Path:    []string{"peers"},
				Summary: "Invalid peer",
				Detail: fmt.Sprintf("%q is not the long name of a node, such as \"chat@10.10.0.5\". "+
					"Usually peers is node_names of the cluster.", peer),
			})
		}
	}
	return found
}

// authorityProblems checks what the host is to trust beside the system's authorities.
func authorityProblems(certificatesPEM string) []Problem {
	if certificatesPEM == "" {
		return nil
	}
	if err := hostconfig.CheckAuthority(certificatesPEM); err != nil {
		return []Problem{{
			Path: []string{"database_ca_certificate"}, Summary: "Invalid certificate",
			Detail: fmt.Sprintf("database_ca_certificate cannot be trusted: %s. Give the certificate as PEM, usually database_ca_certificate of the beam_cluster.", err),
		}}
	}
	return nil
}

// Joins returns why the node could not join the cluster once that is as its spec
// says.
func Joins(n cluster.NodeSpec, s cluster.Spec) []Problem {
	var found []Problem
	if s.Private() && !slices.Contains(s.Regions(), n.Region) {
		found = append(found, Problem{
			Path: []string{"region"}, Summary: "No network in the region",
			Detail: fmt.Sprintf("region is %q, and cluster %s has no private network there. Use a region of its hosts: %s.",
				n.Region, s.Name, strings.Join(s.Regions(), ", ")),
		})
	}
	if n.Management.Enabled && (s.Host.SSHPort != n.Host.SSHPort || len(s.Access.SSHFrom) == 0 && (!s.Management.Enabled || len(s.Management.From) == 0)) {
		found = append(found, ManagementFromNowhere(n))
	}
	if slices.Contains(hostNames(s), n.Name) {
		found = append(found, Problem{
			Path: []string{"name"}, Summary: "Node exists",
			Detail: fmt.Sprintf("name is %q, and a host of cluster %s has that name. Use another one.", n.Name, s.Name),
		})
	}
	return append(found, Meshes(n, s.Distribution)...)
}

// Meshes returns why the node's ports would keep it out of a cluster whose nodes
// have those of the distribution; 0 stands for one that is not known.
func Meshes(n cluster.NodeSpec, d cluster.Distribution) []Problem {
	var found []Problem
	report := func(attribute, detail string, values ...any) {
		found = append(found, Problem{Path: []string{"distribution", attribute}, Summary: "Ports of another cluster", Detail: fmt.Sprintf(detail, values...)})
	}
	own := n.Distribution
	if own.EPMDPort == 0 || d.EPMDPort == 0 || d.PortMax == 0 {
		return nil
	}
	if own.EPMDPort != d.EPMDPort {
		report("epmd_port", "epmd_port is %d, and the nodes of cluster %s ask each other at %d. Set it to %d.", own.EPMDPort, n.Cluster, d.EPMDPort, d.EPMDPort)
	}
	if own.PortMin < d.PortMin || own.PortMin > d.PortMax {
		report("port_min", "port_min is %d, and the firewall of cluster %s opens %d to %d. Use a range within.", own.PortMin, n.Cluster, d.PortMin, d.PortMax)
	}
	if own.PortMax < d.PortMin || own.PortMax > d.PortMax {
		report("port_max", "port_max is %d, and the firewall of cluster %s opens %d to %d. Use a range within.", own.PortMax, n.Cluster, d.PortMin, d.PortMax)
	}
	return found
}

// hostNames are those that the cluster's hosts get.
func hostNames(s cluster.Spec) []string {
	names := []string{cluster.DatabaseHostName(s.Name), cluster.LoadBalancerHostName(s.Name, 1)}
	for _, p := range s.Pools {
		for n := range p.Count {
			names = append(names, cluster.NodeHostName(s.Name, p.Name, n+1))
		}
	}
	return names
}
