package simulator

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	maxVolumeGiB         = 16384
	maxVolumesPerDroplet = 15
)

// volume is the API description's schema "volume_full".
type volume struct {
	ID              string    `json:"id"`
	DropletIDs      []int     `json:"droplet_ids"` // one at most
	Name            string    `json:"name"`
	Description     string    `json:"description"`
	SizeGigabytes   int       `json:"size_gigabytes"`
	CreatedAt       time.Time `json:"created_at"`
	Region          *region   `json:"region"`
	FilesystemType  string    `json:"filesystem_type"`
	FilesystemLabel string    `json:"filesystem_label"`
	Tags            []string  `json:"tags"`

	pending bool // an action runs
}

func (v *volume) urn() string { return "do:volume:" + v.ID }

func (v *volume) detach(dropletID int) {
	v.DropletIDs = slices.DeleteFunc(v.DropletIDs, func(id int) bool { return id == dropletID })
}

var volumeNamePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

func (s *Simulator) volumeRoutes() {
	s.route("GET /v2/volumes", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "volumes", s.volumesByName(r))
	})
	s.route("POST /v2/volumes", http.StatusCreated, s.createVolume)
	s.route("DELETE /v2/volumes", http.StatusNoContent, s.deleteVolumeByName)
	s.route("GET /v2/volumes/{volume_id}", http.StatusOK, func(r *http.Request) (any, error) {
		v, err := find(&s.volumes, r.PathValue("volume_id"))
		return object{"volume": v}, err
	})
	s.route("DELETE /v2/volumes/{volume_id}", http.StatusNoContent, func(r *http.Request) (any, error) {
		v, err := find(&s.volumes, r.PathValue("volume_id"))
		if err != nil {
			return nil, err
		}
		return nil, s.removeVolume(v)
	})
	s.route("GET /v2/volumes/{volume_id}/{part}", http.StatusOK, s.getVolumePart)
	s.route("POST /v2/volumes/{volume_id}/snapshots", http.StatusCreated, s.snapshotVolume)
	s.route("DELETE /v2/volumes/snapshots/{snapshot_id}", http.StatusNoContent, func(r *http.Request) (any, error) {
		shot, err := find(&s.volSnapshots, r.PathValue("snapshot_id"))
		if err != nil {
			return nil, err
		}
		s.volSnapshots.remove(shot.ID)
		return nil, nil
	})
	s.taggables["volume"] = taggable{
		plural: "volumes",
		each: func(visit func(taggedObject)) {
			for _, v := range s.volumes.all() {
				visit(taggedObject{id: v.ID, uri: "/v2/volumes/" + v.ID, tags: &v.Tags})
			}
		},
	}
}

// getVolumePart serves /v2/volumes/snapshots/{id} besides the parts of one
// volume: net/http.ServeMux takes these patterns for a conflict.
func (s *Simulator) getVolumePart(r *http.Request) (any, error) {
	id, part := r.PathValue("volume_id"), r.PathValue("part")
	if id == "snapshots" {
		shot, err := find(&s.volSnapshots, part)
		return object{"snapshot": shot}, err
	}
	v, err := find(&s.volumes, id)
	if err != nil {
		return nil, err
	}
	switch part {
	case "snapshots":
		return paginated(r, "snapshots", s.snapshotsOfVolume(v.ID))
	case "actions":
		return paginated(r, "actions", s.actionsOf(actionsOn(v.urn())))
	default:
		return nil, notFound()
	}
}

// volumesByName are the volumes that the query's name and region select.
func (s *Simulator) volumesByName(r *http.Request) []*volume {
	query := r.URL.Query()
	return s.volumes.where(func(v *volume) bool {
		return (query.Get("name") == "" || v.Name == query.Get("name")) &&
			(query.Get("region") == "" || v.Region.Slug == query.Get("region"))
	})
}

func (s *Simulator) volumesOn(dropletID int) []*volume {
	return s.volumes.where(func(v *volume) bool { return slices.Contains(v.DropletIDs, dropletID) })
}

// volumeCreate is the body of a create.
type volumeCreate struct {
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	SizeGigabytes   int      `json:"size_gigabytes"`
	Region          string   `json:"region"`
	SnapshotID      string   `json:"snapshot_id"`
	FilesystemType  string   `json:"filesystem_type"`
	FilesystemLabel string   `json:"filesystem_label"`
	Tags            []string `json:"tags"`
}

func (s *Simulator) createVolume(r *http.Request) (any, error) {
	wanted, err := decode[volumeCreate](r)
	if err != nil {
		return nil, err
	}
	if wanted.SnapshotID != "" {
		if err := s.completeFromSnapshot(&wanted); err != nil {
			return nil, err
		}
	}
	if err := s.checkVolume(wanted); err != nil {
		return nil, err
	}
	v := &volume{
		ID: uuid.NewString(), DropletIDs: []int{}, Name: wanted.Name, Description: wanted.Description,
		SizeGigabytes: wanted.SizeGigabytes, CreatedAt: s.timestamp(), Region: s.region(wanted.Region),
		FilesystemType: wanted.FilesystemType, FilesystemLabel: wanted.FilesystemLabel, Tags: []string{},
	}
	s.volumes.add(v.ID, v)
	s.addTags(&v.Tags, wanted.Tags)
	return object{"volume": v}, nil
}

// completeFromSnapshot takes region and size from the snapshot where the
// request leaves them out; a volume is never smaller than its snapshot.
func (s *Simulator) completeFromSnapshot(wanted *volumeCreate) error {
	shot, ok := s.volSnapshots.get(wanted.SnapshotID)
	if !ok {
		return notFound()
	}
	if wanted.Region == "" {
		wanted.Region = shot.Regions[0]
	}
	if wanted.SizeGigabytes == 0 {
		wanted.SizeGigabytes = shot.MinDiskSize
	}
	if wanted.SizeGigabytes < shot.MinDiskSize {
		return unprocessable("size_gigabytes must be at least %d, the size of the snapshot", shot.MinDiskSize)
	}
	if !slices.Contains(shot.Regions, wanted.Region) {
		return unprocessable("The snapshot is not available in this region")
	}
	return nil
}

// maxLabel is how long the label of a file system may be (API description,
// volume_write_file_system_label).
var maxLabel = map[string]int{"ext4": 16, "xfs": 12}

func (s *Simulator) checkVolume(wanted volumeCreate) error {
	region := s.region(wanted.Region)
	switch {
	case !volumeNamePattern.MatchString(wanted.Name):
		return unprocessable("Volume names must be lowercase, begin with a letter, and contain at most 64 letters, numbers and -")
	case wanted.SizeGigabytes < 1 || wanted.SizeGigabytes > maxVolumeGiB:
		return unprocessable("Volume size must be between 1 and %d GiB", maxVolumeGiB)
	case region == nil || !region.Available:
		return unprocessable("Region is not available")
	case !slices.Contains([]string{"", "ext4", "xfs"}, wanted.FilesystemType):
		return unprocessable("filesystem_type must be ext4 or xfs")
	case wanted.FilesystemType != "" && len(wanted.FilesystemLabel) > maxLabel[wanted.FilesystemType]:
		return unprocessable("filesystem_label may have at most %d characters for %s", maxLabel[wanted.FilesystemType], wanted.FilesystemType)
	case s.volumes.len() >= s.options.VolumeLimit:
		return errVolumeLimit()
	}
	for _, other := range s.volumes.all() {
		if other.Name == wanted.Name && other.Region == region {
			return conflict("A volume with the same name already exists in the region")
		}
	}
	for _, name := range wanted.Tags {
		if err := checkTagName(name); err != nil {
			return err
		}
	}
	return nil
}

func errVolumeLimit() *apiError {
	return &apiError{http.StatusForbidden, "forbidden", "failed to create volume: volume/snapshot limit exceeded"}
}

func (s *Simulator) deleteVolumeByName(r *http.Request) (any, error) {
	query := r.URL.Query()
	volumes := s.volumesByName(r)
	if query.Get("name") == "" || query.Get("region") == "" || len(volumes) == 0 {
		return nil, notFound()
	}
	return nil, s.removeVolume(volumes[0])
}

func (s *Simulator) removeVolume(v *volume) error {
	if len(v.DropletIDs) > 0 || v.pending {
		return conflict("A volume that's attached to a Droplet cannot be deleted.")
	}
	s.volumes.remove(v.ID)
	return nil
}

func (s *Simulator) snapshotVolume(r *http.Request) (any, error) {
	v, err := find(&s.volumes, r.PathValue("volume_id"))
	if err != nil {
		return nil, err
	}
	wanted, err := decode[struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}](r)
	if err != nil {
		return nil, err
	}
	if wanted.Name == "" {
		return nil, unprocessable("Name can't be blank")
	}
	for _, name := range wanted.Tags {
		if err := checkTagName(name); err != nil {
			return nil, err
		}
	}
	return object{"snapshot": s.addSnapshotOfVolume(v, wanted.Name, wanted.Tags)}, nil
}
