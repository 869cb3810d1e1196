package check

import (
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

func TestWarningsOfOwnersThatHostsLack(t *testing.T) {
	t.Parallel()
	owned := func(owner string) hostconfig.Brought {
		return hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/etc/chat/x": {Owner: owner, Group: owner, Mode: "0600"}}}
	}
	for name, tt := range map[string]struct {
		edit func(*cluster.Spec)
		want string // the path; empty for no warning
	}{
		"root":                         {func(s *cluster.Spec) { s.Host.Brought = owned("root") }, ""},
		"a user of Debian's":           {func(s *cluster.Spec) { s.Host.Brought = owned("www-data") }, ""},
		"the hosts' own user":          {func(s *cluster.Spec) { s.Host.User = "app"; s.Host.Brought = owned("app") }, ""},
		"the user of before":           {func(s *cluster.Spec) { s.Host.User = "app"; s.Host.Brought = owned("deploy") }, "host.files./etc/chat/x.owner"},
		"nobody's name":                {func(s *cluster.Spec) { s.Pools[0].Brought = owned("grafana") }, "node_pools.uk.host.files./etc/chat/x.owner"},
		"one of a package, perhaps":    {func(s *cluster.Spec) { s.Host.Packages = []string{"grafana"}; s.Pools[0].Brought = owned("grafana") }, ""},
		"one of a snapshot, perhaps":   {func(s *cluster.Spec) { s.Pools[0].Image = "155133621"; s.Pools[0].Brought = owned("grafana") }, ""},
		"Postgres' on the database":    {func(s *cluster.Spec) { s.Database.Brought = owned("postgres") }, ""},
		"Postgres' on every host":      {func(s *cluster.Spec) { s.Host.Brought = owned("postgres") }, "host.files./etc/chat/x.owner"},
		"HAProxy's on the database":    {func(s *cluster.Spec) { s.Database.Brought = owned("haproxy") }, "database.host.files./etc/chat/x.owner"},
		"HAProxy's where HAProxy runs": {func(s *cluster.Spec) { s.LoadBalancer.Brought = owned("haproxy") }, ""},
	} {
		spec := validSpec()
		spec.Host.Packages = nil
		for i := range spec.Pools {
			spec.Pools[i].Image = "debian-12-x64"
		}
		spec.LoadBalancer.Image, spec.Database.Image = "debian-12-x64", "debian-12-x64"
		tt.edit(&spec)
		var got string
		if found := ownerWarnings(spec); len(found) > 0 {
			got = strings.Join(found[0].Path, ".")
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
