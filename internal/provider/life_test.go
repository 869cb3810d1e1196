package provider

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// alive is a whole cluster, and something for each of its nodes. The test framework
// knows no for_each; a count of the keys needs them known just as well. The droplets
// are records, which nobody can reach.
const alive = `
resource "beam_cookie" "chat" {
  keepers = { team = "a" }
}

resource "beam_cluster" "chat" {
  name          = "chat"
  region        = "nyc3"
  cookie        = beam_cookie.chat.value
  node_pools    = { us = { count = 2 } }
  environment   = { A = "x" }
  host          = { packages = ["htop"], files = { "/etc/talk" = { content = "x", mode = "0640" } } }
  release       = { name = "chat", url = "https://example.com/chat.tar.gz", sha256 = "` + sum + `" }
  load_balancer = { health_check = { path = "/health" } }
  database      = {}
  access        = { ssh_from = ["203.0.113.0/24", "2001:db8::/32"] }
  management    = { enabled = false }
}

resource "terraform_data" "record" {
  count = length(keys(beam_cluster.chat.nodes))
  input = values(beam_cluster.chat.nodes)[count.index].ipv4_address
}
`

// respelt means the same: Terraform takes the state's spelling for an answer. What the
// defaults are is written down.
var respelt = strings.NewReplacer(
	`team = "a"`, `team = "a", rotated = null`, `A = "x"`, `A = "x", B = null`, `"htop"`, `"htop", null`, `"0640"`, `"640"`, sum, strings.ToUpper(sum),
	`"203.0.113.0/24", "2001:db8::/32"`, `"2001:DB8:0::/32", "203.0.113.0/24", "203.0.113.0/24"`,
	"database      = {}", `database = { user = "chat", volume_gib = 10 }`,
)

// aliveWorker is a node beside that cluster, made anew before the old one goes.
func aliveWorker() string {
	return workerBeside("beam_cookie.chat.value",
		`environment = { A = "x" }`,
		`host = { packages = ["htop"], files = { "/etc/talk" = { content = "x", mode = "0640" } } }`,
		`release = { name = "jobs", url = "https://example.com/jobs.tar.gz", sha256 = "`+sum+`" }`,
		"lifecycle {\n    create_before_destroy = true\n  }",
	)
}

func at(name string) tfjsonpath.Path { return tfjsonpath.New(name) }

// A cluster and a node are created, planned again without changes, changed in place,
// made anew, and destroyed without leaving anything.
func TestAccLife(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	t.Cleanup(func() { c.nothingLeft(t) })
	config := c.provider() + alive + aliveWorker()
	more := strings.NewReplacer("count = 2", "count = 3", `"worker-1"`, "\"worker-1\"\n  tags = [\"role:worker\"]").Replace(config)
	anew := strings.NewReplacer(`jobs.tar.gz", sha256 = "`+sum, `2.tar.gz", sha256 = "`+strings.Repeat("b", 64), `name          = "chat"`, "name = \"chat\"\n  tags = [terraform_data.tag.output]").Replace(config) +
		"resource \"terraform_data\" \"tag\" {\n  input = \"team:chat\"\n}\n"
	address, secret, droplet := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesSame())
	other := statecheck.CompareValue(compare.ValuesDiffer())
	same := func(further ...statecheck.StateCheck) []statecheck.StateCheck {
		return append(further, address.AddStateValue(chat, at("load_balancer_ipv4_address")), secret.AddStateValue(chat, at("secret_key_base")))
	}
	run(t,
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(chat, plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction(worker, plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction(`terraform_data.record[1]`, plancheck.ResourceActionCreate),
				plancheck.ExpectKnownValue(chat, at("estimated_monthly_cost"), knownvalue.Float64Exact(25)), // whatever the cookie
				plancheck.ExpectKnownValue(worker, at("estimated_monthly_cost"), knownvalue.Float64Exact(6)),
			}},
			ConfigStateChecks: same(slices.Concat(createdCluster(), createdNode(), identities(t), []statecheck.StateCheck{
				droplet.AddStateValue(worker, at("droplet_id")), other.AddStateValue(worker, at("droplet_id")),
			})...),
		},
		resource.TestStep{Config: respelt.Replace(config), PlanOnly: true},
		// What would make another cookie is refused before the old one is gone: the nodes
		// cannot be told of it.
		resource.TestStep{
			Config:      strings.Replace(config, `team = "a"`, `team = "b"`, 1),
			ExpectError: spaced("This plan has another cookie, which is only known after apply"),
		},
		// Nodes are added in place; only what they can touch becomes unknown.
		resource.TestStep{
			Config: more,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(chat, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(worker, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(`terraform_data.record[0]`, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(`terraform_data.record[2]`, plancheck.ResourceActionCreate),
				plancheck.ExpectKnownValue(chat, at("node_names").AtSliceIndex(0), knownvalue.NotNull()),
				plancheck.ExpectUnknownValue(chat, at("node_names").AtSliceIndex(2)),
				plancheck.ExpectKnownValue(chat, at("nodes").AtMapKey("chat-us-1").AtMapKey("ipv4_address"), knownvalue.NotNull()),
				plancheck.ExpectUnknownValue(chat, at("nodes").AtMapKey("chat-us-3").AtMapKey("ipv4_address")),
				plancheck.ExpectKnownValue(chat, at("remote_console").AtMapKey("chat-us-1"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(chat, at("vpc_uuids"), knownvalue.MapSizeExact(1)),
			}},
			ConfigStateChecks: same(attributeOf(chat, "node_names", knownvalue.ListSizeExact(3)), droplet.AddStateValue(worker, at("droplet_id"))),
		},
		// What stays is known, also where something else is not known yet; the new node
		// comes before the old one goes.
		resource.TestStep{
			Config: anew,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(`terraform_data.record[1]`, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(`terraform_data.record[2]`, plancheck.ResourceActionDestroy),
				plancheck.ExpectResourceAction(worker, plancheck.ResourceActionCreateBeforeDestroy),
			}},
			ConfigStateChecks: same(other.AddStateValue(worker, at("droplet_id"))),
		},
	)
}

func createdCluster() []statecheck.StateCheck {
	return []statecheck.StateCheck{
		attributeOf(chat, "id", knownvalue.StringExact("chat")),
		attributeOf(chat, "node_names", knownvalue.ListSizeExact(2)),
		attributeOf(chat, "nodes", knownvalue.MapPartial(map[string]knownvalue.Check{
			"chat-us-1": knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"pool": knownvalue.StringExact("us"), "region": knownvalue.StringExact("nyc3"),
				"node_name": knownvalue.StringRegexp(regexp.MustCompile(`^chat@10\.`)),
			}),
		})),
		attributeOf(chat, "cookie_fingerprint", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{12}$`))),
		attributeOf(chat, "url", knownvalue.StringRegexp(regexp.MustCompile(`^http://[0-9.]+$`))),
		attributeOf(chat, "database_host", knownvalue.StringExact("database.chat.internal")),
		attributeOf(chat, "vpc_uuids", knownvalue.MapSizeExact(1)),
		attributeOf(chat, "firewall_ids", knownvalue.MapSizeExact(3)),
		attributeOf(chat, "estimated_monthly_cost", knownvalue.Float64Exact(25)),
		attributeOf(chat, "drift", knownvalue.ListSizeExact(0)),
		statecheck.ExpectSensitiveValue(chat, at("database_url")),
		statecheck.ExpectSensitiveValue(chat, at("migration_database_url")),
		statecheck.ExpectSensitiveValue(chat, at("secret_key_base")),
		statecheck.ExpectSensitiveValue(chat, at("stats_password")),
	}
}

func createdNode() []statecheck.StateCheck {
	return []statecheck.StateCheck{
		attributeOf(worker, "estimated_monthly_cost", knownvalue.Float64Exact(6)),
		attributeOf(worker, "drift", knownvalue.ListSizeExact(0)),
	}
}

// Terraform keeps identities from 1.12 on. An older one, and OpenTofu, takes no
// notice of them.
func identities(t *testing.T) []statecheck.StateCheck {
	t.Helper()
	if older(t, "1.12.0", never) {
		return nil
	}
	return []statecheck.StateCheck{
		statecheck.ExpectIdentity(chat, map[string]knownvalue.Check{"name": knownvalue.StringExact("chat")}),
		statecheck.ExpectIdentityValueMatchesState(worker, at("droplet_id")),
		statecheck.ExpectIdentityValueMatchesState("beam_cookie.chat", at("fingerprint")),
	}
}
