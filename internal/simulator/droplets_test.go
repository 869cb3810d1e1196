package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func TestDropletLifecycle(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	volume := newVolume(t, client, "data")

	created, response, err := client.Droplets.Create(t.Context(), dropletRequest("web-1", func(r *godo.DropletCreateRequest) {
		r.Tags, r.IPv6, r.Monitoring, r.Backups = []string{"new-tag"}, true, true, true
		r.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusAccepted {
		t.Errorf("create was answered with %d, want 202", response.StatusCode)
	}
	if created.Status != "new" || len(created.Networks.V4) != 0 {
		t.Errorf("a droplet just created is %q with networks %v, want new and without", created.Status, created.Networks.V4)
	}
	if len(response.Links.Actions) != 1 || response.Links.Actions[0].Rel != "create" {
		t.Fatalf("links are %+v, want the create action", response.Links)
	}
	action := must[*godo.Action](t)(client.Actions.Get(t.Context(), response.Links.Actions[0].ID))
	if action.Status != "completed" || action.ResourceID != created.ID || action.ResourceType != "droplet" {
		t.Errorf("create action is %+v", action)
	}

	got := must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), created.ID))
	public, _ := got.PublicIPv4()
	private, _ := got.PrivateIPv4()
	v6, _ := got.PublicIPv6()
	if got.Status != "active" || public == "" || private == "" || v6 == "" {
		t.Errorf("droplet is %q at %q, %q, %q", got.Status, public, private, v6)
	}
	if strings.Join(got.Features, " ") != "backups droplet_agent ipv6 monitoring private_networking" {
		t.Errorf("features are %v", got.Features)
	}
	if len(got.VolumeIDs) != 1 || got.VolumeIDs[0] != volume.ID || got.NextBackupWindow == nil {
		t.Errorf("volumes %v, backup window %v", got.VolumeIDs, got.NextBackupWindow)
	}

	must[*godo.Tag](t)(client.Tags.Get(t.Context(), "new-tag"))
	ok(t)(client.Droplets.Delete(t.Context(), created.ID))
	_, _, err = client.Droplets.Get(t.Context(), created.ID)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestDropletCreateRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		edit    func(*godo.DropletCreateRequest)
		message string
	}{
		{"underscore in the name", func(r *godo.DropletCreateRequest) { r.Name = "web_1" },
			"Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"},
		{"name too long", func(r *godo.DropletCreateRequest) { r.Name = strings.Repeat("a", 256) },
			"Name is too long (maximum is 255 characters)"},
		{"unknown size", func(r *godo.DropletCreateRequest) { r.Size = "s-9vcpu" },
			"You specified an invalid size for Droplet creation."},
		{"size the region lacks", func(r *godo.DropletCreateRequest) { r.Size = "s-1vcpu-512mb-10gb" },
			"Size is not available in this region."},
		{"closed region", func(r *godo.DropletCreateRequest) { r.Region = "ams2" },
			"You specified an invalid region for Droplet creation."},
		{"unknown image", func(r *godo.DropletCreateRequest) { r.Image.Slug = "plan-9" },
			"You specified an invalid image for Droplet creation."},
		{"unknown key", func(r *godo.DropletCreateRequest) { r.SSHKeys = []godo.DropletCreateSSHKey{{Fingerprint: "aa:bb"}} },
			"aa:bb are invalid key identifiers for Droplet creation."},
		{"user data over 64 KiB", func(r *godo.DropletCreateRequest) { r.UserData = strings.Repeat("x", 64<<10+1) },
			"User data is too long (maximum is 65536 bytes)"},
		{"VPC of another region", func(r *godo.DropletCreateRequest) { r.Region = "lon1" },
			"VPC and Droplet must be in the same region."},
		{"unknown volume", func(r *godo.DropletCreateRequest) { r.Volumes = []godo.DropletCreateVolume{{ID: "none"}} },
			"Failed to resolve volume none."},
		{"illegal tag", func(r *godo.DropletCreateRequest) { r.Tags = []string{"no spaces"} },
			"Tag names may only contain letters, numbers, colons, dashes, and underscores, and at most 255 of them"},
	}
	client := checkedClient(t, simulator.Options{})
	vpc := newVPC(t, client, "own", "10.200.0.0/24")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := dropletRequest("web-1", func(r *godo.DropletCreateRequest) { r.VPCUUID = vpc.ID }, test.edit)
			_, _, err := client.Droplets.Create(t.Context(), request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, test.message)
		})
	}
	left := must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil))
	if len(left) != 0 {
		t.Errorf("refused creates left %d droplets", len(left))
	}
}

func TestLargestUserDataIsAccepted(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.UserData = strings.Repeat("x", 64<<10) })
}

func TestSeveralDropletsInOneCall(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{DropletLimit: 11})
	create := func(count int) ([]godo.Droplet, error) {
		request := &godo.DropletMultiCreateRequest{
			Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-13-x64"},
			Tags: []string{"pool"}, SSHKeys: []godo.DropletCreateSSHKey{},
		}
		for i := range count {
			request.Names = append(request.Names, fmt.Sprintf("node-%d", i+1))
		}
		droplets, _, err := client.Droplets.CreateMultiple(t.Context(), request)
		return droplets, err
	}

	_, err := create(11)
	wantRefusal(t, err, http.StatusUnprocessableEntity, "You can only create up to 10 Droplets at once.")
	droplets, err := create(10)
	if err != nil || len(droplets) != 10 || droplets[9].Name != "node-10" {
		t.Fatalf("created %d droplets, error %v", len(droplets), err)
	}
	_, err = create(2)
	wantRefusal(t, err, http.StatusUnprocessableEntity, "creating this/these droplet(s) will exceed your droplet limit")

	addresses := map[string]bool{}
	for _, d := range must[[]godo.Droplet](t)(client.Droplets.ListByTag(t.Context(), "pool", nil)) {
		for _, network := range d.Networks.V4 {
			addresses[network.IPAddress] = true
		}
	}
	if len(addresses) != 20 {
		t.Errorf("ten droplets have %d different addresses, want 20", len(addresses))
	}

	byName := must[[]godo.Droplet](t)(client.Droplets.ListByName(t.Context(), "node-3", nil))
	if len(byName) != 1 || byName[0].Name != "node-3" {
		t.Errorf("found by name: %v", byName)
	}
	ok(t)(client.Droplets.DeleteByTag(t.Context(), "pool"))
	if left := must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil)); len(left) != 0 {
		t.Errorf("%d droplets are left after a delete by tag", len(left))
	}
	_, err = client.Droplets.DeleteByTag(t.Context(), "never-made")
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestAddressesAndBootTakeTheirTime(t *testing.T) {
	t.Parallel()
	contract.Shared(t) // read the description outside of virtual time
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{BootTime: 5 * time.Second, AddressLag: 40 * time.Second})
		created := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest("web-1")))

		expect := func(status string, addresses int) {
			t.Helper()
			d := must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), created.ID))
			if d.Status != status || len(d.Networks.V4) != addresses {
				t.Errorf("droplet is %q with %d addresses, want %q with %d", d.Status, len(d.Networks.V4), status, addresses)
			}
		}
		pass(5*time.Second - 1)
		expect("new", 0)
		_, _, err := client.DropletActions.PowerOff(t.Context(), created.ID)
		wantRefusal(t, err, http.StatusUnprocessableEntity, "Droplet already has a pending event.")
		pass(1)
		expect("active", 0) // the API does show active droplets without addresses
		pass(35 * time.Second)
		expect("active", 2)
	})
}

func TestDropletWithoutPublicNetwork(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "inside", func(r *godo.DropletCreateRequest) { r.PublicNetworking = godo.PtrTo(false) })
	if public, _ := d.PublicIPv4(); public != "" {
		t.Errorf("public address %s, want none", public)
	}
	if private, _ := d.PrivateIPv4(); private == "" {
		t.Error("no private address")
	}
}

func TestDropletRelations(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.Tags = []string{"web"} })
	other := newDroplet(t, client, "db-1")
	firewall := newFirewall(t, client, "web", func(r *godo.FirewallRequest) { r.Tags = []string{"web"} })

	behind := must[[]godo.Firewall](t)(client.Firewalls.ListByDroplet(t.Context(), d.ID, nil))
	if len(behind) != 1 || behind[0].ID != firewall.ID {
		t.Errorf("firewalls of web-1: %v", behind)
	}
	if none := must[[]godo.Firewall](t)(client.Firewalls.ListByDroplet(t.Context(), other.ID, nil)); len(none) != 0 {
		t.Errorf("firewalls of db-1: %v", none)
	}
	must[[]godo.Kernel](t)(client.Droplets.Kernels(t.Context(), d.ID, nil))
	must[[]godo.Droplet](t)(client.Droplets.Neighbors(t.Context(), d.ID))
	must[[]godo.Image](t)(client.Droplets.Backups(t.Context(), d.ID, nil))
	_, _, err := client.Droplets.Kernels(t.Context(), 1, nil)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}
