package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Which nodes there are follows from the configuration, so that something can be
// made for each from the first plan on; only their addresses are not known. After
// a change of the number, what stays is known. The test framework knows no
// for_each; a count of the keys needs them known just as well.
func TestAccSomethingForEachNode(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	t.Cleanup(func() { c.nothingLeft(t) })
	config := func(nodes int, arguments ...string) string {
		return clusterConfig(c, nodes, append(arguments, `cookie = beam_cookie.chat.value`)...) + `
resource "beam_cookie" "chat" {}
resource "terraform_data" "record" {
  count = length(keys(beam_cluster.chat.nodes))
  input = values(beam_cluster.chat.nodes)[count.index].ipv4_address
}
`
	}
	node := func(name, attribute string) tfjsonpath.Path { return at("nodes").AtMapKey(name).AtMapKey(attribute) }
	run(t,
		resource.TestStep{Config: config(1), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(`terraform_data.record[0]`, plancheck.ResourceActionCreate),
			plancheck.ExpectKnownValue(chat, at("estimated_monthly_cost"), knownvalue.Float64Exact(6)), // whatever the cookie
		}}},
		resource.TestStep{
			Config: config(2),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(`terraform_data.record[0]`, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(`terraform_data.record[1]`, plancheck.ResourceActionCreate),
				plancheck.ExpectKnownValue(chat, node("chat-us-1", "ipv4_address"), knownvalue.NotNull()),
				plancheck.ExpectUnknownValue(chat, node("chat-us-2", "ipv4_address")),
				plancheck.ExpectKnownValue(chat, at("remote_console").AtMapKey("chat-us-1"), knownvalue.NotNull()),
				plancheck.ExpectUnknownValue(chat, at("edeliver_config")),
				plancheck.ExpectKnownValue(chat, at("vpc_uuids"), knownvalue.MapSizeExact(1)),
			}},
		},
		resource.TestStep{
			// Something else is not known yet.
			Config:           config(2, `tags = [terraform_data.tag.output]`) + "resource \"terraform_data\" \"tag\" {\n  input = \"team:chat\"\n}\n",
			ConfigPlanChecks: planned(`terraform_data.record[1]`, plancheck.ResourceActionNoop),
		},
		resource.TestStep{Config: config(1), ConfigPlanChecks: planned(`terraform_data.record[1]`, plancheck.ResourceActionDestroy)},
	)
}

// What hangs on another resource's change is applied as it was planned.
func TestAccValuesThatAreKnownAfterApply(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	config := func(v int) string {
		base := strings.Replace(workerConfig(c, `environment = { LEVEL = terraform_data.v.output }`, `size = "s-${terraform_data.v.output}vcpu-${terraform_data.v.output}gb"`), "count = 1", "count = tonumber(terraform_data.v.output)", 1)
		return base + fmt.Sprintf("resource \"terraform_data\" \"v\" {\n  input = %q\n}\n", fmt.Sprint(v))
	}
	run(t,
		resource.TestStep{Config: config(1)},
		resource.TestStep{
			Config:            config(2),
			ConfigPlanChecks:  planned(worker, plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{attributeOf(chat, "nodes", knownvalue.MapSizeExact(2))},
		},
		resource.TestStep{Config: config(2), ConfigPlanChecks: nothingPlanned()},
	)
}

// A cookie that a cluster has is not drawn anew by accident: keepers that mean
// the same change nothing, and what would make another cookie is refused before
// the old one is gone where the nodes cannot be told of it.
func TestCookieOfAClusterThatExists(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	config := func(keepers string) string {
		return clusterConfig(c, 1, `cookie = beam_cookie.chat.value`) + "resource \"beam_cookie\" \"chat\" {\n  keepers = " + keepers + "\n}\n"
	}
	run(t,
		resource.TestStep{Config: config(`{ team = "a" }`)},
		resource.TestStep{Config: config(`{ team = "a", rotated = null }`), ConfigPlanChecks: nothingPlanned()},
		resource.TestStep{Config: config(`{ team = "b" }`), ExpectError: spaced("This plan has another cookie, which is only known after apply")},
		resource.TestStep{Config: config(`{ team = "a" }`), ConfigPlanChecks: nothingPlanned()},
	)
}

// Null elements, an empty map and none are the same keepers.
func TestAccKeepersThatMeanTheSame(t *testing.T) {
	t.Parallel()
	run(t,
		resource.TestStep{Config: cookieConfig("beam_cookie", "")},
		resource.TestStep{Config: cookieConfig("beam_cookie", "keepers = {}"), ConfigPlanChecks: nothingPlanned()},
		resource.TestStep{Config: cookieConfig("beam_cookie", "keepers = { rotated = null }"), ConfigPlanChecks: nothingPlanned()},
		resource.TestStep{Config: cookieConfig("beam_cookie", `keepers = { rotated = "" }`), ConfigPlanChecks: planned("beam_cookie.chat", plancheck.ResourceActionReplace)},
	)
}

// An import can say where the cookie is, so that no command shows it.
func TestAccCookieImportByPlace(t *testing.T) {
	t.Setenv("TEST_COOKIE", "monster")
	file := filepath.Join(t.TempDir(), ".erlang.cookie")
	if err := os.WriteFile(file, []byte("monster\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"env:TEST_COOKIE":    "",
		"file:" + file:       "",
		"monster":            "",
		"env:TEST_NO_COOKIE": `The environment has no variable "TEST_NO_COOKIE"`,
		"file:" + file + "2": "no such file",
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
