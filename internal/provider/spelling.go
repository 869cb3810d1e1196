package provider

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Some values can be written in several ways. What the configuration has in
// another spelling than the state is no change, and stays in the state as it is.

// keepSpelling keeps the state's spelling of all in the attribute that means the
// same. Terraform takes it for an answer only where both are there.
func keepSpelling[T attr.Value](ctx context.Context, name string, v *T, state T) {
	*v, _ = spelledAs(ctx, name, *v, state).(T)
}

func (m *clusterModel) keepSpellings(ctx context.Context, state clusterModel) {
	keepSpelling(ctx, "node_pools", &m.NodePools, state.NodePools)
	keepSpelling(ctx, "release", &m.Release, state.Release)
	keepSpelling(ctx, "environment", &m.Environment, state.Environment)
	keepSpelling(ctx, "load_balancer", &m.LoadBalancer, state.LoadBalancer)
	keepSpelling(ctx, "database", &m.Database, state.Database)
	keepSpelling(ctx, "access", &m.Access, state.Access)
	keepSpelling(ctx, "management", &m.Management, state.Management)
	keepSpelling(ctx, "network", &m.Network, state.Network)
	keepSpelling(ctx, "host", &m.Host, state.Host)
	keepSpelling(ctx, "tags", &m.Tags, state.Tags)
	keepSpelling(ctx, "ssh_keys", &m.SSHKeys, state.SSHKeys)
}

func (m *nodeModel) keepSpellings(ctx context.Context, state nodeModel) {
	keepSpelling(ctx, "release", &m.Release, state.Release)
	keepSpelling(ctx, "environment", &m.Environment, state.Environment)
	keepSpelling(ctx, "peers", &m.Peers, state.Peers)
	keepSpelling(ctx, "database_ca_certificate", &m.DatabaseCA, state.DatabaseCA)
	keepSpelling(ctx, "host", &m.Host, state.Host)
	keepSpelling(ctx, "tags", &m.Tags, state.Tags)
	keepSpelling(ctx, "ssh_keys", &m.SSHKeys, state.SSHKeys)
}

func spelledAs(ctx context.Context, name string, v, state attr.Value) attr.Value {
	if state == nil || !known(v) || !known(state) || v.Equal(state) {
		return v
	}
	switch v := v.(type) {
	case types.Object:
		attributes := v.Attributes()
		if was, is := state.(types.Object); is {
			for name, a := range attributes {
				attributes[name] = spelledAs(ctx, name, a, was.Attributes()[name])
			}
		}
		return types.ObjectValueMust(v.AttributeTypes(ctx), attributes)
	case types.Map:
		if _, nested := v.ElementType(ctx).(types.ObjectType); !nested { // Terraform takes either map whole
			break
		}
		elements := v.Elements()
		if was, is := state.(types.Map); is {
			for key, e := range elements {
				elements[key] = spelledAs(ctx, key, e, was.Elements()[key])
			}
		}
		return types.MapValueMust(v.ElementType(ctx), elements)
	}
	if meansTheSame(name, v, state) {
		return state
	}
	return v
}

// meansTheSame compares two values of the attribute, each of which is there.
func meansTheSame(name string, a, b attr.Value) bool {
	switch a := a.(type) {
	case types.String:
		b, is := b.(types.String)
		spell := spellings[name]
		return is && spell != nil && spell(a.ValueString()) == spell(b.ValueString())
	case types.Map:
		b, is := b.(types.Map)
		return is && maps.EqualFunc(given(a), given(b), attr.Value.Equal)
	case types.List:
		b, is := b.(types.List)
		return is && slices.EqualFunc(elementsOf(name, a), elementsOf(name, b), attr.Value.Equal)
	case types.Set:
		b, is := b.(types.Set)
		return is && types.SetValueMust(types.StringType, elementsOf(name, a)).Equal(types.SetValueMust(types.StringType, elementsOf(name, b)))
	}
	return false
}

// spellings are one of the ways to write a text, by attribute.
var spellings = map[string]func(string) string{
	"sha256": strings.ToLower,
	"mode":   func(mode string) string { return strings.TrimPrefix(mode, "0") },

	"key":                     hostconfig.Armored,
	"certificate_pem":         hostconfig.Armored,
	"private_key_pem":         hostconfig.Armored,
	"database_ca_certificate": hostconfig.Armored,
}

// given are the elements of a map that are not null: null is nothing.
func given(m types.Map) map[string]attr.Value {
	elements := m.Elements()
	maps.DeleteFunc(elements, func(_ string, v attr.Value) bool { return v.IsNull() })
	return elements
}

// elementsOf are those of a list or set that are not null. Of some lists order and
// repetition say nothing.
func elementsOf(name string, v interface{ Elements() []attr.Value }) []attr.Value {
	elements := slices.DeleteFunc(v.Elements(), attr.Value.IsNull)
	if slices.ContainsFunc(elements, attr.Value.IsUnknown) {
		return elements
	}
	switch name {
	case "ssh_from", "from":
		return values(rangesOf(texts(v)))
	case "domains":
		return values(domainsOf(texts(v)))
	}
	return elements
}

// rangesOf are addresses, each in one spelling.
func rangesOf(ranges []string) []string {
	for i, text := range ranges {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			ranges[i] = prefix.String()
		}
	}
	slices.Sort(ranges)
	return slices.Compact(ranges)
}

// domainsOf leaves the first one where it is: the app and its certificate have that
// name.
func domainsOf(domains []string) []string {
	if len(domains) == 0 {
		return nil
	}
	first := domains[0]
	further := slices.DeleteFunc(domains[1:], func(name string) bool { return name == first })
	slices.Sort(further)
	return append([]string{first}, slices.Compact(further)...)
}

// isNothing says that the attribute sets nothing.
func isNothing(v attr.Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case types.String:
		return !v.IsUnknown() && v.ValueString() == ""
	case types.Map:
		return !v.IsUnknown() && len(given(v)) == 0
	case types.List:
		return !v.IsUnknown() && len(elementsOf("", v)) == 0
	case types.Set:
		return !v.IsUnknown() && len(elementsOf("", v)) == 0
	}
	return v.IsNull()
}

// keepTags keeps tags that differ in case only: an account spells a tag as it was
// first made.
func keepTags(tags *types.Set, state types.Set) {
	whole := func(s types.Set) bool { return known(s) && len(texts(s)) == len(s.Elements()) }
	if whole(*tags) && whole(state) && cluster.SameTags(texts(*tags), texts(state)) {
		*tags = state
	}
}

// keepSSHKeys keeps keys that are named by id instead of fingerprint, or the other
// way round. The account is asked only where the lists differ.
func (a account) keepSSHKeys(ctx context.Context, keys *types.List, state types.List) diag.Diagnostics {
	if a.unknown || a.engine == nil || !known(*keys) || !known(state) || partlyUnknown(*keys) || keys.Equal(state) {
		return nil
	}
	same, err := a.engine.SameSSHKeys(ctx, texts(*keys), texts(state))
	if err != nil {
		return diag.Diagnostics{failure("Cannot compare the SSH keys", err)}
	}
	if same {
		*keys = state
	}
	return nil
}
