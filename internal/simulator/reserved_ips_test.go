package simulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func TestReservedIPMovesBetweenDroplets(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	first, second := newDroplet(t, client, "lb-1"), newDroplet(t, client, "lb-2")
	ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{Region: "nyc3"}))
	if ip.Droplet != nil || ip.Region.Slug != "nyc3" || ip.ProjectID == "" {
		t.Errorf("a new address is %+v", ip)
	}
	holder := func() int {
		got := must[*godo.ReservedIP](t)(client.ReservedIPs.Get(t.Context(), ip.IP))
		if got.Droplet == nil {
			return 0
		}
		return got.Droplet.ID
	}
	for _, d := range []*godo.Droplet{first, second} {
		action, response, err := client.ReservedIPActions.Assign(t.Context(), ip.IP, d.ID)
		if err != nil || response.StatusCode != http.StatusCreated || action.Type != "assign_ip" {
			t.Fatalf("assign: %v, %v, %v", action, response, err)
		}
		if got := holder(); got != d.ID {
			t.Errorf("assigned to %d, want %d", got, d.ID)
		}
		must[*godo.Action](t)(client.ReservedIPActions.Get(t.Context(), ip.IP, action.ID))
	}
	must[*godo.Action](t)(client.ReservedIPActions.Unassign(t.Context(), ip.IP))
	if got := holder(); got != 0 {
		t.Errorf("still assigned to %d", got)
	}
	if actions := must[[]godo.Action](t)(client.ReservedIPActions.List(t.Context(), ip.IP, nil)); len(actions) != 3 {
		t.Errorf("%d actions, want 3", len(actions))
	}
	ok(t)(client.ReservedIPs.Delete(t.Context(), ip.IP))
	_, _, err := client.ReservedIPs.Get(t.Context(), ip.IP)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestReservedIPRefusals(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	refused := func(err error, message string) {
		t.Helper()
		wantRefusal(t, err, http.StatusUnprocessableEntity, message)
	}
	create := func(request godo.ReservedIPCreateRequest) (*godo.ReservedIP, error) {
		ip, _, err := client.ReservedIPs.Create(t.Context(), &request)
		return ip, err
	}
	d := newDroplet(t, client, "lb-1")
	abroad := newDroplet(t, client, "lb-2", func(r *godo.DropletCreateRequest) { r.Region = "lon1" })

	_, err := create(godo.ReservedIPCreateRequest{Region: "nyc3", DropletID: d.ID})
	refused(err, "Only one of droplet_id and region may be given.")
	_, err = create(godo.ReservedIPCreateRequest{Region: "mars1"})
	refused(err, "Region is not available")
	_, err = create(godo.ReservedIPCreateRequest{DropletID: 7})
	refused(err, "The Droplet does not exist.")

	assigned, err := create(godo.ReservedIPCreateRequest{DropletID: d.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, err = create(godo.ReservedIPCreateRequest{DropletID: d.ID})
	refused(err, "The Droplet already has a reserved IP assigned to it.")
	_, _, err = client.ReservedIPActions.Assign(t.Context(), assigned.IP, abroad.ID)
	refused(err, "The reserved IP and the Droplet must be in the same region.")

	for range 2 {
		if _, err := create(godo.ReservedIPCreateRequest{Region: "nyc3"}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = create(godo.ReservedIPCreateRequest{Region: "nyc3"})
	refused(err, "You have reached the limit of 3 reserved IPs.")
	free := must[[]godo.ReservedIP](t)(client.ReservedIPs.List(t.Context(), nil))[2]
	_, _, err = client.ReservedIPActions.Unassign(t.Context(), free.IP)
	refused(err, "The floating IP is not assigned to a Droplet.")
}

func TestReservedIPIsLockedDuringActionsAndAfterItsDroplet(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: 5 * time.Second, MemberLinger: 30 * time.Second})
		d := newDroplet(t, client, "lb-1")
		ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
		wantPending := func() {
			t.Helper()
			_, err := client.ReservedIPs.Delete(t.Context(), ip.IP)
			wantRefusal(t, err, http.StatusUnprocessableEntity, "The floating IP already has a pending event.")
		}
		if !ip.Locked {
			t.Error("not locked while it is being assigned")
		}
		wantPending()
		_, _, err := client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID})
		wantRefusal(t, err, http.StatusUnprocessableEntity, "The Droplet already has a reserved IP assigned to it.")
		pass(5 * time.Second)
		ok(t)(client.Droplets.Delete(t.Context(), d.ID))
		wantPending()
		pass(30 * time.Second)
		ok(t)(client.ReservedIPs.Delete(t.Context(), ip.IP))
	})
}

func TestReservedIPIsAlsoKnownAsFloatingIP(t *testing.T) {
	t.Parallel()
	client := clientOf(t, simulator.New(simulator.Options{})) // the API description knows the new name only
	d := newDroplet(t, client, "lb-1")
	ip := must[*godo.FloatingIP](t)(client.FloatingIPs.Create(t.Context(), &godo.FloatingIPCreateRequest{Region: "nyc3"}))
	must[*godo.Action](t)(client.FloatingIPActions.Assign(t.Context(), ip.IP, d.ID))
	reserved := must[*godo.ReservedIP](t)(client.ReservedIPs.Get(t.Context(), ip.IP))
	if reserved.Droplet == nil || reserved.Droplet.ID != d.ID {
		t.Errorf("reserved IP is %+v", reserved)
	}
	ok(t)(client.FloatingIPs.Delete(t.Context(), ip.IP))
}
