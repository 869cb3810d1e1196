package simulator

import (
	"net/http"
	"slices"
)

// volumeActionRequest is the body of an action on a volume.
type volumeActionRequest struct {
	Type          string `json:"type"`
	DropletID     int    `json:"droplet_id"`
	Region        string `json:"region"`
	SizeGigabytes int    `json:"size_gigabytes"`
	VolumeName    string `json:"volume_name"` // when the path names no volume
}

func (s *Simulator) volumeActionRoutes() {
	s.route("GET /v2/volumes/{volume_id}/actions/{action_id}", http.StatusOK, func(r *http.Request) (any, error) {
		return s.actionAnswer(r, actionsOn("do:volume:"+r.PathValue("volume_id")))
	})
	s.route("POST /v2/volumes/{volume_id}/actions", http.StatusAccepted, func(r *http.Request) (any, error) {
		v, err := find(&s.volumes, r.PathValue("volume_id"))
		if err != nil {
			return nil, err
		}
		wanted, err := decode[volumeActionRequest](r)
		if err != nil {
			return nil, err
		}
		return s.startVolumeAction(v, wanted)
	})
	s.route("POST /v2/volumes/actions", http.StatusAccepted, func(r *http.Request) (any, error) {
		wanted, err := decode[volumeActionRequest](r)
		if err != nil {
			return nil, err
		}
		volumes := s.volumes.where(func(v *volume) bool {
			return v.Name == wanted.VolumeName && (wanted.Region == "" || v.Region.Slug == wanted.Region)
		})
		if len(volumes) == 0 {
			return nil, notFound()
		}
		return s.startVolumeAction(volumes[0], wanted)
	})
}

// startVolumeAction checks the action and starts it. The droplet that takes
// part in it is locked until it is done.
func (s *Simulator) startVolumeAction(v *volume, wanted volumeActionRequest) (any, error) {
	if wanted.Region != "" && wanted.Region != v.Region.Slug {
		return nil, unprocessable("The volume is not in the region %s.", wanted.Region)
	}
	if v.pending {
		return nil, unprocessable("Volume already has a pending event.")
	}
	switch wanted.Type {
	case "attach":
		return s.attachVolume(v, wanted)
	case "detach":
		return s.detachVolume(v, wanted)
	case "resize":
		return s.resizeVolume(v, wanted)
	default:
		return nil, unprocessable("The action type %q is not supported.", wanted.Type)
	}
}

func (s *Simulator) attachVolume(v *volume, wanted volumeActionRequest) (any, error) {
	d, err := find(&s.droplets, wanted.DropletID)
	switch {
	case err != nil:
		return nil, err
	case d.region != v.Region:
		return nil, unprocessable("The volume and the Droplet must be in the same region.")
	case slices.Contains(v.DropletIDs, d.id):
		return nil, unprocessable("This volume is already attached to the Droplet.")
	case len(v.DropletIDs) > 0:
		return nil, unprocessable("This volume is already attached to another Droplet.")
	case d.pending:
		return nil, errPendingEvent()
	case len(s.volumesOn(d.id)) >= maxVolumesPerDroplet:
		return nil, unprocessable("A Droplet can have at most %d volumes.", maxVolumesPerDroplet)
	}
	return s.workOnVolume("attach_volume", v, d, func() { v.DropletIDs = []int{d.id} }), nil
}

func (s *Simulator) detachVolume(v *volume, wanted volumeActionRequest) (any, error) {
	if !slices.Contains(v.DropletIDs, wanted.DropletID) {
		return nil, unprocessable("This volume is not attached to the Droplet.")
	}
	d, exists := s.droplets.get(wanted.DropletID)
	if exists && d.pending {
		return nil, errPendingEvent()
	}
	return s.workOnVolume("detach_volume", v, d, func() { v.detach(wanted.DropletID) }), nil
}

func (s *Simulator) resizeVolume(v *volume, wanted volumeActionRequest) (any, error) {
	if wanted.SizeGigabytes <= v.SizeGigabytes || wanted.SizeGigabytes > maxVolumeGiB {
		return nil, unprocessable("The new size must be larger than %d and at most %d GiB.", v.SizeGigabytes, maxVolumeGiB)
	}
	return s.workOnVolume("resize_volume", v, nil, func() { v.SizeGigabytes = wanted.SizeGigabytes }), nil
}

// workOnVolume runs an action that keeps a volume busy, and a droplet if there
// is one.
func (s *Simulator) workOnVolume(kind string, v *volume, d *droplet, done func()) object {
	v.pending = true
	if d != nil {
		d.pending, d.locked = true, true
	}
	on := subject{urn: v.urn(), kind: "volume", region: v.Region.Slug}
	release := func() {
		v.pending = false
		if d != nil {
			d.unlock()
		}
	}
	work := s.startAction(kind, on, s.options.ActionTime, release, func() error {
		if d != nil {
			if _, exists := s.droplets.get(d.id); !exists {
				return notFound()
			}
		}
		done()
		return nil
	})
	return object{"action": work}
}
