package check

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
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
		peerProblems(n),
		sshKeyProblems(n.SSHKeys),
		releaseProblems(n.Release),
		environmentProblems(n.Environment, n.Release),
		distributionProblems(n.Distribution),
		overlaps(nodeListeners(n.Distribution, n.Release, n.Host)),
		hostProblems(n.Host),
		tagProblems(n.Tags),
	)
	if len(found) > 0 {
		return found
	}
	return nodeSizeProblems(n.HostConfig())
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

func peerProblems(n cluster.NodeSpec) []Problem {
	var found []Problem
	for _, peer := range n.Peers {
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
