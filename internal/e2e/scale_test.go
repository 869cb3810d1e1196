//go:build linux

package e2e_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// pauses are those of visitors between two requests. All are shorter than what
// the load balancer grants a connection that is kept (timeout http-keep-alive).
var pauses = []time.Duration{
	100 * time.Millisecond, time.Second, 3 * time.Second, 5 * time.Second, 6 * time.Second, 7 * time.Second, 8 * time.Second,
}

// answerTime is how long a visitor waits for an answer. HAProxy takes longer to
// find that a node is gone (timeout connect), so that a request which was sent to
// one is lost even if another node answers it in the end.
const answerTime = 4 * time.Second

// crowd are visitors of a load balancer: for each pause one who comes anew for
// each request, and one who keeps the connection.
type crowd struct {
	visitors []*visitor
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// visit returns when each visitor has had an answer.
func (w *world) visit(t *testing.T) *crowd {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{stop: stop}
	for _, pause := range pauses {
		for _, keeps := range []bool{false, true} {
			v := &visitor{host: w.state.LoadBalancerIPv4, dial: w.Hosts.Client().Dial, pause: pause, keeps: keeps}
			c.visitors = append(c.visitors, v)
			v.ask(ctx)
			c.done.Go(func() { v.visit(ctx) })
		}
	}
	return c
}

// leave has each visitor ask once more, on a connection that may be from before
// whatever happened. No request may have been lost.
func (c *crowd) leave(t *testing.T) {
	t.Helper()
	c.stop()
	c.done.Wait()
	for _, v := range c.visitors {
		if len(v.lost) > 0 {
			t.Errorf("%s: %d were lost, the first: %v", v, len(v.lost), v.lost[0])
		}
		if v.keeps && v.dialled == v.sent {
			t.Errorf("%s: none was kept", v)
		}
	}
	slowest := slices.MaxFunc(c.visitors, func(a, b *visitor) int { return cmp.Compare(a.slowest, b.slowest) })
	t.Logf("the slowest answer took %s, for %s", slowest.slowest, slowest)
}

// visitor sends requests one after the other and counts those that are lost. It
// never repeats one: a connection that turns out closed has lost the request.
type visitor struct {
	host  string
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	pause time.Duration
	keeps bool // the connection, until the server says that it closes it

	connection    net.Conn // nil until the next request needs one
	answers       *bufio.Reader
	sent, dialled int
	lost          []error
	slowest       time.Duration
}

func (v *visitor) String() string {
	who := "one who comes anew"
	if v.keeps {
		who = "one who keeps the connection"
	}
	return fmt.Sprintf("%s, every %s: %d requests over %d connections", who, v.pause, v.sent, v.dialled)
}

func (v *visitor) visit(ctx context.Context) {
	defer v.hangUp()
	for tick := time.Tick(v.pause); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-tick:
		}
		v.ask(ctx)
	}
}

// ask sends one request, whose answer is waited for even if the context ends.
func (v *visitor) ask(ctx context.Context) {
	start := time.Now()
	v.sent++
	if err := v.get(context.WithoutCancel(ctx)); err != nil {
		v.lost = append(v.lost, fmt.Errorf("request %d, after %s: %w", v.sent, time.Since(start), err))
		v.hangUp()
	}
	v.slowest = max(v.slowest, time.Since(start))
}

func (v *visitor) get(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := v.connect(ctx); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.host+"/", http.NoBody)
	if err != nil {
		return err
	}
	request.Close = !v.keeps
	if err := request.Write(v.connection); err != nil {
		return err
	}
	response, err := http.ReadResponse(v.answers, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.Close {
		v.hangUp()
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// connect makes sure of a connection, which lasts until the context's deadline.
func (v *visitor) connect(ctx context.Context) (err error) {
	if v.connection == nil {
		v.dialled++
		if v.connection, err = v.dial(ctx, "tcp", net.JoinHostPort(v.host, "80")); err != nil {
			return err
		}
		v.answers = bufio.NewReader(v.connection)
	}
	deadline, _ := ctx.Deadline()
	return v.connection.SetDeadline(deadline)
}

func (v *visitor) hangUp() {
	if v.connection != nil {
		_ = v.connection.Close() // nothing more is expected of it
		v.connection = nil
	}
}

// scales changes the number of nodes while visitors send requests.
func scales(t *testing.T, w *world, chat e2e.Cluster, count int) {
	balancer := w.droplet(t, "chat-lb-1").ID
	crowd := w.visit(t)
	chat["node_pools"] = map[string]any{"us": map[string]any{"count": count}}
	w.apply(t, chat)
	crowd.leave(t)
	if len(w.state.Nodes) != count || !w.meshed(t) || len(w.serversUp(t)) != count {
		t.Errorf("%d nodes, which see %v; the load balancer has %v", len(w.state.Nodes), w.mesh(t), w.serversUp(t))
	}
	if now := w.droplet(t, "chat-lb-1").ID; now != balancer {
		t.Error("the load balancer was made anew")
	}
}
