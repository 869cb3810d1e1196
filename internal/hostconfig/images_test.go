package hostconfig_test

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// systemctlCalls are what a step of a host asks systemd for.
func (h bootHost) systemctlCalls(t *testing.T) []string {
	t.Helper()
	var calls []string
	for call := range strings.Lines(h.read(t, "calls")) {
		if question, is := strings.CutPrefix(strings.TrimSpace(call), "systemctl "); is && !strings.Contains(question, "is-enabled") {
			calls = append(calls, question)
		}
	}
	return calls
}

// Ubuntu 24.04 has a socket of systemd listen for sshd; the other images do not.
func TestSSHListensOnItsPortWhereverASocketListensForIt(t *testing.T) {
	t.Parallel()
	for story, tt := range map[string]struct{ socket, want string }{
		"sshd itself": {"exit 1", "restart ssh.service"},
		// What makes the socket's ports from sshd's configuration runs when systemd reads its units.
		"a socket": {"exit 0", "daemon-reload, stop ssh.service, restart ssh.socket"},
	} {
		h := newBootHost(t, exampleDatabase())
		h.standIn(t, "systemctl", `case "$*" in *"is-enabled ssh.socket") `+tt.socket+` ;; esac`)
		if out, err := h.run(t, "/usr/local/lib/beam/steps/06-ssh"); err != nil {
			t.Fatalf("%s: %v\n%s", story, err, out)
		}
		if got := strings.Join(h.systemctlCalls(t), ", "); got != tt.want {
			t.Errorf("%s: systemd is asked for %q, want %q", story, got, tt.want)
		}
	}
}

// Images of Ubuntu come with needrestart, which since 24.04 restarts whatever uses
// a library that apt has replaced: a node's release amid its work, on all hosts
// within an hour, or the step that just installs packages.
func TestUbuntuRestartsNothingOfTheClusterByItself(t *testing.T) {
	t.Parallel()
	perl := testtool.Require(t, "perl")
	config := baseFile(t, "/etc/needrestart/conf.d/beam.conf")
	// As needrestart does (its needrestart.conf and needrestart, version 3.6).
	const judge = `use strict; our %nrconf = (override_rc => {}); eval do { local(@ARGV, $/) = shift; <> }; die $@ if $@;
		foreach my $rc (@ARGV) { print "$rc\n" unless grep { $rc =~ /$_/ && !$nrconf{override_rc}{$_} } keys %{$nrconf{override_rc}} }`
	units := []string{
		"beam.service", "beam-migrate@0123456789abcdef.service", "beam-boot.service", "beam-certificate.service",
		"haproxy.service", "postgresql@16-main.service", "ssh.service", "beamer.service",
	}
	out, err := exec.CommandContext(t.Context(), perl, append([]string{"-e", judge, config}, units...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("perl: %v\n%s", err, out)
	}
	if got := strings.Fields(string(out)); strings.Join(got, " ") != "ssh.service beamer.service" {
		t.Errorf("needrestart may restart %v, want what is not the cluster's alone", got)
	}
}

func TestStepsThatInstallPackagesRestartNothing(t *testing.T) {
	t.Parallel()
	h := newBareHost(t)
	h.standIn(t, "apt-get", `echo "suspended: ${NEEDRESTART_SUSPEND-}" >>'`+h.dir+`/calls'`)
	h.mustStart(t)
	if calls := h.read(t, "calls"); !strings.Contains(calls, "suspended: 1\n") || strings.Contains(calls, "suspended: \n") {
		t.Errorf("apt-get runs needrestart:\n%s", calls)
	}
}

// Users and groups of a droplet of Ubuntu 22.04 or 24.04 that Debian has not.
// Names with a leading _ are refused for that.
func TestUsersAndGroupsOfUbuntuAreTaken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"dhcpcd", "dnsmasq", "fwupd-refresh", "landscape", "lxd", "netdev", "pollinate", "polkitd", "rdma", "snap_daemon", "syslog", "tcpdump",
		"tss", "usbmux", "uuidd",
	} {
		if hostconfig.UserName.Fault(name) == "" {
			t.Errorf("%s is accepted", name)
		}
	}
	// Other images of Ubuntu have this user; a snapshot of such a host may.
	if fault := hostconfig.UserName.Fault("ubuntu"); fault != "" {
		t.Errorf("ubuntu is refused: %s", fault)
	}
}

// packages are those that steps install, each looked up for all four images on
// packages.debian.org and packages.ubuntu.com.
var packages = []string{
	"build-essential", "ca-certificates", "certbot", "curl", "elixir", "erlang-dev", "erlang-nox", "fail2ban", "git", "haproxy", "locales", "nftables",
	"nodejs", "npm", "openssh-server", "postgresql", "postgresql-client", "python3-systemd", "rebar3", "sudo", "ufw", "unattended-upgrades",
}

var installed = regexp.MustCompile(`(?m)^ *install_packages ([a-z].*)$`)

func TestEveryImageHasThePackagesOfEveryHost(t *testing.T) {
	t.Parallel()
	all := managedNode()
	all.Packages, all.Toolchain = nil, []string{"elixir", "erlang", "nodejs"}
	asked := map[string]bool{}
	for _, host := range []renderer{all, loadBalancers()["acme"], exampleDatabase()} {
		userData, err := host.Render()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range filesOf(t, userData) {
			names := strings.Join(matches(installed, f.Content), " ")
			if f.Path == "/etc/beam/packages" {
				names = f.Content
			}
			for _, name := range strings.Fields(names) {
				asked[name] = true
			}
		}
	}
	delete(asked, "htop") // the example's own
	if got := slices.Sorted(maps.Keys(asked)); !slices.Equal(got, packages) {
		t.Errorf("hosts install %v: look up whether all images have these", got)
	}
}

func TestImagesAreThoseThatTheGrammarsKnow(t *testing.T) {
	t.Parallel()
	for slug, supported := range map[string]bool{
		"debian-12-x64": true, "debian-13-x64": true, "ubuntu-22-04-x64": true, "ubuntu-24-04-x64": true, "123456789": true,
		"debian-11-x64": false, "ubuntu-20-04-x64": false, "ubuntu-25-04-x64": false, "ubuntu-26-04-x64": false, "ubuntu-24-10-x64": false,
		"ubuntu-24-04-x32": false, "docker-20-04": false, "": false,
	} {
		if fault := hostconfig.Image.Fault(slug); (fault == "") != supported {
			t.Errorf("%q: %q, want supported: %v", slug, fault, supported)
		}
	}
}
