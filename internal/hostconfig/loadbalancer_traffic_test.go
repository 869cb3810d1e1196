package hostconfig_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// node is a web server that stands for a BEAM node: it says its name, shows
// the headers it got, echoes WebSockets and can be told to be unwell.
type node struct {
	name   string
	server *httptest.Server
	unwell atomic.Bool
	// refused hears of each health check that was answered with 503.
	refused chan struct{}
}

func startNode(t *testing.T, name string) *node {
	n := &node{name: name, refused: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", n.health)
	mux.Handle("/socket", websocket.Handler(func(conn *websocket.Conn) {
		var text string
		if websocket.Message.Receive(conn, &text) == nil {
			_ = websocket.Message.Send(conn, name+" heard "+text)
		}
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Served-By", name)
		for header, values := range r.Header {
			w.Header()["Got-"+header] = values
		}
	})
	n.server = httptest.NewServer(mux)
	t.Cleanup(n.server.Close)
	return n
}

func (n *node) health(w http.ResponseWriter, r *http.Request) {
	if r.Host == "localhost" && !n.unwell.Load() {
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	select {
	case n.refused <- struct{}{}:
	default:
	}
}

func (n *node) asServer(t *testing.T) hostconfig.Server {
	address, err := url.Parse(n.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	return hostconfig.Server{Name: n.name, Address: address.Hostname(), Port: port}
}

// inheritable gives a listening socket of a free port for a child process.
func inheritable(t *testing.T) (socket *os.File, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // socket is a copy
	socket, err = listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	return socket, listener.Addr().String()
}

// frontends are the addresses of a running HAProxy.
type frontends struct{ http, https, stats string }

// startHAProxy runs a load balancer on loopback ports. HAProxy inherits
// listening sockets, so that the ports are known and nobody else takes them,
// and a client may connect before HAProxy is ready.
func startHAProxy(t *testing.T, l hostconfig.LoadBalancer, edits ...string) frontends {
	t.Helper()
	haproxy := testtool.Require(t, "haproxy")
	var sockets []*os.File
	var addresses []string
	for range 3 {
		socket, address := inheritable(t)
		addresses = append(addresses, address)
		sockets = append(sockets, socket)
	}
	dir := onDisk(t, l, append(edits,
		"bind *:80\n", "bind fd@3\n", "bind *:443", "bind fd@4", "bind *:8404", "bind fd@5",
		"  chroot /var/lib/haproxy\n", "", "  user haproxy\n", "", "  group haproxy\n", "",
		"  stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners\n", "")...)
	command := exec.Command(haproxy, append([]string{"-db"}, configArgs(dir)...)...)
	command.ExtraFiles = sockets
	var log strings.Builder
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for _, socket := range sockets {
		_ = socket.Close()
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("haproxy said:\n%s", log.String())
		}
	})
	return frontends{http: addresses[0], https: addresses[1], stats: addresses[2]}
}

// trafficLoadBalancer is the example in front of the given nodes, with health
// checks that are quick enough for a test.
func trafficLoadBalancer(t *testing.T, nodes ...*node) hostconfig.LoadBalancer {
	l := exampleLoadBalancer()
	l.Servers = nil
	for _, n := range nodes {
		l.Servers = append(l.Servers, n.asServer(t))
	}
	l.HealthCheck.IntervalMS = 50
	return l
}

// get asks for a page and closes its body. Redirects are not followed.
func get(t *testing.T, client *http.Client, request *http.Request) *http.Response {
	t.Helper()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

func newRequest(t *testing.T, address string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// served counts which node answered each of a hundred requests.
func served(t *testing.T, client *http.Client, address string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range 100 {
		counts[get(t, client, newRequest(t, address)).Header.Get("Served-By")]++
	}
	return counts
}

func TestClientsWithoutTheCookieAreSpread(t *testing.T) {
	t.Parallel()
	us, uk := startNode(t, "chat-us-1"), startNode(t, "chat-uk-1")
	front := startHAProxy(t, trafficLoadBalancer(t, us, uk))
	got := served(t, &http.Client{}, "http://"+front.http+"/")
	if got["chat-us-1"] != 50 || got["chat-uk-1"] != 50 {
		t.Errorf("a hundred requests went to %v, want 50 to each node", got)
	}
}

func TestAClientWithTheCookieStaysWithItsNode(t *testing.T) {
	t.Parallel()
	us, uk := startNode(t, "chat-us-1"), startNode(t, "chat-uk-1")
	front := startHAProxy(t, trafficLoadBalancer(t, us, uk))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	first := get(t, client, newRequest(t, "http://"+front.http+"/"))
	home := first.Header.Get("Served-By")
	if want := "SERVERID=" + home + "; path=/; HttpOnly; SameSite=Lax"; first.Header.Get("Set-Cookie") != want {
		t.Errorf("got cookie %q, want %q", first.Header.Get("Set-Cookie"), want)
	}
	if got := served(t, client, "http://"+front.http+"/"); got[home] != 100 {
		t.Errorf("a hundred requests went to %v, want all to %s", got, home)
	}
}

func TestNodesLearnWhoTheClientIsAndNotWhatItClaims(t *testing.T) {
	t.Parallel()
	us := startNode(t, "chat-us-1")
	front := startHAProxy(t, trafficLoadBalancer(t, us))
	request := newRequest(t, "http://"+front.http+"/")
	request.Host = "chat.example.com"
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"} {
		request.Header.Add(header, "spoofed")
		request.Header.Add(header, "twice")
	}
	response := get(t, &http.Client{}, request)
	_, port, err := net.SplitHostPort(front.http)
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"X-Forwarded-For":   "[127.0.0.1]",
		"X-Forwarded-Host":  "[chat.example.com]",
		"X-Forwarded-Port":  "[" + port + "]",
		"X-Forwarded-Proto": "[http]",
		"Forwarded":         "[]",
	} {
		if got := fmt.Sprint(response.Header.Values("Got-" + header)); got != want {
			t.Errorf("%s: the node got %s, want %s", header, got, want)
		}
	}
}

func TestWebSocketsPass(t *testing.T) {
	t.Parallel()
	us := startNode(t, "chat-us-1")
	front := startHAProxy(t, trafficLoadBalancer(t, us))
	conn, err := websocket.Dial("ws://"+front.http+"/socket", "", "http://chat.example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := websocket.Message.Send(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := websocket.Message.Receive(conn, &answer); err != nil {
		t.Fatal(err)
	}
	if want := "chat-us-1 heard hello"; answer != want {
		t.Errorf("got %q, want %q", answer, want)
	}
}

func TestAnUnwellNodeGetsNoClients(t *testing.T) {
	t.Parallel()
	us, uk := startNode(t, "chat-us-1"), startNode(t, "chat-uk-1")
	l := trafficLoadBalancer(t, us, uk)
	front := startHAProxy(t, l)
	us.unwell.Store(true)
	// The check after the one that made the node count as down comes only
	// when HAProxy has drawn the conclusion.
	for range l.HealthCheck.Fall + 1 {
		select {
		case <-us.refused:
		case <-time.After(30 * time.Second):
			t.Fatal("HAProxy does not check the node")
		}
	}
	if got := served(t, &http.Client{}, "http://"+front.http+"/"); got["chat-uk-1"] != 100 {
		t.Errorf("a hundred requests went to %v, want all to the other node", got)
	}
}

func TestWithACertificateEverythingIsHTTPS(t *testing.T) {
	t.Parallel()
	us := startNode(t, "chat-us-1")
	l := trafficLoadBalancer(t, us)
	l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate, PrivateKeyPEM: siteKey}
	front := startHAProxy(t, l)

	request := newRequest(t, "http://"+front.http+"/rooms?id=1")
	request.Host = "chat.example.com"
	response := get(t, &http.Client{}, request)
	if got, want := response.Header.Get("Location"), "https://chat.example.com/rooms?id=1"; response.StatusCode != 308 || got != want {
		t.Errorf("plain HTTP answers %d to %q, want 308 to %q", response.StatusCode, got, want)
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(siteCertificate))
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: "chat.example.com"},
	}}
	response = get(t, client, newRequest(t, "https://"+front.https+"/"))
	if response.ProtoMajor != 2 {
		t.Errorf("HTTPS speaks %s, want HTTP/2", response.Proto)
	}
	if got := response.Header.Get("Got-X-Forwarded-Proto"); got != "https" {
		t.Errorf("the node got X-Forwarded-Proto %q, want https", got)
	}
	if got := response.Header.Get("Set-Cookie"); !strings.Contains(got, "Secure") {
		t.Errorf("the cookie %q would be sent in the clear", got)
	}
}

func TestACMEChallengesReachCertbotBeforeThereIsACertificate(t *testing.T) {
	t.Parallel()
	us, certbot := startNode(t, "chat-us-1"), startNode(t, "certbot")
	l := trafficLoadBalancer(t, us)
	l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
	front := startHAProxy(t, l, "127.0.0.1:54321", strings.TrimPrefix(certbot.server.URL, "http://"))

	response := get(t, &http.Client{}, newRequest(t, "http://"+front.http+"/.well-known/acme-challenge/token"))
	if got := response.Header.Get("Served-By"); got != "certbot" {
		t.Errorf("the challenge was answered by %q with %d, want certbot", got, response.StatusCode)
	}
	response = get(t, &http.Client{}, newRequest(t, "http://"+front.http+"/rooms"))
	if response.StatusCode != 308 {
		t.Errorf("another page answers %d, want 308", response.StatusCode)
	}
}

func TestStatsNeedThePassword(t *testing.T) {
	t.Parallel()
	l := trafficLoadBalancer(t, startNode(t, "chat-us-1"))
	l.Stats.Password = `it's "a" \ $HOME # %[src]`
	front := startHAProxy(t, l)
	for _, tt := range []struct {
		password string
		want     int
	}{{"", 401}, {"wrong", 401}, {l.Stats.Password, 200}} {
		request := newRequest(t, "http://"+front.stats+l.Stats.Path)
		if tt.password != "" {
			request.SetBasicAuth(l.Stats.User, tt.password)
		}
		if got := get(t, &http.Client{}, request).StatusCode; got != tt.want {
			t.Errorf("with password %q the stats page answers %d, want %d", tt.password, got, tt.want)
		}
	}
	if got := get(t, &http.Client{}, newRequest(t, "http://"+front.http+l.Stats.Path)); got.Header.Get("Served-By") == "" {
		t.Error("the stats page shows on the public port")
	}
}
