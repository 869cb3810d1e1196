package simulator

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"time"
)

// reservedIPv6 is an IPv6 address that outlives the droplets it is assigned to.
type reservedIPv6 struct {
	number     int // resource_id of its actions
	ip         string
	region     *region
	reservedAt time.Time
	dropletID  int  // 0 when unassigned
	locked     bool // an action runs
}

// reservedIPv6View is the API description's schema "reserved_ipv6".
type reservedIPv6View struct {
	IP         string       `json:"ip"`
	RegionSlug string       `json:"region_slug"`
	ReservedAt time.Time    `json:"reserved_at"`
	Droplet    *dropletView `json:"droplet,omitempty"`
}

// reservedIPv6Pool is in the network for documentation (RFC 3849), apart from
// the droplets' own addresses.
var reservedIPv6Pool = netip.MustParseAddr("2001:db8:ffff::")

func (ip *reservedIPv6) urn() string { return "do:reservedipv6:" + ip.ip }

func (s *Simulator) reservedIPv6Routes() {
	s.route("GET /v2/reserved_ipv6", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "reserved_ipv6s", convert(s.reservedIPv6s.all(), s.viewReservedIPv6))
	})
	s.route("POST /v2/reserved_ipv6", http.StatusCreated, s.createReservedIPv6)
	s.route("GET /v2/reserved_ipv6/{reserved_ipv6}", http.StatusOK, func(r *http.Request) (any, error) {
		ip, err := find(&s.reservedIPv6s, r.PathValue("reserved_ipv6"))
		if err != nil {
			return nil, err
		}
		return object{"reserved_ipv6": s.viewReservedIPv6(ip)}, nil
	})
	s.route("DELETE /v2/reserved_ipv6/{reserved_ipv6}", http.StatusNoContent, s.deleteReservedIPv6)
	s.route("POST /v2/reserved_ipv6/{reserved_ipv6}/actions", http.StatusCreated, s.postReservedIPv6Action)
}

func (s *Simulator) viewReservedIPv6(ip *reservedIPv6) reservedIPv6View {
	view := reservedIPv6View{IP: ip.ip, RegionSlug: ip.region.Slug, ReservedAt: ip.reservedAt}
	if d, ok := s.droplets.get(ip.dropletID); ok {
		droplet := s.viewDroplet(d)
		view.Droplet = &droplet
	}
	return view
}

func (s *Simulator) createReservedIPv6(r *http.Request) (any, error) {
	wanted, err := decode[struct {
		RegionSlug string `json:"region_slug"`
	}](r)
	if err != nil {
		return nil, err
	}
	region := s.region(wanted.RegionSlug)
	if region == nil || !region.Available {
		return nil, unprocessable("Region is not available")
	}
	if s.reservedIPv6s.len() >= reservedIPLimit {
		return nil, unprocessable("You have reached the limit of %d reserved IPv6 addresses.", reservedIPLimit)
	}
	s.lastReservedIPv6++
	address := reservedIPv6Pool.As16()
	binary.BigEndian.PutUint16(address[14:], s.lastReservedIPv6)
	ip := &reservedIPv6{
		number: int(s.lastReservedIPv6), ip: netip.AddrFrom16(address).String(),
		region: region, reservedAt: s.timestamp(),
	}
	s.reservedIPv6s.add(ip.ip, ip)
	return object{"reserved_ipv6": s.viewReservedIPv6(ip)}, nil
}

func (s *Simulator) deleteReservedIPv6(r *http.Request) (any, error) {
	ip, err := find(&s.reservedIPv6s, r.PathValue("reserved_ipv6"))
	if err != nil {
		return nil, err
	}
	if ip.locked {
		return nil, unprocessable("The reserved IPv6 already has a pending event.")
	}
	if _, assigned := s.droplets.get(ip.dropletID); assigned {
		return nil, unprocessable("The reserved IPv6 is assigned to a Droplet.")
	}
	s.reservedIPv6s.remove(ip.ip)
	return nil, nil
}

func (s *Simulator) postReservedIPv6Action(r *http.Request) (any, error) {
	ip, err := find(&s.reservedIPv6s, r.PathValue("reserved_ipv6"))
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
		return nil, unprocessable("The reserved IPv6 already has a pending event.")
	}
	switch wanted.Type {
	case "assign":
		if err := s.checkIPv6Target(ip, wanted.DropletID); err != nil {
			return nil, err
		}
		return object{"action": s.moveReservedIPv6("assign_ip", ip, wanted.DropletID)}, nil
	case "unassign":
		if ip.dropletID == 0 {
			return nil, unprocessable("The reserved IPv6 is not assigned to a Droplet.")
		}
		return object{"action": s.moveReservedIPv6("unassign_ip", ip, 0)}, nil
	default:
		return nil, unprocessable("The action type %q is not supported.", wanted.Type)
	}
}

// checkIPv6Target: the droplet must be in the address's region and have IPv6.
func (s *Simulator) checkIPv6Target(ip *reservedIPv6, dropletID int) error {
	d, ok := s.droplets.get(dropletID)
	switch {
	case !ok:
		return unprocessable("The Droplet does not exist.")
	case d.pending:
		return errPendingEvent()
	case d.region != ip.region:
		return unprocessable("The reserved IPv6 and the Droplet must be in the same region.")
	case !d.ipv6.IsValid():
		return unprocessable("IPv6 is not enabled for this Droplet.")
	}
	return nil
}

// moveReservedIPv6 starts to assign the address; droplet 0 is none.
func (s *Simulator) moveReservedIPv6(kind string, ip *reservedIPv6, dropletID int) *action {
	ip.locked = true
	on := subject{urn: ip.urn(), kind: "reserved_ipv6", id: &ip.number, region: ip.region.Slug}
	return s.startAction(kind, on, s.options.ActionTime, func() error {
		ip.locked, ip.dropletID = false, dropletID
		return nil
	})
}
