package simulator

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// defaultTTL is what a record gets that names none, and minTTL the least it
// may ask for, in seconds.
const (
	defaultTTL = 1800
	minTTL     = 30
)

var nameServers = []string{"ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"}

// domainName is what the API takes: labels of letters, digits and hyphens, at
// least two of them.
var domainName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// domain is one DNS zone.
type domain struct {
	name    string
	created time.Time
	records table[int, *record]
}

// domainView is a domain as the API description's schema "domain" has it.
type domainView struct {
	Name     string  `json:"name"`
	TTL      int     `json:"ttl"`
	ZoneFile *string `json:"zone_file"` // null in the answer to a create
}

func (d *domain) urn() string { return "do:domain:" + d.name }

func (d *domain) view() domainView {
	zone := d.zoneFile()
	return domainView{Name: d.name, TTL: defaultTTL, ZoneFile: &zone}
}

// zoneFile is the zone as name servers read it (RFC 1035, section 5).
func (d *domain) zoneFile() string {
	var zone strings.Builder
	fmt.Fprintf(&zone, "$ORIGIN %s.\n$TTL %d\n", d.name, defaultTTL)
	for _, r := range d.records.all() {
		if r.Type == "SOA" {
			fmt.Fprintf(&zone, "%s. IN SOA %s. hostmaster.%s. 1 10800 3600 604800 %d\n", d.name, nameServers[0], d.name, r.TTL)
			continue
		}
		fmt.Fprintf(&zone, "%s. %d IN %s %s\n", r.fqdn(d.name), r.TTL, r.Type, r.zoneData())
	}
	return zone.String()
}

func (s *Simulator) domainRoutes() {
	s.route("GET /v2/domains", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "domains", convert(s.domains.all(), (*domain).view))
	})
	s.route("POST /v2/domains", http.StatusCreated, s.createDomain)
	s.route("GET /v2/domains/{domain_name}", http.StatusOK, func(r *http.Request) (any, error) {
		d, err := s.pathDomain(r)
		if err != nil {
			return nil, err
		}
		return object{"domain": d.view()}, nil
	})
	s.route("DELETE /v2/domains/{domain_name}", http.StatusNoContent, func(r *http.Request) (any, error) {
		d, err := s.pathDomain(r)
		if err != nil {
			return nil, err
		}
		s.domains.remove(d.name)
		delete(s.assignments, d.urn()) // the name may come back
		return nil, nil
	})
	s.recordRoutes()
}

func (s *Simulator) pathDomain(r *http.Request) (*domain, error) {
	return find(&s.domains, r.PathValue("domain_name"))
}

// createDomain makes a zone with DigitalOcean's own records and, when an
// address is given, an A record for the domain itself.
func (s *Simulator) createDomain(r *http.Request) (any, error) {
	request, err := decode[struct {
		Name      string `json:"name"`
		IPAddress string `json:"ip_address"`
	}](r)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.TrimSuffix(request.Name, "."))
	if !domainName.MatchString(name) {
		return nil, unprocessable("Name is not a valid domain name")
	}
	if _, taken := s.domains.get(name); taken {
		return nil, unprocessable("%s already exists", name)
	}
	made := &domain{name: name, created: s.timestamp()}
	s.addRecord(made, &record{Type: "SOA", Name: "@", Data: fmt.Sprint(defaultTTL), TTL: defaultTTL})
	for _, server := range nameServers {
		s.addRecord(made, &record{Type: "NS", Name: "@", Data: server, TTL: defaultTTL})
	}
	if request.IPAddress != "" {
		if address, err := netip.ParseAddr(request.IPAddress); err != nil || !address.Is4() {
			return nil, errNotIPv4()
		}
		s.addRecord(made, &record{Type: "A", Name: "@", Data: request.IPAddress, TTL: defaultTTL})
	}
	s.domains.add(name, made)
	view := made.view()
	view.ZoneFile = nil
	return object{"domain": view}, nil
}

func (s *Simulator) addRecord(d *domain, r *record) {
	s.lastRecord++
	r.ID = s.lastRecord
	d.records.add(r.ID, r)
}

func errNotIPv4() *apiError {
	return unprocessable("IP address did not match IPv4 format (e.g. 127.0.0.1).")
}

// sharesName tells whether another record of the domain has the same name.
func (d *domain) sharesName(r *record, matches func(*record) bool) bool {
	return slices.ContainsFunc(d.records.all(), func(other *record) bool {
		return other.ID != r.ID && other.Name == r.Name && matches(other)
	})
}
