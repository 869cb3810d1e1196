package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// What descriptions say of defaults is what counts when an argument is left out.
func TestDefaultsOfAClusterAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := clusterSchema(t)
	model := modelOf(t, configOf(t, s, object{
		"name": "my-chat", "region": "lon1", "node_pools": object{"us": object{}},
		"release":       object{"name": "talk", "url": "https://example.com/1.tar.gz", "sha256": strings.Repeat("ab", 32)},
		"load_balancer": object{"tls": object{"acme": object{"email": "ops@example.com", "domains": []string{"chat.example.com"}}}},
		"database":      object{},
	}))
	model.forgetAll(model.Name)
	plan := tfsdk.Plan{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags := plan.Set(t.Context(), model); diags.HasError() {
		t.Fatal(say(diags))
	}
	counts := counting(t, plan.Raw)
	counts["timeouts.create"], counts["timeouts.read"] = limit(createTimeout), limit(readTimeout)
	counts["timeouts.update"], counts["timeouts.delete"] = limit(updateTimeout), limit(deleteTimeout)
	delete(counts, "release.sha256") // that of a file, where it is left out
	checkDefaults(t, s.Attributes, counts)
}

func TestDefaultsOfANodeAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := nodeSchema(t)
	var model nodeModel
	diags := configOf(t, s, object{
		"name": "worker", "cluster": "my-chat", "cookie": "monster", "region": "lon1",
		"release":    object{"name": "talk", "url": "https://example.com/1.tar.gz", "sha256": strings.Repeat("ab", 32)},
		"management": object{"enabled": false},
	}).Get(t.Context(), &model)
	diags.Append(model.resolve(t.Context())...)
	model.forget()
	plan := tfsdk.Plan{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags.Append(plan.Set(t.Context(), model)...); diags.HasError() {
		t.Fatal(say(diags))
	}
	counts := counting(t, plan.Raw)
	counts["timeouts.create"], counts["timeouts.read"] = limit(createTimeout), limit(readTimeout)
	counts["timeouts.update"], counts["timeouts.delete"] = limit(updateTimeout), limit(deleteTimeout)
	delete(counts, "release.sha256") // as above
	checkDefaults(t, s.Attributes, counts)
}

func TestDefaultsOfACookieAreAsDescribed(t *testing.T) {
	t.Parallel()
	var resp resource.SchemaResponse
	(&cookieResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	var lengths []string
	for _, format := range cookie.Formats() {
		lengths = append(lengths, fmt.Sprintf("`%d` for `%s`", cookie.DefaultLength(format), format))
	}
	for name, want := range map[string]string{"format": "`" + string(cookie.Formats()[0]) + "`", "length": strings.Join(lengths, ", ")} {
		if got := claim(resp.Schema.Attributes[name]); got != want {
			t.Errorf("%s: the description says %q, want %q", name, got, want)
		}
	}
}

// worded are defaults that no literal can tell, with what they come to in these
// tests: a value, or the argument that they follow.
var worded = map[string]string{
	"the cluster's `region`":                    "lon1",
	"the cluster's `image`":                     defaultImage,
	"the cluster's name with `_` for `-`":       "my_chat",
	"the database's name":                       "my_chat",
	"the release's name, else the cluster's":    "talk",
	"`host.ssh_port`":                           "22",
	"none":                                      "[]",
	"none, which closes both":                   "[]",
	"`formed` with `management`, else `active`": "active",
	"`true` where `access.ssh_from` or `management.from` names an address, else `false`": "false",
	"the account's default project": "left out",
	"DigitalOcean chooses":          "left out",
	"Let's Encrypt":                 "left out",
}

// checkDefaults compares what the descriptions say with what counts, by the path
// of each argument. Whatever is filled in has to be said.
func checkDefaults(t *testing.T, attributes map[string]schema.Attribute, counts map[string]string) {
	t.Helper()
	compared := 0
	visitArguments(attributes, "", func(at string, a schema.Attribute) {
		said := claim(a)
		if said == "" {
			if a.IsOptional() && a.IsComputed() && counts[at] != "" && counts[at] != "left out" {
				t.Errorf("%s: %s counts when it is left out, and the description says no default", at, counts[at])
			}
			return
		}
		want, is := worded[said]
		if !is {
			want = strings.Trim(said, "`")
		}
		got, counted := counts[at]
		if !counted && said == "none" {
			got = want // the block that it is in is left out
		}
		if got != want {
			t.Errorf("%s: the description says %s, and %s counts", at, said, got)
		}
		compared++
	})
	if compared < 20 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

var defaultIn = regexp.MustCompile(`Default: (.+?)\.(?: |$)`)

// claim is what a description says of the default; empty for nothing.
func claim(a schema.Attribute) string {
	match := defaultIn.FindStringSubmatch(a.GetMarkdownDescription())
	if match == nil {
		return ""
	}
	return match[1]
}

// counting are the values in a configuration that is filled in, by their paths.
func counting(t *testing.T, raw tftypes.Value) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := tftypes.Walk(raw, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		found[written(at)] = shownAs(v)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func written(at *tftypes.AttributePath) string {
	var names []string
	for _, step := range at.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			names = append(names, string(s))
		default:
			names = append(names, "*")
		}
	}
	return strings.Join(names, ".")
}

func shownAs(v tftypes.Value) string {
	if v.IsNull() || !v.IsKnown() {
		return "left out"
	}
	var text string
	var flag bool
	var elements []tftypes.Value
	var named map[string]tftypes.Value
	switch {
	case v.As(&text) == nil:
		return text
	case v.As(&flag) == nil:
		return fmt.Sprint(flag)
	case v.As(&elements) == nil && len(elements) == 0, v.As(&named) == nil && len(named) == 0:
		return "[]"
	case v.Type().Is(tftypes.Number):
		return strings.TrimSuffix(strings.TrimPrefix(v.String(), "tftypes.Number<\""), "\">")
	}
	return v.String()
}

// limit words a time limit as descriptions do.
func limit(d time.Duration) string { return fmt.Sprintf("%dm", int(d.Minutes())) }
