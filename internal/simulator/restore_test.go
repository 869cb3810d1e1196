package simulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

var dumpedLists = map[string]string{
	"droplets": "droplets", "firewalls": "firewalls", "vpcs": "vpcs", "vpc_peerings": "vpc_peerings", "volumes": "volumes",
	"reserved_ips": "reserved_ips", "tags": "tags", "ssh_keys": "account/keys",
}

// listsOf asks for all lists that a dump consists of.
func listsOf(t *testing.T, sim http.Handler) map[string]any {
	t.Helper()
	lists := map[string]any{}
	for name, path := range dumpedLists {
		response, answer := call(t, sim, http.MethodGet, "/v2/"+path+"?per_page=200", "Bearer any", "")
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, response.Status)
		}
		lists[name] = answer[name]
	}
	for _, ip := range lists["reserved_ips"].([]any) {
		delete(ip.(map[string]any), "project_id") // each account has a default project of its own
	}
	return lists
}

func dumpOf(t *testing.T, lists map[string]any) simulator.Dump {
	t.Helper()
	encoded, err := json.Marshal(lists)
	if err != nil {
		t.Fatal(err)
	}
	var dump simulator.Dump
	if err := json.Unmarshal(encoded, &dump); err != nil {
		t.Fatal(err)
	}
	return dump
}

// furnish makes one object of each kind, tied to each other.
func furnish(t *testing.T, client *godo.Client) {
	t.Helper()
	ctx := t.Context()
	near, far := newVPC(t, client, "near", "10.50.0.0/24"), newVPC(t, client, "far", "10.51.0.0/24")
	must[*godo.VPCPeering](t)(client.VPCs.CreateVPCPeering(ctx, &godo.VPCPeeringCreateRequest{Name: "both", VPCIDs: []string{near.ID, far.ID}}))
	volume := must[*godo.Volume](t)(client.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{
		Name: "data", Region: "nyc3", SizeGigaBytes: 10, FilesystemType: "ext4", Tags: []string{"kept"},
	}))
	must[*godo.Key](t)(client.Keys.Create(ctx, &godo.KeyCreateRequest{
		Name: "key", PublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfJRAVz1HDFDXxFGlC0oZ6SqPu/zugEDfwuo0MlsEdM",
	}))
	server := newDroplet(t, client, "server", func(r *godo.DropletCreateRequest) {
		r.VPCUUID, r.Tags, r.Monitoring, r.Backups, r.IPv6 = near.ID, []string{"web"}, true, true, true
		r.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
	})
	resting := newDroplet(t, client, "resting")
	must[*godo.Action](t)(client.DropletActions.PowerOff(ctx, resting.ID))
	must[*godo.Firewall](t)(client.Firewalls.Create(ctx, &godo.FirewallRequest{
		Name: "wall", Tags: []string{"web"},
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"203.0.113.7/32"}}}},
	}))
	must[*godo.ReservedIP](t)(client.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: server.ID}))
	must[*godo.ReservedIP](t)(client.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "lon1"}))
}

// An account goes on in another simulator as it was: all lists say the same,
// and nothing made there takes the place of what was restored.
func TestRestore(t *testing.T) {
	t.Parallel()
	first := simulator.New(simulator.Options{})
	furnish(t, clientOf(t, first))
	before := listsOf(t, first)
	second := simulator.New(simulator.Options{})
	if err := second.Restore(dumpOf(t, before)); err != nil {
		t.Fatal(err)
	}
	after := listsOf(t, second)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if diff := cmp.Diff(before[name], after[name]); diff != "" {
			t.Errorf("%s before (-) and after (+):\n%s", name, diff)
		}
	}

	client := clientOf(t, second)
	droplets := must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil))
	further := newDroplet(t, client, "further", func(r *godo.DropletCreateRequest) { r.VPCUUID = droplets[0].VPCUUID })
	for _, d := range droplets {
		if further.ID == d.ID || addresses(*further) == addresses(d) || further.Networks.V4[0].IPAddress == d.Networks.V4[0].IPAddress {
			t.Errorf("the new droplet is %d with %s, as one that was there", further.ID, addresses(*further))
		}
	}
	if _, err := client.VPCs.Delete(t.Context(), further.VPCUUID); err == nil {
		t.Error("a VPC was deleted that has members")
	}
}

// addresses are a droplet's IPv4 addresses.
func addresses(d godo.Droplet) string {
	var all []string
	for _, network := range d.Networks.V4 {
		all = append(all, network.IPAddress)
	}
	return strings.Join(all, " ")
}

func TestRestoreRefusesWhatItCannotHave(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{})
	furnish(t, clientOf(t, sim))
	lists := listsOf(t, sim)
	for _, tt := range []struct{ name, list, field, value, want string }{
		{"a droplet that boots", "droplets", "status", "new", `restore droplet server: its status is "new"`},
		{"a size of another catalogue", "droplets", "size_slug", "huge", `restore droplet server: the catalogue has no region "nyc3", size "huge"`},
		{"an address that is none", "reserved_ips", "ip", "somewhere", "restore the reserved IP somewhere"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := maps.Clone(lists)
			object := maps.Clone(lists[tt.list].([]any)[0].(map[string]any))
			object[tt.field] = tt.value
			changed[tt.list] = []any{object}
			err := simulator.New(simulator.Options{}).Restore(dumpOf(t, changed))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
