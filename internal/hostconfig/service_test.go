package hostconfig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// services are nodes whose units have other settings.
func services() map[string]hostconfig.Node {
	standard, off := nodes()["node-deployed"], nodes()["node-deployed"]
	standard.UDPPorts = []string{"5060", "10000-10099"}
	standard.Service = &hostconfig.Service{
		LimitNOFILE: 4096, Nice: -5, Hardening: hostconfig.HardeningStandard,
		EnvironmentFiles: []string{"/etc/chat/vault.env", "/etc/chat/region.env"}, WritablePaths: []string{"/srv/uploads", "/mnt/media"},
	}
	off.Service = &hostconfig.Service{LimitNOFILE: 262144, Hardening: hostconfig.HardeningOff}
	return map[string]hostconfig.Node{"service-standard": standard, "service-off": off}
}

// Each level of hardening, with the other settings of a service.
func TestUnitsAreAsTheirServiceSays(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	for _, name := range []string{"service-standard", "service-off"} {
		fmt.Fprintf(&shown, "==== %s\n%s", name, fileOf(t, renderNode(t, services()[name]), "/etc/systemd/system/beam.service"))
	}
	for _, step := range []string{"writable-paths", "udp-ports"} {
		fmt.Fprintf(&shown, "==== the step %s\n%s", step, stepScript(t, renderNode(t, services()["service-standard"]), step))
	}
	testtool.Golden(t, "services.txt", shown.String())
}

// stepScript is what is a step's own.
func stepScript(t *testing.T, userData []byte, slug string) string {
	t.Helper()
	_, script, _ := strings.Cut(stepOf(t, userData, slug), "metadata() {")
	_, script, _ = strings.Cut(script, "}\n")
	return script
}

// A host that runs as every host of an earlier version does is not outdated.
func TestTheDefaultServiceIsToldToNobody(t *testing.T) {
	t.Parallel()
	same := hostconfig.Service{LimitNOFILE: 262144, Nice: 0, Hardening: "strict", EnvironmentFiles: []string{}, WritablePaths: []string{}}
	for story, s := range map[string]*hostconfig.Service{"none": nil, "the default, written down": &same} {
		if told := s.Told(); told != nil {
			t.Errorf("%s: a host is told %+v", story, *told)
		}
	}
	for story, change := range map[string]func(*hostconfig.Service){
		"files": func(s *hostconfig.Service) { s.LimitNOFILE = 1024 }, "nice": func(s *hostconfig.Service) { s.Nice = 1 },
		"hardening": func(s *hostconfig.Service) { s.Hardening = "off" },
		"variables": func(s *hostconfig.Service) { s.EnvironmentFiles = []string{"/etc/chat/env"} },
		"folders":   func(s *hostconfig.Service) { s.WritablePaths = []string{"/srv/uploads"} },
	} {
		other := hostconfig.DefaultService
		change(&other)
		node := exampleNode()
		before := node.Parts()
		node.Service = other.Told()
		if changed := before.Changed(node.Parts()); len(changed) != 1 || changed[0] != hostconfig.PartFixed {
			t.Errorf("%s: the parts %v differ; units are no part that a running host can be told", story, changed)
		}
	}
}

func TestPathsOfAServiceAreTheUsersOwn(t *testing.T) {
	t.Parallel()
	writable := hostconfig.WritablePath("chat", "deploy")
	for _, tt := range []struct {
		form hostconfig.Form
		path string
		want string // a part of what is said; empty for a path that is fine
	}{
		{writable, "/srv/uploads", ""},
		{writable, "/mnt/volume_nyc3-01/media.d", ""},
		{writable, "/var/uploads", ""},
		{writable, "uploads", "use an absolute path"},
		{writable, "/", "use an absolute path"},
		{writable, "/srv/", "use an absolute path"},
		{writable, "/srv/../etc/beam", "use an absolute path"},
		{writable, "/srv/my uploads", "use an absolute path"},
		{writable, "/srv/%h", "use an absolute path"},
		{writable, "/var", "it is, holds or lies in"},
		{writable, "/var/lib/beam/releases", "it is, holds or lies in"},
		{writable, "/etc/systemd", "it is, holds or lies in"},
		{writable, "/opt/chat/uploads", "it is, holds or lies in"},
		{writable, "/opt", "it is, holds or lies in"},
		{writable, "/opt/chat-uploads", ""},
		{writable, "/home/deploy/.ssh", "it is, holds or lies in"},
		{writable, "/run/chat", "it is, holds or lies in"},
		{writable, "/var/run/chat", "it is, holds or lies in"},
		{writable, "/var/lock", "it is, holds or lies in"},
		{writable, "/var/locks", ""},
		{hostconfig.WritablePath("", ""), "/opt/chat/uploads", ""},
		{hostconfig.EnvironmentFile, "/etc/chat/vault.env", ""},
		{hostconfig.EnvironmentFile, "-/etc/chat/vault.env", "use an absolute path"},
		{hostconfig.EnvironmentFile, "/etc/beam/env", "it belongs to the provider"},
		{hostconfig.EnvironmentFile, "/var/run/beam/env", "it belongs to the provider"},
	} {
		if got := tt.form.Fault(tt.path); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.path, got, tt.want)
		}
	}
}
