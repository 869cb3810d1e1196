package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// pageOf is the status page as a browser gets it, without a token.
func pageOf(t *testing.T, handler http.Handler) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if recorder.Code != http.StatusOK || !strings.HasPrefix(recorder.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("status %d, %s, want a page", recorder.Code, recorder.Header().Get("Content-Type"))
	}
	return recorder.Body.String()
}

func TestPageShowsWhatExists(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	client := clientOf(t, contract.Check(t, s))
	if page := pageOf(t, s); !strings.Contains(page, "None: Droplets.") {
		t.Errorf("the page of a new account does not say that there are no droplets:\n%s", page)
	}
	must[*godo.Tag](t)(client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: "web"}))
	newBackend(t, client, "web-1", "nyc3")
	must[*godo.Firewall](t)(client.Firewalls.Create(t.Context(), &godo.FirewallRequest{
		Name: "web-fw", Tags: []string{"web"}, OutboundRules: []godo.OutboundRule{},
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "80", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0"}}}},
	}))
	must[*godo.Domain](t)(client.Domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com", IPAddress: "192.0.2.1"}))
	newDatabase(t, client)
	page := pageOf(t, s)
	for _, want := range []string{
		"<td>web-1</td>", "<td>debian-12-x64</td>", "<td>web-fw</td>", "<td>tag web</td>", "<td>tcp 80 from 0.0.0.0/0</td>",
		"<td>default-nyc3</td>", "example.com A 192.0.2.1", "<td>pg 16</td>", "POST /v2/droplets",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestPageEscapesWhatClientsWrite(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	client := clientOf(t, contract.Check(t, s))
	newProject(t, client, "<script>alert(1)</script>")
	if page := pageOf(t, s); strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") {
		t.Error("a project's name is not escaped")
	}
}

func TestPageShowsNoSecrets(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	client := clientOf(t, contract.Check(t, s))
	password := newDatabase(t, client).Connection.Password
	if strings.Contains(pageOf(t, s), password) {
		t.Error("the page shows the password of a database")
	}
}
