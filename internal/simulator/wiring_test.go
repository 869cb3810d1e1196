package simulator_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// machines are hosts that write down what they are asked for.
type machines struct {
	simulator.Hosts // nil: each method that is called is below
	on              map[int]bool
	memory          map[int]int // MiB
	asked           []string    // shutdowns and reboots
	network         simulator.Network
	wired           int // calls of Wire
}

func (m *machines) Create(host simulator.Host) error {
	m.on[host.DropletID], m.memory[host.DropletID] = true, host.MemoryMiB
	return nil
}

func (m *machines) CheckImage(image string) error {
	if image == "ubuntu-24-04-x64" {
		return fmt.Errorf("no machine boots from %s", image)
	}
	return nil
}

func (m *machines) Running(id int) bool            { return m.on[id] }
func (m *machines) Power(id int, on bool) error    { m.on[id] = on; return nil }
func (m *machines) Resize(id, memoryMiB int) error { m.memory[id] = memoryMiB; return nil }

func (m *machines) Shutdown(id int) error {
	m.asked = append(m.asked, "shutdown")
	return m.Power(id, false)
}

func (m *machines) Reboot(int) error {
	m.asked = append(m.asked, "reboot")
	return nil
}

func (m *machines) Wire(network simulator.Network) error {
	m.network = network
	m.wired++
	return nil
}

func newMachines(t *testing.T) (*machines, *godo.Client) {
	t.Helper()
	hosts := &machines{on: map[int]bool{}, memory: map[int]int{}}
	return hosts, checkedClient(t, simulator.Options{Hosts: hosts})
}

func address(t *testing.T, d *godo.Droplet, kind string) netip.Prefix {
	t.Helper()
	for _, network := range d.Networks.V4 {
		if network.Type == kind {
			return netip.MustParsePrefix(network.IPAddress + "/32")
		}
	}
	t.Fatalf("droplet %s has no %s address", d.Name, kind)
	return netip.Prefix{}
}

func TestMachinesAreToldWhatTheirFirewallsAllow(t *testing.T) {
	t.Parallel()
	hosts, client := newMachines(t)
	node := newDroplet(t, client, "node", func(r *godo.DropletCreateRequest) { r.Tags = []string{"node"} })
	other := newDroplet(t, client, "other")
	if len(hosts.network.Firewalls) > 0 {
		t.Fatalf("without a firewall, %v is closed", hosts.network.Firewalls)
	}
	firewall := newFirewall(t, client, "mesh", func(r *godo.FirewallRequest) {
		r.Tags = []string{"node"}
		r.InboundRules = []godo.InboundRule{
			{Protocol: "tcp", PortRange: "9100-9155", Sources: &godo.Sources{Tags: []string{"node"}}},
			{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"203.0.113.7", "::/0"}}},
			{Protocol: "icmp", Sources: &godo.Sources{DropletIDs: []int{other.ID}}},
		}
		r.OutboundRules = []godo.OutboundRule{
			{Protocol: "udp", PortRange: "all", Destinations: &godo.Destinations{Addresses: []string{"0.0.0.0/0"}}},
		}
	})
	want := map[int]simulator.Firewall{node.ID: {
		Inbound: []simulator.FirewallRule{
			{Protocol: "tcp", FirstPort: 9100, LastPort: 9155, With: []netip.Prefix{address(t, node, "private"), address(t, node, "public")}},
			{Protocol: "tcp", FirstPort: 22, LastPort: 22, With: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("::/0")}},
			{Protocol: "icmp", With: []netip.Prefix{address(t, other, "private"), address(t, other, "public")}},
		},
		Outbound: []simulator.FirewallRule{{Protocol: "udp", With: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}},
	}}
	if diff := cmp.Diff(want, hosts.network.Firewalls, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("firewalls (-want +got):\n%s", diff)
	}
	ok(t)(client.Firewalls.Delete(t.Context(), firewall.ID))
	if len(hosts.network.Firewalls) > 0 {
		t.Errorf("after the firewall is gone: %v", hosts.network.Firewalls)
	}
}

func TestMachinesAreToldOfVolumesReservedIPsAndPeerings(t *testing.T) {
	t.Parallel()
	hosts, client := newMachines(t)
	volume := must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{
		Name: "data", Region: "nyc3", SizeGigaBytes: 10,
	}))
	d := newDroplet(t, client, "db", func(r *godo.DropletCreateRequest) {
		r.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
	})
	if diff := cmp.Diff(map[string]simulator.AttachedVolume{volume.ID: {Name: "data", SizeGiB: 10, DropletID: d.ID}}, hosts.network.Volumes); diff != "" {
		t.Errorf("volumes (-want +got):\n%s", diff)
	}

	ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
	must[*godo.ReservedIP](t)(client.ReservedIPs.Get(t.Context(), ip.IP))
	if got := hosts.network.ReservedIPs[netip.MustParseAddr(ip.IP)]; got != d.ID {
		t.Errorf("%s is droplet %d's, want %d's", ip.IP, got, d.ID)
	}

	here := must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "here", RegionSlug: "nyc3", IPRange: "10.30.0.0/20"}))
	there := must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "there", RegionSlug: "lon1", IPRange: "10.31.0.0/20"}))
	peering := must[*godo.VPCPeering](t)(client.VPCs.CreateVPCPeering(t.Context(), &godo.VPCPeeringCreateRequest{Name: "both", VPCIDs: []string{here.ID, there.ID}}))
	must[*godo.VPCPeering](t)(client.VPCs.GetVPCPeering(t.Context(), peering.ID))
	if diff := cmp.Diff([][2]string{{here.ID, there.ID}}, hosts.network.Peerings); diff != "" {
		t.Errorf("peerings (-want +got):\n%s", diff)
	}
	if got := hosts.network.VPCs[there.ID]; got != netip.MustParsePrefix("10.31.0.0/20") {
		t.Errorf("the range of a VPC is %s", got)
	}
}

func TestMachinesAreWiredOnlyWhenSomethingChanges(t *testing.T) {
	t.Parallel()
	hosts, client := newMachines(t)
	newDroplet(t, client, "one")
	before := hosts.wired
	must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil))
	if hosts.wired != before {
		t.Error("a list wired the machines again")
	}
}

func TestMachinesAreAskedToShutDownAndToReboot(t *testing.T) {
	t.Parallel()
	hosts, client := newMachines(t)
	d := newDroplet(t, client, "one")
	must[*godo.Action](t)(client.DropletActions.Reboot(t.Context(), d.ID))
	newDroplet(t, client, "two") // the action is carried out before
	must[*godo.Action](t)(client.DropletActions.Shutdown(t.Context(), d.ID))
	must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), d.ID))
	must[*godo.Action](t)(client.DropletActions.Resize(t.Context(), d.ID, "s-2vcpu-2gb", false))
	must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), d.ID))
	if diff := cmp.Diff([]string{"reboot", "shutdown"}, hosts.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if hosts.memory[d.ID] != 2048 {
		t.Errorf("after the resize the host has %d MiB", hosts.memory[d.ID])
	}
}

func TestImagesThatNoMachineBootsFromAreRefused(t *testing.T) {
	t.Parallel()
	hosts, client := newMachines(t)
	d := newDroplet(t, client, "one")
	const refusal = "no machine boots from ubuntu-24-04-x64"
	_, _, err := client.Droplets.Create(t.Context(), dropletRequest("two", func(r *godo.DropletCreateRequest) {
		r.Image.Slug = "ubuntu-24-04-x64"
	}))
	wantRefusal(t, err, http.StatusUnprocessableEntity, refusal)
	_, _, err = client.DropletActions.RebuildByImageSlug(t.Context(), d.ID, "ubuntu-24-04-x64")
	wantRefusal(t, err, http.StatusUnprocessableEntity, refusal)
	if len(hosts.on) != 1 || !hosts.on[d.ID] {
		t.Errorf("hosts are %v, want droplet %d's alone, switched on", hosts.on, d.ID)
	}
}
