package simulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func newVolume(t *testing.T, client *godo.Client, name string) *godo.Volume {
	t.Helper()
	return must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{
		Name: name, Region: "nyc3", SizeGigaBytes: 10, FilesystemType: "ext4",
	}))
}

func TestVolumeNamesAreUniquePerRegion(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	newVolume(t, client, "data")
	again := &godo.VolumeCreateRequest{Name: "data", Region: "nyc3", SizeGigaBytes: 1}
	_, _, err := client.Storage.CreateVolume(t.Context(), again)
	wantRefusal(t, err, http.StatusConflict, "A volume with the same name already exists in the region")
	again.Region = "lon1"
	must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), again))

	found := must[[]godo.Volume](t)(client.Storage.ListVolumes(t.Context(), &godo.ListVolumeParams{Name: "data", Region: "lon1"}))
	if len(found) != 1 || found[0].Region.Slug != "lon1" {
		t.Errorf("found %v", found)
	}
}

func TestVolumeRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request godo.VolumeCreateRequest
		message string
	}{
		{"capital letters", godo.VolumeCreateRequest{Name: "Data", Region: "nyc3", SizeGigaBytes: 1},
			"Volume names must be lowercase, begin with a letter, and contain at most 64 letters, numbers and -"},
		{"no size", godo.VolumeCreateRequest{Name: "data", Region: "nyc3"},
			"Volume size must be between 1 and 16384 GiB"},
		{"closed region", godo.VolumeCreateRequest{Name: "data", Region: "ams2", SizeGigaBytes: 1},
			"Region is not available"},
		{"unknown file system", godo.VolumeCreateRequest{Name: "data", Region: "nyc3", SizeGigaBytes: 1, FilesystemType: "zfs"},
			"filesystem_type must be ext4 or xfs"},
		{"a label too long for ext4", godo.VolumeCreateRequest{Name: "data", Region: "nyc3", SizeGigaBytes: 1, FilesystemType: "ext4", FilesystemLabel: "seventeen-letters"},
			"filesystem_label may have at most 16 characters for ext4"},
		{"a label too long for xfs", godo.VolumeCreateRequest{Name: "data", Region: "nyc3", SizeGigaBytes: 1, FilesystemType: "xfs", FilesystemLabel: "thirteen-long"},
			"filesystem_label may have at most 12 characters for xfs"},
	}
	client := checkedClient(t, simulator.Options{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := client.Storage.CreateVolume(t.Context(), &test.request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, test.message)
		})
	}
}

func TestVolumeIsAttachedToOneDropletAtATime(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	volume := newVolume(t, client, "data")
	first, second := newDroplet(t, client, "db-1"), newDroplet(t, client, "db-2")
	abroad := newDroplet(t, client, "db-3", func(r *godo.DropletCreateRequest) { r.Region = "lon1" })

	_, _, err := client.StorageActions.Attach(t.Context(), volume.ID, abroad.ID)
	wantRefusal(t, err, http.StatusUnprocessableEntity, "The volume and the Droplet must be in the same region.")
	action := must[*godo.Action](t)(client.StorageActions.Attach(t.Context(), volume.ID, first.ID))
	if action.Status != "in-progress" || action.Type != "attach_volume" {
		t.Errorf("action is %s %s", action.Type, action.Status)
	}
	done := must[*godo.Action](t)(client.StorageActions.Get(t.Context(), volume.ID, action.ID))
	if done.Status != "completed" {
		t.Errorf("action is %s, want completed", done.Status)
	}
	_, _, err = client.StorageActions.Attach(t.Context(), volume.ID, second.ID)
	wantRefusal(t, err, http.StatusUnprocessableEntity, "This volume is already attached to another Droplet.")
	_, err = client.Storage.DeleteVolume(t.Context(), volume.ID)
	wantRefusal(t, err, http.StatusConflict, "A volume that's attached to a Droplet cannot be deleted.")

	must[*godo.Action](t)(client.StorageActions.DetachByDropletID(t.Context(), volume.ID, first.ID))
	must[*godo.Action](t)(client.StorageActions.Attach(t.Context(), volume.ID, second.ID))
	got := must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), volume.ID))
	if len(got.DropletIDs) != 1 || got.DropletIDs[0] != second.ID {
		t.Errorf("attached to %v, want %d", got.DropletIDs, second.ID)
	}
	if all := must[[]godo.Action](t)(client.StorageActions.List(t.Context(), volume.ID, nil)); len(all) != 3 || all[0].ID < all[2].ID {
		t.Errorf("actions are %v, want three, the newest first", all)
	}
}

func TestVolumeGrowsAndIsCopied(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	volume := newVolume(t, client, "data")
	_, _, err := client.StorageActions.Resize(t.Context(), volume.ID, 5, "nyc3")
	wantRefusal(t, err, http.StatusUnprocessableEntity, "The new size must be larger than 10 and at most 16384 GiB.")
	must[*godo.Action](t)(client.StorageActions.Resize(t.Context(), volume.ID, 20, "nyc3"))

	snapshot := must[*godo.Snapshot](t)(client.Storage.CreateSnapshot(t.Context(), &godo.SnapshotCreateRequest{
		VolumeID: volume.ID, Name: "before", Tags: []string{"keep"},
	}))
	if snapshot.MinDiskSize != 20 || snapshot.ResourceID != volume.ID {
		t.Errorf("snapshot is %+v", snapshot)
	}
	must[*godo.Snapshot](t)(client.Storage.GetSnapshot(t.Context(), snapshot.ID))
	if listed := must[[]godo.Snapshot](t)(client.Storage.ListSnapshots(t.Context(), volume.ID, nil)); len(listed) != 1 {
		t.Errorf("volume has %d snapshots, want 1", len(listed))
	}
	if listed := must[[]godo.Snapshot](t)(client.Snapshots.ListVolume(t.Context(), nil)); len(listed) != 1 {
		t.Errorf("account has %d snapshots of volumes, want 1", len(listed))
	}
	copied := must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{
		Name: "copy", Region: "nyc3", SizeGigaBytes: 20, SnapshotID: snapshot.ID,
	}))
	ok(t)(client.Storage.DeleteVolume(t.Context(), copied.ID))
	ok(t)(client.Storage.DeleteSnapshot(t.Context(), snapshot.ID))
	_, _, err = client.Snapshots.Get(t.Context(), snapshot.ID)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestVolumeLingersOnADestroyedDroplet(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{MemberLinger: time.Minute})
		volume := newVolume(t, client, "data")
		d := newDroplet(t, client, "db-1", func(r *godo.DropletCreateRequest) {
			r.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
		})
		ok(t)(client.Droplets.Delete(t.Context(), d.ID))
		_, err := client.Storage.DeleteVolume(t.Context(), volume.ID)
		wantRefusal(t, err, http.StatusConflict, "A volume that's attached to a Droplet cannot be deleted.")
		pass(time.Minute)
		ok(t)(client.Storage.DeleteVolume(t.Context(), volume.ID))
	})
}

// godo has no calls for these.
func TestVolumesByName(t *testing.T) {
	t.Parallel()
	handler := contract.Check(t, simulator.New(simulator.Options{}))
	client := clientOf(t, handler)
	volume := newVolume(t, client, "data")
	d := newDroplet(t, client, "db-1")
	act := func(kind string) int {
		body := fmt.Sprintf(`{"type":%q,"volume_name":"data","region":"nyc3","droplet_id":%d}`, kind, d.ID)
		response, _ := call(t, handler, http.MethodPost, "/v2/volumes/actions", "Bearer x", body)
		return response.StatusCode
	}
	remove := func(query string) int {
		response, _ := call(t, handler, http.MethodDelete, "/v2/volumes?"+query, "Bearer x", "")
		return response.StatusCode
	}
	if status := act("attach"); status != http.StatusAccepted {
		t.Errorf("attach: %d", status)
	}
	if got := must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), volume.ID)); len(got.DropletIDs) != 1 {
		t.Errorf("attached to %v", got.DropletIDs)
	}
	if status := remove("name=data&region=nyc3"); status != http.StatusConflict {
		t.Errorf("delete of an attached volume: %d", status)
	}
	if status := act("detach"); status != http.StatusAccepted {
		t.Errorf("detach: %d", status)
	}
	if status := remove("name=data&region=lon1"); status != http.StatusNotFound {
		t.Errorf("delete in another region: %d", status)
	}
	if status := remove("name=data&region=nyc3"); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
}
