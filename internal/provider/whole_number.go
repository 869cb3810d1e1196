package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// wholeNumber is the framework's 64-bit integer, except that any other number is
// refused in words for users. The framework calls 1.5 an error in the provider.
type wholeNumber struct{ basetypes.Int64Type }

// Equal implements attr.Type. Values of both types are the same.
func (wholeNumber) Equal(other attr.Type) bool {
	switch other.(type) {
	case wholeNumber, basetypes.Int64Type:
		return true
	}
	return false
}

// Validate names a number that is not whole. The framework asks before it
// decodes the attribute.
func (wholeNumber) Validate(_ context.Context, value tftypes.Value, at path.Path) (diags diag.Diagnostics) {
	number, whole := decodeWhole(value)
	if whole {
		return diags
	}
	name, remedy := at.Steps()[len(at.Steps())-1], "Use a whole number."
	if number.IsInt() {
		remedy = "Use a number of at most 18 digits."
	}
	diags.AddAttributeError(located(at), fmt.Sprintf("Invalid %s", name), named(at, fmt.Sprintf("%s is %s. %s", name, number.Text('g', -1), remedy)))
	return diags
}

// ValueFromTerraform implements attr.Type. A number that is not whole stays
// unknown, so that what lies around it is looked at all the same.
func (t wholeNumber) ValueFromTerraform(ctx context.Context, value tftypes.Value) (attr.Value, error) {
	if _, whole := decodeWhole(value); !whole {
		return basetypes.NewInt64Unknown(), nil
	}
	return t.Int64Type.ValueFromTerraform(ctx, value)
}

// decodeWhole takes what is null, unknown or no number at all for whole: others
// look at that.
func decodeWhole(value tftypes.Value) (*big.Float, bool) {
	var number *big.Float
	if !value.IsKnown() || value.As(&number) != nil || number == nil {
		return nil, true
	}
	_, accuracy := number.Int64()
	return number, accuracy == big.Exact
}
