package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// associated is what is tied to a droplet and can be destroyed with it, under
// the keys of the API. floating_ips is the former name of reserved_ips.
type associated struct {
	ReservedIPs     []associatedResource `json:"reserved_ips"`
	FloatingIPs     []associatedResource `json:"floating_ips"`
	Snapshots       []associatedResource `json:"snapshots"`
	Volumes         []associatedResource `json:"volumes"`
	VolumeSnapshots []associatedResource `json:"volume_snapshots"`
}

type associatedResource struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Cost        string     `json:"cost,omitempty"`         // USD a month, before
	DestroyedAt *time.Time `json:"destroyed_at,omitempty"` // afterwards
}

// What DigitalOcean asks for a GiB and month, in USD.
const (
	volumePrice   = 0.10
	snapshotPrice = 0.06
)

// destruction is the outcome of destroying a droplet with what is tied to it.
type destruction struct {
	Droplet     associatedResource `json:"droplet"`
	Resources   associated         `json:"resources"`
	CompletedAt time.Time          `json:"completed_at"`
	Failures    int                `json:"failures"`
}

// destroySelection names what goes with the droplet, by ids.
type destroySelection struct {
	ReservedIPs     []string `json:"reserved_ips"`
	FloatingIPs     []string `json:"floating_ips"`
	Snapshots       []string `json:"snapshots"`
	Volumes         []string `json:"volumes"`
	VolumeSnapshots []string `json:"volume_snapshots"`
}

func (s *Simulator) dropletDestroyRoutes() {
	path := " /v2/droplets/{droplet_id}/destroy_with_associated_resources"
	s.route("GET"+path, http.StatusOK, func(r *http.Request) (any, error) {
		d, err := s.pathDroplet(r)
		if err != nil {
			return nil, err
		}
		return s.associatedWith(d), nil
	})
	s.route("DELETE"+path+"/selective", http.StatusAccepted, s.destroySelected)
	s.route("DELETE"+path+"/dangerous", http.StatusAccepted, s.destroyAll)
	s.route("GET"+path+"/status", http.StatusOK, func(r *http.Request) (any, error) {
		id, err := pathID(r, "droplet_id")
		if err != nil {
			return nil, err
		}
		return find(&s.destructions, id)
	})
	s.route("POST"+path+"/retry", http.StatusAccepted, func(r *http.Request) (any, error) {
		id, err := pathID(r, "droplet_id")
		if err != nil {
			return nil, err
		}
		_, err = find(&s.destructions, id)
		return nil, err // nothing fails here, so there is nothing to try again
	})
}

func (s *Simulator) associatedWith(d *droplet) associated {
	tied := associated{
		ReservedIPs: []associatedResource{}, Snapshots: []associatedResource{},
		Volumes: []associatedResource{}, VolumeSnapshots: []associatedResource{},
	}
	for _, ip := range s.reservedIPs.all() {
		if ip.dropletID == d.id {
			tied.ReservedIPs = append(tied.ReservedIPs, associatedResource{ID: ip.IP, Name: ip.IP, Cost: "0.00"})
		}
	}
	tied.FloatingIPs = tied.ReservedIPs
	for _, i := range s.imagesOf(d, "snapshot") {
		tied.Snapshots = append(tied.Snapshots, associatedResource{
			ID: strconv.Itoa(i.ID), Name: i.Name, Cost: fmt.Sprintf("%.2f", i.SizeGigabytes*snapshotPrice),
		})
	}
	for _, v := range s.volumesOn(d.id) {
		tied.Volumes = append(tied.Volumes, associatedResource{
			ID: v.ID, Name: v.Name, Cost: fmt.Sprintf("%.2f", float64(v.SizeGigabytes)*volumePrice),
		})
		for _, shot := range s.snapshotsOfVolume(v.ID) {
			tied.VolumeSnapshots = append(tied.VolumeSnapshots, associatedResource{
				ID: shot.ID, Name: shot.Name, Cost: fmt.Sprintf("%.2f", shot.SizeGigabytes*snapshotPrice),
			})
		}
	}
	return tied
}

func (s *Simulator) destroySelected(r *http.Request) (any, error) {
	d, err := s.pathDroplet(r)
	if err != nil {
		return nil, err
	}
	wanted, err := decode[destroySelection](r)
	if err != nil {
		return nil, err
	}
	tied := s.associatedWith(d)
	return nil, s.destroyWith(d, associated{
		ReservedIPs:     chosen(tied.ReservedIPs, slices.Concat(wanted.ReservedIPs, wanted.FloatingIPs)),
		Snapshots:       chosen(tied.Snapshots, wanted.Snapshots),
		Volumes:         chosen(tied.Volumes, wanted.Volumes),
		VolumeSnapshots: chosen(tied.VolumeSnapshots, wanted.VolumeSnapshots),
	})
}

// destroyAll wants a header by which the caller shows to know what it does.
func (s *Simulator) destroyAll(r *http.Request) (any, error) {
	d, err := s.pathDroplet(r)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("X-Dangerous") != "true" {
		return nil, badRequest("The header X-Dangerous must be true.")
	}
	return nil, s.destroyWith(d, s.associatedWith(d))
}

func chosen(resources []associatedResource, ids []string) []associatedResource {
	kept := []associatedResource{}
	for _, resource := range resources {
		if slices.Contains(ids, resource.ID) {
			kept = append(kept, resource)
		}
	}
	return kept
}

// destroyWith destroys a droplet and what is given at once, and remembers it
// for the call that asks for the outcome.
func (s *Simulator) destroyWith(d *droplet, with associated) error {
	if d.locked {
		return errPendingEvent()
	}
	if err := s.destroyDroplet(d); err != nil {
		return err
	}
	for _, ip := range with.ReservedIPs {
		s.reservedIPs.remove(ip.ID)
	}
	for _, v := range with.Volumes {
		s.volumes.remove(v.ID)
	}
	for _, shot := range with.VolumeSnapshots {
		s.volSnapshots.remove(shot.ID)
	}
	for _, i := range with.Snapshots {
		if id, err := strconv.Atoi(i.ID); err == nil {
			s.images.remove(id)
		}
	}
	now := s.timestamp()
	outcome := &destruction{
		Droplet: associatedResource{ID: strconv.Itoa(d.id), Name: d.name, DestroyedAt: &now},
		Resources: associated{
			ReservedIPs: destroyed(with.ReservedIPs, now), FloatingIPs: destroyed(with.ReservedIPs, now),
			Snapshots: destroyed(with.Snapshots, now), Volumes: destroyed(with.Volumes, now),
			VolumeSnapshots: destroyed(with.VolumeSnapshots, now),
		},
		CompletedAt: now,
	}
	s.destructions.add(d.id, outcome)
	return nil
}

func destroyed(resources []associatedResource, at time.Time) []associatedResource {
	return convert(resources, func(resource associatedResource) associatedResource {
		return associatedResource{ID: resource.ID, Name: resource.Name, DestroyedAt: &at}
	})
}
