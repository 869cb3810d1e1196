package hostconfig_test

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// visit has the release serve somebody, until the connection is closed.
func (r restarted) visit(t *testing.T) net.Conn {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", r.node.HTTPPort))
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	visitor, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	t.Cleanup(func() { _ = visitor.Close() })
	return visitor
}

// A node waits for those whom it serves, and no longer than it was told to.
func TestANodeIsDrainedBeforeItRestartsAndStops(t *testing.T) {
	t.Parallel()
	for _, command := range []string{hostconfig.CommandApply, hostconfig.CommandStop(100)} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			r := newRestarted(t)
			visitor := r.visit(t)
			bundle := r.environment(t, "A", hostconfig.Restart{DrainSeconds: 100, PatienceSeconds: 10})
			done := make(chan string, 1)
			begin := time.Now()
			go func() {
				_, messages, _ := r.ask(t, command, bundle)
				done <- messages
			}()
			select {
			case messages := <-done:
				t.Fatalf("the visitor was not waited for: %s", messages)
			case <-time.After(3 * time.Second):
			}
			if calls := r.read(t, "/calls"); calls != "" {
				t.Errorf("while a visitor is served systemd was asked for\n%s", calls)
			}
			_ = visitor.Close()
			// One who was led here just before may come back once more.
			select {
			case messages := <-done:
				t.Fatalf("nobody could come back: %s", messages)
			case <-time.After(3 * time.Second):
			}
			if messages := <-done; messages != "" || time.Since(begin) > 90*time.Second {
				t.Errorf("after %v: %s", time.Since(begin), messages)
			}
			if r.read(t, "/calls") == "" {
				t.Error("the release was left alone")
			}
		})
	}
}

func TestADrainEndsWithItsTime(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	r.visit(t)
	for range 2 {
		if _, messages, status := r.ask(t, hostconfig.CommandStop(2), ""); status != 0 {
			t.Fatalf("exit status %d: %s", status, messages)
		}
	}
	if got := r.read(t, "/calls"); got != "disable --now beam.service\ndisable --now beam.service\n" {
		t.Errorf("systemd was asked for\n%s", got)
	}
}

// HAProxy may lead a client to a node once more for as long as it keeps idle
// connections, so a node waits longer than that, and so does the load balancer
// before it goes.
func TestADrainOutlastsIdleConnectionsOfTheLoadBalancer(t *testing.T) {
	t.Parallel()
	balancer, err := exampleLoadBalancer().Render()
	must(t, err)
	number := func(text, pattern string) int {
		t.Helper()
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("%s is not found", pattern)
		}
		n, err := strconv.Atoi(found[1])
		must(t, err)
		return n
	}
	idle := number(fileOf(t, balancer, "/etc/haproxy/haproxy.cfg"), `timeout http-keep-alive (\d+)s`)
	node := number(fileOf(t, renderNode(t, managedNode()), "/usr/local/lib/beam/beamctl/drain.py"), `(?m)^LINGER_S = (\d+)$`)
	managed, err := managedLoadBalancer().Render()
	must(t, err)
	itself := number(fileOf(t, managed, "/usr/local/lib/beam/beamctl/balancer.py"), `(?m)^IDLE_S = (\d+)$`)
	if node <= idle || itself <= idle {
		t.Errorf("a node waits %d s, the load balancer %d s, and HAProxy keeps idle connections for %d s", node, itself, idle)
	}
}
