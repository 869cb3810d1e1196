package provider

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What was planned as known stays so, since Terraform takes anything else for an
// error; what was unknown is filled in. Only where the two differ is there a word.
func TestPromisesAreKept(t *testing.T) {
	t.Parallel()
	names := func(texts ...string) types.List {
		elements := values(texts)
		for i, text := range texts {
			if text == "" {
				elements[i] = types.StringUnknown()
			}
		}
		return types.ListValueMust(types.StringType, elements)
	}
	for name, tt := range map[string]struct {
		planned, reached, want attr.Value
		broken                 bool
	}{
		"a name that comes":        {names("chat@10.0.0.2", ""), names("chat@10.0.0.2", "chat@10.0.0.3"), names("chat@10.0.0.2", "chat@10.0.0.3"), false},
		"a name that is another":   {names("chat@10.0.0.2", ""), names("chat@10.0.0.9", "chat@10.0.0.3"), names("chat@10.0.0.2", "chat@10.0.0.3"), true},
		"a name too many":          {names("chat@10.0.0.2"), names("chat@10.0.0.2", "chat@10.0.0.3"), names("chat@10.0.0.2"), true},
		"a name that never comes":  {names(""), names(), types.ListValueMust(types.StringType, []attr.Value{types.StringNull()}), true},
		"nothing known":            {types.ListUnknown(types.StringType), names("chat@10.0.0.2"), names("chat@10.0.0.2"), false},
		"an amount of a state":     {decimal(t, "32.2"), types.Float64Value(32.2), decimal(t, "32.2"), false},
		"an amount that is not so": {decimal(t, "32.2"), types.Float64Value(26.2), decimal(t, "32.2"), true},
	} {
		var broken []string
		if got := kept("output", tt.planned, tt.reached, &broken); !got.Equal(tt.want) || (len(broken) > 0) != tt.broken {
			t.Errorf("%s: %s, want %s; broken is %q", name, got, tt.want, strings.Join(broken, ", "))
		}
	}
}

// decimal is a number as Terraform reads it from a state.
func decimal(t *testing.T, text string) attr.Value {
	t.Helper()
	number, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	value, err := types.Float64Type.ValueFromTerraform(t.Context(), tftypes.NewValue(tftypes.Number, number))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
