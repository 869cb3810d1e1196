package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Every kind of object is made, and each of them is in the inventory with what
// it is tied to; when all is deleted, the account is as it was.
func TestInventoryTellsEverything(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{})
	client := clientOf(t, sim)
	before := sim.Inventory()

	network := must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "chat", RegionSlug: "nyc3", Description: "a chat", IPRange: "10.200.0.0/24"}))
	d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.VPCUUID, r.Tags = network.ID, []string{"web", "chat"} })
	v := must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Name: "data", Description: "of chat", SizeGigaBytes: 3, Region: "nyc3", Tags: []string{"chat"}}))
	must[*godo.Action](t)(client.StorageActions.Attach(t.Context(), v.ID, d.ID))
	ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
	must[*godo.Firewall](t)(client.Firewalls.Create(t.Context(), &godo.FirewallRequest{
		Name: "web", Tags: []string{"web"}, DropletIDs: []int{d.ID},
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "80", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0"}}}},
	}))

	raw := httptest.NewRecorder()
	sim.ServeHTTP(raw, httptest.NewRequest(http.MethodGet, "/inventory", http.NoBody))
	var served simulator.Inventory
	if err := json.Unmarshal(raw.Body.Bytes(), &served); err != nil {
		t.Fatal(err)
	}
	now := sim.Inventory()
	if diff := cmp.Diff(now, served, cmp.Transformer("nil", func(items []string) []string { return append([]string{}, items...) })); diff != "" {
		t.Errorf("in Go and over HTTP the inventory differs:\n%s", diff)
	}

	droplet, urn := "droplet:"+d.URN()[len("do:droplet:"):], d.URN()
	project := before.Of("project")[0].ID
	want := map[string]simulator.Object{
		"droplet": {
			Name: "web-1", Status: "active", Region: "nyc3", Tags: []string{"chat", "web"}, Project: project,
			Bindings: []string{"volume:" + v.ID, "vpc:" + network.ID},
			Details:  []string{"size s-1vcpu-1gb", "image debian-13-x64", "private 10.200.0.4", "public 198.18.0.4"},
		},
		"volume": {
			Name: "data", Region: "nyc3", Description: "of chat", Tags: []string{"chat"}, Project: project,
			Bindings: []string{droplet}, Details: []string{"3 GiB"},
		},
		"reserved_ip": {Name: ip.IP, Region: "nyc3", Project: project, Bindings: []string{droplet}},
		"firewall": {
			Name: "web", Status: "succeeded", Bindings: []string{droplet, "tag:web"}, Details: []string{"in tcp 80 from 0.0.0.0/0"},
		},
	}
	for kind, object := range want {
		got := now.Of(kind)
		if len(got) != 1 || got[0].ID == "" || got[0].CreatedAt.IsZero() {
			t.Errorf("%s: got %+v, want one, with id and time", kind, got)
			continue
		}
		object.Kind, object.ID, object.CreatedAt = kind, got[0].ID, got[0].CreatedAt
		if diff := cmp.Diff(object, got[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	if got := now.Of("tag"); len(got) != 2 || !cmp.Equal(got[0].Bindings, []string{droplet, "volume:" + v.ID}) {
		t.Errorf("tags %+v, want that the first is on droplet and volume", got)
	}
	if got := now.Of("vpc")[0]; got.Name != "chat" || got.Description != "a chat" || !cmp.Equal(got.Bindings, []string{urn}) {
		t.Errorf("network %+v, want the droplet as its member", got)
	}
	if got := now.Of("project")[0]; len(got.Bindings) != 3 {
		t.Errorf("the project has %v, want droplet, volume and address", got.Bindings)
	}

	ok(t)(client.Droplets.Delete(t.Context(), d.ID))
	ok(t)(client.ReservedIPs.Delete(t.Context(), ip.IP))
	ok(t)(client.Storage.DeleteVolume(t.Context(), v.ID))
	ok(t)(client.Firewalls.Delete(t.Context(), now.Of("firewall")[0].ID))
	ok(t)(client.VPCs.Delete(t.Context(), network.ID))
	for _, tag := range []string{"web", "chat"} {
		ok(t)(client.Tags.Delete(t.Context(), tag))
	}
	if diff := cmp.Diff(before, sim.Inventory()); diff != "" {
		t.Errorf("after everything is deleted (-before +after):\n%s", diff)
	}
}
