package provider

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

const chat = "beam_cluster.chat"

// clusterConfig is a cluster with a pool of that many nodes and further
// arguments.
func clusterConfig(c *cloud, nodes int, arguments ...string) string {
	return c.provider() + fmt.Sprintf(`
resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  node_pools = { us = { count = %d } }
  %s
}
`, nodes, strings.Join(arguments, "\n  "))
}

// Settings change in place, and no output but their own with them.
func TestSettingsChangeInPlace(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"load_balancer": object{}, "access": object{"ssh_from": []string{somewhere}}, "management": object{"enabled": false}})
		was := p.model()
		for _, change := range []struct {
			argument string
			value    any
			nodes    []string
		}{
			{"tags", []string{"team:chat"}, []string{"chat-us-1"}},
			{"access", object{"ssh_from": []string{"198.51.100.0/24"}}, []string{"chat-us-1"}},
			{"timeouts", object{"create": "2h"}, []string{"chat-us-1"}},
			{"node_pools", object{"us": object{}, "eu": object{"region": "nyc3"}}, []string{"chat-eu-1", "chat-us-1"}},
		} {
			p.set(change.argument, change.value)
			said := p.said()
			if got := slices.Sorted(maps.Keys(said.Nodes.Elements())); !slices.Equal(got, change.nodes) {
				t.Errorf("%s: the plan has the nodes %v", change.argument, got)
			}
			p.applies(change.argument)
			if is := p.model(); !is.LoadBalancerIPv4.Equal(was.LoadBalancerIPv4) || !is.SecretKeyBase.Equal(was.SecretKeyBase) {
				t.Errorf("%s: another address or secret", change.argument)
			}
		}
	})
}

// What tells edeliver of all nodes is not known while one is still to come.
func TestEdeliverIsToldOfNodesThatCome(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		p.set("node_pools", object{"us": object{"count": 2}})
		if got := p.said().EdeliverConfig; !got.IsUnknown() {
			t.Errorf("planned is %s", got)
		}
		p.applies("another node")
	})
}

// What would lose data or identity is refused by name, and nothing is touched.
func TestClusterRefusesWhatWouldLoseSomething(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"cookie": "monster", "load_balancer": object{}, "database": object{}})
		before := p.cloud.Inventory()
		for _, change := range []struct {
			argument string
			value    any
			want     string
		}{
			{"cookie", "elmo", "nodes with different cookies refuse each other"},
			{"region", "lon1", `Set database.region = "nyc3" to keep it.`},
			{"name", "talk", `Set it back to "chat"`},
			{"database", nil, "The database and its data would go with it"},
		} {
			was := p.arguments[change.argument]
			p.set(change.argument, change.value)
			p.refused(change.argument, change.want)
			p.set(change.argument, was)
		}
		p.idle("after all refusals")
		if diff := cmp.Diff(before, p.cloud.Inventory()); diff != "" {
			t.Errorf("refused plans changed the account:\n%s", diff)
		}
	})
}

// Whatever happened behind Terraform's back is shown in drift, repaired by the
// next apply, and gone after that.
func TestClusterDrift(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{
			"node_pools": object{"us": object{"count": 2}}, "load_balancer": object{"health_check": object{"path": "/health"}}, "database": object{},
			"access": object{"ssh_from": []string{somewhere}}, "management": object{"enabled": false},
		})
		api, ctx := p.cloud.godo, t.Context()
		must := func(_ *godo.Response, err error) {
			if err != nil {
				t.Error(err)
			}
		}
		deleted := func(role string) func() {
			return func() {
				droplets, _, err := api.Droplets.ListByTag(ctx, "beam:chat:"+role, nil)
				must(nil, err)
				must(api.Droplets.Delete(ctx, droplets[len(droplets)-1].ID))
			}
		}
		p.repairs("droplet chat-us-", deleted("node"))
		p.repairs("droplet chat-lb-", deleted("load-balancer"))
		p.repairs("droplet chat-database", deleted("database"))
		p.repairs("firewall chat-database is gone", func() {
			firewalls, _, err := api.Firewalls.List(ctx, nil)
			must(nil, err)
			for _, f := range firewalls {
				must(api.Firewalls.Delete(ctx, f.ID))
			}
		})
		p.repairs("tag beam:chat:node is missing on 1 droplet", func() {
			must(api.Tags.UntagResources(ctx, "beam:chat:node", &godo.UntagResourcesRequest{
				Resources: []godo.Resource{{ID: strconv.Itoa(p.cloud.droplet(ctx, t, "chat-us-1")), Type: godo.DropletResourceType}},
			}))
		})
		p.repairs("the reserved IP", func() {
			addresses, _, err := api.ReservedIPs.List(ctx, nil)
			must(nil, err)
			must(api.ReservedIPs.Delete(ctx, addresses[0].IP))
		})
		p.idle("after all repairs")
	})
}

// repairs expects the refresh to find what was changed behind Terraform's back,
// and the plan to repair it in place.
func (p *changed) repairs(found string, change func()) {
	p.Helper()
	change()
	drift := p.refresh()
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	var left clusterModel
	p.decode(planned.PlannedState, &left)
	if !strings.Contains(fmt.Sprint(drift), found) || len(texts(left.Drift)) > 0 || len(planned.RequiresReplace) > 0 {
		p.Errorf("drift is %q and planned %q, replacing for %v; want %q and none", drift, texts(left.Drift), planned.RequiresReplace, found)
	}
	p.must(p.carryOut(p.config, planned))
	if drift := p.refresh(); len(drift) > 0 {
		p.Errorf("%s: the repair leaves %q", found, drift)
	}
}

// A cluster that is gone as a whole is created again.
func TestClusterGone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		p.cloud.clear(t)
		p.becomes(created, "gone", p.arguments)
	})
}

// Terraform says that there is nothing of the name.
func TestClusterImportOfNothing(t *testing.T) {
	t.Parallel()
	p := newCore(t, newAccount(t, simulator.Options{}), object{})
	p.must(p.imports("chat"))
	if !p.state.IsNull() {
		t.Errorf("imported is %v", p.state)
	}
}

// A second cluster of the name is refused in the same run, too, and leaves the first
// one alone.
func TestClusterExists(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		second := newCoreServing(t, p.cloud, p.server, clusterType, clusterSchema(t), p.arguments)
		if got := p.action(); got != stays {
			t.Errorf("the first one %s", got)
		}
		inOrder(t, second.apply(), "The account has a cluster named")
		p.idle("beside a second one")
	})
}

// A replacement destroys the old hosts first: they do not count against the
// account's limit.
func TestClusterReplacedAtTheLimit(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		arguments := object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}}
		p := newCore(t, newAccount(t, simulator.Options{DropletLimit: 3}), arguments)
		p.becomes(created, "at first", arguments)
		p.must(p.read())
		p.must(tell(p.planFrom(p.nothing(), p.config).Diagnostics)) // as after taint
		p.configure(with(arguments, object{"node_pools": object{"us": object{"count": 4}}}))
		refused, _ := p.plan()
		inOrder(t, refused, "This needs 2 droplets more at a time, the account has 2 and its limit is 3")
	})
}

// Wrong values are found before anything is created, each with one diagnostic.
func TestClusterPlanTimeChecks(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{DropletLimit: 10})
	pool := func(count any) object { return object{"node_pools": object{"us": object{"count": count}}} }
	for name, tt := range map[string]struct {
		set  object
		want string
	}{
		"size in region":    {object{"database": object{"size": "s-8vcpu-16gb", "region": "blr1"}}, "cannot be created in region"},
		"unknown size":      {object{"database": object{"size": "huge"}}, `Size "huge" does not exist`},
		"unknown region":    {object{"database": object{"region": "mars1"}}, `Region "mars1" does not exist`},
		"unknown image":     {object{"image": "9"}, `The account has no image "9"`},
		"unsupported image": {object{"image": "fedora-42-x64"}, `image is "fedora-42-x64". Use "debian-13-x64"`},
		"unknown SSH key":   {object{"ssh_keys": []string{"512189"}}, `The account has no SSH key "512189"`},
		"unknown VPC":       {object{"network": object{"vpc_uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4"}}, "network.vpc_uuid: The account has no VPC 5a4981aa"},
		"droplet limit":     {pool(12), "This needs 12 droplets more at a time, the account has 0 and its limit is 10"},
		"part of a node":    {pool(1.5), `node_pools["us"].count: count is 1.5. Use a whole number.`},
		"part of a MiB":     {object{"host": object{"swap_mib": 0.5}}, "swap_mib is 0.5. Use a whole number."},
		"countless nodes":   {pool(1e30), "count is 1e+30. Use a number of at most 18 digits."},
		"a billion nodes":   {pool(1_000_000_000), "count is 1000000000. Use 0 to 500 nodes."},
		"unknown wait_for":  {object{"wait_for": "no"}, `wait_for is "no". Use "active", or "formed" or "booted" where the hosts can be asked.`},
		"no IP range":       {object{"network": object{"ip_ranges": object{"nyc3": "10.0.0"}}}, `"10.0.0" is not a range of addresses. Use one such as "10.100.0.0/24".`},
		"user of beamctl":   {object{"host": object{"user": "beamctl"}}, `user is "beamctl". It belongs to the system`},
		"port range":        {object{"distribution": object{"port_max": 9000}}, "port_max (9000) is below port_min (9100)"},
		"ports overlap":     {object{"distribution": object{"epmd_port": 9120}}, "Choose ports that do not overlap"},
		"hosts of one name": {object{"name": "chat", "node_pools": object{"us_east": object{}, "us-east": object{}}}, "would both have a host named chat-us-east-1"},
		"cookie":            {object{"cookie": "monster "}, "The cookie ends with a space"},
		"empty cookie":      {object{"cookie": ""}, "cookie is empty."},
		"timeouts":          {object{"timeouts": object{"create": "soon"}}, `timeouts.create: create is "soon". Use a number with a unit`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := tell(diagnosticCase{Case: name, Of: "cluster", Set: tt.set}.diagnostics(t, c))
			if !spaced(tt.want).MatchString(said) {
				t.Errorf("the plan says %q, want %q", said, tt.want)
			}
			if n := c.writes(); n > 0 {
				t.Errorf("the plan wrote to the API %d times", n)
			}
		})
	}
}

// A token that is refused is named as such.
func TestWithAWrongToken(t *testing.T) {
	t.Parallel()
	p := newCore(t, newAccount(t, simulator.Options{Token: "right"}), object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{}}})
	refused, _ := p.plan()
	inOrder(t, refused, "The token was refused")
}
