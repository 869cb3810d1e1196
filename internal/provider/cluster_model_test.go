package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// object is a configuration as plain values.
type object = map[string]any

func clusterSchema(t *testing.T) schema.Schema {
	t.Helper()
	var resp resource.SchemaResponse
	(&clusterResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	return resp.Schema
}

// configOf makes a configuration of a schema; what is left out is null.
func configOf(t *testing.T, s schema.Schema, values object) tfsdk.Config {
	t.Helper()
	return tfsdk.Config{Schema: s, Raw: ofJSON(t, values, s.Type().TerraformType(t.Context()))}
}

// ofJSON is a plain value as one of Terraform's; what an object leaves out is null.
func ofJSON(t *testing.T, value any, typ tftypes.Type) tftypes.Value {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	of, err := tftypes.ValueFromJSON(data, typ) //nolint:staticcheck // there is no other way from JSON
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// withUnknown makes the attribute at the path unknown.
func withUnknown(t *testing.T, config tfsdk.Config, at path.Path) tfsdk.Config {
	t.Helper()
	target := at.String()
	raw, err := tftypes.Transform(config.Raw, func(p *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if terraformPath(p) == target {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	config.Raw = raw
	return config
}

func terraformPath(p *tftypes.AttributePath) string {
	at := path.Empty()
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			at = at.AtName(string(s))
		case tftypes.ElementKeyString:
			at = at.AtMapKey(string(s))
		case tftypes.ElementKeyInt:
			at = at.AtListIndex(int(s))
		}
	}
	return at.String()
}

// modelOf is the resolved model of a configuration.
func modelOf(t *testing.T, config tfsdk.Config) clusterModel {
	t.Helper()
	var model clusterModel
	diags := config.Get(t.Context(), &model)
	diags.Append(model.resolve(t.Context())...)
	if diags.HasError() {
		t.Fatal(say(diags))
	}
	return model
}

func specOf(t *testing.T, model clusterModel) cluster.Spec {
	t.Helper()
	spec, diags := model.spec(t.Context())
	if diags.HasError() {
		t.Fatal(say(diags))
	}
	return spec
}

func smallest() object {
	return object{"name": "my-chat", "region": "nyc3", "node_pools": object{"us": object{}}}
}

func TestSmallestConfigurationGetsEveryDefault(t *testing.T) {
	t.Parallel()
	want := cluster.Spec{
		Name:         "my-chat",
		Pools:        []cluster.Pool{{Name: "us", Count: 1, Place: cluster.Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-13-x64"}}},
		Network:      cluster.Network{Mode: cluster.NetworkAuto},
		Distribution: cluster.Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Basename: "my-chat", Sync: "optional", SyncTimeoutMS: 30000},
		Host:         cluster.Host{User: "deploy", Locale: "en_US.UTF-8", SwapMiB: 2048, UnattendedUpgrades: true, Fail2ban: true, SSHPort: 22},
		Management:   cluster.Management{Port: 22},
		WaitFor:      cluster.WaitActive,
		Update:       cluster.Update{Strategy: "rolling", MaxSurge: 1, DrainSeconds: 60, OnFailure: "rollback"},
	}
	got := specOf(t, modelOf(t, configOf(t, clusterSchema(t), smallest())))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spec differs (-want +got):\n%s", diff)
	}
	if found := check.Spec(got); len(found) > 0 {
		t.Errorf("the defaults have problems: %+v", found)
	}
}

// everything is a configuration with each argument set to something other than
// its default, beside the spec that it means.
func everything() (object, cluster.Spec) {
	config := object{
		"name": "chat", "region": "nyc3", "image": "debian-12-x64", "ssh_keys": []string{"512189"}, "cookie": "monster",
		"node_pools": object{
			"us": object{"count": 3, "size": "s-2vcpu-2gb", "host": object{"run": []object{{"name": "b", "script": "b"}, {"name": "a", "script": "a", "user": "ops"}}, "files": object{"/etc/us": object{"content": "us"}}}},
			"uk": object{"region": "lon1", "image": "9001"},
		},
		"release": object{
			"name": "chat_app", "url": "https://example.com/c.tar.gz", "sha256": strings.Repeat("a", 64), "kind": "rebar3", "port": 4000, "migrate": "chat:migrate()",
			"headers": object{"Authorization": "token"}, "keep": 5, "read_only": true, "triggers": object{"certificate": "2026", "nothing": nil},
			"udp_ports": []string{"5060", "10000-10099"},
			"service":   object{"limit_nofile": 4096, "nice": -5, "environment_files": []string{"/etc/b", "/etc/a"}, "writable_paths": []string{"/srv/b", "/srv/a"}, "hardening": "standard"},
		},
		"update":      object{"strategy": "blue_green", "max_surge": 2, "max_unavailable": 1, "drain_seconds": 5, "pause_seconds": 10, "on_failure": "stop"},
		"environment": object{"PHX_HOST": "chat.example.com"},
		"load_balancer": object{
			"host": object{"files": object{"/etc/lb": object{"content": "lb", "owner": "haproxy", "mode": "600"}}},
			"size": "s-1vcpu-2gb", "algorithm": "leastconn", "sticky_cookie": "NODE",
			"health_check": object{"path": "/health", "host": "chat.example.com", "interval_ms": 1000, "rise": 1, "fall": 5},
			"stats":        object{"enabled": false, "port": 9000, "path": "/stats", "user": "ops"},
			"tls":          object{"acme": object{"email": "ops@example.com", "domains": []string{"chat.example.com"}, "directory_url": "https://ca.example.com/d"}},
		},
		"database":     object{"region": "nyc1", "name": "chat_prod", "volume_gib": 20, "backups": true, "host": object{"files": object{"/etc/db": object{"content": "db"}}}},
		"access":       object{"ssh_from": []string{"203.0.113.0/24"}},
		"management":   object{"enabled": true, "from": []string{"198.51.100.0/24"}, "port": 2022},
		"wait_for":     "booted",
		"network":      object{"mode": "private", "ip_ranges": object{"nyc3": "10.0.0.0/24"}},
		"distribution": object{"epmd_port": 4370, "port_min": 9200, "port_max": 9210, "basename": "talk", "sync": "none", "sync_timeout_ms": 5000},
		"host": object{
			"user": "ops", "locale": "C.UTF-8", "swap_mib": 0, "packages": []string{"htop", "curl"}, "toolchain": []string{"erlang"},
			"unattended_upgrades": false, "fail2ban": false, "ssh_port": 2222,
			"apt_sources": object{
				"a": object{"uris": []string{"https://example.com"}, "suites": []string{"stable"}, "components": []string{"main"}, "key": testtool.PublicKey},
				"b": object{"uris": []string{"file:/srv"}, "suites": []string{"./"}, "types": []string{"deb", "deb-src"}, "architectures": []string{"amd64"}},
			},
			"files": object{"/etc/all": object{"content": "all", "owner": "ops", "group": "adm", "mode": "0640"}},
		},
		"tags": []string{"b", "a"}, "project_id": "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679", "monitoring": true,
	}
	spec := cluster.Spec{
		Name: "chat", Cookie: "monster", SSHKeys: []string{"512189"},
		Pools: []cluster.Pool{
			{Name: "uk", Count: 1, Place: cluster.Place{Region: "lon1", Size: "s-1vcpu-1gb", Image: "9001"}},
			{Name: "us", Count: 3, Place: cluster.Place{Region: "nyc3", Size: "s-2vcpu-2gb", Image: "debian-12-x64"}, Brought: broughtFile("/etc/us", "us", "root", "root", "0644").With(hostconfig.Brought{
				Scripts: []hostconfig.Script{{Name: "b", Script: "b", User: "root"}, {Name: "a", Script: "a", User: "ops"}},
			})},
		},
		Release: &cluster.Release{
			Name: "chat_app", URL: "https://example.com/c.tar.gz", SHA256: strings.Repeat("a", 64), Kind: "rebar3", Port: 4000, Migrate: "chat:migrate()",
			Headers: map[string]string{"Authorization": "token"}, Keep: 5, ReadOnly: true, Triggers: map[string]string{"certificate": "2026"},
			UDPPorts: []string{"10000-10099", "5060"},
			Service: &hostconfig.Service{
				LimitNOFILE: 4096, Nice: -5, EnvironmentFiles: []string{"/etc/b", "/etc/a"}, WritablePaths: []string{"/srv/a", "/srv/b"}, Hardening: "standard",
			},
		},
		Update:      cluster.Update{Strategy: "blue_green", MaxSurge: 2, MaxUnavailable: 1, DrainSeconds: 5, PauseSeconds: 10, OnFailure: "stop"},
		Environment: map[string]string{"PHX_HOST": "chat.example.com"},
		LoadBalancer: &cluster.LoadBalancer{
			Place: cluster.Place{Region: "nyc3", Size: "s-1vcpu-2gb", Image: "debian-12-x64"}, Algorithm: "leastconn", StickyCookie: "NODE",
			HealthCheck: cluster.HealthCheck{Path: "/health", Host: "chat.example.com", IntervalMS: 1000, Rise: 1, Fall: 5},
			Stats:       cluster.Stats{Port: 9000, Path: "/stats", User: "ops"},
			TLS:         &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}, Directory: "https://ca.example.com/d"}},
			Brought:     broughtFile("/etc/lb", "lb", "haproxy", "haproxy", "0600"),
		},
		Database: &cluster.Database{
			Place: cluster.Place{Region: "nyc1", Size: "s-1vcpu-1gb", Image: "debian-12-x64"}, Name: "chat_prod", User: "chat_prod", VolumeGiB: 20, Backups: true, FinalSnapshot: true,
			Brought: broughtFile("/etc/db", "db", "root", "root", "0644"),
		},
		Access:       cluster.Access{SSHFrom: []string{"203.0.113.0/24"}},
		Network:      cluster.Network{Mode: "private", IPRanges: map[string]string{"nyc3": "10.0.0.0/24"}},
		Distribution: cluster.Distribution{EPMDPort: 4370, PortMin: 9200, PortMax: 9210, Basename: "talk", Sync: "none", SyncTimeoutMS: 5000},
		Host: cluster.Host{User: "ops", Locale: "C.UTF-8", Packages: []string{"curl", "htop"}, Toolchain: []string{"erlang"}, SSHPort: 2222, Brought: broughtFile("/etc/all", "all", "ops", "adm", "0640").With(hostconfig.Brought{
			Apt: map[string]hostconfig.AptSource{
				"a": {Types: []string{"deb"}, URIs: []string{"https://example.com"}, Suites: []string{"stable"}, Components: []string{"main"}, Key: testtool.PublicKey},
				"b": {Types: []string{"deb", "deb-src"}, URIs: []string{"file:/srv"}, Suites: []string{"./"}, Architectures: []string{"amd64"}},
			},
		})},
		Tags: []string{"a", "b"}, ProjectID: "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679", Monitoring: true,
		Management: cluster.Management{Enabled: true, From: []string{"198.51.100.0/24"}, Port: 2022}, WaitFor: cluster.WaitBooted,
	}
	return config, spec
}

func broughtFile(at, content, owner, group, mode string) hostconfig.Brought {
	return hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{at: {Content: content, Owner: owner, Group: group, Mode: mode}}}
}

func TestEveryArgumentReachesTheSpec(t *testing.T) {
	t.Parallel()
	config, want := everything()
	got := specOf(t, modelOf(t, configOf(t, clusterSchema(t), config)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spec differs (-want +got):\n%s", diff)
	}
}

// Leaving an argument out and writing its default down mean the same.
func TestResolvedConfigurationIsItsOwnResolution(t *testing.T) {
	t.Parallel()
	config, _ := everything()
	for name, values := range map[string]object{"smallest": smallest(), "everything": config} {
		once := modelOf(t, configOf(t, clusterSchema(t), values))
		twice := once
		if diags := twice.resolve(t.Context()); diags.HasError() {
			t.Fatal(say(diags))
		}
		if found := twice.changesFrom(once); len(found) > 0 {
			t.Errorf("%s: resolving again changes %v", name, found)
		}
	}
}

// What an import reads back, and a configuration that says the same, are one.
func TestImportedSpecMakesTheModelOfItsConfiguration(t *testing.T) {
	t.Parallel()
	s := clusterSchema(t)
	rapid.Check(t, func(rt *rapid.T) {
		place := rapid.Custom(func(rt *rapid.T) cluster.Place {
			return cluster.Place{
				Region: rapid.SampledFrom([]string{"lon1", "nyc3", "fra1"}).Draw(rt, "region"),
				Size:   rapid.SampledFrom([]string{"s-1vcpu-1gb", "s-2vcpu-2gb"}).Draw(rt, "size"),
				Image:  rapid.SampledFrom([]string{"debian-12-x64", "9001"}).Draw(rt, "image"),
			}
		})
		want := cluster.Spec{Name: "chat", Monitoring: rapid.Bool().Draw(rt, "monitoring"), Network: cluster.Network{Mode: cluster.NetworkPrivate}}
		for _, pool := range []string{"a", "b"} {
			want.Pools = append(want.Pools, cluster.Pool{Name: pool, Count: rapid.IntRange(1, 3).Draw(rt, pool), Place: place.Draw(rt, pool)})
		}
		if rapid.Bool().Draw(rt, "load balancer") {
			want.LoadBalancer = &cluster.LoadBalancer{Place: place.Draw(rt, "lb")}
		}
		if rapid.Bool().Draw(rt, "database") {
			want.Database = &cluster.Database{Place: place.Draw(rt, "db"), VolumeGiB: rapid.IntRange(1, 100).Draw(rt, "volume"), Backups: rapid.Bool().Draw(rt, "backups"), FinalSnapshot: true}
		}
		want.Distribution = cluster.Distribution{EPMDPort: 4370, PortMin: 9200, PortMax: 9210}
		want.Host.SSHPort = rapid.SampledFrom([]int{22, 2222}).Draw(rt, "ssh")
		want.Access.SSHFrom = []string{"203.0.113.0/24"}

		model := clusterModel{}
		state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
		diags := state.SetAttribute(t.Context(), path.Root("name"), types.StringValue("chat"))
		diags.Append(state.Get(t.Context(), &model)...)
		diags.Append(model.fill(t.Context(), want)...)
		got, more := model.spec(t.Context())
		diags.Append(more...)
		if diags.HasError() {
			rt.Fatal(say(diags))
		}
		// The rest is at its defaults.
		want.Network.Mode = cluster.NetworkAuto
		want.Management, want.WaitFor, want.Update = cluster.Management{Port: want.Host.SSHPort}, cluster.WaitActive, cluster.DefaultUpdate
		d, h := got.Distribution, got.Host
		want.Distribution.Basename, want.Distribution.Sync, want.Distribution.SyncTimeoutMS = d.Basename, d.Sync, d.SyncTimeoutMS
		want.Host = cluster.Host{User: h.User, Locale: h.Locale, SwapMiB: h.SwapMiB, UnattendedUpgrades: true, Fail2ban: true, SSHPort: want.Host.SSHPort}
		if lb := want.LoadBalancer; lb != nil {
			filled := *got.LoadBalancer
			filled.Place = lb.Place
			want.LoadBalancer = &filled
		}
		if db := want.Database; db != nil {
			db.Name, db.User = "chat", "chat"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("spec differs (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownValuesAreNoErrors(t *testing.T) {
	t.Parallel()
	s := clusterSchema(t)
	config, _ := everything()
	// Each value is wrong, so that only its being unknown keeps it unreported.
	config["name"], config["cookie"] = "Bad", "bad "
	config["node_pools"] = object{"us": object{"count": 0}}
	config["network"] = object{"mode": "auto"}
	config["database"] = object{"name": "1bad"}
	for _, tt := range []struct {
		unknown []path.Path
		want    []string
	}{
		{nil, []string{"cookie", "database", "name", "node_pools"}},
		{[]path.Path{path.Root("name")}, []string{"cookie", "database", "node_pools"}},
		{[]path.Path{path.Root("cookie"), path.Root("node_pools").AtMapKey("us").AtName("count")}, []string{"database", "name"}},
		{[]path.Path{path.Root("node_pools"), path.Root("database")}, []string{"cookie", "name"}},
		{[]path.Path{path.Root("node_pools").AtMapKey("us"), path.Root("database").AtName("name")}, []string{"cookie", "name"}},
	} {
		unknown := configOf(t, s, config)
		for _, at := range tt.unknown {
			unknown = withUnknown(t, unknown, at)
		}
		if diff := cmp.Diff(tt.want, paths(validated(t, unknown))); diff != "" {
			t.Errorf("with %v unknown, problems differ (-want +got):\n%s", tt.unknown, diff)
		}
	}
}
