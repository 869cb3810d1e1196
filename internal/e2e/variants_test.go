//go:build linux

package e2e_test

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// aClusterOfDebian13 has HTTPS with a certificate of the user's own, and what
// else the user brings.
func aClusterOfDebian13(t *testing.T, s *suite) {
	w := s.open(t, "e2e-13", debian13)
	signs := newAuthority(t)
	certificate, key := signs.issue(t, siteName)
	chat := e2e.Chat(debian13, s.releases["mix"])
	chat["load_balancer"] = map[string]any{"tls": map[string]any{"certificate_pem": certificate, "private_key_pem": key}}
	bring(t, s, chat)
	if !s.checkWhole(t, w, chat, "%s, mix, from active to formed: %.1f s", debian13) {
		return
	}
	s.checkWorld(t, w, []check{
		{"HTTPS shows the given certificate", func(t *testing.T, w *world) { servesHTTPS(t, w, signs.roots()) }},
		{"HTTP redirects to HTTPS", redirects},
		{"a stranger reaches HTTP and HTTPS only", strangersReachHTTPAndHTTPSOnly},
		{"the hosts have what the user brings", theHostsHaveWhatWasBrought},
		{"the release draws pages with another program", nodesDrawPages},
		{"a stranger reaches the release's UDP port", strangersReachTheUDPPort},
		{"uploads outlive a deploy", func(t *testing.T, w *world) { uploadsOutliveADeploy(t, w, chat) }},
	})
}

const siteName = "chat.example.com"

func servesHTTPS(t *testing.T, w *world, roots *x509.CertPool) {
	asked := &visitor{site: w.site(siteName, roots), path: "/headers", limit: slowTime}
	body, err := asked.ask(t.Context())
	must(t, err)
	if !strings.Contains(body, "x-forwarded-proto: https\n") {
		t.Errorf("nodes are told: %s", body)
	}
}

func redirects(t *testing.T, w *world) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.state.LoadBalancerIPv4+"/some?where", http.NoBody)
	must(t, err)
	response, err := w.HTTP.Do(request)
	must(t, err)
	defer response.Body.Close()
	want := "https://" + w.state.LoadBalancerIPv4 + "/some?where"
	if got := response.Header.Get("Location"); response.StatusCode != http.StatusPermanentRedirect || got != want {
		t.Errorf("the answer is %s to %q, want %q", response.Status, got, want)
	}
}

// wholes are what every cluster must show.
var wholes = []check{
	{"every node sees every node", meshes},
	{"all nodes have one cookie", theCookieIsOne},
	{"the app logs in to Postgres with TLS, not without", theAppLogsInWithTLSOnly},
	{"the migration role owns the tables", theMigrationRoleOwnsTheTables},
	{"another user on a node reads no secret", othersReadNoSecret},
}

// aClusterOfTwoRegions runs a release of rebar3 in peered VPCs.
func aClusterOfTwoRegions(t *testing.T, s *suite) {
	w := s.open(t, "e2e-two", debian12)
	chat := e2e.Chat(debian12, s.releases["rebar3"])
	chat["node_pools"] = map[string]any{"us": map[string]any{"count": 2}, "uk": map[string]any{"count": 1, "region": "lon1"}}
	if s.checkWhole(t, w, chat, "%s, rebar3, two regions, from active to formed: %.1f s", debian12) {
		s.checkWorld(t, w, []check{{"the load balancer sends requests to both regions", spreads}})
	}
}

func aClusterOfRebar3(t *testing.T, s *suite) {
	w := s.open(t, "e2e-rebar3", debian13)
	if s.checkWhole(t, w, e2e.Chat(debian13, s.releases["rebar3"]), "%s, rebar3, from active to formed: %.1f s", debian13) {
		s.checkWorld(t, w, []check{{"requests without a cookie go to every node", spreads}})
	}
}

// checkWhole applies and checks a cluster. The figure's format takes the image
// and the seconds.
func (s *suite) checkWhole(t *testing.T, w *world, c e2e.Cluster, figure, image string) bool {
	t.Helper()
	if !s.check(t, "apply returns when the cluster has formed", func(t *testing.T) { s.figure(figure, image, w.apply(t, c).Seconds()) }) {
		return false
	}
	s.checkWorld(t, w, wholes)
	return true
}

// boots is how many nodes are booted at a time, four times: of more at once, two
// cores make hosts that nobody would rent.
const boots = 5

func twentyBoots(t *testing.T, s *suite) {
	w := s.open(t, "e2e-boots", debian12)
	for _, round := range []string{"first", "second", "third", "fourth"} {
		s.check(t, fmt.Sprintf("the %s %d boots form", round, boots), func(t *testing.T) { w.apply(t, small(s, boots)) })
		s.check(t, fmt.Sprintf("the %s %d nodes see each other", round, boots), func(t *testing.T) { meshes(t, w) })
		w.destroy(t)
	}
}
