package simulator

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"time"
)

// reservedIP is an address that outlives the droplets it is assigned to.
type reservedIP struct {
	IP        string
	region    *region
	created   time.Time
	dropletID int  // 0 when unassigned
	assigning int  // the droplet that it is on its way to
	locked    bool // an action runs
}

// reservedIPView is the API description's schema "reserved_ip".
type reservedIPView struct {
	IP        string       `json:"ip"`
	Region    *region      `json:"region"`
	Droplet   *dropletView `json:"droplet"`
	Locked    bool         `json:"locked"`
	ProjectID string       `json:"project_id"`
}

func (ip *reservedIP) urn() string { return "do:reservedip:" + ip.IP }

func (ip *reservedIP) subject() subject {
	four := netip.MustParseAddr(ip.IP).As4()
	id := int(binary.BigEndian.Uint32(four[:])) // the API numbers addresses by themselves
	return subject{urn: ip.urn(), kind: "reserved_ip", id: &id, region: ip.region.Slug}
}

// reservedIPRoutes registers reserved IPs under their name and under their
// former one, floating IPs, which many programs still use.
func (s *Simulator) reservedIPRoutes() {
	for _, name := range []string{"reserved_ip", "floating_ip"} {
		s.reservedIPRoutesAs(name)
	}
}

func (s *Simulator) reservedIPRoutesAs(name string) {
	all := "/v2/" + name + "s"
	one := all + "/{ip}"
	s.route("GET "+all, http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, name+"s", convert(s.reservedIPs.all(), s.viewReservedIP))
	})
	s.route("POST "+all, http.StatusAccepted, func(r *http.Request) (any, error) {
		ip, links, err := s.createReservedIP(r)
		if err != nil {
			return nil, err
		}
		return object{name: s.viewReservedIP(ip), "links": links}, nil
	})
	s.route("GET "+one, http.StatusOK, func(r *http.Request) (any, error) {
		ip, err := find(&s.reservedIPs, r.PathValue("ip"))
		if err != nil {
			return nil, err
		}
		return object{name: s.viewReservedIP(ip)}, nil
	})
	s.route("DELETE "+one, http.StatusNoContent, s.deleteReservedIP)
	s.route("GET "+one+"/actions", http.StatusOK, func(r *http.Request) (any, error) {
		ip, err := find(&s.reservedIPs, r.PathValue("ip"))
		if err != nil {
			return nil, err
		}
		return paginated(r, "actions", s.actionsOf(actionsOn(ip.urn())))
	})
	s.route("GET "+one+"/actions/{action_id}", http.StatusOK, func(r *http.Request) (any, error) {
		return s.actionAnswer(r, actionsOn("do:reservedip:"+r.PathValue("ip")))
	})
	s.route("POST "+one+"/actions", http.StatusCreated, s.postReservedIPAction)
}

func (s *Simulator) viewReservedIP(ip *reservedIP) reservedIPView {
	view := reservedIPView{IP: ip.IP, Region: ip.region, Locked: ip.locked, ProjectID: s.projectOf(ip.urn())}
	if d, ok := s.droplets.get(ip.dropletID); ok {
		droplet := s.viewDroplet(d)
		view.Droplet = &droplet
	}
	return view
}

// createReservedIP takes a region or a droplet; to the latter the address is
// assigned by an action.
func (s *Simulator) createReservedIP(r *http.Request) (*reservedIP, object, error) {
	wanted, err := decode[struct {
		DropletID int    `json:"droplet_id"`
		Region    string `json:"region"`
		ProjectID string `json:"project_id"`
	}](r)
	if err != nil {
		return nil, nil, err
	}
	if wanted.DropletID == 0 {
		ip, err := s.addReservedIP(wanted.Region, wanted.ProjectID)
		return ip, object{}, err
	}
	if wanted.Region != "" {
		return nil, nil, unprocessable("Only one of droplet_id and region may be given.")
	}
	d, err := s.assignable(wanted.DropletID)
	if err != nil {
		return nil, nil, err
	}
	ip, err := s.addReservedIP(d.region.Slug, wanted.ProjectID)
	if err != nil {
		return nil, nil, err
	}
	return ip, object{
		"droplets": []link{{d.id, "droplet", fmt.Sprintf("%s/v2/droplets/%d", baseURL(r), d.id)}},
		"actions":  []link{actionLink(r, s.assignIP(ip, d))},
	}, nil
}

// addReservedIP puts a new address of a region into a project.
func (s *Simulator) addReservedIP(slug, projectID string) (*reservedIP, error) {
	region := s.region(slug)
	if region == nil || !region.Available {
		return nil, unprocessable("Region is not available")
	}
	if s.reservedIPs.len() >= s.options.ReservedIPLimit {
		return nil, s.errReservedIPLimit()
	}
	address, _ := s.nextPublicIPv4()
	ip := &reservedIP{IP: address.String(), region: region, created: s.timestamp()}
	if err := s.assign(ip.urn(), projectID); err != nil {
		return nil, err
	}
	s.reservedIPs.add(ip.IP, ip)
	return ip, nil
}

func (s *Simulator) errReservedIPLimit() *apiError {
	return unprocessable("You have reached the limit of %d reserved IPs.", s.options.ReservedIPLimit)
}

func (s *Simulator) deleteReservedIP(r *http.Request) (any, error) {
	ip, err := find(&s.reservedIPs, r.PathValue("ip"))
	if err != nil {
		return nil, err
	}
	if ip.locked {
		return nil, errReservedIPPending()
	}
	s.reservedIPs.remove(ip.IP)
	return nil, nil
}

func errReservedIPPending() *apiError {
	return unprocessable("The floating IP already has a pending event.")
}

func (s *Simulator) postReservedIPAction(r *http.Request) (any, error) {
	ip, err := find(&s.reservedIPs, r.PathValue("ip"))
	if err != nil {
		return nil, err
	}
	wanted, err := decode[struct {
		Type      string `json:"type"`
		DropletID int    `json:"droplet_id"`
	}](r)
	if err != nil {
		return nil, err
	}
	if ip.locked {
		return nil, errReservedIPPending()
	}
	switch wanted.Type {
	case "assign":
		d, err := s.assignable(wanted.DropletID)
		if err != nil {
			return nil, err
		}
		if d.region != ip.region {
			return nil, unprocessable("The reserved IP and the Droplet must be in the same region.")
		}
		return object{"action": s.assignIP(ip, d)}, nil
	case "unassign":
		if ip.dropletID == 0 {
			return nil, unprocessable("The floating IP is not assigned to a Droplet.")
		}
		return object{"action": s.unassignIP(ip)}, nil
	default:
		return nil, unprocessable("The action type %q is not supported.", wanted.Type)
	}
}

// assignable finds a droplet that can take a reserved IP.
func (s *Simulator) assignable(dropletID int) (*droplet, error) {
	d, ok := s.droplets.get(dropletID)
	switch {
	case !ok:
		return nil, unprocessable("The Droplet does not exist.")
	case d.pending:
		return nil, errPendingEvent()
	case !d.publicIPv4.IsValid():
		return nil, unprocessable("The Droplet has no public network.")
	}
	for _, other := range s.reservedIPs.all() {
		if other.dropletID == dropletID || other.assigning == dropletID {
			return nil, unprocessable("The Droplet already has a reserved IP assigned to it.")
		}
	}
	return d, nil
}

// assignIP starts to move the address to a droplet, from another if need be.
func (s *Simulator) assignIP(ip *reservedIP, d *droplet) *action {
	ip.locked, ip.assigning = true, d.id
	takes, binds := s.binding()
	return s.startAction("assign_ip", ip.subject(), takes, ip.unlock, func() error {
		if _, exists := s.droplets.get(d.id); !exists {
			return notFound()
		}
		if binds {
			ip.dropletID = d.id
		}
		return nil
	})
}

func (s *Simulator) unassignIP(ip *reservedIP) *action {
	ip.locked = true
	return s.startAction("unassign_ip", ip.subject(), s.options.ActionTime, ip.unlock, func() error {
		ip.dropletID = 0
		return nil
	})
}

func (ip *reservedIP) unlock() { ip.locked, ip.assigning = false, 0 }

// releaseReservedIP frees the address of a droplet that is destroyed: it stays
// locked for MemberLinger.
func (s *Simulator) releaseReservedIP(d *droplet) {
	for _, ip := range s.reservedIPs.all() {
		if ip.dropletID != d.id {
			continue
		}
		ip.locked = true
		s.after(s.options.MemberLinger, func() { ip.locked, ip.dropletID = false, 0 })
	}
}
