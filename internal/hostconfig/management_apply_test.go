package hostconfig_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// told gives a bundle as a host of the test reads it.
func (m managed) told(t *testing.T) func(hostconfig.Bundle, error) string {
	t.Helper()
	return func(bundle hostconfig.Bundle, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, err := bundle.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return m.moved(string(text))
	}
}

// apply tells the host the bundle, which it must take.
func (m managed) apply(t *testing.T, bundle string) {
	t.Helper()
	if _, messages, status := m.ask(t, hostconfig.CommandApply, bundle); status != 0 {
		t.Fatalf("exit status %d: %s", status, messages)
	}
}

// expectRefused tells the host the bundle, which it must refuse in these words and
// leave all as it was.
func (m managed) expectRefused(t *testing.T, bundle, want string) {
	t.Helper()
	before := m.snapshot(t)
	_, messages, status := m.ask(t, hostconfig.CommandApply, bundle)
	if status != 1 || !strings.Contains(messages, want) {
		t.Errorf("exit status %d, %q, want %q", status, messages, want)
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("files differ:\n%s\nwere\n%s", after, before)
	}
}

// snapshot is what stands in the host's own files.
func (m managed) snapshot(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"/etc/beam/*", "/etc/haproxy/*.cfg", "/etc/haproxy/*/*", "/etc/letsencrypt/*", "/var/lib/beam/change.json"} {
		found, err := filepath.Glob(m.root + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if content, err := os.ReadFile(path); err == nil {
				all.WriteString(path + ":\n" + string(content))
			}
		}
	}
	return all.String()
}

// steps are programs that write down that they were called.
func (m managed) steps(t *testing.T) {
	t.Helper()
	for _, step := range []string{"packages", "locale", "swap", "unattended-upgrades", "fail2ban"} {
		m.step(t, step, "")
	}
}

func (m managed) step(t *testing.T, name, script string) {
	t.Helper()
	m.install(t, "/usr/local/lib/beam/steps/03-"+name, "#!/bin/sh\necho "+name+" >>"+m.root+"/steps\n"+script+"\n")
}

func TestAHostTakesOverItsSettings(t *testing.T) {
	t.Parallel()
	for name, host := range managedHosts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManaged(t, host)
			m.steps(t)
			m.apply(t, m.told(t)(withPackages(host, "htop", "jq")))
			if got := m.read(t, "/etc/beam/packages"); !strings.HasSuffix(strings.TrimSuffix(got, "postgresql-client\n"), "htop\njq\n") {
				t.Errorf("the packages are\n%s", got)
			}
			if got := m.read(t, "/steps"); got != "packages\n" {
				t.Errorf("these steps were carried out, want that of the packages:\n%s", got)
			}
			m.step(t, "packages", "grep -q nosuch "+m.root+"/etc/beam/packages && { echo 'E: Unable to locate package nosuch' >&2; exit 100; } || true")
			m.expectRefused(t, m.told(t)(withPackages(host, "nosuch")), "beamctl: the step packages failed: E: Unable to locate package nosuch")
		})
	}
}

// The dialer reads the file of peers again on every round.
func TestANodeThatIsToldItsPeersDialsOthers(t *testing.T) {
	t.Parallel()
	node := managedNode()
	other := newManaged(t, node)
	node.PeersTold = true
	m := newManaged(t, node)
	node.Peers = []string{"chat@10.0.0.99"}
	m.apply(t, m.told(t)(node.Bundle(hostconfig.PartPeers)))
	if got := m.read(t, "/etc/beam/peers"); !strings.HasSuffix(got, "\n'chat@10.0.0.99'.\n") {
		t.Errorf("the peers are\n%s", got)
	}
	other.expectRefused(t, other.told(t)(node.Bundle(hostconfig.PartPeers)), "this host has no part 'peers'")
}

// withPackages is the bundle of the host's settings with other packages.
func withPackages(host renderer, packages ...string) (hostconfig.Bundle, error) {
	switch h := host.(type) {
	case hostconfig.Node:
		h.Packages = packages
		return h.Bundle(hostconfig.PartHost)
	case hostconfig.LoadBalancer:
		h.Packages = packages
		return h.Bundle(hostconfig.PartHost)
	case hostconfig.Database:
		h.Packages = packages
		return h.Bundle(hostconfig.PartHost)
	}
	panic("no such host")
}

// Whatever goes wrong amid a change, the host is as it was before.
func TestAChangeThatFailsUnexpectedlyIsUndone(t *testing.T) {
	t.Parallel()
	node := managedNode()
	node.Environment = map[string]string{"TOKEN": "PLANTEDSECRET"}
	for story, tt := range map[string]struct{ error, want string }{
		"no such owner":    {`LookupError("no such user: 'nobody-here'")`, "beamctl: it could not be written: no such user: 'nobody-here'"},
		"an error of ours": {`RuntimeError("PLANTEDSECRET")`, "beamctl: RuntimeError in host.py, line "},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			m := newManaged(t, node)
			other := node
			other.Environment = map[string]string{"TOKEN": "PLANTEDSECRET", "A": "b"}
			bundle := m.told(t)(other.Bundle(hostconfig.PartEnvironment))
			library := m.read(t, "/usr/local/lib/beam/beamctl/host.py")
			m.write(t, "/usr/local/lib/beam/beamctl/host.py", strings.Replace(library, "            os.rename(file.name, path)\n",
				"            if path.endswith('/beam/env') and 'A=' in content:\n                raise "+tt.error+"\n            os.rename(file.name, path)\n", 1))
			m.expectRefused(t, bundle, tt.want)
			if _, messages, _ := m.ask(t, hostconfig.CommandApply, bundle); strings.Contains(messages, "PLANTEDSECRET") {
				t.Errorf("a secret is shown: %s", messages)
			}
		})
	}
}

func TestABundleIsWholeOrRefused(t *testing.T) {
	t.Parallel()
	m := newManaged(t, managedNode())
	whole := m.told(t)(managedNode().Bundle(hostconfig.PartHost, hostconfig.PartEnvironment, hostconfig.PartVM, hostconfig.PartTriggers))
	change := func(edit func(bundle map[string]any, parts map[string]map[string]any)) string {
		var decoded struct {
			Parts map[string]map[string]any `json:"parts"`
		}
		all := map[string]any{}
		for _, into := range []any{&decoded, &all} {
			if err := json.Unmarshal([]byte(whole), into); err != nil {
				t.Fatal(err)
			}
		}
		all["parts"] = decoded.Parts
		edit(all, decoded.Parts)
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	path := func(name string) string { return m.root + "/etc/beam/" + name }
	type parts = map[string]map[string]any
	type fields = map[string]any
	for story, tt := range map[string]struct {
		edit func(fields, parts)
		want string
	}{
		"another version":     {func(b fields, _ parts) { b["version"] = 2 }, "the bundle has version 2, and this host reads version 1"},
		"another field":       {func(b fields, _ parts) { b["run"] = "id" }, "the bundle has 'run', which this host does not know"},
		"no parts":            {func(b fields, _ parts) { b["parts"] = 1 }, "stdin is not a bundle in JSON"},
		"another role's part": {func(_ fields, p parts) { p["balancing"] = fields{} }, "this host has no part 'balancing'"},
		"the fixed part":      {func(_ fields, p parts) { p["fixed"] = fields{} }, "this host has no part 'fixed'"},
		"a part of text":      {func(b fields, p parts) { b["parts"] = fields{"host": "x"} }, "the part host is not a list of files"},
		"a file of a number":  {func(_ fields, p parts) { p["vm"][path("cluster.config")] = 1 }, "the part vm is not a list of files"},
		"a stranger's file":   {func(_ fields, p parts) { p["vm"]["/etc/passwd"] = "root::0:0" }, "'/etc/passwd' is no file of the part vm"},
		"a path that climbs":  {func(_ fields, p parts) { p["vm"][path("../passwd")] = "" }, "passwd' is no file of the part vm"},
		"another part's file": {func(_ fields, p parts) { p["vm"][path("env")] = "" }, "is no file of the part vm"},
		"a missing file":      {func(_ fields, p parts) { delete(p["environment"], path("migrate.env")) }, "the part environment lacks "},
		"an option for apt":   {func(_ fields, p parts) { p["host"][path("packages")] = "-oAPT::Update::Pre-Invoke::=id\n" }, "is not of the form"},
		"a size of words":     {func(_ fields, p parts) { p["host"][path("swap-mib")] = "1 2\n" }, "is not of the form"},
		"a release of a path": {func(b fields, _ parts) { b["release"] = fields{"sha256": "../../etc", "keep": 3} }, "the bundle's release is none"},
		"a restart of words":  {func(b fields, _ parts) { b["restart"] = fields{"drain_seconds": "x"} }, "the bundle does not say how to restart"},
	} {
		t.Run(story, func(t *testing.T) { m.expectRefused(t, change(tt.edit), tt.want) })
	}
	m.expectRefused(t, whole[:len(whole)/2], "stdin is not a bundle in JSON")
	database := newManaged(t, managedDatabase())
	database.expectRefused(t, `{"version": 1, "parts": {}, "restart": {}}`, "this host runs no releases")
}
