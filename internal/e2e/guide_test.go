//go:build linux

package e2e_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
)

// tour is a run through the guide on Phoenix, with an app that has the shape of
// one, from nothing to the end.
type tour struct {
	*reader
	start []string       // what the account held before
	roots *x509.CertPool // of the certificate authority
}

func aRunThroughTheGuide(t *testing.T, s *suite) {
	signs := newAuthority(t)
	w := s.openWith(t, e2e.Options{Name: "e2e-guide", Images: []string{debian13}, Authority: signs.pem})
	w.serveNames(t)
	r := &tour{reader: newReader(t, w), roots: w.startPebble(t, signs)}
	var err error
	r.start, err = w.Inventory(t.Context())
	must(t, err)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *tour)
	}{
		{"the first version is made and serves", makesTheFirstVersion},
		{"the app gets its domain and certificate", getsACertificate},
		{"the second version is deployed, and nobody notices", deploysTheSecondVersion},
		{"a console opens, and a script asks a node", opensAConsole},
		{"logs are where the guide says", readsLogs},
		{"nothing is left to do", func(t *testing.T, r *tour) { r.enters(t, "terraform plan -detailed-exitcode") }},
		{"the end leaves nothing but a snapshot", ends},
	} {
		if !s.check(t, step.name, func(t *testing.T) { step.run(t, r) }) {
			return
		}
	}
}

func makesTheFirstVersion(t *testing.T, r *tour) {
	phoenix := guide(t, "phoenix")
	r.packs(t, "0.1.0", map[string]string{"lib/chat_web/health.ex": phoenix.block(t, "elixir", "defmodule ChatWeb.Health")})
	// Nobody here has a minute for each WebSocket.
	r.writes(t, edited(t, phoenix.block(t, "terraform", `resource "beam_cluster" "chat"`), "update = { drain_seconds = 5 }\n"))
	commands := phoenix.block(t, "shell", "terraform init")
	fingerprint := regexp.MustCompile(`([0-9a-f]{2}:){15}[0-9a-f]{2}`)
	says(t, r.enters(t, fingerprint.ReplaceAllString(commands, r.key)), "HTTP/1.1 200")

	var err error
	r.state, err = r.State(t.Context())
	must(t, err)
	r.healed(t)
	if got := r.enters(t, "terraform output -raw address"); got != r.state.LoadBalancerIPv4 {
		t.Errorf("the output address is %s", got)
	}
	r.onNodes(t, asks("/setting/PHX_HOST"), siteName)
	r.onNodes(t, asks("/database"), "a database whose certificate is right")
	r.migrated(t, "0.1.0")
	r.served(t, r.site(siteName, nil), "0.1.0")
	r.opensSocketsOf(t, r.site(siteName, nil), map[string]bool{"http://" + siteName: true, "http://elsewhere.example.com": false})
}

func getsACertificate(t *testing.T, r *tour) {
	address, started := r.state.LoadBalancerIPv4, r.starts(t)
	block := guide(t, "domain-and-certificate").block(t, "terraform", "acme = {")
	r.writes(t, edited(t, r.main, strings.Replace(block, "acme = {", fmt.Sprintf("acme = {\n directory_url = %q", pebbleDirectory), 1)))
	r.applies(t)
	for _, name := range []string{siteName, "www." + siteName} {
		theFirstCertificateComes(t, r.world, r.site(name, r.roots))
	}
	redirects(t, r.world)
	if r.state.LoadBalancerIPv4 != address {
		t.Errorf("the address was %s and is %s", address, r.state.LoadBalancerIPv4)
	}
	if now := r.starts(t); !slices.Equal(now, started) {
		t.Error("nodes were restarted for a certificate")
	}
}

func deploysTheSecondVersion(t *testing.T, r *tour) {
	phoenix, found := guide(t, "phoenix"), r.site(siteName, r.roots)
	r.packs(t, "0.2.0", map[string]string{
		"lib/chat_web/health.ex": phoenix.block(t, "elixir", "defmodule ChatWeb.Health"),
		"config/prod.exs":        phoenix.block(t, "elixir", "force_ssl: ["),
		"config/runtime.exs":     phoenix.block(t, "elixir", "check_origin: ["),
	})
	r.writes(t, edited(t, r.main, phoenix.block(t, "terraform", "release = {\n  name    = \"chat\"\n  path    = \"${path.module}/chat-0.2.0")))
	plan := r.enters(t, "terraform plan")
	for line := range strings.Lines(phoenix.block(t, "text", "migrated once")) {
		says(t, plan, strings.TrimSpace(line))
	}
	traffic := r.steady(t, found, true)
	r.applies(t)
	traffic.end()
	r.suite.figure("the second version of the guide: %s", traffic)
	traffic.lostNothing(t, r.world, len(r.state.Nodes))

	r.onNodes(t, asks("/version"), "0.2.0")
	r.migrated(t, "0.1.0", "0.2.0")
	if header := r.served(t, found, "0.2.0"); header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the app does not know of HTTPS: %v", header)
	}
	r.opensSocketsOf(t, found, map[string]bool{
		"https://" + siteName: true, "https://www." + siteName: true, "https://elsewhere.example.com": false,
	})
}

// migrated looks for one run of the migration of each version, on one node.
func (r *tour) migrated(t *testing.T, versions ...string) {
	t.Helper()
	if got := r.psql(t, "chat-web-1", r.state.DatabaseURL, "verify-full", "SELECT version FROM migrations ORDER BY version"); got != strings.Join(versions, "\n") {
		t.Errorf("the database went through the migrations of %q, want %v", got, versions)
	}
	// journalctl fails where no unit of the name ever ran.
	if got := r.on(t, "chat-web-2", "journalctl -q --no-pager -u 'beam-migrate@*' 2>/dev/null || true"); got != "" {
		t.Errorf("another node migrates, too: %s", got)
	}
}

// starts is when each node was started.
func (r *tour) starts(t *testing.T) []string {
	t.Helper()
	return []string{r.started(t, "chat-web-1"), r.started(t, "chat-web-2")}
}

var digested = regexp.MustCompile(`src="(/assets/app-[0-9a-f]{32}\.js\?vsn=d)"`)

// served looks at the front page with its digested assets, and returns the
// page's headers.
func (r *tour) served(t *testing.T, s site, version string) http.Header {
	t.Helper()
	page, header := s.get(t, "/")
	asset := digested.FindStringSubmatch(page)
	if asset == nil {
		t.Fatalf("the page names no asset: %s", page)
	}
	script, caching := s.get(t, asset[1])
	if !strings.HasSuffix(script, "// "+version+"\n") || !strings.Contains(caching.Get("Cache-Control"), "immutable") {
		t.Errorf("%s is %q, with %v", asset[1], script, caching)
	}
	return header
}

// get asks the site as a browser does.
func (s site) get(t *testing.T, path string) (string, http.Header) {
	t.Helper()
	connect := func(ctx context.Context, _, _ string) (net.Conn, error) { return s.connect(ctx) }
	client := &http.Client{Timeout: answerTime, Transport: &http.Transport{DialContext: connect, DialTLSContext: connect, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.scheme()+"://"+s.name+path, http.NoBody)
	must(t, err)
	response, err := client.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s %s", path, response.Status, body)
	}
	return string(body), response.Header
}

// opensSocketsOf pages of these sites, or must not.
func (r *tour) opensSocketsOf(t *testing.T, s site, origins map[string]bool) {
	t.Helper()
	for origin, want := range origins {
		socket, err := s.openSocketOf(t.Context(), origin)
		if (err == nil) != want {
			t.Errorf("a WebSocket of %s: %v", origin, err)
		}
		if err == nil {
			must(t, echo(socket, "hello"))
			socket.Close()
		}
	}
}

var consoleOf = regexp.MustCompile(`"chat-web-1" += +"(.+)"`)

func opensAConsole(t *testing.T, r *tour) {
	operating := guide(t, "operating")
	show, _, _ := strings.Cut(operating.block(t, "shell", "beam-console"), "\n")
	shown := consoleOf.FindStringSubmatch(r.enters(t, show))
	if shown == nil {
		t.Fatalf("%s has no command for chat-web-1", show)
	}
	r.talks(t, shown[1], [2]string{`iex\(chat@[0-9.]+\)1> `, "{:nodes, length(Node.list())}"}, [2]string{`\{:nodes, 1\}`, ""})
	script := strings.ReplaceAll(operating.block(t, "shell", "rpc"), "203.0.113.10", r.state.Nodes["chat-web-1"].PublicIPv4)
	says(t, r.enters(t, script), r.state.Nodes["chat-web-2"].NodeName)
}

// logOf is a row of the table of logs: where they are, and the command that shows them.
var logOf = regexp.MustCompile("^\\| [^|]+ \\| ([^|]+) \\| `(sudo journalctl [^`]+)`")

func readsLogs(t *testing.T, r *tour) {
	hosts := map[string]string{
		"nodes": "chat-web-2", "one node": "chat-web-1", "load balancer": r.hostOf(t, cluster.RoleLoadBalancer),
		"database's host": r.hostOf(t, cluster.RoleDatabase), "each host": "chat-web-2",
	}
	read := 0
	for _, line := range guide(t, "operating").prose {
		row := logOf.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		host := r.droplet(t, hosts[row[1]])
		said := r.enters(t, fmt.Sprintf("ssh deploy@%s %q", host.PublicIPv4, row[2]))
		if read++; len(said) < len("-- No entries --\n")+1 {
			t.Errorf("%s on %s shows %q", row[2], host.Name, said)
		}
	}
	if want := len(hosts) + 1; read != want { // two on the load balancer
		t.Errorf("the guide has %d commands, want %d", read, want)
	}
}

func ends(t *testing.T, r *tour) {
	destroy := guide(t, "upkeep").block(t, "shell", "terraform destroy")
	said, err := r.tries(t, destroy)
	if exitCode(err) != 1 {
		t.Errorf("a destroy despite prevent_destroy ends with %v", err)
	}
	says(t, said, "lifecycle.prevent_destroy")
	r.writes(t, withoutLifecycle(t, r.main))
	r.enters(t, destroy)
	left, err := r.Inventory(t.Context())
	must(t, err)
	snapshots, rest := playground.Kept(left)
	if len(snapshots) != 1 || !slices.Equal(rest, r.start) {
		t.Errorf("the account has %v, and had %v", left, r.start)
	}
}
