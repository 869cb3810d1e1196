package provider

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"go.yaml.in/yaml/v3"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// diagnosticCase is an input that the provider has something to say about. What it
// sets comes in the place of what a good configuration has.
type diagnosticCase struct {
	Case string // what is wrong, in words
	Of   string // cluster, node, cookie or provider
	Set  object
}

// Every diagnostic that a configuration can bring about, with the input that gives
// it, so that they are read together. Each says what was found, what is allowed and
// what to do, at an attribute that Terraform finds.
func TestDiagnosticsReadAlike(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/diagnostics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []diagnosticCase
	if err := yaml.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	c := newAccount(t, simulator.Options{DropletLimit: 10})
	existing := newCore(t, c, object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}})
	existing.must(existing.apply())
	var out strings.Builder
	for _, d := range cases {
		set, err := yaml.Marshal(d.Set)
		if err != nil {
			t.Fatal(err)
		}
		said := d.diagnostics(t, c)
		if len(said) == 0 {
			t.Errorf("%s: nothing is said", d.Case)
		}
		fmt.Fprintf(&out, "# %s: %s\n%s", d.Of, d.Case, indented(string(set)))
		for _, one := range said {
			at := ""
			if one.Attribute != nil {
				at = " at " + terraformPath(one.Attribute)
			}
			fmt.Fprintf(&out, "%s%s: %s\n%s", strings.ToLower(one.Severity.String()), at, one.Summary, indented(one.Detail))
			checkShape(t, d.Case, one)
		}
		out.WriteString("\n")
	}
	testtool.Golden(t, "diagnostics.golden", strings.ReplaceAll(out.String(), c.url, "<endpoint>"))
}

// checkShape holds diagnostics to what a reader and Terraform need.
func checkShape(t *testing.T, name string, d *tfprotov6.Diagnostic) {
	t.Helper()
	if !strings.HasSuffix(strings.TrimSpace(d.Detail), ".") {
		t.Errorf("%s: the detail is no sentence: %s", name, d.Detail)
	}
	for _, wrong := range []string{"provider developers", "Please report", "hunter2", "(s)"} {
		if strings.Contains(d.Summary+d.Detail, wrong) {
			t.Errorf("%s: %q is in %s: %s", name, wrong, d.Summary, d.Detail)
		}
	}
	if d.Attribute == nil {
		t.Errorf("%s: %s has no attribute", name, d.Summary)
		return
	}
	for i, step := range d.Attribute.Steps() {
		if _, isKey := step.(tftypes.ElementKeyString); i > 1 || i == 1 && !isKey {
			t.Errorf("%s: Terraform cannot find %s", name, terraformPath(d.Attribute))
		}
	}
}

func (d diagnosticCase) diagnostics(t *testing.T, c *cloud) []*tfprotov6.Diagnostic {
	t.Helper()
	good := map[string]object{
		"cluster": {"name": "talk", "region": "nyc3", "node_pools": object{"us": object{}}},
		"node":    {"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"},
		"cookie":  {},
	}
	schemas := map[string]schema.Schema{"cluster": clusterSchema(t), "node": nodeSchema(t), "cookie": cookieSchema(t)}
	if _, known := good[d.Of]; !known {
		t.Fatalf("%s: there is no %s", d.Case, d.Of)
	}
	arguments := maps.Clone(good[d.Of])
	maps.Copy(arguments, d.Set)
	maps.DeleteFunc(arguments, func(_ string, v any) bool { return v == nil })
	p := newCoreOf(t, c, "beam_"+d.Of, schemas[d.Of], arguments)
	checked, err := p.server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: p.typeName, Config: wire(t, p.config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(checked.Diagnostics) > 0 {
		return sorted(checked.Diagnostics)
	}
	return sorted(p.planFrom(p.state, p.config).Diagnostics)
}

// sorted orders what the framework finds in the order of a map.
func sorted(said []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	slices.SortStableFunc(said, func(a, b *tfprotov6.Diagnostic) int { return cmp.Compare(a.Summary+a.Detail, b.Summary+b.Detail) })
	return said
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}
