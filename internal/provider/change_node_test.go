package provider

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// keepNodes are the arguments of a beam_node that change without its host, and
// followNodes those that change with the channel besides; the guide on changes and
// the resource's description name them.
var (
	keepNodes   = []string{"management.port", "peers", "release.headers", "release.url", "tags", "wait_for"}
	followNodes = []string{
		"ssh_keys", "cookie", "cookie_wo_version", "distribution.sync", "distribution.sync_timeout_ms", "environment",
		"host.fail2ban", "host.locale", "host.packages", "host.swap_mib", "host.toolchain", "host.unattended_upgrades",
		"release.keep", "release.migrate", "release.path", "release.read_only", "release.sha256", "release.triggers",
	}
	// Of these no host is told: Terraform has its droplet made anew.
	ofDroplets = []string{"cluster", "image", "monitoring", "name", "region", "size"}
)

// nodeThatChanges has a value for each argument that is optional.
func nodeThatChanges(t *testing.T, managed bool) (raw tfsdk.Plan, state nodeModel) {
	t.Helper()
	s := nodeSchema(t)
	config := configOf(t, s, object{
		"name": "worker", "cluster": "chat", "cookie": "monster", "region": "nyc3", "ssh_keys": []string{"1"}, "peers": []string{}, "tags": []string{},
		"environment": object{}, "database_ca_certificate": "", "management": object{"enabled": managed},
		"release": object{
			"name": "jobs", "url": "https://example.com/1.tar.gz", "sha256": strings.Repeat("ab", 32), "migrate": "Chat.migrate()", "headers": object{},
			"triggers": object{},
		},
	})
	state = resolvedNode(t, tfsdk.Plan(config))
	state.DropletID = types.Int64Value(7)
	if diags := state.remember(nodeMemory(t, state)); diags.HasError() {
		t.Fatal(say(diags))
	}
	raw = tfsdk.Plan{Schema: s, Raw: config.Raw}
	if diags := raw.Set(t.Context(), state); diags.HasError() {
		t.Fatal(say(diags))
	}
	return raw, state
}

// nodeMemory is that of the node when it was made.
func nodeMemory(t *testing.T, node nodeModel) cluster.Memory {
	t.Helper()
	spec, diags := node.spec(t.Context())
	if diags.HasError() {
		t.Fatal(say(diags))
	}
	mem := cluster.Memory{Version: cluster.MemoryVersion, Secrets: cluster.Secrets{Management: cluster.ManagementKeys{AuthorizedKey: "a"}}}
	made := plan.CreateHosts{Role: cluster.RoleNode, Pool: spec.Name, Place: spec.Place}
	mem.Remember(7, plan.NewRecord(plan.Input{Spec: spec.Alone(), Memory: mem}, made))
	return mem
}

// visitChanges gives the node that changes another value of one argument at a time.
func visitChanges(t *testing.T, raw tfsdk.Plan, state nodeModel, f func(at string, changed nodeModel, anew bool)) {
	t.Helper()
	visitArguments(nodeSchema(t).Attributes, "", func(at string, _ schema.Attribute) {
		if strings.HasPrefix(at, "timeouts.") {
			return
		}
		changed := resolvedNode(t, tfsdk.Plan{Schema: raw.Schema, Raw: another(t, raw.Raw, at)})
		if len(changed.changesFrom(state)) == 0 {
			t.Errorf("%s was not changed", at)
		}
		replace, diags := changed.planOutputs(t.Context(), state)
		if diags.HasError() {
			t.Fatalf("%s: %s", at, say(diags))
		}
		f(at, changed, len(replace) > 0)
	})
}

// Another value of any argument makes the droplet of a beam_node anew, but for
// those that the guide names.
func TestEveryArgumentOfANodeMakesItAnewButFew(t *testing.T) {
	t.Parallel()
	for managed, want := range map[bool][]string{false: slices.Clone(keepNodes), true: slices.Concat(keepNodes, followNodes, []string{"management.enabled"})} {
		raw, state := nodeThatChanges(t, managed)
		var kept []string
		visitChanges(t, raw, state, func(at string, _ nodeModel, anew bool) {
			if !anew {
				kept = append(kept, at)
			}
		})
		slices.Sort(want)
		if diff := cmp.Diff(want, kept); diff != "" {
			t.Errorf("with the channel: %v; what changes without another droplet (-want +got):\n%s", managed, diff)
		}
	}
}

// What a running node is said to follow its plan can tell it, and nothing else.
func TestANodeFollowsWhatItsPlanCanTellIt(t *testing.T) {
	t.Parallel()
	raw, state := nodeThatChanges(t, true)
	spec, diags := state.spec(t.Context())
	mem := nodeMemory(t, state)
	droplet := cluster.Droplet{ID: 7, Name: spec.Name, Region: spec.Region, Size: spec.Size, Tags: spec.WantedTags()}
	observed := cluster.Observed{Cluster: spec.Cluster, Droplets: []cluster.Droplet{droplet}}
	visitChanges(t, raw, state, func(at string, changed nodeModel, anew bool) {
		if at == "management.enabled" || slices.Contains(ofDroplets, at) {
			return
		}
		other, errs := changed.spec(t.Context())
		diags.Append(errs...)
		steps := plan.DiffNode(plan.NodeInput{Spec: other, Memory: mem, Observed: observed, Wanted: true})
		if told := len(steps.Refusals) == 0; told == anew {
			t.Errorf("%s: the droplet is made anew: %v; it can be told: %v", at, anew, told)
		}
	})
	if diags.HasError() {
		t.Error(say(diags))
	}
}

// A node that was made before it could be told SSH keys is made anew for others.
func TestANodeOfAnEarlierVersionIsMadeAnewForOtherKeys(t *testing.T) {
	t.Parallel()
	raw, state := nodeThatChanges(t, true)
	mem := nodeMemory(t, state)
	delete(mem.Hosts[7].Parts, hostconfig.PartKeys)
	if diags := state.remember(mem); diags.HasError() {
		t.Fatal(say(diags))
	}
	visitChanges(t, raw, state, func(at string, _ nodeModel, anew bool) {
		if at == "ssh_keys" && !anew {
			t.Error("the droplet stays")
		}
	})
	same := resolvedNode(t, raw)
	if replace, diags := same.planOutputs(t.Context(), state); len(replace) > 0 || diags.HasError() {
		t.Errorf("without a change it is made anew for %v %s", replace, say(diags))
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
