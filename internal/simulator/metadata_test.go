package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func TestMetadata(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{})
	client := clientOf(t, contract.Check(t, sim))
	key := must[*godo.Key](t)(client.Keys.Create(t.Context(), &godo.KeyCreateRequest{Name: "laptop", PublicKey: publicKey}))
	d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) {
		r.UserData, r.Tags = "#cloud-config\n", []string{"web", "blue"}
		r.SSHKeys = []godo.DropletCreateSSHKey{{ID: key.ID}}
	})
	ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
	must[*godo.ReservedIP](t)(client.ReservedIPs.Get(t.Context(), ip.IP))
	public, _ := d.PublicIPv4()
	private, _ := d.PrivateIPv4()

	tests := []struct {
		path   string
		status int
		body   string
	}{
		{"/metadata/v1/id", 200, fmt.Sprint(d.ID)},
		{"/metadata/v1/hostname", 200, "web-1"},
		{"/metadata/v1/user-data", 200, "#cloud-config\n"},
		{"/metadata/v1/public-keys", 200, publicKey},
		{"/metadata/v1/region", 200, "nyc3"},
		{"/metadata/v1/tags", 200, "web\nblue"},
		{"/metadata/v1/interfaces/", 200, "private/\npublic/"},
		{"/metadata/v1/interfaces/public/0/ipv4/address", 200, public},
		{"/metadata/v1/interfaces/private/0/ipv4/address", 200, private},
		{"/metadata/v1/reserved_ip/ipv4/ip_address", 200, ip.IP},
		{"/metadata/v1/dns/nameservers", 200, "67.207.67.2\n67.207.67.3"},
		{"/metadata/v1/nothing", 404, "404 page not found\n"},
		{"/metadata/v2/id", 404, "404 page not found\n"},
		{"/metadata/v1/hostname/more", 404, "404 page not found\n"},
	}
	service := sim.MetadataHandler(d.ID)
	get := func(path string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return recorder
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			answer := get(test.path)
			if answer.Code != test.status || answer.Body.String() != test.body {
				t.Errorf("%d %q, want %d %q", answer.Code, answer.Body, test.status, test.body)
			}
		})
	}
	if answer := get("/metadata/v1/dns"); answer.Code != http.StatusMovedPermanently || answer.Header().Get("Location") != "/metadata/v1/dns/" {
		t.Errorf("index without a slash: %d to %q", answer.Code, answer.Header().Get("Location"))
	}

	var whole struct {
		DropletID  int `json:"droplet_id"`
		Interfaces map[string][]struct {
			IPv4 struct {
				IPAddress string `json:"ip_address"`
			} `json:"ipv4"`
		} `json:"interfaces"`
	}
	if err := json.Unmarshal(get("/metadata/v1.json").Body.Bytes(), &whole); err != nil {
		t.Fatal(err)
	}
	if whole.DropletID != d.ID || whole.Interfaces["public"][0].IPv4.IPAddress != public {
		t.Errorf("v1.json says %+v", whole)
	}
	ok(t)(client.Droplets.Delete(t.Context(), d.ID))
	if answer := get("/metadata/v1/id"); answer.Code != http.StatusNotFound {
		t.Errorf("metadata of a droplet that is gone: %d", answer.Code)
	}
}
