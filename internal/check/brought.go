package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// broughtProblems checks what users bring for hosts, for all of them and for those
// of one pool or role.
func broughtProblems(s cluster.Spec) []Problem {
	all := s.Host.Brought
	found := filesProblems([]string{"host"}, all, all, s.App())
	for _, p := range s.Pools {
		found = append(found, filesProblems([]string{"node_pools", p.Name, "host"}, p.Brought, all.With(p.Brought), s.App())...)
	}
	if lb := s.LoadBalancer; lb != nil {
		found = append(found, filesProblems([]string{"load_balancer", "host"}, lb.Brought, all.With(lb.Brought), "")...)
	}
	if db := s.Database; db != nil {
		found = append(found, filesProblems([]string{"database", "host"}, db.Brought, all.With(db.Brought), "")...)
	}
	return found
}

// filesProblems checks files of the user's; all are those that a host gets with
// them, and app is that of nodes, else empty.
func filesProblems(path []string, b, all hostconfig.Brought, app string) []Problem {
	path = at(path, "files")
	var found []Problem
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		detail := ""
		if fault := hostconfig.FilePath(app).Fault(name); fault != "" {
			detail = fmt.Sprintf("A file cannot be at %q. %s", name, sentence(fault))
		} else if folder := all.FileAbove(name); folder != "" {
			detail = fmt.Sprintf("A file cannot be at %q: %q is a file as well, and no folder. Give one of them another path.", name, folder)
		}
		if detail != "" {
			found = append(found, Problem{Path: at(path, name), Summary: "Invalid path", Detail: detail})
			continue
		}
		f := b.Files[name]
		found = append(found, formed(at(path, name, "owner"), f.Owner, hostconfig.FileOwner)...)
		found = append(found, formed(at(path, name, "group"), f.Group, hostconfig.FileOwner)...)
		found = append(found, formed(at(path, name, "mode"), f.Mode, hostconfig.FileMode)...)
	}
	return found
}

// broughtParts are what users can make large of what they bring for a host, each
// with where they wrote it: own is what hosts of the role or pool at the path get
// of their own.
func broughtParts(path []string, own hostconfig.Brought, host hostconfig.Base, render func(hostconfig.Base) ([]byte, error)) []part {
	at := func(here bool, name string) []string {
		if here {
			return slices.Concat(path, []string{"host", name})
		}
		return []string{"host", name}
	}
	host.Files = nil
	return []part{
		{at(len(own.Files) > 0, "files"), "Bring less, or let a host fetch what is large.", func() ([]byte, error) { return render(host) }},
	}
}
