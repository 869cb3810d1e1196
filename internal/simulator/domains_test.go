package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// newDomain makes example.com with an address.
func newDomain(t *testing.T) godo.DomainsService {
	t.Helper()
	domains := checkedClient(t, simulator.Options{}).Domains
	must[*godo.Domain](t)(domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com", IPAddress: "192.0.2.1"}))
	return domains
}

func TestNewDomainHasDigitalOceansRecords(t *testing.T) {
	t.Parallel()
	domains := newDomain(t)
	records := must[[]godo.DomainRecord](t)(domains.Records(t.Context(), "example.com", nil))
	var got []string
	for _, r := range records {
		got = append(got, r.Type+" "+r.Name+" "+r.Data)
	}
	want := "SOA @ 1800,NS @ ns1.digitalocean.com,NS @ ns2.digitalocean.com,NS @ ns3.digitalocean.com,A @ 192.0.2.1"
	if strings.Join(got, ",") != want {
		t.Errorf("records %q, want %s", got, want)
	}
	domain := must[*godo.Domain](t)(domains.Get(t.Context(), "example.com"))
	if !strings.Contains(domain.ZoneFile, "example.com. 1800 IN A 192.0.2.1\n") {
		t.Errorf("zone file lacks the address:\n%s", domain.ZoneFile)
	}
	ok(t)(domains.Delete(t.Context(), "example.com"))
	_, _, err := domains.Get(t.Context(), "example.com")
	wantRefusal(t, err, http.StatusNotFound, "")
}

func TestRecordsOfEveryType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		request godo.DomainRecordEditRequest
		data    string // as it is shown
		zone    string
	}{
		{godo.DomainRecordEditRequest{Type: "A", Name: "a", Data: "192.0.2.2"}, "192.0.2.2", "a.example.com. 1800 IN A 192.0.2.2"},
		{godo.DomainRecordEditRequest{Type: "AAAA", Name: "a", Data: "2001:db8::1", TTL: 30}, "2001:db8::1", "a.example.com. 30 IN AAAA 2001:db8::1"},
		{godo.DomainRecordEditRequest{Type: "CNAME", Name: "www", Data: "example.com."}, "example.com", "www.example.com. 1800 IN CNAME example.com."},
		{godo.DomainRecordEditRequest{Type: "MX", Name: "@", Data: "mail.example.com.", Priority: 5}, "mail.example.com", "IN MX 5 mail.example.com."},
		{godo.DomainRecordEditRequest{Type: "NS", Name: "sub", Data: "ns.example.net."}, "ns.example.net", "IN NS ns.example.net."},
		{godo.DomainRecordEditRequest{Type: "SRV", Name: "_sip._tcp", Data: "sip.example.com.", Priority: 1, Weight: 2, Port: 5060}, "sip.example.com", "IN SRV 1 2 5060 sip.example.com."},
		{godo.DomainRecordEditRequest{Type: "TXT", Name: "@", Data: "v=spf1 -all"}, "v=spf1 -all", `IN TXT "v=spf1 -all"`},
		{godo.DomainRecordEditRequest{Type: "CAA", Name: "@", Data: "letsencrypt.org.", Tag: "issue"}, "letsencrypt.org", `IN CAA 0 issue "letsencrypt.org"`},
	}
	for _, tt := range tests {
		t.Run(tt.request.Type, func(t *testing.T) {
			t.Parallel()
			domains := newDomain(t)
			made := must[*godo.DomainRecord](t)(domains.CreateRecord(t.Context(), "example.com", &tt.request))
			got := must[*godo.DomainRecord](t)(domains.Record(t.Context(), "example.com", made.ID))
			if *got != *made || got.Data != tt.data {
				t.Errorf("created %+v, read %+v, want data %q", made, got, tt.data)
			}
			zone := must[*godo.Domain](t)(domains.Get(t.Context(), "example.com")).ZoneFile
			if !strings.Contains(zone, tt.zone) {
				t.Errorf("zone file lacks %q:\n%s", tt.zone, zone)
			}
		})
	}
}

func TestRecordRefusals(t *testing.T) {
	t.Parallel()
	domains := newDomain(t)
	tests := []struct {
		name    string
		request godo.DomainRecordEditRequest
		message string
	}{
		{"TTL too short", godo.DomainRecordEditRequest{Type: "A", Name: "a", Data: "192.0.2.2", TTL: 29}, "Ttl must be greater than or equal to 30"},
		{"not an address", godo.DomainRecordEditRequest{Type: "A", Name: "a", Data: "here"}, "IP address did not match IPv4 format (e.g. 127.0.0.1)."},
		{"name without its dot", godo.DomainRecordEditRequest{Type: "CNAME", Name: "w", Data: "example.com"}, "Data needs to end with a dot (.)"},
		{"no data", godo.DomainRecordEditRequest{Type: "TXT", Name: "w"}, "Data can't be blank"},
		{"unknown type", godo.DomainRecordEditRequest{Type: "HINFO", Name: "w", Data: "x"}, "Type is not included in the list"},
		{"CNAME beside others", godo.DomainRecordEditRequest{Type: "CNAME", Name: "@", Data: "example.net."}, "CNAME records cannot share a name with other records"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := domains.CreateRecord(t.Context(), "example.com", &tt.request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, tt.message)
		})
	}
}

func TestRecordsAreFilteredByTypeAndFullName(t *testing.T) {
	t.Parallel()
	domains := newDomain(t)
	for _, name := range []string{"a", "b"} {
		request := &godo.DomainRecordEditRequest{Type: "A", Name: name, Data: "192.0.2.2"}
		must[*godo.DomainRecord](t)(domains.CreateRecord(t.Context(), "example.com", request))
	}
	records := must[[]godo.DomainRecord](t)(domains.RecordsByTypeAndName(t.Context(), "example.com", "A", "b.example.com", nil))
	if len(records) != 1 || records[0].Name != "b" {
		t.Errorf("got %+v, want the record b alone", records)
	}
	changed := must[*godo.DomainRecord](t)(domains.EditRecord(t.Context(), "example.com", records[0].ID,
		&godo.DomainRecordEditRequest{Type: "A", Data: "192.0.2.3"}))
	if changed.Name != "b" || changed.Data != "192.0.2.3" {
		t.Errorf("after the edit %+v, want b at 192.0.2.3", changed)
	}
	ok(t)(domains.DeleteRecord(t.Context(), "example.com", changed.ID))
	_, _, err := domains.Record(t.Context(), "example.com", changed.ID)
	wantRefusal(t, err, http.StatusNotFound, "")
}

func TestDomainNamesAreUnique(t *testing.T) {
	t.Parallel()
	domains := newDomain(t)
	_, _, err := domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com"})
	wantRefusal(t, err, http.StatusUnprocessableEntity, "example.com already exists")
	_, _, err = domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "no domain"})
	wantRefusal(t, err, http.StatusUnprocessableEntity, "Name is not a valid domain name")
}
