package provider

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// What was filled in at creation stays while the configuration leaves it open,
// whatever a later version of the provider would fill in.
func TestEveryDefaultIsKept(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		release := object{"name": "chat", "url": "https://example.com/chat.tar.gz", "sha256": strings.Repeat("0", 64)}
		cluster := newCore(t, c, object{
			"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}, "release": release,
			"load_balancer": object{"health_check": object{}, "stats": object{}}, "database": object{},
		})
		cluster.keepsDefaults("database.final_snapshot", // data is given up only while the configuration says so
			"wait_for") // is nothing that hosts were made with
		node := newCoreOf(t, c, "beam_node", nodeSchema(t), object{"name": "worker", "cluster": "chat", "cookie": "monster", "region": "nyc3", "release": release})
		node.keepsDefaults("wait_for")
	})
}

// keepsDefaults says that a plan of what exists keeps what it was made with, except
// for some, whatever the defaults were then.
func (p *core) keepsDefaults(except ...string) {
	p.Helper()
	p.must(p.apply())
	paths := slices.DeleteFunc(p.leftOpen(p.state), func(path *tftypes.AttributePath) bool { return slices.Contains(except, dotted(path)) })
	was, err := tftypes.Transform(p.state, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if slices.ContainsFunc(paths, at.Equal) {
			return altered(v), nil
		}
		return v, nil
	})
	if err != nil || len(paths) < 15 {
		p.Fatal(err, paths)
	}
	planned := p.value(p.planFrom(was, p.config).PlannedState)
	for _, path := range paths {
		want, _, _ := tftypes.WalkAttributePath(was, path)
		got, _, err := tftypes.WalkAttributePath(planned, path)
		if err != nil || !got.(tftypes.Value).Equal(want.(tftypes.Value)) {
			p.Errorf("%s: planned is %v, want %v (%v)", dotted(path), got, want, err)
		}
	}
}

// dotted is the path as docs write it.
func dotted(path *tftypes.AttributePath) string {
	var names []string
	for _, step := range path.Steps() {
		names = append(names, fmt.Sprint(step))
	}
	return strings.Join(names, ".")
}

// leftOpen are the arguments of one value that the state has and the configuration
// does not.
func (p *core) leftOpen(state tftypes.Value) (paths []*tftypes.AttributePath) {
	err := tftypes.Walk(state, func(path *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		if len(path.Steps()) == 0 || v.IsNull() {
			return true, nil
		}
		if attribute, err := p.schema.AttributeAtTerraformPath(p.Context(), path); err != nil || !attribute.IsOptional() {
			return err == nil && attribute.IsRequired(), nil
		}
		if !v.Type().Is(tftypes.String) && !v.Type().Is(tftypes.Number) && !v.Type().Is(tftypes.Bool) {
			return true, nil
		}
		given, _, err := tftypes.WalkAttributePath(p.config, path)
		if open, is := given.(tftypes.Value); err != nil || is && open.IsNull() { // or all that it is in
			paths = append(paths, path)
		}
		return true, nil
	})
	if err != nil {
		p.Fatal(err)
	}
	return paths
}

// altered is a value of the same type that differs.
func altered(v tftypes.Value) tftypes.Value {
	var text string
	var number big.Float
	var yes bool
	switch {
	case v.As(&text) == nil:
		return tftypes.NewValue(v.Type(), "other")
	case v.As(&number) == nil:
		n, _ := number.Int64()
		return tftypes.NewValue(v.Type(), n+1)
	case v.As(&yes) == nil:
		return tftypes.NewValue(v.Type(), !yes)
	}
	return v
}
