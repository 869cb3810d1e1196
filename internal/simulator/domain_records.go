package simulator

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// record is the API description's schema "domain_record". What a type does
// not have is null.
type record struct {
	ID       int     `json:"id"`
	Type     string  `json:"type"`
	Name     string  `json:"name"` // relative to the domain; "@" is the domain itself
	Data     string  `json:"data"` // names without their final dot
	Priority *int    `json:"priority"`
	Port     *int    `json:"port"`
	TTL      int     `json:"ttl"` // seconds
	Weight   *int    `json:"weight"`
	Flags    *int    `json:"flags"`
	Tag      *string `json:"tag"`
}

// recordRequest is the body of a create and of an update, which may leave out
// what shall stay as it is.
type recordRequest struct {
	Type     *string `json:"type"`
	Name     *string `json:"name"`
	Data     *string `json:"data"`
	Priority *int    `json:"priority"`
	Port     *int    `json:"port"`
	TTL      *int    `json:"ttl"`
	Weight   *int    `json:"weight"`
	Flags    *int    `json:"flags"`
	Tag      *string `json:"tag"`
}

// recordTypes are the types that can be made.
var recordTypes = []string{"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"}

func (s *Simulator) recordRoutes() {
	const collection = "/v2/domains/{domain_name}/records"
	const item = collection + "/{record_id}"
	s.route("GET "+collection, http.StatusOK, s.listRecords)
	s.route("POST "+collection, http.StatusCreated, s.createRecord)
	s.route("GET "+item, http.StatusOK, func(r *http.Request) (any, error) {
		_, found, err := s.pathRecord(r)
		return object{"domain_record": found}, err
	})
	s.route("PUT "+item, http.StatusOK, s.updateRecord)
	s.route("PATCH "+item, http.StatusOK, s.updateRecord)
	s.route("DELETE "+item, http.StatusNoContent, func(r *http.Request) (any, error) {
		d, found, err := s.pathRecord(r)
		if err != nil {
			return nil, err
		}
		d.records.remove(found.ID)
		return nil, nil
	})
}

func (s *Simulator) pathRecord(r *http.Request) (*domain, *record, error) {
	d, err := s.pathDomain(r)
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID(r, "record_id")
	if err != nil {
		return nil, nil, err
	}
	found, err := find(&d.records, id)
	return d, found, err
}

// listRecords filters by type and by the full name.
func (s *Simulator) listRecords(r *http.Request) (any, error) {
	d, err := s.pathDomain(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	records := d.records.where(func(r *record) bool {
		return (!query.Has("type") || r.Type == query.Get("type")) &&
			(!query.Has("name") || r.fqdn(d.name) == query.Get("name"))
	})
	return paginated(r, "domain_records", records)
}

func (s *Simulator) createRecord(r *http.Request) (any, error) {
	d, err := s.pathDomain(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[recordRequest](r)
	if err != nil {
		return nil, err
	}
	if request.Type == nil || !slices.Contains(recordTypes, *request.Type) {
		return nil, unprocessable("Type is not included in the list")
	}
	made := &record{Type: *request.Type, Name: "@", TTL: defaultTTL}
	if err := made.update(d, request); err != nil {
		return nil, err
	}
	s.addRecord(d, made)
	return object{"domain_record": made}, nil
}

func (s *Simulator) updateRecord(r *http.Request) (any, error) {
	d, found, err := s.pathRecord(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[recordRequest](r)
	if err != nil {
		return nil, err
	}
	changed := *found
	if err := changed.update(d, request); err != nil {
		return nil, err
	}
	*found = changed
	return object{"domain_record": found}, nil
}

// update takes over what the request names and checks the whole.
func (r *record) update(d *domain, request recordRequest) error {
	if request.Name != nil && *request.Name != "" {
		r.Name = relativeName(*request.Name, d.name)
	}
	if request.TTL != nil {
		r.TTL = *request.TTL
	}
	if r.TTL < minTTL {
		return unprocessable("Ttl must be greater than or equal to %d", minTTL)
	}
	if request.Data != nil {
		data, err := r.normalise(*request.Data)
		if err != nil {
			return err
		}
		r.Data = data
	}
	if r.Data == "" && r.Type != "SOA" {
		return unprocessable("Data can't be blank")
	}
	r.takeNumbers(request)
	if r.Type == "CAA" && (r.Tag == nil || !slices.Contains([]string{"issue", "issuewild", "iodef"}, *r.Tag)) {
		return unprocessable("Tag is not included in the list")
	}
	return r.checkName(d)
}

// relativeName turns a full name, which ends in a dot, into one relative to
// its domain.
func relativeName(name, domain string) string {
	if name == domain+"." {
		return "@"
	}
	return strings.TrimSuffix(name, "."+domain+".")
}

// normalise checks a record's data and drops the final dot of names, as the
// API does. Names must come with it.
func (r *record) normalise(data string) (string, error) {
	switch r.Type {
	case "A":
		if address, err := netip.ParseAddr(data); err != nil || !address.Is4() {
			return "", errNotIPv4()
		}
	case "AAAA":
		if address, err := netip.ParseAddr(data); err != nil || !address.Is6() {
			return "", unprocessable("IP address did not match IPv6 format (e.g. 2001:db8::ff00:42:8329).")
		}
	case "CNAME", "MX", "NS", "SRV":
		if data != "@" && !strings.HasSuffix(data, ".") {
			return "", unprocessable("Data needs to end with a dot (.)")
		}
		return strings.TrimSuffix(data, "."), nil
	case "CAA":
		return strings.TrimSuffix(data, "."), nil
	}
	return data, nil
}

// takeNumbers takes over the fields that the type has; a create without them
// gets zeros.
func (r *record) takeNumbers(request recordRequest) {
	take := func(field **int, value *int) {
		switch {
		case value != nil:
			*field = value
		case *field == nil:
			*field = new(int)
		}
	}
	switch r.Type {
	case "MX":
		take(&r.Priority, request.Priority)
	case "SRV":
		take(&r.Priority, request.Priority)
		take(&r.Port, request.Port)
		take(&r.Weight, request.Weight)
	case "CAA":
		take(&r.Flags, request.Flags)
		if request.Tag != nil {
			r.Tag = request.Tag
		}
	}
}

// checkName keeps a CNAME alone under its name (RFC 1034, section 3.6.2).
func (r *record) checkName(d *domain) error {
	collides := d.sharesName(r, func(other *record) bool { return r.Type == "CNAME" || other.Type == "CNAME" })
	if collides {
		return unprocessable("CNAME records cannot share a name with other records")
	}
	return nil
}

func (r *record) fqdn(domain string) string {
	if r.Name == "@" {
		return domain
	}
	return r.Name + "." + domain
}

// zoneData is the record's data as a zone file has it.
func (r *record) zoneData() string {
	switch r.Type {
	case "CNAME", "NS":
		return r.Data + "."
	case "MX":
		return fmt.Sprintf("%d %s.", *r.Priority, r.Data)
	case "SRV":
		return fmt.Sprintf("%d %d %d %s.", *r.Priority, *r.Weight, *r.Port, r.Data)
	case "CAA":
		return fmt.Sprintf("%d %s %q", *r.Flags, *r.Tag, r.Data)
	case "TXT":
		return fmt.Sprintf("%q", r.Data)
	default:
		return r.Data
	}
}
