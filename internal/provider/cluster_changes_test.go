package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// paths lists the attributes of the diagnostics, sorted.
func paths(diags diag.Diagnostics) []string {
	var out []string
	for _, d := range diags {
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			out = append(out, at.Path().String())
		}
	}
	slices.Sort(out)
	return out
}

// Whatever changes of a cluster that exists is possible but what would lose data
// or identity; the golden file holds what the user is told.
func TestChangesOfAClusterThatExists(t *testing.T) {
	t.Parallel()
	s := clusterSchema(t)
	pools := func(pools object) func(object) { return func(c object) { c["node_pools"] = pools } }
	us, uk := object{"count": 3, "size": "s-2vcpu-2gb"}, object{"region": "lon1", "image": "9001"}
	set := func(section, name string, value any) func(object) {
		return func(c object) { c[section].(object)[name] = value }
	}
	cases := []struct {
		name     string
		adopting bool
		edit     func(object)
	}{
		{"nothing", false, func(object) {}},
		{"defaults written down", false, func(c object) {
			set("load_balancer", "region", "nyc3")(c)
			set("database", "user", "chat_prod")(c)
		}},
		{"access, tags, project and backups", false, func(c object) {
			delete(c, "access")
			delete(c, "tags")
			delete(c, "project_id")
			set("database", "backups", false)(c)
		}},
		{"counts and pools", false, pools(object{"us": object{"count": 5, "size": "s-2vcpu-2gb"}, "de": object{"region": "fra1"}})},
		{"private is what auto means", false, set("network", "mode", "auto")},
		{"network", false, set("network", "mode", "public")},
		{"name", false, func(c object) { c["name"] = "talk" }},
		{"cookie", false, func(c object) { c["cookie"] = "elmo" }},
		{"environment", false, func(c object) { c["environment"] = object{"PHX_HOST": "talk.example.com", "NEW": "x"} }},
		{"default region", false, func(c object) { c["region"] = "sfo3" }},
		{"default image, and a pool's own", false, func(c object) {
			c["image"] = "debian-13-x64"
			pools(object{"us": us, "uk": object{"region": "lon1", "image": "9002"}})(c)
		}},
		{"size of a pool", false, pools(object{"us": object{"count": 3}, "uk": uk})},
		{"release", false, set("release", "url", "https://example.com/2.tar.gz")},
		{"release left out", false, func(c object) { delete(c, "release") }},
		{"release's name, from which nodes take theirs", false, func(c object) {
			delete(c["distribution"].(object), "basename")
			set("release", "name", "talk")(c)
		}},
		{"no load balancer", false, func(c object) { delete(c, "load_balancer") }},
		{"host", false, set("host", "swap_mib", 512)},
		{"management off", false, set("management", "enabled", false)},
		{"management's addresses and what to wait for", false, func(c object) {
			c["management"] = object{"from": []string{"198.51.100.7/32"}, "port": 22}
			c["wait_for"] = "formed"
		}},
		{"monitoring", false, func(c object) { c["monitoring"] = false }},
		{"an import takes over what the API cannot tell", true, func(c object) {
			c["cookie"], c["environment"] = "elmo", object{}
			set("release", "url", "https://example.com/2.tar.gz")(c)
			set("host", "swap_mib", 512)(c)
			set("distribution", "basename", "talk")(c)
			set("load_balancer", "algorithm", "source")(c)
			set("database", "user", "talk")(c)
		}},
		{"no database", false, func(c object) { delete(c, "database") }},
		{"another database", false, func(c object) {
			set("database", "name", "talk")(c)
			set("database", "region", "lon1")(c)
			set("database", "size", "s-4vcpu-8gb")(c)
			set("database", "volume_gib", 10)(c)
		}},
		{"another network", false, func(c object) {
			set("network", "mode", "public")(c)
			set("distribution", "epmd_port", 4371)(c)
		}},
		{"how it changes", false, set("update", "drain_seconds", 60)},
		{"an import refuses what cannot be changed", true, func(c object) {
			set("distribution", "port_max", 9300)(c)
			set("load_balancer", "size", "s-4vcpu-8gb")(c)
			set("database", "volume_gib", 50)(c)
		}},
	}
	var out strings.Builder
	for _, c := range cases {
		before, _ := everything()
		after, _ := everything()
		c.edit(after)
		state := modelOf(t, configOf(t, s, before))
		config := configOf(t, s, after)
		found := modelOf(t, config).changesFrom(state)
		fmt.Fprintf(&out, "%s\n", c.name)
		for _, d := range refusals(t.Context(), found, config, c.adopting) {
			fmt.Fprintf(&out, "  %s\n", strings.TrimSpace(say(diag.Diagnostics{d})))
			if at, is := d.(diag.DiagnosticWithPath); !is || !at.Path().Equal(located(at.Path())) {
				t.Errorf("%s: Terraform shows another attribute's line for %v", c.name, paths(diag.Diagnostics{d}))
			}
		}
	}
	testtool.Golden(t, "changes.golden", out.String())
}

// Who sets an argument shall know before there is a cluster that it stays so, and
// who reads the guide finds each of them.
func TestWhatIsRefusedIsSaidWhereItIsSet(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(changesGuide)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "## What is refused")
	descriptions := map[string]string{"database": databaseAttribute().MarkdownDescription}
	visitArguments(clusterSchema(t).Attributes, "", func(at string, a schema.Attribute) { descriptions[at] = a.GetMarkdownDescription() })
	refusedByPlans := []string{"load_balancer.region", "network.mode", "network.vpc_uuid", "network.ip_ranges"}
	for _, r := range refused {
		refusedByPlans = append(refusedByPlans, strings.Join(r.at, "."))
	}
	for _, at := range refusedByPlans {
		if text := descriptions[at]; !strings.Contains(text, "cannot be changed later") && !strings.Contains(text, "refused") {
			t.Errorf("the description of %s does not say that it stays as it is: %s", at, text)
		}
		if name := at[strings.LastIndex(at, ".")+1:]; !strings.Contains(section, name) {
			t.Errorf("the guide's section on what is refused does not name %s", at)
		}
	}
}
