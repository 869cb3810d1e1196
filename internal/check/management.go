package check

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// managementPortProblems checks where hosts that are managed are reached.
func managementPortProblems(m cluster.Management) []Problem {
	if !m.Enabled {
		return nil
	}
	return within([]string{"management", "port"}, m.Port, ports, "")
}

func managementProblems(s cluster.Spec) []Problem {
	found := managementPortProblems(s.Management)
	for _, cidr := range s.Management.From {
		if detail := cidrProblem(cidr); detail != "" {
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
	return append(found, waitForProblems(s, withoutManagement)...)
}

// ManagementFromNowhere says that the cluster lets nobody reach the node's SSH.
func ManagementFromNowhere(n cluster.NodeSpec) Problem {
	return Problem{
		Path: []string{"management", "enabled"}, Summary: "Management from nowhere",
		Detail: fmt.Sprintf("Management is on, and the firewall of cluster %s lets nobody reach port %d, on which this node's SSH listens. "+
			"Name the addresses that Terraform runs at in management.from or access.ssh_from of the beam_cluster, and use its host.ssh_port here.",
			n.Cluster, n.Host.SSHPort),
	}
}

// withoutManagement says how a cluster gets what the first two values ask.
const withoutManagement = "Hosts can only be asked with management, which is off. It is on in a new cluster that names the addresses that Terraform runs at, " +
	"in access.ssh_from or management.from, and leaves management.enabled out"

// withoutChannel says it of a beam_node.
const withoutChannel = "The host can only be asked with management, which is off. management = { enabled = true } sets it up"

func waitForProblems(s cluster.Spec, remedy string) []Problem {
	path, needs := []string{"wait_for"}, [][]string{{"management", "enabled"}}
	asked := []string{cluster.WaitFormed, cluster.WaitBooted}
	switch {
	case s.WaitFor == cluster.WaitActive:
		return nil
	case slices.Contains(asked, s.WaitFor) && s.Management.Enabled:
		return nil
	case slices.Contains(asked, s.WaitFor):
		return []Problem{{
			Path: path, Needs: needs, Summary: "Nothing to ask the hosts with",
			Detail: fmt.Sprintf("wait_for is %q. %s. Else set wait_for to %q.", s.WaitFor, remedy, cluster.WaitActive),
		}}
	case s.Management.Enabled:
		return oneOf(path, s.WaitFor, append(asked, cluster.WaitActive)...)
	}
	return []Problem{{
		Path: path, Needs: needs, Summary: "Invalid wait_for",
		Detail: fmt.Sprintf("wait_for is %q. Use %q, or %s where the hosts can be asked. %s.", s.WaitFor, cluster.WaitActive, quoted(asked), remedy),
	}}
}
