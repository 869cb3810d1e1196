package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"

	certificates "github.com/beamcluster/terraform-provider-beam/internal/secret"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// said is what a plan of the configuration says of outputs.
func (p *core) said() clusterModel {
	p.Helper()
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	var model clusterModel
	p.decode(planned.PlannedState, &model)
	return model
}

// unknowing makes an argument of the configuration unknown until apply.
func (p *core) unknowing(arguments object, names ...string) {
	p.Helper()
	config := configOf(p.T, p.schema, arguments)
	for _, name := range names {
		at := path.Empty()
		for _, part := range strings.Split(name, ".") {
			at = at.AtName(part)
		}
		config = withUnknown(p.T, config, at)
	}
	p.config = config.Raw
}

// What a cluster will cost is said before it costs anything: the end of a change,
// whatever runs beside it meanwhile.
func TestWhatAClusterWillCostIsPlanned(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		pool := func(count int, size string) object { return object{"us": object{"count": count, "size": size}} }
		for _, change := range []struct {
			when, argument string
			value          any
			want           float64
		}{
			{"as it is", "tags", []string{"team:chat"}, 6},
			{"two nodes more", "node_pools", pool(3, "s-1vcpu-1gb"), 18},
			{"a load balancer, whose address is free", "load_balancer", object{}, 24},
			{"a database with a volume", "database", object{}, 31},
			{"backups of its host", "database", object{"backups": true}, 32.2},
			{"larger nodes", "node_pools", pool(3, "s-2vcpu-4gb"), 86.2},
			{"all hosts made anew", "host", object{"ssh_port": 2222}, 86.2},
			{"no backups", "database", object{"backups": false}, 85},
			{"no load balancer", "load_balancer", nil, 79},
			{"fewer nodes", "node_pools", pool(1, "s-2vcpu-4gb"), 31},
		} {
			p.set(change.argument, change.value)
			if cost := p.said().EstimatedMonthlyCost; cost.IsUnknown() || cost.ValueFloat64() != change.want {
				t.Errorf("%s: the plan says %s USD, want %v", change.when, cost, change.want)
			}
			p.applies(change.when)
			if cost := p.model().EstimatedMonthlyCost.ValueFloat64(); cost != change.want {
				t.Errorf("%s: it costs %v USD, want %v", change.when, cost, change.want)
			}
		}
	})
}

// A new cluster costs the same whatever its cookie, and the rest that does not hang
// on it is known as well.
func TestWhatIsKnownOfANewCluster(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		arguments := object{
			"name": "chat", "region": "nyc3", "cookie": "monster", "node_pools": object{"us": object{"count": 2}}, "database": object{"volume_gib": 50},
			"load_balancer": object{"tls": object{"acme": object{"email": "ops@example.com", "domains": []string{"chat.example.com"}}}},
			"release":       theRelease,
		}
		p := newCore(t, newAccount(t, simulator.Options{}), arguments)
		said := p.said()
		for name, v := range map[string]interface{ IsUnknown() bool }{
			"cookie_fingerprint": said.CookieFingerprint, "url": said.URL, "database_host": said.DatabaseHost, "edeliver_config": said.EdeliverConfig,
		} {
			if v.IsUnknown() {
				t.Errorf("%s is not known: %s", name, v)
			}
		}
		p.unknowing(arguments, "cookie", "environment")
		said = p.said()
		if !said.CookieFingerprint.IsUnknown() || !said.URL.IsUnknown() {
			t.Errorf("of arguments that are not known follow %s and %s", said.CookieFingerprint, said.URL)
		}
		if cost := said.EstimatedMonthlyCost; cost.ValueFloat64() != 29 {
			t.Errorf("the plan says %s USD, want 29", cost)
		}
		p.unknowing(arguments, "database")
		if cost := p.said().EstimatedMonthlyCost; !cost.IsUnknown() {
			t.Errorf("the plan says %s USD with a database of which nothing is known", cost)
		}
	})
}

// An environment that is only known after apply restarts nodes that can be told, and
// where they are made anew it leaves what is not theirs.
func TestWhatStaysWhateverTheEnvironmentTurnsOutToBe(t *testing.T) {
	t.Parallel()
	for name, managed := range map[string]bool{"told": true, "made anew": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				p := newChanged(t, object{"load_balancer": object{}, "access": object{"ssh_from": []string{somewhere}}, "management": object{"enabled": managed}})
				was := p.model()
				p.unknowing(p.arguments, "environment")
				said := p.said()
				for name, stays := range map[string]bool{
					"firewall_ids": said.FirewallIDs.Equal(was.FirewallIDs), "vpc_uuids": said.VPCUUIDs.Equal(was.VPCUUIDs),
					"load_balancer_ipv4_address": said.LoadBalancerIPv4.Equal(was.LoadBalancerIPv4), "estimated_monthly_cost": said.EstimatedMonthlyCost.Equal(was.EstimatedMonthlyCost),
					"nodes": said.Nodes.Equal(was.Nodes) == managed, "node_names": said.NodeNames.Equal(was.NodeNames) == managed,
					"remote_console": said.RemoteConsole.Equal(was.RemoteConsole) == managed, "url": said.URL.IsUnknown(),
				} {
					if !stays {
						t.Errorf("%s is not what it should be", name)
					}
				}
			})
		})
	}
}

// A certificate that is renewed by the same apply changes no output, whether the load
// balancer is told of it or made anew, and whatever else of it changes.
func TestWhatStaysWhileACertificateIsRenewed(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		_, certificate, key, err := certificates.DatabaseCertificates("chat.example.com", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		balancer := object{"tls": object{"certificate_pem": certificate, "private_key_pem": key}}
		p := newChanged(t, object{"load_balancer": balancer, "environment": object{"PHX_HOST": "chat.example.com"}})
		was := p.model().clusterOutputs
		p.unknowing(with(p.arguments, object{"load_balancer": with(balancer, object{"algorithm": "leastconn"})}), "load_balancer.tls.certificate_pem", "load_balancer.tls.private_key_pem")
		said := p.said().clusterOutputs
		for name, stays := range map[string]bool{
			"nodes": said.Nodes.Equal(was.Nodes), "url": said.URL.Equal(was.URL), "firewall_ids": said.FirewallIDs.Equal(was.FirewallIDs),
			"load_balancer_ipv4_address": said.LoadBalancerIPv4.Equal(was.LoadBalancerIPv4), "edeliver_config": said.EdeliverConfig.Equal(was.EdeliverConfig),
			"estimated_monthly_cost": said.EstimatedMonthlyCost.Equal(was.EstimatedMonthlyCost), "memory": said.Memory.IsUnknown(),
		} {
			if !stays {
				t.Errorf("%s is not what it should be", name)
			}
		}
	})
}
