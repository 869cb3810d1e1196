//go:build linux

package e2e_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

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

// openSocket opens a WebSocket through the load balancer.
func (w *world) openSocket(t *testing.T) *websocket.Conn {
	t.Helper()
	config, err := websocket.NewConfig(strings.Replace(w.state.URL, "http", "ws", 1)+"/socket", w.state.URL)
	must(t, err)
	raw, err := w.Hosts.Client().Dial(context.WithoutCancel(t.Context()), "tcp", netip.AddrPortFrom(netip.MustParseAddr(w.state.LoadBalancerIPv4), 80).String())
	must(t, err)
	socket, err := websocket.NewClient(config, raw)
	must(t, err)
	return socket
}

// echoes says something into a WebSocket and waits for the answer.
func echoes(t *testing.T, socket *websocket.Conn, text string) {
	t.Helper()
	must(t, socket.SetDeadline(time.Now().Add(10*time.Second)))
	must(t, websocket.Message.Send(socket, text))
	var answer string
	must(t, websocket.Message.Receive(socket, &answer))
	if answer != text {
		t.Errorf("the WebSocket answers %q to %q", answer, text)
	}
}
