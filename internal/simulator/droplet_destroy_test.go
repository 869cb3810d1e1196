package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func TestDropletIsDestroyedWithWhatIsTiedToIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		method        string
		volumeIsGone  bool
		addressIsGone bool
	}{
		{"selective", "selective", true, false},
		{"all", "dangerous", true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			handler := contract.Check(t, simulator.New(simulator.Options{}))
			client := clientOf(t, handler)
			volume := newVolume(t, client, "data")
			d := newDroplet(t, client, "db-1", func(r *godo.DropletCreateRequest) {
				r.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
			})
			ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
			tied := must[*godo.DropletAssociatedResources](t)(client.Droplets.ListAssociatedResourcesForDeletion(t.Context(), d.ID))
			if len(tied.Volumes) != 1 || tied.Volumes[0].Cost != "1.00" || len(tied.ReservedIPs) != 1 {
				t.Errorf("tied to the droplet: %v", tied)
			}

			path := fmt.Sprintf("/v2/droplets/%d/destroy_with_associated_resources", d.ID)
			if status := destroyWith(t, handler, path+"/"+test.method, fmt.Sprintf(`{"volumes":[%q]}`, volume.ID)); status != http.StatusAccepted {
				t.Fatalf("status %d, want 202", status)
			}
			_, body := call(t, handler, http.MethodGet, path+"/status", "Bearer x", "")
			if body["completed_at"] == nil || body["failures"] != 0.0 {
				t.Errorf("outcome is %v", body)
			}
			_, volumes, _ := client.Storage.GetVolume(t.Context(), volume.ID)
			_, address, _ := client.ReservedIPs.Get(t.Context(), ip.IP)
			if gone := volumes.StatusCode == http.StatusNotFound; gone != test.volumeIsGone {
				t.Errorf("volume is gone: %t", gone)
			}
			if gone := address.StatusCode == http.StatusNotFound; gone != test.addressIsGone {
				t.Errorf("reserved IP is gone: %t", gone)
			}
		})
	}
}

func destroyWith(t *testing.T, handler http.Handler, path, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://do.test"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Dangerous", "true")
	response, err := simulator.Transport(handler).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
