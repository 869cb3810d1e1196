package provider

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// anotherWorkspace makes clusters, in either kind of network, and a node beside one of
// them, as another workspace would, with a cookie that is in use.
func anotherWorkspace(t *testing.T, c *cloud, distribution object) (chat, outside, worker *core) {
	t.Helper()
	whole := func(name string, network, distribution object) object {
		return object{
			"name": name, "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}, "load_balancer": object{},
			"database": object{"volume_gib": 20}, "distribution": distribution, "network": network,
			"access": object{"ssh_from": []string{somewhere}}, "wait_for": "active", "tags": []string{"team:chat"},
			"environment": object{"PHX_HOST": "chat.example.com"}, "host": object{"swap_mib": 512},
		}
	}
	chat, outside = newCore(t, c, whole("chat", nil, distribution)), newCore(t, c, whole("outside", object{"mode": "public"}, object{"basename": "talk"}))
	chat.must(chat.apply())
	outside.must(outside.apply())
	worker = newCoreServing(t, c, chat.server, "beam_node", nodeSchema(t), object{
		"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3", "peers": texts(chat.model().NodeNames), "release": object{"name": "jobs"},
		"tags": []string{"role:worker"}, "environment": object{"QUEUE": "mail"},
	})
	worker.must(worker.apply())
	return chat, outside, worker
}

// An import reads back what the API shows, all but what only hosts and the state know.
func TestAnImportReadsBackWhatTheAPIShows(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		chat, outside, worker := anotherWorkspace(t, c, nil)
		ofCluster := []string{
			"cookie", "cookie_fingerprint", "environment", "host.swap_mib", "management.enabled", "database_ca_certificate", "database_url", "migration_database_url", "secret_key_base", "stats_password", "memory",
		}
		chat.isImported("chat", ofCluster...)
		outside.isImported("outside", append(ofCluster, "distribution.basename")...)
		ofNode := []string{"cookie", "cookie_fingerprint", "environment", "peers", "release", "distribution.basename"}
		made := worker.state
		worker.isImported("worker-1", ofNode...)
		worker.state = made
		worker.isImported(strconv.Itoa(c.droplet(t.Context(), t, "worker-1")), ofNode...)
	})
}

// What another workspace looks up is what the one that made it shows.
func TestDataSourcesShowWhatResourcesDo(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		chat, outside, worker := anotherWorkspace(t, newAccount(t, simulator.Options{}), object{"basename": "talk"})
		chat.isFound("chat", shownOfClusters)
		outside.isFound("outside", shownOfClusters)
		worker.isFound("worker-1", shownOfNodes)
	})
}

// What both the resources and the data sources show.
var (
	shownOfClusters = []string{
		"id", "nodes", "node_names", "cookie_fingerprint", "load_balancer_ipv4_address", "database_host", "vpc_uuids", "firewall_ids", "estimated_monthly_cost",
	}
	shownOfNodes = []string{
		"id", "droplet_id", "cluster", "region", "size", "ipv4_address", "ipv4_address_private", "cookie_fingerprint", "node_name", "estimated_monthly_cost",
	}
)

// isFound expects the data source to show the attributes as the state does.
func (p *core) isFound(name string, attributes []string) {
	p.Helper()
	value, told := p.lookUp(p.typeName, object{"name": name})
	p.must(told)
	var found, made map[string]tftypes.Value
	if err := errors.Join(value.As(&found), p.state.As(&made)); err != nil {
		p.Fatal(err)
	}
	for _, attribute := range attributes {
		diffs, err := found[attribute].Diff(made[attribute])
		if diffs = slices.DeleteFunc(diffs, sameNumber); err != nil || len(diffs) > 0 {
			p.Errorf("%s of %s differs: %v (%v)", attribute, name, diffs, err)
		}
	}
}

// isImported expects an import to bring the state about, but for some attributes.
func (p *core) isImported(id string, except ...string) {
	p.Helper()
	made := p.state
	p.must(p.imports(id))
	for _, diff := range p.differences(made) {
		at := dotted(diff.Path)
		within := func(name string) bool {
			return at == name || strings.HasPrefix(at, name+".") || strings.HasPrefix(name, at+".")
		}
		if at != "" && !slices.ContainsFunc(except, within) {
			p.Errorf("%s: imported as %v, and was %v", at, diff.Value1, diff.Value2)
		}
	}
}

// lookUp finds what another workspace made, and lists list it.
const (
	lookUp = `
data "beam_cluster" "chat" {
  name = "chat"
}

data "beam_cluster" "outside" {
  name = "outside"
}

data "beam_node" "worker" {
  name = "worker-1"
}
`
	lists = `
list "beam_cluster" "all" {
  provider = beam
}

list "beam_node" "chat" {
  provider = beam
  config {
    cluster = "chat"
  }
}
`
)

// sameAs expects attributes of both to have the same values.
func sameAs(address, other string, names ...string) []statecheck.StateCheck {
	var checks []statecheck.StateCheck
	for _, name := range names {
		checks = append(checks, statecheck.CompareValuePairs(address, at(name), other, at(name), compare.ValuesSame()))
	}
	return checks
}

// onlyHostsKnow is what no import reads back.
const onlyHostsKnow = `
  cookie      = beam_cookie.chat.value
  environment = { PHX_HOST = "chat.example.com" }
  host        = { swap_mib = 512 }
`

// taken is what another workspace made. Chat and its cookie are told of the further
// arguments later, the others at once.
func taken(c *cloud, ofCookie, ofChat string) string {
	config := c.provider() + cookieConfig("beam_cookie", ofCookie)
	for name, further := range map[string]string{
		"chat":    ofChat,
		"outside": onlyHostsKnow + "\n  network = { mode = \"public\" }\n  distribution = { basename = \"talk\" }",
	} {
		config += fmt.Sprintf(`
resource "beam_cluster" %[1]q {
  name          = %[1]q
  region        = "nyc3"
  node_pools    = { us = { count = 2 } }
  load_balancer = {}
  database      = { volume_gib = 20 }
  tags          = ["team:chat"]
  %[2]s
}
`, name, strings.Join([]string{opened, unattended, further}, "\n  "))
	}
	return config + workerBeside("beam_cookie.chat.value", `release = { name = "jobs" }`, `tags = ["role:worker"]`, `environment = { QUEUE = "mail" }`)
}

// imported adds an import of each id into an address.
func imported(ids map[string]string) string {
	config := ""
	for address, id := range ids {
		config += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	return config
}

// Another workspace finds by name what this one made, and takes it over: what the API
// shows plans nothing, and the rest is taken from the configuration once, without
// touching a host. A cookie in use is kept, and the arguments that are applied first
// describe it.
func TestAccWhatAnotherWorkspaceMade(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	t.Cleanup(func() { c.nothingLeft(t) })
	anotherWorkspace(t, c, nil)
	droplet, writes := c.droplet(t.Context(), t, "worker-1"), c.writes()
	untouched := func() {
		if now := c.writes(); now != writes {
			t.Errorf("taking the configuration over wrote %d times to the API", now-writes)
		}
	}
	kept := []statecheck.StateCheck{
		attributeOf("beam_cookie.chat", "value", knownvalue.StringExact("monster")),
		attributeOf("beam_cookie.chat", "fingerprint", knownvalue.StringExact(cookie.Fingerprint("monster"))),
		attributeOf("beam_cookie.chat", "entropy_bits", knownvalue.Null()),
		attributeOf(worker, "droplet_id", knownvalue.Int64Exact(int64(droplet))),
	}
	shown := slices.Concat(kept, sameAs("data.beam_node.worker", worker, shownOfNodes...))
	for _, data := range []string{"data.beam_cluster.chat", "data.beam_cluster.outside"} {
		shown = append(shown, sameAs(data, strings.TrimPrefix(data, "data."), shownOfClusters...)...)
		shown = append(shown, attributeOf(data, "cookie_fingerprint", knownvalue.StringExact(cookie.Fingerprint("monster"))))
	}
	shown = append(shown, attributeOf(chat, "cookie", knownvalue.StringExact("monster")))
	same, told := taken(c, "", ""), taken(c, "format = \"otp\"\nkeepers = { rotated = \"2026-11\" }", onlyHostsKnow)
	steps := []resource.TestStep{
		{Config: same + imported(map[string]string{chat: "chta"}), ExpectError: spaced("Cannot import non-existent remote object")},
		{
			Config: same + imported(map[string]string{chat: "chat", "beam_cluster.outside": "outside", worker: "worker-1", "beam_cookie.chat": "monster"}),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(chat, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction("beam_cluster.outside", plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction("beam_cookie.chat", plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(worker, plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: kept, PostApplyFunc: untouched,
		},
		{
			Config: told + lookUp,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(chat, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(chat, at("estimated_monthly_cost"), knownvalue.Float64Exact(26)),
				plancheck.ExpectResourceAction("beam_cookie.chat", plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: shown, PostApplyFunc: untouched,
		},
	}
	if !older(t, "1.14.0", never) { // others take no notice of lists
		steps = append(steps, resource.TestStep{
			Query: true, Config: lists, // beside the configuration of the step before
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength("beam_cluster.all", 2),
				querycheck.ExpectIdentity("beam_cluster.all", map[string]knownvalue.Check{"name": knownvalue.StringExact("chat")}),
				querycheck.ExpectLength("beam_node.chat", 1),
			},
		})
	}
	run(t, steps...)
}
