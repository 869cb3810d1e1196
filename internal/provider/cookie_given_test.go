package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// writeOnly are the arguments of a cookie that is not to be kept.
func writeOnly(version int) string {
	return fmt.Sprintf("cookie_wo = var.cookie\n  cookie_wo_version = %d", version)
}

// keeperConfig is a cluster and a node of it with the cookie of a variable, given in
// the same way.
func keeperConfig(c *cloud, nodes int, given string) string {
	return "variable \"cookie\" {\n  type = string\n  ephemeral = true\n}\n" +
		strings.NewReplacer(`cookie = "monster"`, given, `cookie  = "monster"`, given, "count = 1", fmt.Sprintf("count = %d", nodes)).Replace(workerConfig(c))
}

// unseen fails where a state shows one of the texts.
func unseen(secrets ...string) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		text, err := json.Marshal(state)
		for _, secret := range secrets {
			if shows(string(text), secret) {
				return fmt.Errorf("the state shows %q", secret)
			}
		}
		return err
	}
}

// shows says that the text has the secret, in whatever form.
func shows(text, secret string) bool {
	return slices.ContainsFunc(testtool.Needles(secret), func(n string) bool { return strings.Contains(text, n) })
}

// A cookie that no state has makes nodes at any time, and is told from another one.
func TestAccWriteOnlyCookie(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	t.Cleanup(func() { c.nothingLeft(t) })
	is := func(value string) config.Variables { return config.Variables{"cookie": config.StringVariable(value)} }
	same := statecheck.CompareValue(compare.ValuesSame())
	stays := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			same.AddStateValue(worker, at("droplet_id")),
			attributeOf(worker, "cookie_fingerprint", knownvalue.StringExact(cookie.Fingerprint("COOKIEMONSTER"))),
			attributeOf(chat, "cookie_fingerprint", knownvalue.StringExact(cookie.Fingerprint("COOKIEMONSTER"))),
			attributeOf(chat, "cookie_wo", knownvalue.Null()),
		}
	}
	runSince(t, "1.11.0", "1.11.0",
		resource.TestStep{Config: keeperConfig(c, 1, writeOnly(1)), ConfigVariables: is("COOKIEMONSTER"), ConfigStateChecks: stays(), Check: unseen("COOKIEMONSTER")},
		resource.TestStep{
			Config: keeperConfig(c, 2, writeOnly(2)), ConfigVariables: is("COOKIEMONSTER"), ConfigPlanChecks: planned(chat, plancheck.ResourceActionUpdate),
			ConfigStateChecks: stays(), Check: unseen("COOKIEMONSTER"),
		},
		resource.TestStep{
			Config: keeperConfig(c, 2, writeOnly(2)), ConfigVariables: is("ELMO"),
			ExpectError: spaced("cookie_wo_version is 2 for both"),
		},
		resource.TestStep{Config: keeperConfig(c, 2, writeOnly(3)), ConfigVariables: is("ELMO"), ExpectError: spaced("Cookie cannot be rotated")},
		resource.TestStep{Config: clusterConfig(c, 2), ExpectError: spaced("no state has it")},
	)
}

// A cookie can be given in the other way without touching a host; the state has it
// only while it is given plainly.
func TestACookieIsGivenInTheOtherWay(t *testing.T) {
	t.Parallel()
	const secret = "COOKIEMONSTER"
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		plain, hidden := object{"cookie": secret}, object{"cookie_wo": secret, "cookie_wo_version": 1}
		chat := newCore(t, c, object{})
		node := newCoreServing(t, c, chat.server, "beam_node", nodeSchema(t), object{})
		var droplets []string
		for _, change := range []struct {
			want  string
			given object
		}{{created, hidden}, {updated, plain}, {updated, hidden}} {
			chat.becomes(change.want, "the cluster", with(object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}}, change.given))
			node.becomes(change.want, "the node", with(object{"name": "worker-1", "cluster": "chat", "region": "nyc3"}, change.given))
			var is nodeModel
			node.get(&is)
			for _, fingerprint := range []types.String{chat.model().CookieFingerprint, is.CookieFingerprint} {
				if fingerprint.ValueString() != cookie.Fingerprint(secret) {
					t.Errorf("the fingerprint is %s", fingerprint)
				}
			}
			if !chat.model().CookieWO.IsNull() || shows(chat.state.String()+node.state.String(), secret) != (change.given["cookie"] != nil) {
				t.Errorf("given as %v: the states are %s and %s", change.given, chat.state, node.state)
			}
			var made []string
			for _, droplet := range c.Inventory().Of("droplet") {
				made = append(made, droplet.ID)
			}
			if droplets == nil {
				droplets = made
			}
			if diff := cmp.Diff(droplets, made); diff != "" {
				t.Errorf("given as %v: other droplets:\n%s", change.given, diff)
			}
		}
		node.must(node.destroy())
		chat.must(chat.destroy())
		c.nothingLeft(t)
	})
}

// What belongs together is asked for before anything is planned.
func TestWriteOnlyCookieAndItsVersion(t *testing.T) {
	t.Parallel()
	c := newAccount(t, simulator.Options{})
	for _, d := range []diagnosticCase{
		{"Neither cookie nor cookie_wo is set", "node", object{"cookie": nil}},
		{"Both cookie and cookie_wo are set", "cluster", object{"cookie": "a", "cookie_wo": "b", "cookie_wo_version": 1}},
		{"cookie_wo_version is not", "cluster", object{"cookie_wo": "b"}},
		{"cookie_wo is not", "cluster", object{"cookie_wo_version": 1}},
		{"cookie_wo is empty", "cluster", object{"cookie_wo": "", "cookie_wo_version": 1}},
		{"The cookie starts with", "cluster", object{"cookie_wo": "-abc", "cookie_wo_version": 1}},
	} {
		inOrder(t, tell(d.diagnostics(t, c)), d.Case)
	}
}
