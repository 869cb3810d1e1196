//go:build linux

package linux_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/linux"
)

func TestRealHostsBootFromTheirUserData(t *testing.T) {
	hosts := open(t)
	for i, image := range images {
		t.Run(image, func(t *testing.T) {
			described := host(i+1, "runcmd: [touch /root/told]\n")
			described.Image, described.PublicKeys = image, []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0vWq3Vv0yq0J5mV1O3mL9QJXJmKkz2m5m0m7m2m3m4 me"}
			start := time.Now()
			create(t, hosts, described)
			t.Logf("booted in %s", time.Since(start).Round(100*time.Millisecond))
			for script, want := range map[string]string{
				"ls /root/told":                                    "/root/told",
				"hostname":                                         described.Name,
				"systemctl is-system-running --wait":               "running",
				"sed -n 's/^MemTotal: *//p' /proc/meminfo":         "1048576 kB",
				"grep -c AAAAIJ0vWq3 /home/*/.ssh/authorized_keys": "1",
				"ls /etc/ssh/ssh_host_ed25519_key":                 "/etc/ssh/ssh_host_ed25519_key",
				"ip -o -4 address show eth1 | awk '{print $4}'":    described.PrivateIPv4.String(),
			} {
				if got := on(t, hosts, described.DropletID, script); got != want {
					t.Errorf("%s: %q, want %q", script, got, want)
				}
			}
		})
	}
}

func TestRealHostsKeepTheirDiskOverPowerOffAndReboot(t *testing.T) {
	hosts := open(t)
	create(t, hosts, host(1, ""))
	wire(t, hosts, network())
	boot := on(t, hosts, 1, "touch /root/kept; nft add table inet temporary; cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic")
	changed := func() bool {
		now, err := hosts.Exec(t.Context(), 1, "systemctl", "show", "-p", "UserspaceTimestampMonotonic")
		return err == nil && !strings.Contains(boot, strings.TrimSpace(now))
	}
	if err := hosts.Reboot(1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the host reboots", changed)
	waitBooted(t, hosts, 1)
	on(t, hosts, 1, "ls /root/kept; ping -c 1 -W 1 198.18.0.1; ! nft list table inet temporary")

	if err := hosts.Shutdown(1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the host shuts down", func() bool { return !hosts.Running(1) })
	if err := hosts.Power(1, true); err != nil {
		t.Fatal(err)
	}
	waitBooted(t, hosts, 1)
	on(t, hosts, 1, "ls /root/kept; ping -c 1 -W 1 198.18.0.1")

	if err := hosts.Power(1, false); err != nil {
		t.Fatal(err)
	}
	if hosts.Running(1) {
		t.Error("the host runs after its power was cut")
	}
	if err := hosts.Resize(1, 2048); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Reboot(1); err != nil { // switches it on
		t.Fatal(err)
	}
	waitBooted(t, hosts, 1)
	if got := on(t, hosts, 1, "ls /root/kept >/dev/null; sed -n 's/^MemTotal: *//p' /proc/meminfo"); got != "2097152 kB" {
		t.Errorf("after the resize the host has %s", got)
	}

	if err := hosts.Destroy(1); err != nil {
		t.Fatal(err)
	}
	create(t, hosts, host(1, "")) // what a rebuild does
	on(t, hosts, 1, "! ls /root/kept")
}

func TestRealHostsThatFailToStartLeaveNothing(t *testing.T) {
	hosts := open(t)
	const folder = "/var/lib/beam-hosts-test/hosts/1"
	expectGone := func(paths ...string) {
		t.Helper()
		for _, pattern := range append(paths, "/run/netns/beam-test.1", "/sys/fs/cgroup/beam-test/1", "/sys/fs/cgroup/*/beam-test/1") {
			if left, _ := filepath.Glob(pattern); left != nil {
				t.Errorf("a start that failed left %s", left)
			}
		}
	}
	unroutable := host(1, "")
	unroutable.Gateway = netip.Prefix{}
	if err := hosts.Create(unroutable); err == nil {
		t.Fatal("a host without a gateway was created")
	}
	expectGone(folder)
	unknown := host(1, "")
	unknown.Image = "plan-9"
	if err := hosts.Create(unknown); err == nil || !strings.Contains(err.Error(), "debian-12-x64, debian-13-x64") {
		t.Errorf("a host of an image that there is not: %v, want the images that there are", err)
	}
	if err := hosts.Create(host(1, "")); err != nil {
		t.Fatalf("create the host after a failure: %v", err)
	}

	if err := hosts.Power(1, false); err != nil {
		t.Fatal(err)
	}
	console := filepath.Join(folder, "console.log")
	if err := errors.Join(os.Remove(console), os.Mkdir(console, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Power(1, true); err == nil {
		t.Fatal("a host without a console was started")
	}
	expectGone()
	if err := os.Remove(console); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Power(1, true); err != nil {
		t.Fatalf("start the host after a failure: %v", err)
	}
}

func TestRealHostsAreOutlivedByTheirVolumes(t *testing.T) {
	hosts := open(t)
	const device = "/dev/disk/by-id/scsi-0DO_Volume_data"
	attached := network()
	attach := func(id, gib int) {
		attached.Volumes = map[string]simulator.AttachedVolume{"v": {Name: "data", SizeGiB: gib, DropletID: id}}
		wire(t, hosts, attached)
	}
	attach(1, 1)
	create(t, hosts, host(1, ""), host(2, ""))
	on(t, hosts, 1, "mkfs.ext4 -q "+device+"; mkdir /data; echo '"+device+" /data ext4 defaults,nofail,x-systemd.growfs 0 2' >>/etc/fstab; mount /data; echo text >/data/file; sync")

	attach(1, 2)
	if err := hosts.Power(1, false); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Power(1, true); err != nil {
		t.Fatal(err)
	}
	waitBooted(t, hosts, 1)
	if got := on(t, hosts, 1, "cat /data/file; df -BM --output=size /data | tail -n 1 | grep -q '19[0-9][0-9]M' && echo grown"); got != "text\ngrown" {
		t.Errorf("after the volume has grown and the host was restarted: %q", got)
	}

	if err := hosts.Destroy(1); err != nil {
		t.Fatal(err)
	}
	attach(2, 2)
	if got := on(t, hosts, 2, "mount "+device+" /mnt; cat /mnt/file; umount /mnt"); got != "text" {
		t.Errorf("on another droplet: %q", got)
	}
	attach(0, 2)
	on(t, hosts, 2, "! ls "+device)
	attached.Volumes = nil
	wire(t, hosts, attached)
}

// Hosts of two names live side by side, even where one begins with the other.
func TestRealHostsOfAnotherNameAreLeftAlone(t *testing.T) {
	requireRealHosts(t)
	other, err := linux.Open(t.Context(), linux.Options{Name: hostName + "-other"}) // no image, so no host
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	open(t)
	if output, err := other.Client().Exec(t.Context(), "ip", "address", "show", "dev", "eth0"); err != nil || !strings.Contains(output, "203.0.113.7") {
		t.Errorf("the other hosts' client has lost its network: %v\n%s", err, output)
	}
}

// asCrashing makes the test binary open hosts, and wait to be killed.
const asCrashing = "LINUX_TEST_CRASHES"

func TestMain(m *testing.M) {
	if os.Getenv(asCrashing) == "" {
		os.Exit(m.Run())
	}
	hosts, err := openHosts(context.Background()) //nolint:forbidigo // this process's context begins here
	if err == nil {
		err = hosts.Wire(simulator.Network{Volumes: map[string]simulator.AttachedVolume{"v": {Name: "data", SizeGiB: 1}}})
	}
	if err == nil {
		err = hosts.Create(host(1, ""))
	}
	fmt.Fprintln(os.Stdout, "created:", err)
	select {}
}

func TestRealHostsThatACrashLeftAreRemoved(t *testing.T) {
	requireRealHosts(t)
	crashing := exec.CommandContext(t.Context(), os.Args[0])
	crashing.Env = append(os.Environ(), asCrashing+"=1")
	stdout, err := crashing.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := crashing.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "created: <nil>\n" {
		t.Fatalf("the process that is to crash says %q, %v", line, err)
	}
	if err := crashing.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = crashing.Wait() // it was killed
	if len(leftovers(t)) == 0 {
		t.Fatal("the crash left nothing: this test shows nothing")
	}
	hosts := open(t)
	create(t, hosts, host(1, ""))
}
