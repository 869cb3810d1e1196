package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// servers are the users that come with what hosts of one role alone serve with.
var servers = map[string]string{"haproxy": cluster.RoleLoadBalancer, "postgres": cluster.RoleDatabase, "ssl-cert": cluster.RoleDatabase}

// ownerWarnings finds files whose owner the hosts would not know when they give the
// files away, before host.run: the first boot would fail. A package or an image of
// the user's own may bring anybody.
func ownerWarnings(s cluster.Spec) []Problem {
	if len(s.Host.Packages) > 0 || slices.ContainsFunc(s.Places(), func(p cluster.Place) bool { return !strings.Contains(p.Image, "-") }) {
		return nil
	}
	found := strangers(s, []string{"host"}, s.Host.Brought, s.Roles()...)
	for _, p := range s.Pools {
		found = append(found, strangers(s, []string{"node_pools", p.Name, "host"}, p.Brought, cluster.RoleNode)...)
	}
	if lb := s.LoadBalancer; lb != nil {
		found = append(found, strangers(s, []string{"load_balancer", "host"}, lb.Brought, cluster.RoleLoadBalancer)...)
	}
	if db := s.Database; db != nil {
		found = append(found, strangers(s, []string{"database", "host"}, db.Brought, cluster.RoleDatabase)...)
	}
	return found
}

// strangers are the owners whom hosts of one of the roles lack.
func strangers(s cluster.Spec, path []string, own hostconfig.Brought, roles ...string) []Problem {
	var found []Problem
	for _, name := range slices.Sorted(maps.Keys(own.Files)) {
		owner := own.Files[name].Owner
		lacks := func(role string) bool { return servers[owner] != "" && servers[owner] != role }
		if owner == s.Host.User || hostconfig.MayOwn(owner) && !slices.ContainsFunc(roles, lacks) {
			continue
		}
		found = append(found, Problem{
			Path: at(path, "files", name, "owner"), Needs: [][]string{{"host", "user"}, {"host", "packages"}}, Summary: "Owner that hosts lack",
			Detail: fmt.Sprintf("owner is %q, whom not every host that gets the file knows, so that its first boot would fail. "+
				"Use %q or another user of the system, give the file to those hosts alone that know the owner, or let host.packages bring it.", owner, s.Host.User),
		})
	}
	return found
}
