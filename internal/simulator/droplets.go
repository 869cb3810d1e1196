package simulator

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// droplet is what the simulator knows of one; dropletView is what the API shows.
type droplet struct {
	id      int
	name    string
	created time.Time
	region  *region
	size    *size
	disk    int // GiB; larger than the size's after a resize back
	image   *image
	tags    []string

	booted    bool // the create action is complete
	archived  bool
	addressed bool // its networks are shown
	pending   bool // an action runs, the creation included
	locked    bool // an action other than the creation runs

	statusThen string // of a copy from the past: what its status was

	publicIPv4  netip.Addr // invalid without public networking
	privateIPv4 netip.Addr
	ipv6        netip.Addr // invalid unless asked for
	vpcID       string
	gateway     netip.Addr // of the public IPv4 network

	monitoring   bool
	agent        bool
	backupPolicy *backupPolicy // nil without backups
	userData     string
	keys         []*sshKey
}

func (d *droplet) urn() string { return fmt.Sprintf("do:droplet:%d", d.id) }

func (d *droplet) subject() subject {
	return subject{urn: d.urn(), kind: "droplet", id: &d.id, region: d.region.Slug}
}

func (s *Simulator) dropletRoutes() {
	s.route("GET /v2/droplets", http.StatusOK, s.listDroplets)
	s.route("POST /v2/droplets", http.StatusAccepted, s.createDroplets)
	s.route("DELETE /v2/droplets", http.StatusNoContent, s.deleteDropletsByTag)
	s.route("GET /v2/droplets/{droplet_id}", http.StatusOK, s.getDroplet)
	s.route("DELETE /v2/droplets/{droplet_id}", http.StatusNoContent, s.deleteDroplet)
	s.taggables["droplet"] = taggable{
		plural: "droplets",
		each: func(visit func(taggedObject)) {
			for _, d := range s.droplets.all() {
				id := strconv.Itoa(d.id)
				visit(taggedObject{id: id, uri: "/v2/droplets/" + id, tags: &d.tags})
			}
		},
	}
}

// pathDroplet is the droplet that the path names.
func (s *Simulator) pathDroplet(r *http.Request) (*droplet, error) {
	id, err := pathID(r, "droplet_id")
	if err != nil {
		return nil, err
	}
	return find(&s.droplets, id)
}

func (s *Simulator) listDroplets(r *http.Request) (any, error) {
	query := r.URL.Query()
	droplets := s.droplets.where(func(d *droplet) bool {
		switch {
		case query.Get("type") == "gpus":
			return false // the catalogue has no sizes with a GPU
		case query.Get("tag_name") != "":
			return hasTag(d.tags, query.Get("tag_name"))
		case query.Get("name") != "":
			return d.name == query.Get("name")
		default:
			return true
		}
	})
	return paginated(r, "droplets", convert(droplets, s.viewDroplet))
}

func (s *Simulator) getDroplet(r *http.Request) (any, error) {
	d, err := s.pathDroplet(r)
	if err != nil {
		return nil, err
	}
	return object{"droplet": s.viewDroplet(d)}, nil
}

func (s *Simulator) deleteDroplet(r *http.Request) (any, error) {
	d, err := s.pathDroplet(r)
	if err != nil {
		return nil, err
	}
	if d.locked {
		return nil, errPendingEvent()
	}
	return nil, s.destroyDroplet(d)
}

// deleteDropletsByTag deletes all droplets with a tag. None is no error, as
// long as the tag exists.
func (s *Simulator) deleteDropletsByTag(r *http.Request) (any, error) {
	name := r.URL.Query().Get("tag_name")
	if _, err := s.findTag(name); err != nil {
		return nil, err
	}
	for _, d := range s.dropletsTagged(name) {
		if err := s.destroyDroplet(d); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Simulator) dropletsTagged(name string) []*droplet {
	return s.droplets.where(func(d *droplet) bool { return hasTag(d.tags, name) })
}

// destroyDroplet removes a droplet at once; what it was tied to lets go of it
// only after MemberLinger.
func (s *Simulator) destroyDroplet(d *droplet) error {
	if err := s.options.Hosts.Destroy(d.id); err != nil {
		return fmt.Errorf("destroy the host of droplet %d: %w", d.id, err)
	}
	s.droplets.remove(d.id)
	s.leaveVPC(d.vpcID, d.urn())
	for _, f := range s.firewalls.all() {
		f.removeDroplet(d.id)
	}
	for _, v := range s.volumesOn(d.id) {
		s.after(s.options.MemberLinger, func() { v.detach(d.id) })
	}
	s.releaseReservedIP(d)
	return nil
}

// errPendingEvent refuses work on a droplet that has other work going on.
func errPendingEvent() *apiError { return unprocessable("Droplet already has a pending event.") }
