//go:build linux

package linux_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/linux"
)

// hostName sets these tests' hosts apart from others on the machine.
const hostName = "test"

// images are what hosts are booted from; the tests that are not about the
// image take the first.
var images = []string{"debian-12-x64", "debian-13-x64"}

// requireRealHosts skips a test unless BEAM_E2E is set: real hosts are slow and
// need root. `make test` knows such tests by their names, and leaves them out.
func requireRealHosts(t *testing.T) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestRealHosts") {
		t.Fatal("call it TestRealHosts…, for make test to leave it to make e2e")
	}
	if os.Getenv("BEAM_E2E") == "" {
		t.Skip("boots real hosts: set BEAM_E2E=1 to run it, as root")
	}
}

// open makes hosts for one test. They are gone when it ends.
func open(t *testing.T) *linux.Hosts {
	t.Helper()
	requireRealHosts(t)
	hosts, err := openHosts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hosts.Close(); err != nil {
			t.Error(err)
		}
		for _, left := range leftovers(t) {
			t.Errorf("left behind: %s", left)
		}
	})
	return hosts
}

func openHosts(ctx context.Context) (*linux.Hosts, error) {
	return linux.Open(ctx, linux.Options{Name: hostName, Images: images})
}

// leftovers lists what the machine has of the hosts of these tests.
func leftovers(t *testing.T) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{
		"/run/netns/beam-test.*", "/sys/fs/cgroup/beam-test", "/sys/fs/cgroup/*/beam-test",
		"/var/lib/beam-hosts-test", "/run/systemd/nspawn/propagate/beam-test.*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, found...)
	}
	for _, table := range []string{"/proc/self/mounts", "/sys/block/loop*/loop/backing_file"} {
		files, err := filepath.Glob(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "/var/lib/beam-hosts-test/") {
				left = append(left, file)
			}
		}
	}
	return left
}

// host is the description of one with the addresses that end in its id plus 3.
func host(id int, userData string) simulator.Host {
	return simulator.Host{
		DropletID: id, Name: fmt.Sprintf("host-%d", id), Image: images[0], MemoryMiB: 1024,
		UserData:   "#cloud-config\nlocale: \"false\"\n" + userData,
		PublicIPv4: netip.AddrFrom4([4]byte{198, 18, 0, byte(id + 3)}), Gateway: netip.MustParsePrefix("198.18.0.1/20"),
		PrivateIPv4: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 108, 0, byte(id + 3)}), 20), VPC: "one",
	}
}

// network is one in which all hosts share a VPC, and no firewall closes them.
func network() simulator.Network {
	return simulator.Network{VPCs: map[string]netip.Prefix{
		"one": netip.MustParsePrefix("10.108.0.0/20"), "two": netip.MustParsePrefix("10.109.0.0/20"),
	}}
}

func create(t *testing.T, hosts *linux.Hosts, described ...simulator.Host) {
	t.Helper()
	for _, host := range described {
		if err := hosts.Create(host); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range described {
		waitBooted(t, hosts, host.DropletID)
	}
}

func wire(t *testing.T, hosts *linux.Hosts, network simulator.Network) {
	t.Helper()
	if err := hosts.Wire(network); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !holds() {
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended before", what)
		case <-deadline:
			t.Fatalf("%s: not within two minutes", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// waitBooted waits until cloud-init has ended on a host.
func waitBooted(t *testing.T, hosts *linux.Hosts, id int) {
	t.Helper()
	eventually(t, fmt.Sprintf("droplet %d boots", id), func() bool {
		output, _ := hosts.Exec(t.Context(), id, "cloud-init", "status")
		if strings.Contains(output, "status: error") || !hosts.Running(id) {
			console, _ := hosts.Console(id)
			t.Fatalf("droplet %d did not boot: %s\n%s", id, output, console)
		}
		return strings.Contains(output, "status: done")
	})
}

// on runs a script on a droplet, which must succeed.
func on(t *testing.T, hosts *linux.Hosts, id int, script string) string {
	t.Helper()
	output, err := hosts.Exec(t.Context(), id, "sh", "-ec", script)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return strings.TrimSpace(output)
}
