package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// bringing is what users bring for hosts, and where they wrote it.
type bringing struct {
	path []string // leads to the block
	own  hostconfig.Brought
	all  hostconfig.Brought // what a host gets, own included
	user string             // the hosts' own
	app  string             // of nodes, else empty

	writable []string          // folders of the nodes that their release writes to
	database *cluster.Database // of which one of the hosts is; nil for none
}

// broughtProblems checks what users bring for hosts, for all of them and for those
// of one pool or role.
func broughtProblems(s cluster.Spec) []Problem {
	all := s.Host.Brought
	writable := writablePaths(s.Release)
	blocks := []bringing{{path: []string{"host"}, app: s.App(), writable: writable, database: s.Database}}
	for _, p := range s.Pools {
		blocks = append(blocks, bringing{path: []string{"node_pools", p.Name, "host"}, own: p.Brought, app: s.App(), writable: writable})
	}
	if lb := s.LoadBalancer; lb != nil {
		blocks = append(blocks, bringing{path: []string{"load_balancer", "host"}, own: lb.Brought})
	}
	if db := s.Database; db != nil {
		blocks = append(blocks, bringing{path: []string{"database", "host"}, own: db.Brought, database: db})
	}
	var found []Problem
	for i, b := range blocks {
		b.all, b.user = all.With(b.own), s.Host.User
		if i == 0 {
			b.own = all
		}
		found = append(found, b.problems()...)
	}
	return found
}

func writablePaths(r *cluster.Release) []string {
	if r == nil || r.Service == nil {
		return nil
	}
	return r.Service.WritablePaths
}

func (b bringing) problems() []Problem {
	return slices.Concat(b.files(), b.scripts(), b.sources())
}

func (b bringing) files() []Problem {
	path := at(b.path, "files")
	var found []Problem
	report := func(name, detail string, needs ...[]string) {
		found = append(found, Problem{Path: at(path, name), Needs: needs, Summary: "Invalid path", Detail: detail})
	}
	for _, name := range slices.Sorted(maps.Keys(b.own.Files)) {
		if fault := hostconfig.FilePath(b.app).Fault(name); fault != "" {
			report(name, fmt.Sprintf("A file cannot be at %q. %s", name, sentence(fault)))
			continue
		}
		if folder := b.all.FileAbove(name); folder != "" {
			report(name, fmt.Sprintf("A file cannot be at %q: %q is a file as well, and no folder. Give one of them another path.", name, folder))
			continue
		}
		for _, folder := range b.writable {
			if hostconfig.InTheWay(name, folder) {
				report(name, fmt.Sprintf("A file cannot be at %q: release.service.writable_paths has %q, and no folder can be made there. Give one of them another path.", name, folder),
					[]string{"release", "service", "writable_paths"})
			}
		}
		if b.database != nil {
			if fault := hostconfig.DatabaseFile.Fault(name); fault != "" {
				report(name, fmt.Sprintf("A file cannot be at %q on the database's host. %s", name, sentence(fault)), []string{"database"})
			} else if version := b.all.With(b.database.Brought).OtherVersion(name, b.database.Image); version != "" {
				report(name, fmt.Sprintf("Nothing would read the file at %q: image %q brings Postgres %s. Put the file in the folder of that version, or use the image whose version it is.",
					name, b.database.Image, version), []string{"database"}, []string{"database", "image"}, []string{"host", "apt_sources"}, []string{"database", "host", "apt_sources"})
			}
		}
		f := b.own.Files[name]
		found = append(found, formed(at(path, name, "owner"), f.Owner, hostconfig.FileOwner)...)
		found = append(found, formed(at(path, name, "group"), f.Group, hostconfig.FileOwner)...)
		found = append(found, formed(at(path, name, "mode"), f.Mode, hostconfig.FileMode)...)
	}
	return found
}

// scripts never shows what a script holds.
func (b bringing) scripts() []Problem {
	path := at(b.path, "run")
	var found []Problem
	report := func(format string, values ...any) {
		found = append(found, Problem{Path: path, Summary: "Invalid script", Detail: fmt.Sprintf(format, values...)})
	}
	for _, s := range b.own.Scripts {
		if fault := hostconfig.ScriptName.Fault(s.Name); fault != "" {
			report("A script is named %q. %s", s.Name, sentence(fault))
		}
		if fault := hostconfig.ScriptText.Fault(s.Script); fault != "" {
			report("The script %q cannot be run. %s", s.Name, sentence(fault))
		}
		if s.User != "root" && s.User != b.user {
			found = append(found, Problem{
				Path: path, Needs: [][]string{{"host", "user"}}, Summary: "Invalid script",
				Detail: fmt.Sprintf("The script %q runs as %q. Use \"root\", or the hosts' own user, which is %q.", s.Name, s.User, b.user),
			})
		}
	}
	if len(b.own.Scripts) == 0 {
		return found
	}
	if name := b.all.DoubledScript(); name != "" {
		report("A host has two scripts named %q. Give each a name of its own: it is the step's that a failure is told of.", name)
	}
	if count := len(b.all.Scripts); count > hostconfig.MaxScripts {
		report("A host has %d scripts. Use at most %d.", count, hostconfig.MaxScripts)
	}
	return found
}

func (b bringing) sources() []Problem {
	var found []Problem
	for _, name := range slices.Sorted(maps.Keys(b.own.Apt)) {
		s, path := b.own.Apt[name], at(b.path, "apt_sources", name)
		if fault := hostconfig.AptName.Fault(name); fault != "" {
			found = append(found, Problem{Path: path, Summary: "Invalid source", Detail: fmt.Sprintf("A source is named %q. %s", name, sentence(fault))})
		}
		found = append(found, slices.Concat(
			formedEach(at(path, "types"), s.Types, hostconfig.AptType),
			formedEach(at(path, "uris"), s.URIs, hostconfig.AptURI),
			formedEach(at(path, "suites"), s.Suites, hostconfig.AptSuite),
			formedEach(at(path, "components"), s.Components, hostconfig.AptComponent),
			formedEach(at(path, "architectures"), s.Architectures, hostconfig.AptArchitecture),
		)...)
		if fault := hostconfig.AptKey.Fault(s.Key); s.Key != "" && fault != "" {
			found = append(found, Problem{Path: at(path, "key"), Summary: "Invalid key", Detail: "The key of the source cannot be read. " + sentence(fault)})
		}
		if fault := s.Fault(); fault != "" {
			found = append(found, Problem{
				Path: path, Needs: [][]string{at(path, "types"), at(path, "uris"), at(path, "suites"), at(path, "components")}, Summary: "Invalid source",
				Detail: fmt.Sprintf("The source %q %s.", name, fault),
			})
		}
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
	const remedy = "Bring less, or let a host fetch what is large."
	files, scripts, sources := host, host, host
	files.Files = nil
	scripts.Files, scripts.Scripts = nil, nil
	sources.Brought = hostconfig.Brought{}
	return []part{
		{at(len(own.Files) > 0, "files"), remedy, func() ([]byte, error) { return render(files) }},
		{at(len(own.Scripts) > 0, "run"), remedy, func() ([]byte, error) { return render(scripts) }},
		{at(len(own.Apt) > 0, "apt_sources"), remedy, func() ([]byte, error) { return render(sources) }},
	}
}
