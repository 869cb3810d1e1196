package provider

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Ctrl-C after any write of a create leaves everything that exists in the
// state; the next apply goes on from there, and a destroy finds all of it.
func TestInterruptedCreateIsResumed(t *testing.T) {
	t.Parallel()
	at := 1
	for interrupted(t, at) {
		at++
	}
	if at < 10 {
		t.Errorf("a create was complete after %d writes", at)
	}
}

// interrupted stops a create after that many writes and resumes it; it is
// false when the create was complete before.
func interrupted(t *testing.T, at int) bool {
	t.Helper()
	var writes atomic.Int64
	var p *core
	c := newCloud(t, simulator.Options{Observe: func(r simulator.Request) {
		if r.Method == http.MethodGet || writes.Add(1) != int64(at) {
			return
		}
		p.stop()
	}})
	p = newCore(t, c, object{
		"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}, "load_balancer": object{}, "database": object{},
	})
	told := p.apply()
	if told == "" {
		return false
	}
	if p.state.IsNull() {
		if !strings.Contains(told, "It was interrupted.") {
			t.Errorf("stopped after write %d: the user is told %q", at, told)
		}
		c.nothingLeft(t)
		return true
	}
	if !strings.Contains(told, "terraform untaint") || !strings.Contains(told, "It was interrupted.") {
		t.Errorf("stopped after write %d: the user is told %q", at, told)
	}
	p.refresh()
	if told := p.apply(); told != "" {
		t.Errorf("stopped after write %d: resuming fails: %s", at, told)
	}
	if drift := p.refresh(); len(drift) > 0 {
		t.Errorf("stopped after write %d: after resuming there is drift: %q", at, drift)
	}
	c.clear(t)
	c.nothingLeft(t)
	return true
}

// Terraform drops the private state and keeps the attributes of a resource
// whose provider dies in an update. The cluster must not be without its
// secrets then.
func TestClusterOutlivesItsPrivateState(t *testing.T) {
	t.Parallel()
	pools := func(count int) object { return object{"us": object{"count": count}} }
	arguments := object{"name": "chat", "region": "nyc3", "node_pools": pools(1), "load_balancer": object{}, "database": object{}}
	p := newCore(t, newCloud(t, simulator.Options{}), arguments)
	if told := p.apply(); told != "" {
		t.Fatal(told)
	}
	before := p.model()
	p.private = nil
	p.refresh()
	arguments["node_pools"] = pools(2)
	p.config = configOf(t, clusterSchema(t), arguments).Raw
	if told := p.apply(); told != "" {
		t.Fatal(told)
	}
	after := p.model()
	if n := len(after.Nodes.Elements()); n != 2 || !after.CookieFingerprint.Equal(before.CookieFingerprint) {
		t.Errorf("%d nodes with the cookie %s, want two with %s", n, after.CookieFingerprint, before.CookieFingerprint)
	}
}

// When Terraform is killed in the middle of a create, no state knows what that
// made. Its lease stays: another create waits until it is over, and does not take
// the rest for somebody's cluster that has to be imported.
func TestTerraformKilledInACreate(t *testing.T) {
	t.Parallel()
	killed, kill := context.WithCancel(t.Context())
	defer kill()
	c := newCloud(t, simulator.Options{Observe: func(r simulator.Request) {
		if r.Route == "POST /v2/droplets" {
			kill()
		}
	}})
	p := newCore(t, c, withData())
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	_ = p.carryOutUntil(killed, p.config, planned) // there is nobody to be told
	next := newCore(t, c, withData())
	inOrder(t, next.apply(), `Another apply is creating a cluster named "chat"`, "what it left is cleared away then")
	if !next.state.IsNull() {
		t.Error("the create that was refused has a state")
	}
}
