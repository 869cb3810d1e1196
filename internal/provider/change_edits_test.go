package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	certificates "github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// assignments are arguments by their path, such as "release.url"; nil leaves one out.
type assignments map[string]any

// Ids that only the account of a trial can tell.
const (
	anotherVPC     = "id of another VPC"
	anotherProject = "id of another project"
)

// trialEdit is a change of one argument of a cluster that exists.
type trialEdit struct {
	attribute string      // "*" stands for the keys of a map
	what      string      // which change of it, where not any other value
	base      assignments // what the cluster has, beside what all have
	change    assignments
	only      channel
}

// channel is what clusters an edit is for.
type channel int

const (
	anyChannel channel = iota
	withChannel
	withoutChannel
)

// to is a change to another value, whatever the one before.
func to(attribute string, value any) trialEdit {
	return trialEdit{attribute: attribute, change: assignments{strings.ReplaceAll(attribute, "*", "us"): value}}
}

// from is a change from one value to another.
func from(attribute string, before, after any) trialEdit {
	e := to(attribute, after)
	e.base = assignments{strings.ReplaceAll(attribute, "*", "us"): before}
	return e
}

func (e trialEdit) called(what string) trialEdit {
	e.what = what
	return e
}

func (e trialEdit) with(base assignments) trialEdit {
	e.base = base
	return e
}

func (e trialEdit) title() string {
	name := "`" + strings.ReplaceAll(e.attribute, ".*.", ".<pool>.") + "`"
	if e.what == "" {
		return name
	}
	return name + ", " + e.what
}

// before is the configuration of a cluster that can be edited.
func (e trialEdit) before(managed bool) object {
	arguments := object{
		"name": "chat", "region": "nyc3", "cookie": "MONSTERMONSTERMONSTER", "wait_for": "active",
		"node_pools":  object{"us": object{"count": 2}},
		"release":     object{"name": "chat", "url": "https://example.com/1.tar.gz", "sha256": strings.Repeat("ab", 32), "migrate": "Chat.Release.migrate()"},
		"environment": object{"GREETING": "hello"}, "load_balancer": object{}, "database": object{},
		"access": object{"ssh_from": []string{somewhere}}, "management": object{"enabled": managed},
	}
	for at, value := range e.base {
		put(arguments, at, value)
	}
	return arguments
}

func (e trialEdit) make(arguments object) {
	for at, value := range e.change {
		put(arguments, at, value)
	}
}

// put sets one argument; nil leaves it out.
func put(arguments object, at string, value any) {
	first, rest, nested := strings.Cut(at, ".")
	switch inner, is := arguments[first].(object); {
	case nested && is:
		put(inner, rest, value)
	case nested:
		arguments[first] = object{}
		put(arguments, at, value)
	case value == nil:
		delete(arguments, first)
	default:
		arguments[first] = copied(value)
	}
}

// copied keeps an object from changing with what it was put into.
func copied(value any) any {
	inner, is := value.(object)
	if !is {
		return value
	}
	out := object{}
	for name, value := range inner {
		out[name] = copied(value)
	}
	return out
}

// edits are all changes that the guide tells of, at least one for each argument.
func edits(t *testing.T) []trialEdit {
	t.Helper()
	var all []trialEdit
	for _, part := range [][]trialEdit{clusterEdits(), releaseEdits(t), balancerEdits(t), databaseEdits(), hostEdits(), updateEdits()} {
		all = append(all, part...)
	}
	return all
}

func clusterEdits() []trialEdit {
	alone := assignments{"database": nil}
	return []trialEdit{
		to("name", "talk"),
		from("region", "nyc3", "sfo3").called("which nodes follow").with(assignments{"load_balancer.region": "nyc3", "database.region": "nyc3"}),
		from("image", "debian-13-x64", "debian-12-x64").called("which nodes and load balancer follow").with(assignments{"database.image": "debian-13-x64"}),
		to("ssh_keys", []string{"3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"}),
		to("cookie", "GROVERGROVERGROVERGROVER"),
		{
			attribute: "cookie_wo_version", what: "with another `cookie_wo`",
			base:   assignments{"cookie": nil, "cookie_wo": "MONSTERMONSTERMONSTER", "cookie_wo_version": 1},
			change: assignments{"cookie_wo": "GROVERGROVERGROVERGROVER", "cookie_wo_version": 2},
		},
		to("node_pools.*.count", 3).called("more"),
		to("node_pools.*.count", 1).called("fewer"),
		to("node_pools.*.size", "s-2vcpu-2gb"),
		to("node_pools.*.image", "debian-12-x64"),
		to("node_pools.*.region", "lon1"),
		{attribute: "node_pools", what: "another pool", change: assignments{"node_pools.more": object{}}},
		{attribute: "node_pools", what: "a pool less", base: assignments{"node_pools.more": object{}}, change: assignments{"node_pools.more": nil}},
		to("environment", object{"GREETING": "good day"}),
		to("access.ssh_from", []string{"198.51.100.0/24"}),
		to("management.from", []string{"198.51.100.0/24"}),
		to("management.port", 2222),
		{attribute: "management.enabled", what: "to `false`", change: assignments{"management.enabled": false}, only: withChannel},
		{attribute: "management.enabled", what: "to `true`", change: assignments{"management.enabled": true}, only: withoutChannel},
		to("wait_for", nil),
		from("network.mode", "auto", "private"),
		to("network.mode", "public").called("to or from `public`"),
		to("network.mode", "public").called("to or from `public`, without a `database`").with(alone),
		to("network.vpc_uuid", anotherVPC),
		to("network.vpc_uuid", anotherVPC).called("without a `database`").with(alone),
		to("network.ip_ranges", object{"nyc3": "10.240.0.0/20"}).called("of a region with hosts"),
		to("network.ip_ranges", object{"lon1": "10.240.0.0/20"}).called("of a region without hosts"),
		to("distribution.basename", "talk"),
		to("distribution.epmd_port", 4370),
		to("distribution.port_min", 9101),
		to("distribution.port_max", 9160),
		to("distribution.sync", "none"),
		to("distribution.sync_timeout_ms", 5000),
		to("tags", []string{"production"}),
		to("project_id", anotherProject),
		to("monitoring", true),
	}
}

func releaseEdits(t *testing.T) []trialEdit {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "chat.tar.gz")
	if err := os.WriteFile(archive, []byte(gzipMagic+"another release"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := assignments{"release": nil}
	return []trialEdit{
		{attribute: "release", what: "added", base: none, change: assignments{"release": theRelease}},
		{attribute: "release", what: "removed", change: none},
		to("release.name", "talk"),
		to("release.url", "https://example.com/elsewhere.tar.gz").called("of the same `sha256`"),
		to("release.sha256", strings.Repeat("cd", 32)).called("another release"),
		{attribute: "release.path", what: "a file with another release", change: assignments{"release.path": archive, "release.url": nil, "release.sha256": nil}, only: withChannel},
		to("release.headers", object{"Authorization": "Bearer another"}),
		to("release.kind", "rebar3"),
		to("release.port", 4000),
		to("release.migrate", "Chat.Release.migrate_more()").called("of the same `sha256`"),
		to("release.keep", 5),
		to("release.read_only", true),
		to("release.triggers", object{"settings": "2"}),
		to("release.udp_ports", []int{3478}),
		to("release.service.limit_nofile", 4096),
		to("release.service.nice", 5),
		to("release.service.environment_files", []string{"/etc/chat.env"}),
		to("release.service.writable_paths", []string{"/srv/uploads"}),
		to("release.service.hardening", "off"),
	}
}

func balancerEdits(t *testing.T) []trialEdit {
	t.Helper()
	_, certificate, key, err := certificates.DatabaseCertificates("chat.example.com", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	given := object{"certificate_pem": certificate, "private_key_pem": key}
	acme := object{"acme": object{"email": "ops@example.com", "domains": []string{"chat.example.com"}}}
	none := assignments{"load_balancer": nil}
	tls := assignments{"load_balancer.tls": given}
	asked := assignments{"load_balancer.tls": acme}
	return []trialEdit{
		{attribute: "load_balancer", what: "added", base: none, change: assignments{"load_balancer": object{}}},
		{attribute: "load_balancer", what: "removed", change: none},
		to("load_balancer.region", "lon1"),
		to("load_balancer.size", "s-2vcpu-2gb"),
		to("load_balancer.image", "debian-12-x64"),
		to("load_balancer.algorithm", "leastconn"),
		to("load_balancer.sticky_cookie", "NODE"),
		to("load_balancer.health_check.path", "/health"),
		to("load_balancer.health_check.host", "chat.example.com"),
		to("load_balancer.health_check.interval_ms", 1000),
		to("load_balancer.health_check.rise", 1),
		to("load_balancer.health_check.fall", 5),
		to("load_balancer.stats.enabled", false),
		to("load_balancer.stats.port", 9000),
		to("load_balancer.stats.path", "/stats"),
		to("load_balancer.stats.user", "ops"),
		to("load_balancer.tls", given).called("added, with a certificate"),
		to("load_balancer.tls", acme).called("added, with `acme`"),
		{attribute: "load_balancer.tls", what: "removed", base: tls, change: assignments{"load_balancer.tls": nil}},
		to("load_balancer.tls.certificate_pem", "another").with(tls),
		to("load_balancer.tls.private_key_pem", "another").with(tls),
		to("load_balancer.tls.acme.email", "dev@example.com").with(asked),
		to("load_balancer.tls.acme.domains", []string{"talk.example.com"}).with(asked).called("the first one"),
		to("load_balancer.tls.acme.domains", []string{"chat.example.com", "talk.example.com"}).with(asked).called("further ones"),
		to("load_balancer.tls.acme.directory_url", "https://ca.example.com/directory").with(asked),
	}
}

func databaseEdits() []trialEdit {
	none := assignments{"database": nil}
	return []trialEdit{
		{attribute: "database", what: "added", base: none, change: assignments{"database": object{}}},
		{attribute: "database", what: "removed", change: none},
		to("database.region", "lon1"),
		to("database.size", "s-2vcpu-2gb"),
		to("database.image", "debian-12-x64"),
		to("database.name", "talk"),
		to("database.user", "talk"),
		to("database.volume_gib", 20).called("larger"),
		to("database.volume_gib", 5).called("smaller"),
		to("database.backups", true),
		to("database.final_snapshot", false),
	}
}

func hostEdits() []trialEdit {
	all := slices.Concat(broughtEdits("host"), broughtEdits("node_pools.*.host"), broughtEdits("load_balancer.host"), broughtEdits("database.host"))
	return append(all, []trialEdit{
		to("host.user", "ops"),
		to("host.locale", "C.UTF-8"),
		to("host.swap_mib", 512),
		to("host.packages", []string{"htop"}),
		to("host.toolchain", []string{"nodejs"}),
		to("host.unattended_upgrades", false),
		to("host.fail2ban", false),
		to("host.ssh_port", 2222),
	}...)
}

// broughtEdits are of what users bring for hosts.
func broughtEdits(block string) []trialEdit {
	return []trialEdit{
		to(block+".files", object{"/etc/motd": object{"content": "hello"}}),
		to(block+".run", []object{{"name": "hello", "script": "echo hello"}}),
		to(block+".apt_sources", object{"example": object{"uris": []string{"https://example.com/debian"}, "suites": []string{"stable"}}}),
	}
}

func updateEdits() []trialEdit {
	return []trialEdit{
		to("update.strategy", "blue_green"),
		to("update.max_surge", 2),
		to("update.max_unavailable", 1),
		to("update.drain_seconds", 5),
		to("update.pause_seconds", 10),
		to("update.on_failure", "stop"),
		to("timeouts.create", "90m"),
		to("timeouts.read", "5m"),
		to("timeouts.update", "90m"),
		to("timeouts.delete", "90m"),
	}
}
