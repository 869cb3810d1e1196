package check

import (
	"fmt"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// nodes is how many nodes a pool, and all pools together, may have. In a full
// mesh each node keeps a connection to every other one and sends it a sign of
// life every quarter of a minute: clusters of some two hundred nodes are known
// to work, and 500 would have 124,750 connections. No account may have as many
// droplets without having asked DigitalOcean for them. The bound also keeps
// what is worked out for each node small.
var nodes = hostconfig.Range{Min: 0, Max: 500}

func poolProblems(s cluster.Spec) []Problem {
	var found []Problem
	total, counted := 0, true
	var needs [][]string
	for _, p := range s.Pools {
		path := []string{"node_pools", p.Name}
		found = append(found, poolNameProblems(s, p)...)
		found = append(found, placeProblems(path, p.Place)...)
		needs = append(needs, at(path, "count"))
		if invalid := within(at(path, "count"), p.Count, nodes, " nodes"); invalid != nil {
			found, counted = append(found, invalid...), false
			continue
		}
		total += p.Count
	}
	switch {
	case counted && total == 0:
		found = append(found, Problem{
			Path:    []string{"node_pools"},
			Needs:   needs,
			Summary: "No nodes",
			Detail:  "The pools have no node together. A cluster needs at least one: set the count of a pool to 1 or more.",
		})
	case total > nodes.Max:
		found = append(found, Problem{
			Path:    []string{"node_pools"},
			Summary: "Too many nodes",
			Detail: fmt.Sprintf("The pools have %d nodes together. Use at most %d: every node keeps a connection to every other one.",
				total, nodes.Max),
		})
	}
	return found
}

func poolNameProblems(s cluster.Spec, p cluster.Pool) []Problem {
	path := []string{"node_pools", p.Name}
	if !poolName.MatchString(p.Name) {
		return []Problem{{
			Path:    path,
			Summary: "Invalid pool name",
			Detail:  fmt.Sprintf("%q is not a pool's name. Use the characters A-Z, a-z, 0-9, _ and -.", p.Name),
		}}
	}
	if name := cluster.NodeHostName(s.Name, p.Name, max(p.Count, 1)); len(name) > maxHostName {
		return []Problem{{
			Path:    path,
			Needs:   [][]string{{"name"}},
			Summary: "Host name too long",
			Detail: fmt.Sprintf("The pool's nodes would get host names such as %s, which has %d characters. "+
				"At most %d are allowed. Shorten the name of the pool or of the cluster.", name, len(name), maxHostName),
		}}
	}
	return nil
}

// hostNameProblems finds two things that would get one host name. Case and
// underscores of a pool's name are lost in it.
func hostNameProblems(s cluster.Spec) []Problem {
	const loadBalancerOwner = "the load balancer"
	var found []Problem
	owners := map[string]string{}
	needs := [][]string{{"name"}}
	if s.LoadBalancer != nil {
		owners[cluster.LoadBalancerHostName(s.Name, 1)] = loadBalancerOwner
		needs = append(needs, []string{"load_balancer"})
	}
	for _, p := range s.Pools {
		name := cluster.NodeHostName(s.Name, p.Name, 1)
		owner, taken := owners[name]
		if !taken {
			owners[name] = fmt.Sprintf("pool %q", p.Name)
			continue
		}
		why := ""
		if !hostName.MatchString(p.Name) || owner != loadBalancerOwner {
			why = "Host names have no capitals and have - in place of _. "
		}
		found = append(found, Problem{
			Path:    []string{"node_pools", p.Name},
			Needs:   needs,
			Summary: "Two hosts with one name",
			Detail:  fmt.Sprintf("Pool %q and %s would both have a host named %s. %sRename the pool.", p.Name, owner, name, why),
		})
	}
	return found
}
