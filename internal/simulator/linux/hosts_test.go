//go:build linux

package linux_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/linux"
)

// open makes hosts for one test. Tests of real hosts are slow and need root, so
// they run only where BEAM_E2E is set.
func open(t *testing.T, images ...string) *linux.Hosts {
	t.Helper()
	if os.Getenv("BEAM_E2E") == "" {
		t.Skip("boots real hosts: set BEAM_E2E=1 to run it, as root")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := linux.Open(t.Context(), linux.Options{
		Name: "test", ImageFolder: filepath.Join(cache, "beam"), Images: images,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hosts.Close(); err != nil {
			t.Error(err)
		}
	})
	return hosts
}

func host(id int, image, userData string) simulator.Host {
	gateway := netip.MustParsePrefix("198.18.0.1/20")
	private := netip.MustParsePrefix("10.108.0.0/20")
	public, inside := gateway.Addr(), private.Addr()
	for range id + 3 {
		public, inside = public.Next(), inside.Next()
	}
	return simulator.Host{
		DropletID: id, Name: "host-" + string(rune('0'+id)), Image: image, UserData: userData, MemoryMiB: 1024,
		PublicIPv4: public, Gateway: gateway, PrivateIPv4: netip.PrefixFrom(inside, private.Bits()), VPC: "default",
	}
}

// waitBooted waits until cloud-init has ended on a host.
func waitBooted(t *testing.T, hosts *linux.Hosts, id int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		output, err := hosts.Exec(t.Context(), id, "cloud-init", "status", "--wait")
		if strings.Contains(output, "status: done") {
			return
		}
		if time.Now().After(deadline) || !hosts.Running(id) {
			console, _ := hosts.Console(id)
			t.Fatalf("not booted: %v: %s\n%s", err, output, console)
		}
		select {
		case <-t.Context().Done():
			t.FailNow()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func TestAHostBootsFromItsUserData(t *testing.T) {
	for _, image := range []string{"debian-12-x64", "debian-13-x64"} {
		t.Run(image, func(t *testing.T) {
			hosts := open(t, image)
			start := time.Now()
			if err := hosts.Create(host(1, image, "#cloud-config\nlocale: \"false\"\nruncmd: [touch /root/told]\n")); err != nil {
				t.Fatal(err)
			}
			waitBooted(t, hosts, 1)
			t.Logf("booted in %s", time.Since(start).Round(100*time.Millisecond))
			if output, err := hosts.Exec(t.Context(), 1, "sh", "-c", "ls /root/told; ip addr; ip route; systemctl --failed; systemctl is-system-running; cat /proc/meminfo; hostname"); err != nil {
				t.Error(output, err)
			} else {
				t.Log(output)
			}
		})
	}
}
