package hostconfig_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// running is a managed load balancer whose HAProxy runs as its unit runs it: a
// master with workers, which a signal reloads.
type running struct {
	managed
	log *syncBuffer
}

type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func runManaged(t *testing.T, l hostconfig.LoadBalancer) running {
	t.Helper()
	haproxy := testtool.Require(t, "haproxy")
	l.Management, l.Stats = exampleManagement(), nil
	r := running{newManaged(t, l), &syncBuffer{}}
	r.boot(t)
	config := r.root + "/etc/haproxy/haproxy.cfg"
	r.write(t, "/etc/haproxy/haproxy.cfg", r.config(r.read(t, "/etc/haproxy/haproxy.cfg")))
	if err := os.Mkdir(r.root+"/run/haproxy", 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(haproxy, "-W", "-f", config, "-f", r.root+"/etc/haproxy/beam/nodes.cfg", "-p", r.root+"/run/haproxy.pid")
	command.Stdout, command.Stderr = r.log, r.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The master ends its workers before itself.
		_ = command.Process.Signal(syscall.SIGTERM) // background jobs ignore SIGINT
		_ = command.Wait()
		if t.Failed() {
			t.Logf("haproxy said:\n%s", r.log)
		}
	})
	r.awaitStart(t)
	r.program(t, "haproxy", `exec `+haproxy+` "$@"`)
	r.program(t, "systemctl", fmt.Sprintf(`case "$1" in
is-active) ;;
reload) kill -USR2 %d ;;
show) printf 'ActiveState=active\nExecMainCode=0\nExecMainStatus=0\n' ;;
esac`, command.Process.Pid))
	return r
}

// config is HAProxy's configuration, moved into the folder of the test.
func (r running) config(text string) string {
	return strings.NewReplacer(
		// A socket of the test's own: nobody else can take it.
		"bind *:80\n", "bind unix@"+r.root+"/run/front.sock\n",
		"  chroot /var/lib/haproxy\n", "", "  user haproxy\n", "", "  group haproxy\n", "",
		"/run/haproxy", r.root+"/run/haproxy", "/etc/haproxy", r.root+"/etc/haproxy",
	).Replace(text)
}

func (r running) awaitStart(t *testing.T) {
	t.Helper()
	for end := time.After(30 * time.Second); ; {
		if conn, err := net.Dial("unix", r.root+"/run/front.sock"); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-end:
			t.Fatal("HAProxy does not start")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// client makes a connection of its own for each request.
func (r running) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", r.root+"/run/front.sock")
		},
	}}
}

// set makes the load balancer balance just these nodes.
func (r running) set(t *testing.T, nodes ...*node) {
	t.Helper()
	var servers []hostconfig.Server
	for _, n := range nodes {
		servers = append(servers, n.asServer(t))
	}
	input, err := hostconfig.SetNodesInput(servers)
	if err != nil {
		t.Fatal(err)
	}
	if _, messages, status := r.ask(t, hostconfig.CommandSetNodes, string(input)); status != 0 {
		t.Fatalf("set-nodes: exit status %d: %s", status, messages)
	}
}

// traffic asks without pause, a new connection each time, until it is stopped.
// It counts who answered; everything but an answer by a node is lost.
type traffic struct {
	served sync.Map // node to *atomic.Int64
	lost   atomic.Int64
	stop   func()
}

func startTraffic(t *testing.T, r running) *traffic {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	load := &traffic{stop: func() { cancel(); clients.Wait() }}
	t.Cleanup(load.stop)
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				load.ask(ctx, t, r.client())
			}
		})
	}
	return load
}

func (l *traffic) ask(ctx context.Context, t *testing.T, client *http.Client) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://chat.example.com/", nil)
	if err != nil {
		panic(err)
	}
	response, err := client.Do(request)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		l.lost.Add(1)
		t.Log(err)
	default:
		_ = response.Body.Close()
		if by := response.Header.Get("Served-By"); by == "" {
			l.lost.Add(1)
			t.Log(response.Status)
		} else {
			count, _ := l.served.LoadOrStore(by, new(atomic.Int64))
			count.(*atomic.Int64).Add(1)
		}
	}
}

func (l *traffic) count(name string) int64 {
	count, ok := l.served.Load(name)
	if !ok {
		return 0
	}
	return count.(*atomic.Int64).Load()
}

// await returns once the node has answered again, and then some.
func (l *traffic) await(t *testing.T, name string) {
	t.Helper()
	start, end := l.count(name), time.After(30*time.Second)
	for l.count(name) < start+20 {
		select {
		case <-end:
			t.Fatalf("%s gets no requests", name)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestOtherNodesComeAndGoWithoutALostRequest(t *testing.T) {
	t.Parallel()
	one, two, three, four := startNode(t, "chat-1"), startNode(t, "chat-2"), startNode(t, "chat-3"), startNode(t, "chat-4")
	r := runManaged(t, trafficLoadBalancer(t, one, two, three))
	load := startTraffic(t, r)
	load.await(t, "chat-3")

	r.set(t, one, two, three, four)
	load.await(t, "chat-4")
	r.set(t, one, two)
	load.await(t, "chat-2")
	r.set(t, one, two)
	load.stop()
	if lost := load.lost.Load(); lost > 0 {
		t.Errorf("%d requests were lost", lost)
	}
	if got := r.read(t, "/etc/haproxy/beam/server-state"); got != "1\n" {
		t.Errorf("a restart would find the state of the servers as it was once:\n%s", got)
	}
	want := strings.Split(strings.TrimSpace(r.read(t, "/etc/haproxy/beam/nodes.cfg")), "\n")
	if last := want[len(want)-1]; !strings.HasPrefix(last, "  server chat-2 127.0.0.1:") || !strings.HasPrefix(want[2], "backend nodes") {
		t.Errorf("nodes.cfg became\n%s", strings.Join(want, "\n"))
	}
}

// kept is a connection that a client keeps, as most do.
type kept struct {
	conn    net.Conn
	answers *bufio.Reader
}

func (r running) keep(t *testing.T) kept {
	t.Helper()
	conn, err := net.Dial("unix", r.root+"/run/front.sock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return kept{conn, bufio.NewReader(conn)}
}

// ask sends a request and returns which node answered.
func (k kept) ask(t *testing.T, request *http.Request) string {
	t.Helper()
	if err := request.Write(k.conn); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(k.answers, request)
	if err != nil {
		t.Fatal(err)
	}
	by := response.Header.Get("Served-By")
	if _, err := io.Copy(io.Discard, response.Body); err != nil || by == "" {
		t.Fatalf("no node answers: %s, %v", response.Status, err)
	}
	return by
}

// The next request may be on its way when a reload comes. The old process has it
// answered: by a node that stays or, where the client belongs to the one that
// leaves, by that one, which waits for such clients.
func TestAConnectionThatIsKeptOutlivesAReloadByARequest(t *testing.T) {
	t.Parallel()
	leaving, staying := startNode(t, "chat-1"), startNode(t, "chat-2")
	r := runManaged(t, trafficLoadBalancer(t, leaving, staying))
	anew, back := newRequest(t, "http://chat.example.com/"), newRequest(t, "http://chat.example.com/")
	back.AddCookie(&http.Cookie{Name: "SERVERID", Value: "chat-1"})
	var clients []kept
	for range 10 {
		client := r.keep(t)
		client.ask(t, anew)
		clients = append(clients, client)
	}
	r.set(t, staying)
	for i, client := range clients {
		by := client.ask(t, []*http.Request{anew, back}[i%2])
		if i%2 == 0 && by != "chat-2" {
			t.Errorf("client %d, which belongs to nobody, is sent to %s, which leaves", i, by)
		}
	}
}

// A process that starts takes every server for up until it has checked it; one
// that takes over must not.
func TestAReloadKeepsInMindWhoIsDown(t *testing.T) {
	t.Parallel()
	well, unwell := startNode(t, "chat-1"), startNode(t, "chat-2")
	unwell.unwell.Store(true)
	l := trafficLoadBalancer(t, well, unwell)
	r := runManaged(t, l)
	awaitStatus := func(want string) {
		t.Helper()
		out, messages, _ := r.ask(t, "await 1", "")
		for range 30 {
			if strings.Contains(out, want) {
				return
			}
			out, messages, _ = r.ask(t, "await 1", "")
		}
		t.Fatalf("the report is %s %s, want %s", out, messages, want)
	}
	awaitStatus(`"up": false, "check": "L7STS 503`)
	// Checks an hour apart: what is known after the reload was known before.
	r.write(t, "/etc/haproxy/beam/nodes.cfg", strings.Replace(r.read(t, "/etc/haproxy/beam/nodes.cfg"), "inter 50ms", "inter 1h", 1))
	third := startNode(t, "chat-3")
	r.set(t, well, unwell, third)
	if got := served(t, r.client(), "http://chat.example.com/"); got["chat-2"] != 0 || got["chat-1"] == 0 {
		t.Errorf("after the reload a hundred requests went to %v, none must go to chat-2", got)
	}
}

func TestAListOfServersThatIsNoneChangesNothing(t *testing.T) {
	t.Parallel()
	r := runManaged(t, trafficLoadBalancer(t, startNode(t, "chat-1")))
	before := r.read(t, "/etc/haproxy/beam/nodes.cfg")
	for story, tt := range map[string]struct{ input, message string }{
		"nothing":       {``, "stdin is not a list of servers"},
		"another form":  {`{"servers": {"chat-1": 1}}`, "stdin is not a list of servers"},
		"a second line": {`{"servers": [{"name": "a\n  server b", "address": "10.0.0.1", "port": 80}]}`, "is not a server's name"},
		"a host name":   {`{"servers": [{"name": "a", "address": "example.com", "port": 80}]}`, "a: 'example.com' is not an IPv4 address"},
		"no port":       {`{"servers": [{"name": "a", "address": "10.0.0.1", "port": true}]}`, "a: True is not a port"},
		"one name twice": {`{"servers": [{"name": "a", "address": "10.0.0.1", "port": 80}, {"name": "a", "address": "10.0.0.2", "port": 80}]}`,
			"two servers have one name"},
	} {
		_, messages, status := r.ask(t, hostconfig.CommandSetNodes, tt.input)
		if status != 1 || !strings.Contains(messages, tt.message) {
			t.Errorf("%s: exit status %d, %q, want %q", story, status, messages, tt.message)
		}
	}
	// What HAProxy itself refuses, it refuses before anything is changed.
	r.program(t, "haproxy", "echo 'no such option' >&2; exit 1")
	_, messages, status := r.ask(t, hostconfig.CommandSetNodes, `{"servers": []}`)
	if status != 1 || !strings.Contains(messages, "haproxy refuses the configuration: no such option") {
		t.Errorf("exit status %d, %q", status, messages)
	}
	if after := r.read(t, "/etc/haproxy/beam/nodes.cfg"); after != before {
		t.Errorf("nodes.cfg became\n%s", after)
	}
	if left, _ := filepath.Glob(r.root + "/etc/haproxy/beam/*"); len(left) != 2 {
		t.Errorf("files are left over: %v", left)
	}
}

func TestServersThatCannotBeTakenAreTakenBack(t *testing.T) {
	t.Parallel()
	one := startNode(t, "chat-1")
	r := runManaged(t, trafficLoadBalancer(t, one))
	before := r.read(t, "/etc/haproxy/beam/nodes.cfg")
	r.program(t, "systemctl", `[ "$1" = is-active ] || { echo 'Job failed' >&2; exit 1; }`)
	_, messages, status := r.ask(t, hostconfig.CommandSetNodes, `{"servers": []}`)
	if status != 1 || !strings.Contains(messages, "haproxy was not reloaded: Job failed") {
		t.Errorf("exit status %d, %q", status, messages)
	}
	if after := r.read(t, "/etc/haproxy/beam/nodes.cfg"); after != before {
		t.Errorf("nodes.cfg became\n%s", after)
	}
}
