//go:build linux

package e2e_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// node is the one that answers a request: it names itself first.
func (w *world) node(t *testing.T, headers ...string) (string, http.Header) {
	t.Helper()
	body, header := w.get(t, "/", headers...)
	name, _, _ := strings.Cut(body, "\n")
	return name, header
}

func spreads(t *testing.T, w *world) {
	seen := map[string]int{}
	for range 30 {
		node, _ := w.node(t)
		seen[node]++
	}
	if len(seen) != len(w.state.Nodes) {
		t.Errorf("30 requests went to %v", seen)
	}
}

func sticks(t *testing.T, w *world) {
	first, header := w.node(t)
	cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, "SERVERID=") {
		t.Fatalf("the cookie is %q", cookie)
	}
	for range 100 {
		if node, _ := w.node(t, "Cookie", cookie); node != first {
			t.Fatalf("a request with the cookie of %s went to %s", first, node)
		}
	}
}

func forwards(t *testing.T, w *world) {
	body, _ := w.get(t, "/headers", "X-Forwarded-For", "192.0.2.1")
	for _, want := range []string{
		"x-forwarded-for: " + e2e.Operator.String() + "\n", "x-forwarded-proto: http\n",
		"x-forwarded-host: " + w.state.LoadBalancerIPv4 + "\n",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not among the headers\n%s", want, body)
		}
	}
}

func statsAreForTheOperator(t *testing.T, w *world) {
	address := net.JoinHostPort(w.state.LoadBalancerIPv4, statsPort)
	if connection, err := w.DialFrom(t.Context(), e2e.Stranger, address); err == nil {
		connection.Close()
		t.Error("a stranger reaches the stats page")
	}
	page := url.URL{Scheme: "http", Host: address, Path: "/haproxy", RawQuery: "stats", User: url.UserPassword("admin", w.state.StatsPassword)}
	body, _, err := w.tryGet(t.Context(), page.String())
	if err != nil || !strings.Contains(body, "chat-us-1") {
		t.Errorf("the operator does not see the nodes on the stats page: %v", err)
	}
}

// silence is how long a WebSocket says nothing.
const silence = 2 * time.Minute
