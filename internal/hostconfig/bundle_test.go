package hostconfig_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// tellable is a host that can be told parts while it runs.
type tellable interface {
	renderer
	Parts() hostconfig.Parts
	Bundle(parts ...hostconfig.Part) (hostconfig.Bundle, error)
}

// tellables are all variants of every kind of host, with Management.
func tellables() map[string]tellable {
	all := map[string]tellable{}
	for name, host := range hosts() {
		switch host := host.(type) {
		case hostconfig.Node:
			host.Management = exampleManagement()
			all[name] = host
		case hostconfig.LoadBalancer:
			host.Management = exampleManagement()
			all[name] = host
		case hostconfig.Database:
			host.Management = exampleManagement()
			all[name] = host
		}
	}
	return all
}

// onHost are the files of a host by their path.
func onHost(t *testing.T, host renderer) map[string]string {
	t.Helper()
	userData, err := host.Render()
	must(t, err)
	files := map[string]string{}
	for _, f := range filesOf(t, userData) {
		files[f.Path] = f.Content
	}
	return files
}

// A host refuses a part that has a file too many or too few.
func TestABundleHasTheFilesThatItsHostExpects(t *testing.T) {
	t.Parallel()
	for name, host := range tellables() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var settings struct {
				Parts map[hostconfig.Part]map[string]any
			}
			must(t, json.Unmarshal([]byte(onHost(t, host)["/etc/beam/management.json"]), &settings))
			bundle, err := host.Bundle(slices.Collect(maps.Keys(host.Parts()))...)
			must(t, err)
			for part, files := range bundle.Parts {
				want, told := settings.Parts[part]
				if !told {
					if len(files) > 0 {
						t.Errorf("the host takes no part %s, which has files", part)
					}
					continue
				}
				if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(files))); diff != "" {
					t.Errorf("part %s (-host +bundle):\n%s", part, diff)
				}
			}
		})
	}
}

// A host that was told all that changed is as one that was made so. Steps of the
// first boot that only one of them has are over for the other.
func TestATunedHostIsAsOneThatWasMadeSo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ before, after tellable }{
		"other settings": {withBase(func(b *hostconfig.Base) {}), withBase(func(b *hostconfig.Base) {
			*b = hostconfig.Base{Cluster: b.Cluster, User: b.User, SSHPort: b.SSHPort, Management: b.Management, Locale: "C.UTF-8", Packages: []string{"jq"}}
		})},
		"another environment": {managedNode(), tuned(func(n *hostconfig.Node) {
			n.Environment, n.SecretKeyBase, n.DatabaseURL, n.MigrationDatabaseURL = nil, "OTHER", "", ""
		})},
		"another patience": {managedNode(), tuned(func(n *hostconfig.Node) { n.Sync, n.SyncTimeoutMS = "mandatory", 1 })},
		"no patience":      {managedNode(), tuned(func(n *hostconfig.Node) { n.Sync = "none" })},
		"a shut release":   {managedNode(), tuned(func(n *hostconfig.Node) { n.Release.ReadOnly, n.Release.Keep = true, 9 })},
		"a pushed release": {managedNode(), tuned(func(n *hostconfig.Node) { n.Release.URL, n.Release.Pushed, n.Release.Migrate = "", true, "" })},
		"a release at last": {
			tuned(func(n *hostconfig.Node) { n.Release = &hostconfig.Release{Name: "chat", Kind: "rebar3"} }),
			tuned(func(n *hostconfig.Node) { n.Release.Kind, n.Release.Migrate = "rebar3", "chat:migrate()" }),
		},
		"other tools":     {managedNode(), tuned(func(n *hostconfig.Node) { n.Toolchain = []string{"elixir"} })},
		"other balancing": {managedLoadBalancer(), balanced(func(l *hostconfig.LoadBalancer) { l.Algorithm, l.StickyCookie = "leastconn", "OTHER" })},
		"other statistics": {managedLoadBalancer(), balanced(func(l *hostconfig.LoadBalancer) {
			l.Stats = &hostconfig.Stats{Port: l.Stats.Port, Path: "/other", User: "other", Password: "OTHER"}
		})},
		"another certificate": {
			balanced(func(l *hostconfig.LoadBalancer) {
				l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate, PrivateKeyPEM: siteKey}
			}),
			balanced(func(l *hostconfig.LoadBalancer) {
				l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate + siteCertificate, PrivateKeyPEM: siteKey}
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := tt.before.Parts().Changed(tt.after.Parts())
			if slices.Contains(changed, hostconfig.PartFixed) {
				t.Fatal("only a new host can be given that")
			}
			bundle, err := tt.after.Bundle(changed...)
			must(t, err)
			host, want := onHost(t, tt.before), onHost(t, tt.after)
			for _, files := range bundle.Parts {
				maps.Copy(host, files)
			}
			if diff := cmp.Diff(lasting(want, host), lasting(host, want)); diff != "" {
				t.Errorf("told %v (-made so +told):\n%s", changed, diff)
			}
		})
	}
}

// The host's own firewall opens its ports at the first boot.
func TestAnotherPortOfStatisticsNeedsANewHost(t *testing.T) {
	t.Parallel()
	ports := []tellable{
		managedLoadBalancer(),
		balanced(func(l *hostconfig.LoadBalancer) { l.Stats = nil }),
		balanced(func(l *hostconfig.LoadBalancer) {
			l.Stats = &hostconfig.Stats{Port: 9404, Path: "/", User: "admin", Password: "x"}
		}),
	}
	for i, before := range ports {
		for j, after := range ports {
			changed := before.Parts().Changed(after.Parts())
			if got := slices.Contains(changed, hostconfig.PartFixed); got != (i != j) {
				t.Errorf("from %d to %d these parts change: %v", i, j, changed)
			}
		}
	}
}

// lasting are the files but for steps that the other host does not have, and for
// the order of the others.
func lasting(files, other map[string]string) map[string]string {
	const steps = "/usr/local/lib/beam/steps/"
	slug := func(path string) string { return strings.TrimLeft(strings.TrimPrefix(path, steps), "0123456789-") }
	has := map[string]bool{}
	for path := range other {
		has[slug(path)] = strings.HasPrefix(path, steps) || has[slug(path)]
	}
	found := map[string]string{}
	for path, content := range files {
		if !strings.HasPrefix(path, steps) {
			found[path] = content
		} else if has[slug(path)] {
			found[slug(path)] = content
		}
	}
	return found
}

func withBase(edit func(*hostconfig.Base)) tellable {
	db := managedDatabase()
	edit(&db.Base)
	return db
}

func tuned(edit func(*hostconfig.Node)) tellable {
	n := managedNode()
	release := *n.Release
	n.Release = &release
	edit(&n)
	return n
}

func balanced(edit func(*hostconfig.LoadBalancer)) tellable {
	l := managedLoadBalancer()
	edit(&l)
	return l
}
