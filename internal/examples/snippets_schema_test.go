package examples

import (
	"os"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/beamcluster/terraform-provider-beam/internal/provider"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// resourceSchemas are the schemas of this provider's resources by type.
type resourceSchemas map[string]*tfprotov6.Schema

func schemas(t *testing.T) resourceSchemas {
	t.Helper()
	resp, err := provider.NewServer("test", os.Getenv).GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err)
	return resp.ResourceSchemas
}

// meta are the arguments that Terraform has for every resource.
var meta = []string{"count", "depends_on", "for_each", "lifecycle", "provider"}

// unknownIn lists arguments of a resource that its schema does not have, however
// deep.
func (r resourceSchemas) unknownIn(block *hclsyntax.Block) []string {
	var found []string
	for name, attribute := range block.Body.Attributes {
		if slices.Contains(meta, name) {
			continue
		}
		found = append(found, unknown(r[block.Labels[0]].Block.Attributes, name, attribute.Expr, "")...)
	}
	return found
}

// unknown looks for one name, and for those inside of its value where it is an
// object written down.
func unknown(attributes []*tfprotov6.SchemaAttribute, name string, value hclsyntax.Expression, within string) []string {
	i := slices.IndexFunc(attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == name })
	if i < 0 {
		return []string{within + name}
	}
	object, written := value.(*hclsyntax.ObjectConsExpr)
	nested := attributes[i].NestedType
	if nested == nil || !written {
		return nil
	}
	if nested.Nesting == tfprotov6.SchemaObjectNestingModeMap {
		var found []string
		for _, item := range object.Items {
			found = append(found, unknownItems(nested.Attributes, item.ValueExpr, within+name+".*.")...)
		}
		return found
	}
	return unknownItems(nested.Attributes, object, within+name+".")
}

func unknownItems(attributes []*tfprotov6.SchemaAttribute, value hclsyntax.Expression, within string) []string {
	object, written := value.(*hclsyntax.ObjectConsExpr)
	if !written {
		return nil
	}
	var found []string
	for _, item := range object.Items {
		if name, diags := item.KeyExpr.Value(nil); !diags.HasErrors() {
			found = append(found, unknown(attributes, name.AsString(), item.ValueExpr, within)...)
		}
	}
	return found
}

func TestAMisspeltNameIsFoundHoweverDeep(t *testing.T) {
	t.Parallel()
	s := testtool.Block{Page: "page.md", Text: `
node_pools    = { web = { cuont = 2 } }
access        = { ssh_form = [] }
load_balancer = { health_check = { path = "/health", "fial" = 3 } }
emvironment   = { ANY = "thing" }
environment   = { ANY = "thing" }
`}
	found := schemas(t).unknownIn(complete(t, s).body.Blocks[0])
	slices.Sort(found)
	want := []string{"access.ssh_form", "emvironment", "load_balancer.health_check.fial", "node_pools.*.cuont"}
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}
