package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// lacking is the state without the attribute, as a version wrote it that did not
// know it yet; inner names one inside of it.
func (p *core) lacking(name, inner string) tftypes.Value {
	p.Helper()
	at := tftypes.NewAttributePath().WithAttributeName(name)
	if inner != "" {
		at = at.WithAttributeName(inner)
	}
	without, err := tftypes.Transform(p.state, func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if here.Equal(at) {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		p.Fatal(err)
	}
	return without
}

// plansNothing checks that nothing would change, and nothing be made anew.
func (p *core) plansNothing(when string) {
	p.Helper()
	planned := p.plansNoReplacement(when)
	if diff, _ := p.state.Diff(p.value(planned.PlannedState)); len(diff) > 0 {
		p.Errorf("%s: the plan changes %v", when, diff)
	}
}

func (p *core) plansNoReplacement(when string) *tfprotov6.PlanResourceChangeResponse {
	p.Helper()
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	if len(planned.RequiresReplace) > 0 {
		p.Errorf("%s: %v make it anew", when, planned.RequiresReplace)
	}
	return planned
}

// A node that exists stays what it was made as: when a later version has other
// defaults, and when it has more arguments than the state.
func TestNodeOfAnEarlierVersionStays(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		cluster := newCore(t, c, object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{}}})
		cluster.must(cluster.apply())
		asked := object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3", "release": object{"name": "jobs"}}
		older := object{
			"size": "s-2vcpu-2gb", "image": "debian-12-x64", "monitoring": true, "host": object{"swap_mib": 512, "fail2ban": false},
			"distribution": object{"port_max": 9150}, "release": object{"name": "jobs", "port": 4000},
		}
		for name, value := range asked {
			if older[name] == nil {
				older[name] = value
			}
		}
		node := newCoreOf(t, c, "beam_node", nodeSchema(t), older)
		node.must(node.apply())
		node.configure(asked)
		node.plansNothing("other defaults")

		node.configure(object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3", "release": object{"name": "mail"}})
		var planned nodeModel
		node.decode(node.planFrom(node.state, node.config).PlannedState, &planned)
		if got := planned.Distribution.Attributes()["basename"].String(); got != `"mail"` {
			t.Errorf("the basename is %s, want that of the release's new name", got)
		}
		node.must(node.destroy())

		node.configure(asked)
		node.must(node.apply())
		kept := node.state
		for _, lacks := range [][2]string{
			{"size"}, {"image"}, {"monitoring"}, {"host"}, {"host", "fail2ban"}, {"host", "packages"}, {"distribution"}, {"distribution", "sync"}, {"release", "port"},
		} {
			node.state = node.lacking(lacks[0], lacks[1])
			what := strings.TrimSpace("no " + lacks[0] + " " + lacks[1])
			node.plansNoReplacement(what + " and no refresh")
			node.must(node.read())
			node.plansNothing(what)
			node.state = kept
		}
		node.must(node.destroy())
		cluster.must(cluster.destroy())
		c.nothingLeft(t)
	})
}

// So does a cookie, whose length follows its format.
func TestCookieOfAnEarlierVersionStays(t *testing.T) {
	t.Parallel()
	p := newCoreOf(t, newCloud(t, simulator.Options{}), "erlang_cookie", cookieSchema(t), object{"format": "elixir", "length": 40})
	apply := func() {
		p.must(p.apply())
		p.state = p.lacking("entropy_bits", "") // JSON and the wire round it differently
	}
	apply()
	for _, asked := range []object{{}, {"length": 40}, {"format": "elixir"}} {
		p.configure(asked)
		p.plansNothing(fmt.Sprint(asked))
	}
	kept := p.state
	p.configure(object{})
	p.state = p.lacking("keepers", "")
	p.plansNoReplacement("no keepers")
	p.state = kept

	p.configure(object{"format": "otp"})
	planned := p.planFrom(p.state, p.config)
	var other cookieModel
	p.decode(planned.PlannedState, &other)
	if len(planned.RequiresReplace) == 0 || other.length() != 20 {
		t.Errorf("another format: %v make it anew, with %d characters; want 20", planned.RequiresReplace, other.length())
	}

	p.configure(object{"format": "elixir"})
	p.state = p.nothing()
	apply()
	p.state = p.lacking("length", "")
	p.plansNoReplacement("no length")
}

// A cluster's plan refuses no default of today where the state is older than the
// attribute, also when nobody refreshed it.
func TestClusterOfAnEarlierVersionStays(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		p := newCore(t, c, withData())
		p.must(p.apply())
		kept := p.state
		for _, lacks := range [][2]string{{"distribution"}, {"distribution", "epmd_port"}, {"network", "mode"}, {"host"}, {"database", "user"}, {"database", "volume_gib"}} {
			p.state = p.lacking(lacks[0], lacks[1])
			if refused, warned := p.plan(); refused+warned != "" {
				t.Errorf("no %s %s: the plan says %s%s", lacks[0], lacks[1], refused, warned)
			}
		}
		p.state = kept
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}

// Versions that could not change it did not note how a host is reached: the
// arguments of their states tell.
func TestHostsOfAnEarlierVersionAreReachedAsTheStateSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network, distribution object
		want                  cluster.HostRecord
	}{
		{object{"mode": "public"}, object{"epmd_port": 4370}, cluster.HostRecord{Network: cluster.NetworkPublic, Listening: cluster.Listening{EPMDPort: 4370}}},
		{object{"mode": "auto"}, object{"epmd_port": 4369}, cluster.HostRecord{Network: cluster.NetworkPrivate, Listening: cluster.Listening{EPMDPort: 4369}}},
		{nil, nil, cluster.HostRecord{Network: cluster.NetworkPrivate, Listening: cluster.Listening{EPMDPort: 4369}}},
	} {
		arguments := object{"name": "chat"}
		if tt.network != nil {
			arguments["network"], arguments["distribution"] = tt.network, tt.distribution
		}
		state := modelOf(t, configOf(t, clusterSchema(t), arguments))
		known := clusterMemory{Memory: cluster.Memory{Version: cluster.MemoryVersion, Hosts: map[int]cluster.HostRecord{
			1: {Role: cluster.RoleNode}, 2: {Role: cluster.RoleNode, Network: cluster.NetworkPrivate, Listening: cluster.Listening{EPMDPort: 4371}}, 3: {Role: cluster.RoleDatabase},
		}}}
		if diags := state.remember(known); diags.HasError() {
			t.Fatal(say(diags))
		}
		mem, _, diags := state.recall()
		if diags.HasError() {
			t.Fatal(say(diags))
		}
		node, database := tt.want, tt.want
		node.Role, database.Role, database.EPMDPort = cluster.RoleNode, cluster.RoleDatabase, 0
		want := map[int]cluster.HostRecord{1: node, 2: known.Hosts[2], 3: database}
		if diff := cmp.Diff(want, mem.Hosts); diff != "" {
			t.Errorf("%v %v:\n%s", tt.network, tt.distribution, diff)
		}
	}
}
