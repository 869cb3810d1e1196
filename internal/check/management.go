package check

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func managementProblems(s cluster.Spec) []Problem {
	var found []Problem
	for _, cidr := range s.Management.From {
		if detail := cidrProblem(cidr, exampleSources...); detail != "" {
			found = append(found, Problem{Path: []string{"management", "from"}, Summary: "Invalid CIDR", Detail: detail})
		}
	}
	m := s.Management
	if m.Enabled && len(m.From)+len(s.Access.SSHFrom) == 0 {
		found = append(found, Problem{
			Path: []string{"management", "enabled"}, Needs: [][]string{{"management", "from"}, {"access", "ssh_from"}},
			Summary: "Management from nowhere",
			Detail: "Management is on, and the firewalls let nobody reach SSH. Name the addresses that Terraform runs at in management.from, " +
				"or in access.ssh_from, which opens SSH and the stats page to people, too.",
		})
	}
	return append(found, waitForProblems(s)...)
}

func waitForProblems(s cluster.Spec) []Problem {
	path := []string{"wait_for"}
	allowed := []string{cluster.WaitFormed, cluster.WaitBooted, cluster.WaitActive}
	switch {
	case s.WaitFor == "":
		return nil // left out of specs that nobody waits for
	case !slices.Contains(allowed, s.WaitFor):
		return oneOf(path, s.WaitFor, allowed...)
	case s.WaitFor != cluster.WaitActive && !s.Management.Enabled:
		return []Problem{{
			Path: path, Needs: [][]string{{"management", "enabled"}},
			Summary: "Nothing to ask the hosts with",
			Detail: fmt.Sprintf("Whether a cluster is %s can only be asked of its hosts, and management is off. It is on in a new cluster that names the addresses "+
				"that Terraform runs at, in access.ssh_from or management.from, and leaves management.enabled out. Else set wait_for = %q.", s.WaitFor, cluster.WaitActive),
		}}
	}
	return nil
}
