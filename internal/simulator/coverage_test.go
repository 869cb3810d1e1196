package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// notSimulated are the parts of the API description that are left out on
// purpose, by the beginning of their paths. Parameters are written {}.
var notSimulated = []struct{ path, reason string }{
	{"/v2/databases/{}/topics", "inside of a managed Kafka"},
	{"/v2/databases/{}/schema-registry", "inside of a managed Kafka"},
	{"/v2/databases/{}/indexes", "inside of a managed OpenSearch"},
	{"/v2/databases/{}/eviction_policy", "for caches; PostgreSQL is simulated only"},
	{"/v2/databases/{}/sql_mode", "for MySQL; PostgreSQL is simulated only"},
	{"/v2/databases/{}/logsink", "needs a receiver of logs"},
	{"/v2/databases/{}/online-migration", "needs a database elsewhere to migrate from"},
	{"/v2/databases/metrics/credentials", "there are no metrics"},
	{"/v2/droplets/autoscale", "pools that scale themselves need load to scale with"},
	{"/v2/reserved_ipv6", "no client of this project reserves IPv6 addresses"},
	{"/v2/images/{}/account_transfer", "there is one account only"},
}

func TestWhatIsNotSimulatedIsKnown(t *testing.T) {
	t.Parallel()
	missing := map[string]int{} // operations by path of notSimulated
	s := simulator.New(simulator.Options{})
	operations := contract.Shared(t).Operations()
	for _, operation := range operations {
		if isSimulated(s, operation) {
			continue
		}
		known := false
		for _, part := range notSimulated {
			if strings.HasPrefix(shape(operation.Path), part.path) {
				missing[part.path]++
				known = true
			}
		}
		if !known {
			t.Errorf("%s %s is not simulated, and no reason is listed", operation.Method, operation.Path)
		}
	}
	for _, part := range notSimulated {
		t.Logf("not simulated: %s, %d operations: %s", part.path, missing[part.path], part.reason)
		if missing[part.path] == 0 {
			t.Errorf("%s is listed as not simulated, but all of it is", part.path)
		}
	}
}

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// shape is a path that does not tell how its parameters are called. The
// default project is a project like others.
func shape(path string) string {
	return strings.Replace(pathParameter.ReplaceAllString(path, "{}"), "/projects/default", "/projects/{}", 1)
}

// volumeParts is a route that serves several paths, because http.ServeMux
// cannot tell /v2/volumes/{id}/snapshots from /v2/volumes/snapshots/{id}.
const volumeParts = "GET /v2/volumes/{}/{}"

// isSimulated tells whether the simulator has a handler of its own for an
// operation, be it one that does not find the object.
func isSimulated(s *simulator.Simulator, operation contract.Operation) bool {
	r := httptest.NewRequest(operation.Method, pathParameter.ReplaceAllString(operation.Path, "1"), http.NoBody)
	r.Header.Set("Authorization", "Bearer token")
	s.ServeHTTP(httptest.NewRecorder(), r)
	requests := s.Requests()
	route := shape(requests[len(requests)-1].Route)
	return route == volumeParts || route == operation.Method+" "+shape(operation.Path)
}
