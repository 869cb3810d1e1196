package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// sections are nested attributes that mean nothing while they are empty, where an
// empty load_balancer, database or pool is one with every default.
var sections = []path.Path{
	path.Root("access"), path.Root("management"), path.Root("network"), path.Root("distribution"), path.Root("host"),
	path.Root("load_balancer").AtName("health_check"), path.Root("load_balancer").AtName("stats"),
	path.Root("release").AtName("service"),
}

// warnOfEmptied tells of a nested attribute that was written and has nothing in it.
// Terraform drops names that the schema does not have before a provider sees them,
// and says nothing.
func warnOfEmptied(ctx context.Context, config tfsdk.Config) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, at := range sections {
		var value attr.Value
		if errs := config.GetAttribute(ctx, at, &value); errs.HasError() {
			continue // beam_node has fewer
		}
		if section, ok := value.(types.Object); ok && known(section) && allNull(section.Attributes()) {
			diags.AddAttributeWarning(located(at), "Nothing set", fmt.Sprintf("%s sets nothing that the provider knows. "+
				"Terraform leaves out misspelt names in there without a word: compare them with the documentation, or remove %s.", at, at))
		}
	}
	return diags
}

func allNull(values map[string]attr.Value) bool {
	for _, v := range values {
		if !v.IsNull() {
			return false
		}
	}
	return true
}
