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

func TestDropletActions(t *testing.T) {
	t.Parallel()
	type actions = godo.DropletActionsService
	power := func(status string) func(*godo.Droplet) bool {
		return func(d *godo.Droplet) bool { return d.Status == status }
	}
	tests := []struct {
		kind  string
		start func(a actions, id int) (*godo.Action, *godo.Response, error)
		holds func(*godo.Droplet) bool
	}{
		{"power_off", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.PowerOff(t.Context(), id) }, power("off")},
		{"power_on", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.PowerOn(t.Context(), id) }, power("active")},
		{"shutdown", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.Shutdown(t.Context(), id) }, power("off")},
		{"resize", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.Resize(t.Context(), id, "s-1vcpu-2gb", true)
		}, func(d *godo.Droplet) bool { return d.SizeSlug == "s-1vcpu-2gb" && d.Memory == 2048 && d.Disk == 50 }},
		{"power_cycle", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.PowerCycle(t.Context(), id) }, power("active")},
		{"reboot", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.Reboot(t.Context(), id) }, power("active")},
		{"password_reset", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.PasswordReset(t.Context(), id) }, power("active")},
		{"rename", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.Rename(t.Context(), id, "web-2")
		},
			func(d *godo.Droplet) bool { return d.Name == "web-2" }},
		{"snapshot", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.Snapshot(t.Context(), id, "before")
		}, func(d *godo.Droplet) bool { return len(d.SnapshotIDs) == 1 }},
		{"enable_backups", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.EnableBackups(t.Context(), id) },
			func(d *godo.Droplet) bool { return d.NextBackupWindow != nil }},
		{"change_backup_policy", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.ChangeBackupPolicy(t.Context(), id, &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "TUE", Hour: godo.PtrTo(8)})
		}, func(d *godo.Droplet) bool { return d.NextBackupWindow.Start.Hour() == 8 }},
		{"disable_backups", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.DisableBackups(t.Context(), id)
		},
			func(d *godo.Droplet) bool { return d.NextBackupWindow == nil }},
		{"enable_ipv6", func(a actions, id int) (*godo.Action, *godo.Response, error) { return a.EnableIPv6(t.Context(), id) },
			func(d *godo.Droplet) bool { return len(d.Networks.V6) == 1 }},
		{"rebuild", func(a actions, id int) (*godo.Action, *godo.Response, error) {
			return a.RebuildByImageSlug(t.Context(), id, "debian-12-x64")
		}, func(d *godo.Droplet) bool { return d.Image.Slug == "debian-12-x64" && d.Status == "active" }},
	}
	client := checkedClient(t, simulator.Options{})
	id := newDroplet(t, client, "web-1").ID
	for _, test := range tests { // one after another: each finds what the one before left
		action, response, err := test.start(client.DropletActions, id)
		if err != nil {
			t.Fatalf("%s: %v", test.kind, err)
		}
		if response.StatusCode != http.StatusCreated || action.Type != test.kind || action.Status != "in-progress" {
			t.Errorf("%s: answered %d with %s %s", test.kind, response.StatusCode, action.Type, action.Status)
		}
		done := must[*godo.Action](t)(client.DropletActions.Get(t.Context(), id, action.ID))
		if done.Status != "completed" || done.CompletedAt == nil {
			t.Errorf("%s: action is %s", test.kind, done.Status)
		}
		if d := must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), id)); !test.holds(d) {
			t.Errorf("%s left the droplet so: %+v", test.kind, d)
		}
	}
	if listed := must[[]godo.Action](t)(client.Droplets.Actions(t.Context(), id, nil)); len(listed) != len(tests)+1 {
		t.Errorf("droplet has %d actions, want the creation and %d", len(listed), len(tests))
	}
}

func TestDropletActionRefusals(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	id := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.Size = "s-1vcpu-2gb" }).ID
	refused := func(err error, message string) {
		t.Helper()
		wantRefusal(t, err, http.StatusUnprocessableEntity, message)
	}
	_, _, err := client.DropletActions.Resize(t.Context(), id, "s-2vcpu-4gb", false)
	refused(err, "You must power off the Droplet before resizing.")
	_, _, err = client.DropletActions.PowerOn(t.Context(), id)
	refused(err, "Droplet is already powered on.")
	must[*godo.Action](t)(client.DropletActions.PowerOff(t.Context(), id))
	_, _, err = client.DropletActions.PowerOff(t.Context(), id)
	refused(err, "Droplet is already powered off.")
	_, _, err = client.DropletActions.Resize(t.Context(), id, "s-1vcpu-1gb", false)
	refused(err, "This size is not available because it has a smaller disk.")
	_, _, err = client.DropletActions.Resize(t.Context(), id, "s-1", false)
	refused(err, "You specified an invalid size.")
	_, _, err = client.DropletActions.Rename(t.Context(), id, "web_1")
	refused(err, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
	_, _, err = client.DropletActions.DisableBackups(t.Context(), id)
	refused(err, "Backups are not enabled for this Droplet.")
	_, _, err = client.DropletActions.RebuildByImageSlug(t.Context(), id, "plan-9")
	refused(err, "You specified an invalid image for Droplet rebuild.")
	_, _, err = client.DropletActions.PowerOn(t.Context(), 7)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestDropletIsLockedWhileAnActionRuns(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: 8 * time.Second})
		id := newDroplet(t, client, "web-1").ID
		must[*godo.Action](t)(client.DropletActions.PowerOff(t.Context(), id))
		pass(8*time.Second - 1)
		d := must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), id))
		if !d.Locked || d.Status != "active" {
			t.Errorf("during power_off: locked %t, %s", d.Locked, d.Status)
		}
		_, _, err := client.DropletActions.PowerOn(t.Context(), id)
		wantRefusal(t, err, http.StatusUnprocessableEntity, "Droplet already has a pending event.")
		_, err = client.Droplets.Delete(t.Context(), id)
		wantRefusal(t, err, http.StatusUnprocessableEntity, "Droplet already has a pending event.")
		pass(1)
		d = must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), id))
		if d.Locked || d.Status != "off" {
			t.Errorf("after power_off: locked %t, %s", d.Locked, d.Status)
		}
	})
}

func TestActionsByTag(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	tagged := func(r *godo.DropletCreateRequest) { r.Tags = []string{"web"} }
	newDroplet(t, client, "web-1", tagged)
	newDroplet(t, client, "web-2", tagged)
	other := newDroplet(t, client, "db-1")
	started := must[[]godo.Action](t)(client.DropletActions.PowerOffByTag(t.Context(), "web"))
	if len(started) != 2 {
		t.Errorf("%d actions, want 2", len(started))
	}
	for _, d := range must[[]godo.Droplet](t)(client.Droplets.ListByTag(t.Context(), "web", nil)) {
		if d.Status != "off" {
			t.Errorf("%s is %s, want off", d.Name, d.Status)
		}
	}
	if d := must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), other.ID)); d.Status != "active" {
		t.Errorf("%s is %s, want active", d.Name, d.Status)
	}
}

func TestSnapshotBootsAnotherDroplet(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1")
	must[*godo.Action](t)(client.DropletActions.Snapshot(t.Context(), d.ID, "golden"))
	images := must[[]godo.Image](t)(client.Droplets.Snapshots(t.Context(), d.ID, nil))
	if len(images) != 1 || images[0].Name != "golden" {
		t.Fatalf("snapshots of web-1: %v", images)
	}
	listed := must[[]godo.Snapshot](t)(client.Snapshots.ListDroplet(t.Context(), nil))
	if len(listed) != 1 || listed[0].Name != "golden" || listed[0].MinDiskSize != 25 {
		t.Errorf("snapshots of droplets: %+v", listed)
	}
	copied := newDroplet(t, client, "web-2", func(r *godo.DropletCreateRequest) {
		r.Image = godo.DropletCreateImage{ID: images[0].ID}
	})
	if copied.Image.ID != images[0].ID {
		t.Errorf("web-2 boots from %d, want %d", copied.Image.ID, images[0].ID)
	}
	ok(t)(client.Snapshots.Delete(t.Context(), listed[0].ID))
	_, _, err := client.Images.GetByID(t.Context(), images[0].ID)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestBackupPolicies(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "db-1", func(r *godo.DropletCreateRequest) {
		r.Backups = true
		r.BackupPolicy = &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "MON", Hour: godo.PtrTo(20)}
	})
	newDroplet(t, client, "web-1")
	policy := must[*godo.DropletBackupPolicy](t)(client.Droplets.GetBackupPolicy(t.Context(), d.ID))
	if !policy.BackupEnabled || policy.BackupPolicy.Weekday != "MON" || policy.BackupPolicy.RetentionPeriodDays != 28 {
		t.Errorf("policy is %+v", policy)
	}
	if start := policy.NextBackupWindow.Start; start.Weekday() != time.Monday || start.Hour() != 20 || !start.After(time.Now()) {
		t.Errorf("next window starts %s", start)
	}
	all := must[map[int]*godo.DropletBackupPolicy](t)(client.Droplets.ListBackupPolicies(t.Context(), nil))
	if len(all) != 1 || all[d.ID] == nil {
		t.Errorf("policies of %v, want of %d only", all, d.ID)
	}
	if supported := must[[]*godo.SupportedBackupPolicy](t)(client.Droplets.ListSupportedBackupPolicies(t.Context())); len(supported) != 2 {
		t.Errorf("%d supported policies, want 2", len(supported))
	}
}
