package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// snapshot is the API description's schema "snapshots": those of droplets are
// images too, those of volumes are not.
type snapshot struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	CreatedAt     time.Time `json:"created_at"`
	Regions       []string  `json:"regions"`
	MinDiskSize   int       `json:"min_disk_size"`  // GiB
	SizeGigabytes float64   `json:"size_gigabytes"` // GiB
	ResourceID    string    `json:"resource_id"`
	ResourceType  string    `json:"resource_type"` // droplet or volume
	Tags          []string  `json:"tags"`
}

// volumeSnapshot is the stored form of a volume's snapshot.
type volumeSnapshot struct{ snapshot }

func (s *Simulator) snapshotRoutes() {
	s.route("GET /v2/snapshots", http.StatusOK, s.listSnapshots)
	s.route("GET /v2/snapshots/{snapshot_id}", http.StatusOK, func(r *http.Request) (any, error) {
		for _, shot := range s.allSnapshots() {
			if shot.ID == r.PathValue("snapshot_id") {
				return object{"snapshot": shot}, nil
			}
		}
		return nil, notFound()
	})
	s.route("DELETE /v2/snapshots/{snapshot_id}", http.StatusNoContent, s.deleteSnapshot)
	s.taggables["volume_snapshot"] = taggable{
		plural: "volume_snapshots",
		each: func(visit func(taggedObject)) {
			for _, shot := range s.volSnapshots.all() {
				visit(taggedObject{id: shot.ID, uri: "/v2/snapshots/" + shot.ID, tags: &shot.Tags})
			}
		},
	}
}

func (s *Simulator) listSnapshots(r *http.Request) (any, error) {
	kind := r.URL.Query().Get("resource_type")
	shots := []snapshot{}
	for _, shot := range s.allSnapshots() {
		if kind == "" || shot.ResourceType == kind {
			shots = append(shots, shot)
		}
	}
	return paginated(r, "snapshots", shots)
}

// allSnapshots lists those of droplets, then those of volumes.
func (s *Simulator) allSnapshots() []snapshot {
	images := s.images.where(func(i *image) bool { return !i.Public && i.Type == "snapshot" })
	shots := convert(images, viewSnapshot)
	for _, shot := range s.volSnapshots.all() {
		shots = append(shots, shot.snapshot)
	}
	return shots
}

// viewSnapshot shows a droplet's snapshot, which is stored as an image.
func viewSnapshot(i *image) snapshot {
	return snapshot{
		ID: strconv.Itoa(i.ID), Name: i.Name, CreatedAt: i.CreatedAt, Regions: i.Regions,
		MinDiskSize: i.MinDiskSize, SizeGigabytes: i.SizeGigabytes,
		ResourceID: strconv.Itoa(i.dropletID), ResourceType: "droplet", Tags: i.Tags,
	}
}

func (s *Simulator) deleteSnapshot(r *http.Request) (any, error) {
	id := r.PathValue("snapshot_id")
	if _, ok := s.volSnapshots.get(id); ok {
		s.volSnapshots.remove(id)
		return nil, nil
	}
	number, err := strconv.Atoi(id)
	if err != nil {
		return nil, notFound()
	}
	i, err := find(&s.images, number)
	if err != nil || i.Public || i.Type != "snapshot" {
		return nil, notFound()
	}
	s.images.remove(number)
	return nil, nil
}

// addSnapshotOf stores a droplet's disk as an image of the account.
func (s *Simulator) addSnapshotOf(d *droplet, name string) {
	if name == "" {
		name = fmt.Sprintf("%s-%d", d.name, s.timestamp().Unix())
	}
	s.lastImage++
	s.images.add(s.lastImage, &image{
		ID: s.lastImage, Name: name, Type: "snapshot", Distribution: d.image.Distribution,
		Regions: []string{d.region.Slug}, CreatedAt: s.timestamp(), MinDiskSize: d.disk,
		SizeGigabytes: d.image.SizeGigabytes, Tags: []string{}, Status: "available",
		dropletID: d.id,
	})
}

// addSnapshotOfVolume stores what a volume holds.
func (s *Simulator) addSnapshotOfVolume(v *volume, name string, tags []string) *volumeSnapshot {
	shot := &volumeSnapshot{snapshot{
		ID: uuid.NewString(), Name: name, CreatedAt: s.timestamp(), Regions: []string{v.Region.Slug},
		MinDiskSize: v.SizeGigabytes, SizeGigabytes: 0, ResourceID: v.ID, ResourceType: "volume",
		Tags: []string{},
	}}
	s.volSnapshots.add(shot.ID, shot)
	s.addTags(&shot.Tags, tags)
	return shot
}

func (s *Simulator) snapshotsOfVolume(id string) []*volumeSnapshot {
	return s.volSnapshots.where(func(shot *volumeSnapshot) bool { return shot.ResourceID == id })
}

// imageIDs lists the snapshots or backups of a droplet.
func (s *Simulator) imageIDs(d *droplet, kind string) []int {
	return convert(s.imagesOf(d, kind), func(i *image) int { return i.ID })
}

func (s *Simulator) imagesOf(d *droplet, kind string) []*image {
	return s.images.where(func(i *image) bool { return i.dropletID == d.id && i.Type == kind })
}

// label is how a person would name the image.
func (i *image) label() string {
	if i.Slug != nil {
		return *i.Slug
	}
	return i.Name
}
