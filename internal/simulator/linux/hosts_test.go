//go:build linux

package linux_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
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

// hostName sets these tests' hosts apart from others on the machine.
const hostName = "test"

// images are what hosts are booted from; the tests that are not about the
// image take the first.
var images = []string{"debian-12-x64", "debian-13-x64"}

// open makes hosts for one test, which has the machine to itself. Real hosts
// are slow and need root, so their tests run only where BEAM_E2E is set.
func open(t *testing.T) *linux.Hosts {
	t.Helper()
	if os.Getenv("BEAM_E2E") == "" {
		t.Skip("boots real hosts: set BEAM_E2E=1 to run it, as root")
	}
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
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return linux.Open(ctx, linux.Options{Name: hostName, ImageFolder: filepath.Join(cache, "beam"), Images: images})
}

// leftovers lists what the machine has of the hosts of these tests.
func leftovers(t *testing.T) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{
		"/run/netns/beam-test-*", "/sys/fs/cgroup/beam-test", "/sys/fs/cgroup/*/beam-test",
		"/var/lib/beam-hosts/test/*", "/run/systemd/nspawn/propagate/beam-test-*",
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
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "/var/lib/beam-hosts/test/") {
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

func TestHostsBootFromTheirUserData(t *testing.T) {
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

func TestHostsKeepTheirDiskOverPowerOffAndReboot(t *testing.T) {
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

func TestVolumesOutliveTheirDroplets(t *testing.T) {
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

// reaches tells whether a connection to a port comes about within a second.
const reaches = `reaches() { python3 -c 'import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)' "$@" 2>/dev/null; }; `

func TestTheFabricConnectsWhatBelongsTogether(t *testing.T) {
	hosts := open(t)
	near, far := host(2, ""), host(3, "")
	far.PrivateIPv4, far.VPC = netip.MustParsePrefix("10.109.0.4/20"), "two"
	wired := network()
	wire(t, hosts, wired)
	create(t, hosts, host(1, ""), near, far)
	client := func(script string) bool {
		return hosts.Client().Command(t.Context(), "sh", "-ec", reaches+script).Run() == nil
	}
	check := func(what, script string) {
		t.Helper()
		if output, err := hosts.Exec(t.Context(), 1, "sh", "-ec", reaches+script); err != nil {
			t.Errorf("%s: %v %s", what, err, output)
		}
	}

	check("the same VPC is reached, another is not", "reaches 10.108.0.5 22; ! reaches 10.109.0.4 22; reaches 198.18.0.6 22")
	check("nothing leads out", "! reaches 192.0.2.1 80; ! reaches 10.200.0.1 22")
	check("the client is on the internet", "ping -c 1 -W 1 203.0.113.7")
	check("nobody speaks for another", "ip address add 198.18.0.99/32 dev eth0; ! ping -c 1 -W 1 -I 198.18.0.99 203.0.113.7")
	if client("reaches 10.108.0.5 22") {
		t.Error("the client reaches a private address")
	}

	wired.Peerings = [][2]string{{"one", "two"}}
	wire(t, hosts, wired)
	check("a peering joins two VPCs", "reaches 10.109.0.4 22")

	wired.ReservedIPs = map[netip.Addr]int{netip.MustParseAddr("198.18.0.200"): 2}
	wire(t, hosts, wired)
	check("a reserved IP leads to its droplet", `python3 -c 'import socket; print(socket.create_connection(("198.18.0.200", 22), 1).recv(3))' | grep SSH`)
	if !client("reaches 198.18.0.200 22") {
		t.Error("the client does not reach a reserved IP")
	}

	if err := hosts.Cut(2, true); err != nil {
		t.Fatal(err)
	}
	check("a host that is cut off is not reached", "! reaches 10.108.0.5 22; ! reaches 198.18.0.5 22")
	if err := hosts.Cut(2, false); err != nil {
		t.Fatal(err)
	}
	check("a host that is put back is reached", "reaches 10.108.0.5 22")
}

func TestFirewallsHoldAndChangeWhileHostsRun(t *testing.T) {
	hosts := open(t)
	wired := network()
	wire(t, hosts, wired)
	create(t, hosts, host(1, ""), host(2, ""))
	var (
		everyone  = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		neighbour = []netip.Prefix{netip.MustParsePrefix("10.108.0.5/32")}
		all       = []simulator.FirewallRule{{Protocol: "tcp", With: everyone}, {Protocol: "udp", With: everyone}, {Protocol: "icmp", With: everyone}}
		ssh       = func(from []netip.Prefix) []simulator.FirewallRule {
			return []simulator.FirewallRule{{Protocol: "tcp", FirstPort: 22, LastPort: 22, With: from}}
		}
	)
	for _, test := range []struct {
		name              string
		firewall          *simulator.Firewall
		client, neighbour bool // reaches port 22 of host 1
		out               bool // host 1 reaches the client
	}{
		{"none", nil, true, true, true},
		{"one without rules", &simulator.Firewall{}, false, false, false},
		{"for everyone", &simulator.Firewall{Inbound: ssh(everyone), Outbound: all}, true, true, true},
		{"for a neighbour", &simulator.Firewall{Inbound: ssh(neighbour), Outbound: all}, false, true, true},
		{"nothing goes out", &simulator.Firewall{Inbound: ssh(everyone)}, true, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			wired.Firewalls = map[int]simulator.Firewall{}
			if test.firewall != nil {
				wired.Firewalls[1] = *test.firewall
			}
			wire(t, hosts, wired)
			client := hosts.Client().Command(t.Context(), "sh", "-ec", reaches+"reaches 198.18.0.4 22").Run() == nil
			_, err := hosts.Exec(t.Context(), 2, "sh", "-ec", reaches+"reaches 10.108.0.4 22")
			_, ping := hosts.Exec(t.Context(), 1, "ping", "-c", "1", "-W", "1", "203.0.113.7")
			if client != test.client || (err == nil) != test.neighbour || (ping == nil) != test.out {
				t.Errorf("client %v, neighbour %v, out %v; want %v, %v, %v", client, err == nil, ping == nil, test.client, test.neighbour, test.out)
			}
		})
	}
}

func TestMetadataAnswersEachDropletForItself(t *testing.T) {
	hosts := open(t)
	api := simulator.New(simulator.Options{Hosts: hosts})
	hosts.Attach(t.Context(), api)
	listener, err := hosts.Client().Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	defer server.Close()
	go server.Serve(listener)
	for _, name := range []string{"one", "two"} {
		body := fmt.Sprintf(`{"name":%q,"region":"nyc3","size":"s-1vcpu-1gb","image":%q}`, name, images[0])
		output, err := hosts.Client().Command(t.Context(), "curl", "-sS", "--fail", "-H", "Authorization: Bearer x", "-H", "Content-Type: application/json",
			"-d", body, "http://"+listener.Addr().String()+"/v2/droplets").CombinedOutput()
		if err != nil {
			t.Fatalf("create %s: %v %s", name, err, output)
		}
	}
	for id, name := range map[int]string{512000001: "one", 512000002: "two"} {
		waitBooted(t, hosts, id)
		if got := on(t, hosts, id, "curl -sS --fail -m 5 http://169.254.169.254/metadata/v1/hostname"); got != name {
			t.Errorf("droplet %d is told that it is %q, not %q", id, got, name)
		}
	}
}

// asCrashing makes the test binary open hosts, and wait to be killed.
const asCrashing = "LINUX_TEST_CRASHES"

func TestMain(m *testing.M) {
	if os.Getenv(asCrashing) == "" {
		os.Exit(m.Run())
	}
	hosts, err := openHosts(context.Background())
	if err == nil {
		err = hosts.Wire(simulator.Network{Volumes: map[string]simulator.AttachedVolume{"v": {Name: "data", SizeGiB: 1}}})
	}
	if err == nil {
		err = hosts.Create(host(1, ""))
	}
	fmt.Println("created:", err)
	select {}
}

func TestASecondStartRemovesWhatACrashLeft(t *testing.T) {
	if os.Getenv("BEAM_E2E") == "" {
		t.Skip("boots real hosts: set BEAM_E2E=1 to run it, as root")
	}
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
