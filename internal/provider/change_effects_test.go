package provider

import (
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// roles of hosts, and what the guide calls them.
var (
	roles   = []string{cluster.RoleNode, cluster.RoleLoadBalancer, cluster.RoleDatabase}
	hostsOf = map[string]string{
		cluster.RoleNode: "nodes", cluster.RoleLoadBalancer: "load balancer", cluster.RoleDatabase: "database's host",
	}
)

// What becomes of hosts, in the words of the guide.
const (
	isMade      = "made"
	isReplaced  = "replaced"
	isSecond    = "replaced by a second set"
	isDown      = "replaced, down meanwhile"
	isRestarted = "restarted"
	isTold      = "told"
	isTurned    = "told, all at once"
	isRemoved   = "removed"
)

// effects says in the words of the guide what the steps of a plan do.
func effects(steps plan.Plan) string {
	hosts := map[string][]string{} // roles, by what becomes of their hosts
	for _, role := range roles {
		if fate := fateOf(role, steps); fate != "" {
			hosts[fate] = append(hosts[fate], role)
		}
	}
	var found []string
	for _, fate := range []string{isMade, isSecond, isReplaced, isDown, isRestarted, isTold, isTurned, isRemoved} {
		if len(hosts[fate]) == len(roles) {
			found = append(found, "every host "+fate)
			continue
		}
		for _, role := range hosts[fate] {
			found = append(found, hostsOf[role]+" "+fate)
		}
	}
	for _, step := range steps.Steps {
		text := atDigitalOcean(step.Action, len(found) == 0)
		if text != "" && !step.Quiet && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return strings.Join(found, "; ")
}

// fateOf is what becomes of the hosts of a role. That hosts are told of others, as
// the load balancer is of nodes, is not worth a word in the guide's table.
func fateOf(role string, steps plan.Plan) string {
	made, gone := hostsMade(role, steps), hostsGone(role, steps)
	switch {
	case role == cluster.RoleNode && steps.SecondSet:
		return isSecond
	case len(made) > 0 && len(gone) > 0:
		if slices.ContainsFunc(gone, func(s plan.Step) bool { return s.Interrupts.AtLeast > 0 }) {
			return isDown
		}
		return isReplaced
	case len(made) > 0:
		return isMade
	case len(gone) > 0:
		return isRemoved
	}
	for _, step := range steps.Steps {
		switch a := step.Action.(type) {
		case plan.Apply:
			if a.Role == role && a.Restart != nil {
				return isRestarted
			}
			if a.Role == role {
				return isTold
			}
		case plan.RotateCookie:
			if role == cluster.RoleNode {
				return isTurned
			}
		}
	}
	return ""
}

func hostsMade(role string, steps plan.Plan) []plan.Step {
	return slices.DeleteFunc(slices.Clone(steps.Steps), func(s plan.Step) bool {
		a, is := s.Action.(plan.CreateHosts)
		return !is || a.Role != role
	})
}

func hostsGone(role string, steps plan.Plan) []plan.Step {
	return slices.DeleteFunc(slices.Clone(steps.Steps), func(s plan.Step) bool {
		a, is := s.Action.(plan.DeleteHost)
		return !is || a.Role != role
	})
}

// atDigitalOcean names what an action changes there beside hosts; empty for what
// only comes along with them, unless it is alone.
func atDigitalOcean(a plan.Action, alone bool) string {
	switch a.(type) {
	case plan.CreateFirewall, plan.UpdateFirewall, plan.DeleteFirewall:
		if alone {
			return "firewalls changed"
		}
	case plan.TagHosts, plan.UntagHosts:
		if alone {
			return "tags changed"
		}
	case plan.SetBackups:
		return "backups switched"
	case plan.AssignProject:
		return "moved to the project"
	case plan.ReserveAddress:
		return "public address reserved"
	case plan.DeleteAddress:
		return "public address given back"
	case plan.CreateVolume:
		return "volume made"
	case plan.Migrate:
		return "migration runs first"
	}
	return ""
}
