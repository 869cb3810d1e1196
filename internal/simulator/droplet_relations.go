package simulator

import "net/http"

func (s *Simulator) dropletRelationRoutes() {
	s.route("GET /v2/droplets/{droplet_id}/snapshots", http.StatusOK, s.listDropletImages("snapshots", "snapshot"))
	s.route("GET /v2/droplets/{droplet_id}/backups", http.StatusOK, s.listDropletImages("backups", "backup"))
	s.route("GET /v2/droplets/{droplet_id}/kernels", http.StatusOK, func(r *http.Request) (any, error) {
		if _, err := s.pathDroplet(r); err != nil {
			return nil, err
		}
		return paginated(r, "kernels", []struct{}{}) // droplets manage their own
	})
	s.route("GET /v2/droplets/{droplet_id}/firewalls", http.StatusOK, func(r *http.Request) (any, error) {
		d, err := s.pathDroplet(r)
		if err != nil {
			return nil, err
		}
		return paginated(r, "firewalls", s.firewallsOf(d))
	})
	s.route("GET /v2/droplets/{droplet_id}/neighbors", http.StatusOK, func(r *http.Request) (any, error) {
		if _, err := s.pathDroplet(r); err != nil {
			return nil, err
		}
		return object{"droplets": []dropletView{}}, nil // each has hardware of its own
	})
}

// listDropletImages lists the images of one kind that were made of a droplet.
func (s *Simulator) listDropletImages(key, kind string) handler {
	return func(r *http.Request) (any, error) {
		d, err := s.pathDroplet(r)
		if err != nil {
			return nil, err
		}
		return paginated(r, key, s.imagesOf(d, kind))
	}
}
