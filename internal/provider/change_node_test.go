package provider

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// keepNodes are the arguments of a beam_node that change without its host; the
// guide on changes and the resource's description name them.
var keepNodes = []string{"peers", "release.headers", "release.url", "tags"}

// Another value of any argument makes the droplet of a beam_node anew, but for
// those that the guide names.
func TestEveryArgumentOfANodeMakesItAnewButFew(t *testing.T) {
	t.Parallel()
	s := nodeSchema(t)
	config := configOf(t, s, object{
		"name": "worker", "cluster": "chat", "cookie": "monster", "region": "nyc3", "ssh_keys": []string{"1"}, "peers": []string{}, "tags": []string{},
		"environment": object{}, "database_ca_certificate": "",
		"release": object{
			"name": "jobs", "url": "https://example.com/1.tar.gz", "sha256": strings.Repeat("ab", 32), "migrate": "Chat.migrate()", "headers": object{},
		},
	})
	state := resolvedNode(t, tfsdk.Plan(config))
	raw := tfsdk.Plan{Schema: s, Raw: config.Raw}
	if diags := raw.Set(t.Context(), state); diags.HasError() {
		t.Fatal(say(diags))
	}
	var kept []string
	visitArguments(s.Attributes, "", func(at string, _ schema.Attribute) {
		if strings.HasPrefix(at, "timeouts.") {
			return
		}
		changed := resolvedNode(t, tfsdk.Plan{Schema: s, Raw: another(t, raw.Raw, at)})
		switch {
		case len(changed.changesFrom(state)) == 0:
			t.Errorf("%s was not changed", at)
		case len(changed.planOutputs(t.Context(), state)) == 0:
			kept = append(kept, at)
		}
	})
	if !slices.Equal(kept, keepNodes) {
		t.Errorf("%v change without another droplet, want %v", kept, keepNodes)
	}
}

func resolvedNode(t *testing.T, plan tfsdk.Plan) nodeModel {
	t.Helper()
	var model nodeModel
	diags := plan.Get(t.Context(), &model)
	diags.Append(model.resolve(t.Context())...)
	if diags.HasError() {
		t.Fatal(say(diags))
	}
	return model
}

// another gives the argument another value of its kind.
func another(t *testing.T, raw tftypes.Value, argument string) tftypes.Value {
	t.Helper()
	out, err := tftypes.Transform(raw, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if written(at) != argument {
			return v, nil
		}
		var was bool
		if v.Type().Is(tftypes.Bool) && v.As(&was) == nil {
			return tftypes.NewValue(tftypes.Bool, !was), nil
		}
		return sample(v.Type()), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sample is a value of the type; of what holds others, with one of them.
func sample(kind tftypes.Type) tftypes.Value {
	switch kind := kind.(type) {
	case tftypes.List:
		return tftypes.NewValue(kind, []tftypes.Value{sample(kind.ElementType)})
	case tftypes.Set:
		return tftypes.NewValue(kind, []tftypes.Value{sample(kind.ElementType)})
	case tftypes.Map:
		return tftypes.NewValue(kind, map[string]tftypes.Value{"another": sample(kind.ElementType)})
	case tftypes.Object:
		attributes := map[string]tftypes.Value{}
		for name, of := range kind.AttributeTypes {
			attributes[name] = sample(of)
		}
		return tftypes.NewValue(kind, attributes)
	}
	switch {
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, big.NewFloat(4711))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, true)
	}
	return tftypes.NewValue(kind, "another")
}
