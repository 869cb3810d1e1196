package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// keepsData is a destroy that leaves a snapshot of the database's volume, as one
// does unless it was told not to.
func keepsData() operation {
	spec := chat(1)
	database := *spec.Database
	database.FinalSnapshot = true
	spec.Database = &database
	return operation{name: "destroy and keep the data", before: &spec, spec: spec, do: destroy}
}

// Whatever befalls the calls between the last look at a database's volume and its
// end, just one snapshot has the data then.
func TestADestroyKeepsTheDataOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	op := keepsData()
	whole := []recorded{{op, occurrences(calls(t, op))}}
	keeps := func(tr *trial) {
		if kept := len(tr.sim.Inventory().Of("snapshot")); kept != 1 {
			tr.Errorf("%d snapshots have the data, want one", kept)
		}
	}
	concerns := func(route string) bool { return strings.Contains(route, "/volumes/") }
	tried := 0
	for i, x := range everyTrouble(whole) {
		if concerns(x.at.route) && (i%2 == 0 || testtool.Everything()) {
			tried++
			t.Run(x.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, op, func(tr *trial) { tr.meets(x, true); keeps(tr) })
			})
		}
	}
	for _, d := range deaths(whole) {
		if concerns(d.at.route) {
			tried++
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				inTrial(t, op, func(tr *trial) { tr.ends(d, true); keeps(tr) })
			})
		}
	}
	if tried < 50 {
		t.Errorf("only %d things were tried", tried)
	}
}

// A volume that somebody deleted comes back empty, with a host that prepares it,
// which one that has booted before does not.
func TestALostVolumeComesBackWithAHostOfItsOwn(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		before := w.converge(chat(1), mem)
		if _, _, err := w.godo.StorageActions.DetachByDropletID(w.Context(), before.Volume.ID, before.Volume.DropletIDs[0]); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Minute)
		if _, err := w.godo.Storage.DeleteVolume(w.Context(), before.Volume.ID); err != nil {
			w.Fatal(err)
		}
		after := w.converge(chat(1), mem)
		if old := w.id(before, "chat-database"); old == w.id(after, "chat-database") || slices.Contains(after.Volume.DropletIDs, old) {
			w.Errorf("the new volume %v is with the host of the old one, %d", after.Volume, old)
		}
	})
}

// Nobody takes a volume from a droplet that is somebody else's.
func TestAVolumeThatSomebodyElseHasIsLeftToThem(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		o := w.converge(chat(1), mem)
		stranger, _, err := w.godo.Droplets.Create(w.Context(), &godo.DropletCreateRequest{
			Name: "rescue", Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"},
		})
		if err != nil {
			w.Fatal(err)
		}
		if _, _, err := w.godo.StorageActions.DetachByDropletID(w.Context(), o.Volume.ID, o.Volume.DropletIDs[0]); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Minute)
		if _, _, err := w.godo.StorageActions.Attach(w.Context(), o.Volume.ID, stranger.ID); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Minute)
		before := w.sim.Inventory()
		if p, _, err := w.engine.Diff(w.Context(), chat(1), *mem); err != nil || len(p.Refusals) == 0 {
			w.Errorf("the plan is not refused (%v)", err)
		}
		told := fmt.Sprintf("is attached to droplet rescue (%d)", stranger.ID)
		if _, err := w.engine.Converge(w.Context(), chat(1), mem); !refused(err) || !strings.Contains(err.Error(), told) {
			w.Errorf("the apply ended with %v, want that the volume %s", err, told)
		}
		if diff := cmp.Diff(before, w.sim.Inventory()); diff != "" {
			w.Errorf("the refused apply changed the account:\n%s", diff)
		}
		if _, err := w.godo.Droplets.Delete(w.Context(), stranger.ID); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Minute)
		if again := w.converge(chat(1), mem); again.Volume.ID != o.Volume.ID {
			w.Errorf("the volume %s was replaced by %s", o.Volume.ID, again.Volume.ID)
		}
	})
}
