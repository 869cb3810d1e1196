package provider

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// hanging are clusters and a node that hang on other resources: chat and its worker in
// their number and size, talk in whatever there is, and the third one in its token.
func hanging(c *cloud, values map[string]string) string {
	rolled := "lifecycle {\n    create_before_destroy = true\n  }"
	config := strings.NewReplacer(
		`token = "test"`, `token = "right"`, `"nyc3"`, "terraform_data.region.output", "count = 1", "count = tonumber(terraform_data.n.output)",
	).Replace(workerConfig(c, `environment = { LEVEL = terraform_data.n.output }`, `size = "s-${terraform_data.n.output}vcpu-${terraform_data.n.output}gb"`, rolled))
	for name, value := range values {
		config += fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}\n", name, value)
	}
	return config + fmt.Sprintf(`
resource "beam_cookie" "talk" {}
resource "beam_cluster" "talk" {
  name          = terraform_data.name.output
  region        = terraform_data.region.output
  node_pools    = { for name in [terraform_data.pool.output] : name => { count = 1 } }
  cookie        = beam_cookie.talk.value
  load_balancer = {}
  network       = { ip_ranges = { nyc3 = "10.30.0.0/24" } }
  access        = { ssh_from = [terraform_data.office.output] }
  wait_for      = "active"
}
provider "later" {
  token        = terraform_data.token.output
  api_endpoint = %q
}
resource "beam_cluster" "later" {
  provider   = later
  name       = "later"
  region     = terraform_data.region.output
  node_pools = { us = {} }
}
`, c.url)
}

// What hangs on another resource is not known when a plan is made, and no reason to
// refuse it; what turns out to be wrong is found before anything is created, and what
// changes is applied as it was planned. With a token that is not known, the plan asks
// the API nothing.
func TestAccValuesThatAreKnownAfterApply(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{Token: "right"})
	t.Cleanup(func() { c.nothingLeft(t) })
	wrong := map[string]string{"name": "shop", "region": "mars1", "pool": "eu", "n": "2", "office": "198.51.100.7/32", "token": "wrong"}
	right := map[string]string{"name": "talk", "region": "nyc3", "pool": "us", "n": "1", "office": somewhere, "token": "right"}
	more := maps.Clone(right)
	more["n"] = "2"
	other := statecheck.CompareValue(compare.ValuesDiffer())
	later := factories()
	later["later"] = later["beam"]
	runCase(t, resource.TestCase{ProtoV6ProviderFactories: later, Steps: []resource.TestStep{
		{Config: hanging(c, wrong), ExpectError: spaced(`Region "mars1" does not exist`)},
		{
			PreConfig: func() {
				if n := c.writes(); n > 0 {
					t.Errorf("%d writes to the API", n)
				}
			},
			Config: hanging(c, right),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(chat, plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction("beam_cluster.later", plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction("beam_cluster.talk", plancheck.ResourceActionCreate),
				plancheck.ExpectUnknownValue("beam_cluster.talk", at("management").AtMapKey("enabled")),
				plancheck.ExpectKnownValue(worker, at("cookie_fingerprint"), knownvalue.StringExact(cookie.Fingerprint("monster"))),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs("beam_cluster.talk", at("cookie"), "beam_cookie.talk", at("value"), compare.ValuesSame()),
				statecheck.ExpectKnownValue("beam_cluster.talk", at("management").AtMapKey("enabled"), knownvalue.Bool(true)),
				attributeOf(worker, "cookie_fingerprint", knownvalue.StringExact(cookie.Fingerprint("monster"))),
				other.AddStateValue(worker, at("droplet_id")),
			},
		},
		{
			Config: hanging(c, more),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(worker, plancheck.ResourceActionCreateBeforeDestroy),
				plancheck.ExpectUnknownValue(chat, at("nodes")),
				// What no number of nodes changes stays known.
				plancheck.ExpectKnownValue(chat, at("cookie_fingerprint"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(chat, at("load_balancer_ipv4_address"), knownvalue.Null()),
				plancheck.ExpectKnownValue(chat, at("database_host"), knownvalue.Null()),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				attributeOf(chat, "nodes", knownvalue.MapSizeExact(2)), other.AddStateValue(worker, at("droplet_id")),
			},
		},
	}})
}

// A cookie that a cluster has is not drawn anew by accident: what would make another
// one is refused before the old one is gone where the nodes cannot be told of it.
func TestCookieOfAClusterThatExists(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"cookie": "monster"})
		planned := p.planFrom(p.state, notKnownAt(t, p.config, tftypes.NewAttributePath().WithAttributeName("cookie")))
		inOrder(t, tell(planned.Diagnostics), "This plan has another cookie, which is only known after apply")
		p.idle("after that")
	})
}

// An import can say where the cookie is, so that no command shows it.
func TestAccCookieImportByPlace(t *testing.T) {
	t.Setenv("TEST_COOKIE", "monster")
	file := filepath.Join(t.TempDir(), ".erlang.cookie")
	if err := os.WriteFile(file, []byte("monster\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"env:TEST_COOKIE":            "",
		"file:" + file:               "",
		"monster":                    "",
		"env:TEST_NO_COOKIE":         `The environment has no variable "TEST_NO_COOKIE"`,
		"env:":                       `The id ends after "env:"`,
		"file:" + file + "2":         "There is no file",
		"file:":                      `The id ends after "file:"`,
		"file:~/.cookie-no":          `only a shell expands the ~`,
		"file:" + filepath.Dir(file): "is a folder",
	} {
		p := newCoreOf(t, &cloud{url: "http://127.0.0.1:1"}, "beam_cookie", cookieSchema(t), object{})
		told := p.imports(id)
		if !strings.Contains(told, want) || (told == "") != (want == "") {
			t.Errorf("import of %s: %q, want %q", id, told, want)
		}
		var model cookieModel
		if want == "" {
			p.get(&model)
			if model.Value.ValueString() != "monster" || model.ID.ValueString() != cookie.Fingerprint("monster") {
				t.Errorf("import of %s: the cookie %s with the id %s", id, model.Value, model.ID)
			}
		}
	}
}

// Whatever another resource makes, such as a snapshot for an image, may be given
// for any argument: a plan that does not know it yet says nothing about it.
func TestAnyArgumentMayBeUnknown(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		existing := newCore(t, c, object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}})
		existing.must(existing.apply())
		key, _, err := c.godo.Keys.Create(t.Context(), &godo.KeyCreateRequest{
			Name: "office", PublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlS4R8Zw0GfQpXQ0FZ3xpt0qg0Xl0J4Q2sU0mXh9v5h office",
		})
		if err != nil {
			t.Fatal(err)
		}
		host := object{
			"user": "app", "locale": "de_DE.UTF-8", "swap_mib": 512, "packages": []any{"htop"}, "toolchain": []any{"erlang"}, "files": object{"/etc/talk": object{"content": "x"}},
			"run":         []any{object{"name": "greet", "script": "#!/bin/sh\n"}},
			"apt_sources": object{"tools": object{"uris": []any{"https://example.com/apt"}, "suites": []any{"trixie"}, "components": []any{"main"}, "key": testtool.PublicKey}},
		}
		release := object{
			"name": "talk", "url": "https://example.com/talk.tar.gz", "sha256": strings.Repeat("0f", 32), "port": 4000, "udp_ports": []any{"5060"},
			"service": object{"writable_paths": []any{"/srv/talk"}},
		}
		common := object{
			"region": "nyc3", "image": "debian-12-x64", "ssh_keys": []any{key.Fingerprint}, "cookie": "monster", "tags": []any{"team"}, "wait_for": "active",
			"host": host, "release": release, "environment": object{"PHX_HOST": "talk.example.com"}, "distribution": object{"port_min": 9101, "basename": "talk"},
		}
		for typeName, own := range map[string]object{
			"beam_cluster": {
				"name": "talk", "node_pools": object{"us": object{"count": 2, "size": "s-1vcpu-2gb", "region": "nyc3", "image": "debian-12-x64"}},
				"load_balancer": object{"size": "s-1vcpu-2gb", "region": "nyc3", "image": "debian-12-x64", "health_check": object{"path": "/health"},
					"tls": object{"acme": object{"email": "ops@example.org", "domains": []any{"talk.example.org"}}}},
				"database": object{"size": "s-1vcpu-2gb", "region": "nyc3", "image": "debian-12-x64", "name": "talk", "volume_gib": 5},
				"network":  object{"ip_ranges": object{"nyc3": "10.77.0.0/20"}}, "access": object{"ssh_from": []any{"203.0.113.7/32"}},
			},
			"beam_node": {"name": "worker-1", "cluster": "chat", "size": "s-1vcpu-2gb", "peers": []any{"chat@10.10.0.5"}},
		} {
			maps.Copy(own, common)
			schema := map[string]schema.Schema{"beam_cluster": clusterSchema(t), "beam_node": nodeSchema(t)}[typeName]
			p := newCoreOf(t, c, typeName, schema, own)
			for _, at := range valuesIn(t, p.config) {
				planned := p.planFrom(p.state, notKnownAt(t, p.config, at))
				if refused := tell(planned.Diagnostics); refused != "" {
					t.Errorf("%s, %s is not known: %s", typeName, at, refused)
				}
			}
		}
	})
}

// Whichever name of a certificate is not known yet, what follows from the first of
// them is not known either.
func TestDomainsMayBeUnknown(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		acme := func(domains ...any) object {
			return object{
				"name": "chat", "region": "nyc3", "node_pools": object{"us": object{}},
				"load_balancer": object{"tls": object{"acme": object{"email": "ops@example.org", "domains": domains}}},
			}
		}
		p := newCore(t, c, acme("chat.example.org", "www.example.org"))
		first := tftypes.NewAttributePath().WithAttributeName("load_balancer").WithAttributeName("tls").WithAttributeName("acme").WithAttributeName("domains").WithElementKeyInt(0)
		url := func() types.String {
			planned := p.planFrom(p.state, notKnownAt(t, p.config, first))
			var model clusterModel
			p.must(tell(planned.Diagnostics))
			p.decode(planned.PlannedState, &model)
			return model.URL
		}
		if got := url(); !got.IsUnknown() {
			t.Errorf("of a new cluster the URL is planned to be %s", got)
		}
		p.must(p.apply())
		if got := url(); !got.IsUnknown() {
			t.Errorf("of a cluster that exists the URL is planned to be %s", got)
		}
		p.configure(acme("chat.example.net"))
		p.must(p.apply())
	})
}

// valuesIn lists where a configuration has a value, blocks and elements among them.
func valuesIn(t *testing.T, config tftypes.Value) []*tftypes.AttributePath {
	t.Helper()
	var paths []*tftypes.AttributePath
	if err := tftypes.Walk(config, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		if len(at.Steps()) > 0 && !v.IsNull() {
			paths = append(paths, at)
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return paths
}

func notKnownAt(t *testing.T, config tftypes.Value, path *tftypes.AttributePath) tftypes.Value {
	t.Helper()
	changed, err := tftypes.Transform(config, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if at.Equal(path) {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return changed
}
