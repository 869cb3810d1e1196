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

// withFault runs a story on virtual time, in an account that takes its time.
func withFault(t *testing.T, fault simulator.Fault, story func(t *testing.T, sim *simulator.Simulator, client *godo.Client)) {
	t.Helper()
	contract.Shared(t) // loaded outside the bubble
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{
			BootTime: 40 * time.Second, AddressLag: 5 * time.Second, ActionTime: 2 * time.Second,
			Faults: []simulator.Fault{fault},
		})
		story(t, sim, clientOf(t, contract.Check(t, sim)))
	})
}

// The second of three droplets has the fault; the others are as they should be.
func TestFaultsOfDroplets(t *testing.T) {
	t.Parallel()
	const goneStatus = "gone"
	tests := []struct {
		name      string
		fault     simulator.Fault
		early     string // status after 10 s
		late      string // status after an hour
		addressed bool
	}{
		{"never active", simulator.Fault{Kind: simulator.NeverActive}, "new", "new", true},
		{"never addressed", simulator.Fault{Kind: simulator.NeverAddressed}, "new", "active", false},
		{"vanishes before it is active", simulator.Fault{Kind: simulator.Vanishes, Delay: 9 * time.Second}, goneStatus, goneStatus, false},
		{"vanishes after", simulator.Fault{Kind: simulator.Vanishes, Delay: time.Minute}, "new", goneStatus, false},
		{"goes off before it is active", simulator.Fault{Kind: simulator.GoesOff, Delay: time.Second}, "new", "off", true},
		{"goes off after", simulator.Fault{Kind: simulator.GoesOff, Delay: time.Minute}, "new", "off", true},
		{"create ends errored", simulator.Fault{Kind: simulator.ActionErrored}, "new", "new", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fault.Nth, test.fault.Times = 2, 1
			withFault(t, test.fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
				request := godo.DropletMultiCreateRequest{
					Names: []string{"web-1", "web-2", "web-3"}, Region: "nyc3", Size: "s-1vcpu-1gb",
					Image: godo.DropletCreateImage{Slug: "debian-13-x64"}, SSHKeys: []godo.DropletCreateSSHKey{},
				}
				made := must[[]godo.Droplet](t)(client.Droplets.CreateMultiple(t.Context(), &request))
				look := func(d godo.Droplet) (status string, addressed bool) {
					got, response, err := client.Droplets.Get(t.Context(), d.ID)
					if response.StatusCode == http.StatusNotFound {
						return goneStatus, false
					}
					if err != nil {
						t.Fatal(err)
					}
					return got.Status, len(got.Networks.V4) > 0
				}
				pass(10 * time.Second)
				if status, _ := look(made[1]); status != test.early {
					t.Errorf("after ten seconds it is %s, want %s", status, test.early)
				}
				pass(time.Hour)
				if status, addressed := look(made[1]); status != test.late || addressed != test.addressed {
					t.Errorf("after an hour it is %s, addressed %t; want %s, %t", status, addressed, test.late, test.addressed)
				}
				for _, i := range []int{0, 2} {
					if status, addressed := look(made[i]); status != "active" || !addressed {
						t.Errorf("%s, which has no fault, is %s, addressed %t", made[i].Name, status, addressed)
					}
				}
				ok(t)(client.Droplets.Delete(t.Context(), made[0].ID))
				if test.late != goneStatus {
					ok(t)(client.Droplets.Delete(t.Context(), made[1].ID))
				}
			})
		})
	}
}

func TestFaultsOfNamedDroplets(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.NeverActive, Name: "lb-*"}
	withFault(t, fault, func(t *testing.T, sim *simulator.Simulator, client *godo.Client) {
		for _, name := range []string{"web-1", "lb-1"} {
			must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest(name)))
		}
		pass(time.Minute)
		droplets := sim.Inventory().Of("droplet")
		if droplets[0].Status != "new" || droplets[1].Status != "active" {
			t.Errorf("the load balancer is %s and the node %s, want new and active", droplets[0].Status, droplets[1].Status)
		}
	})
}

func TestActionsThatEndErrored(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.ActionErrored, Call: "POST /v2/volumes/*/actions", Times: 1}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		d := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest("db-1")))
		v := must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Name: "db-data", SizeGigaBytes: 1, Region: "nyc3"}))
		pass(time.Minute)
		for _, want := range []string{"errored", "completed"} {
			work := must[*godo.Action](t)(client.StorageActions.Attach(t.Context(), v.ID, d.ID))
			pass(3 * time.Second)
			work = must[*godo.Action](t)(client.Actions.Get(t.Context(), work.ID))
			attached := len(must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), v.ID)).DropletIDs) == 1
			if work.Status != want || attached != (want == "completed") {
				t.Errorf("the action ended %s, attached %t; want %s", work.Status, attached, want)
			}
		}
	})
}

func TestReservedIPIsBoundLateOrNever(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		fault         simulator.Fault
		at3, at8, end bool
	}{
		{"late", simulator.Fault{Kind: simulator.BoundLate, Delay: 8 * time.Second}, false, true, true},
		{"never", simulator.Fault{Kind: simulator.NeverBound}, false, false, false},
		{"never by POST of an action only", simulator.Fault{Kind: simulator.NeverBound, Call: "POST /v2/reserved_ips/*/actions"}, true, true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			withFault(t, test.fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
				d := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest("lb-1")))
				pass(time.Minute)
				ip := must[*godo.ReservedIP](t)(client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{DropletID: d.ID}))
				bound := func() bool {
					return must[*godo.ReservedIP](t)(client.ReservedIPs.Get(t.Context(), ip.IP)).Droplet != nil
				}
				pass(3 * time.Second)
				at3 := bound()
				pass(5 * time.Second)
				at8 := bound()
				pass(time.Hour)
				if at3 != test.at3 || at8 != test.at8 || bound() != test.end {
					t.Errorf("bound after 3 s %t, after 8 s %t, in the end %t", at3, at8, bound())
				}
				ok(t)(client.ReservedIPs.Delete(t.Context(), ip.IP))
			})
		})
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	makers := []struct {
		call    string
		make    func(t *testing.T, client *godo.Client, name string) error
		status  int
		message string
	}{
		{"POST /v2/droplets", func(t *testing.T, client *godo.Client, name string) error {
			_, _, err := client.Droplets.Create(t.Context(), dropletRequest(name))
			return err
		}, http.StatusUnprocessableEntity, "creating this/these droplet(s) will exceed your droplet limit"},
		{"POST /v2/reserved_ips", func(t *testing.T, client *godo.Client, _ string) error {
			_, _, err := client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{Region: "nyc3"})
			return err
		}, http.StatusUnprocessableEntity, ""},
		{"POST /v2/volumes", func(t *testing.T, client *godo.Client, name string) error {
			_, _, err := client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Name: name, SizeGigaBytes: 1, Region: "nyc3"})
			return err
		}, http.StatusForbidden, "failed to create volume: volume/snapshot limit exceeded"},
	}
	limits := map[string]simulator.Options{
		"the account's limits": {DropletLimit: 2, ReservedIPLimit: 2, VolumeLimit: 2},
		"a fault":              {Faults: []simulator.Fault{{Kind: simulator.Quota, Nth: 3}}},
	}
	for name, options := range limits {
		for _, maker := range makers {
			t.Run(name+" at "+maker.call, func(t *testing.T) {
				t.Parallel()
				client := checkedClient(t, options)
				for i, name := range []string{"a-1", "a-2"} {
					if err := maker.make(t, client, name); err != nil {
						t.Fatalf("object %d: %v", i+1, err)
					}
				}
				wantRefusal(t, maker.make(t, client, "a-3"), maker.status, maker.message)
			})
		}
	}
}

func TestAccountTellsItsOwnLimits(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{DropletLimit: 4, ReservedIPLimit: 5, VolumeLimit: 6})
	got := must[*godo.Account](t)(client.Account.Get(t.Context()))
	if got.DropletLimit != 4 || got.ReservedIPLimit != 5 || got.FloatingIPLimit != 5 || got.VolumeLimit != 6 {
		t.Errorf("limits %+v, want 4, 5, 5 and 6", got)
	}
}
