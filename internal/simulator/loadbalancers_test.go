package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

var webRule = godo.ForwardingRule{EntryProtocol: "http", EntryPort: 80, TargetProtocol: "http", TargetPort: 8080}

// newBackend makes a droplet tagged web and returns its id.
func newBackend(t *testing.T, client *godo.Client, name, region string) int {
	t.Helper()
	droplet := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), &godo.DropletCreateRequest{
		Name: name, Region: region, Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"},
		SSHKeys: []godo.DropletCreateSSHKey{}, Tags: []string{"web"},
	}))
	return droplet.ID
}

func TestLoadBalancerComesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{BootTime: time.Minute})
		made := must[*godo.LoadBalancer](t)(client.LoadBalancers.Create(t.Context(), &godo.LoadBalancerRequest{
			Name: "lb", Region: "nyc3", Tag: "web", ForwardingRules: []godo.ForwardingRule{webRule},
		}))
		if made.Status != "new" || made.IP != "" || made.HealthCheck.Port != 80 || made.SizeUnit != 1 {
			t.Errorf("at first %+v, want a new one with the defaults and no address", made)
		}
		backend := newBackend(t, client, "web-1", "nyc3")
		newBackend(t, client, "web-2", "lon1") // out of its reach
		pass(time.Minute)
		up := must[*godo.LoadBalancer](t)(client.LoadBalancers.Get(t.Context(), made.ID))
		if up.Status != "active" || up.IP == "" || !slices.Equal(up.DropletIDs, []int{backend}) {
			t.Errorf("after a minute %+v, want it active with droplet %d", up, backend)
		}
		if got := urns(t, client, godo.DefaultProject); !slices.Contains(got, up.URN()) {
			t.Errorf("default project has %v, want the load balancer, too", got)
		}
	})
}

func TestLoadBalancerTakesChanges(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	first, second := newBackend(t, client, "web-1", "nyc3"), newBackend(t, client, "web-2", "nyc3")
	request := &godo.LoadBalancerRequest{
		Name: "lb", Region: "nyc3", DropletIDs: []int{first}, ForwardingRules: []godo.ForwardingRule{webRule},
	}
	lb := must[*godo.LoadBalancer](t)(client.LoadBalancers.Create(t.Context(), request))

	ok(t)(client.LoadBalancers.AddDroplets(t.Context(), lb.ID, second))
	ok(t)(client.LoadBalancers.RemoveDroplets(t.Context(), lb.ID, first))
	tls := godo.ForwardingRule{EntryProtocol: "https", EntryPort: 443, TargetProtocol: "https", TargetPort: 443, TlsPassthrough: true}
	ok(t)(client.LoadBalancers.AddForwardingRules(t.Context(), lb.ID, tls))
	ok(t)(client.LoadBalancers.RemoveForwardingRules(t.Context(), lb.ID, webRule))
	got := must[*godo.LoadBalancer](t)(client.LoadBalancers.Get(t.Context(), lb.ID))
	if !slices.Equal(got.DropletIDs, []int{second}) || !slices.Equal(got.ForwardingRules, []godo.ForwardingRule{tls}) {
		t.Errorf("got %+v, want the second droplet behind port 443", got)
	}

	request.RedirectHttpToHttps, request.Name = true, "renamed"
	got = must[*godo.LoadBalancer](t)(client.LoadBalancers.Update(t.Context(), lb.ID, request))
	if got.Name != "renamed" || !got.RedirectHttpToHttps || !slices.Equal(got.DropletIDs, []int{first}) {
		t.Errorf("after the update %+v", got)
	}
	ok(t)(client.LoadBalancers.Delete(t.Context(), lb.ID))
	if left := must[[]godo.LoadBalancer](t)(client.LoadBalancers.List(t.Context(), nil)); len(left) != 0 {
		t.Errorf("%d load balancers are left", len(left))
	}
}

func TestLoadBalancerForgetsDropletsThatAreGone(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	first, second := newBackend(t, client, "web-1", "nyc3"), newBackend(t, client, "web-2", "nyc3")
	lb := must[*godo.LoadBalancer](t)(client.LoadBalancers.Create(t.Context(), &godo.LoadBalancerRequest{
		Name: "lb", Region: "nyc3", DropletIDs: []int{first}, ForwardingRules: []godo.ForwardingRule{webRule},
	}))
	ok(t)(client.Droplets.Delete(t.Context(), first))
	ok(t)(client.LoadBalancers.AddDroplets(t.Context(), lb.ID, second))
	lb = must[*godo.LoadBalancer](t)(client.LoadBalancers.Get(t.Context(), lb.ID))
	if !slices.Equal(lb.DropletIDs, []int{second}) {
		t.Errorf("droplets %v, want %d alone", lb.DropletIDs, second)
	}
}

func TestLoadBalancerRefusals(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	far := newBackend(t, client, "web-1", "lon1")
	good := godo.LoadBalancerRequest{Name: "lb", Region: "nyc3", Tag: "web", ForwardingRules: []godo.ForwardingRule{webRule}}
	must[*godo.LoadBalancer](t)(client.LoadBalancers.Create(t.Context(), &good))
	tests := []struct {
		name  string
		spoil func(*godo.LoadBalancerRequest)
	}{
		{"taken name", func(r *godo.LoadBalancerRequest) { r.Name = "lb" }},
		{"no rules", func(r *godo.LoadBalancerRequest) { r.ForwardingRules = nil }},
		{"no port", func(r *godo.LoadBalancerRequest) {
			r.ForwardingRules = []godo.ForwardingRule{{EntryProtocol: "http", TargetProtocol: "http"}}
		}},
		{"unknown region", func(r *godo.LoadBalancerRequest) { r.Region = "moon1" }},
		{"tag and droplets", func(r *godo.LoadBalancerRequest) { r.DropletIDs = []int{far} }},
		{"droplet of another region", func(r *godo.LoadBalancerRequest) { r.Tag, r.DropletIDs = "", []int{far} }},
		{"droplet that is not there", func(r *godo.LoadBalancerRequest) { r.Tag, r.DropletIDs = "", []int{1} }},
		{"VPC that is not there", func(r *godo.LoadBalancerRequest) { r.VPCUUID = "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			request := good
			request.Name = "another"
			tt.spoil(&request)
			_, _, err := client.LoadBalancers.Create(t.Context(), &request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, "")
		})
	}
}
