package cluster

import (
	"fmt"
	"regexp"
	"slices"
)

// nodeName is a long name: a name, an @ and a host that has a dot, as
// lib/kernel/src/net_kernel.erl wants it.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// Problems returns everything that is wrong with the spec by itself, as
// Spec.Problems does.
func (n NodeSpec) Problems() []Problem {
	found := slices.Concat(
		n.nameProblems(),
		clusterNameProblems("cluster", n.Cluster),
		n.missing(nil),
		cookieProblems(n.Cookie),
		n.peerProblems(),
		sshKeyProblems(n.SSHKeys),
		n.Release.problems(),
		environmentProblems(n.Environment),
		n.Distribution.problems(),
		overlaps(nodeListeners(n.Distribution, n.Release, n.Host)),
		n.Host.problems(),
		tagProblems(n.Tags),
	)
	if len(found) > 0 {
		return found
	}
	return nodeSizeProblems(n.HostConfig())
}

func (n NodeSpec) nameProblems() []Problem {
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

func (n NodeSpec) peerProblems() []Problem {
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
