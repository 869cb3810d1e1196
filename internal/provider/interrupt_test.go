package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Ctrl-C after any write of a create leaves everything that exists in the
// state; the next apply goes on from there, and a destroy finds all of it.
func TestInterruptedCreateIsResumed(t *testing.T) {
	t.Parallel()
	writes := 0
	virtually(t, func(t *testing.T) {
		p, _ := createOfAll(t, func() { writes++ })
		p.must(p.apply())
	})
	for at := 1; at < writes; at++ {
		t.Run(fmt.Sprintf("after write %d of %d", at, writes), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) { interrupted(t, at) })
		})
	}
}

// createOfAll is to create a cluster with all that one can have, in an account of
// its own; wrote is called at each write, one after another.
func createOfAll(t *testing.T, wrote func()) (*core, *cloud) {
	t.Helper()
	var mu sync.Mutex
	c := newAccount(t, simulator.Options{Observe: func(r simulator.Request) {
		if r.Method != http.MethodGet {
			mu.Lock()
			defer mu.Unlock()
			wrote()
		}
	}})
	return newCore(t, c, object{
		"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}, "load_balancer": object{}, "database": object{},
	}), c
}

// interrupted stops a create after that many writes and resumes it.
func interrupted(t *testing.T, at int) {
	t.Helper()
	writes := 0
	var p *core
	var c *cloud
	p, c = createOfAll(t, func() {
		if writes++; writes == at {
			p.stop()
		}
	})
	told := p.apply()
	if told == "" {
		t.Fatal("the create was not stopped")
	}
	if p.state.IsNull() {
		if !strings.Contains(told, "It was interrupted.") {
			t.Errorf("the user is told %q", told)
		}
		c.nothingLeft(t)
		return
	}
	if !strings.Contains(told, "terraform untaint") || !strings.Contains(told, "It was interrupted.") {
		t.Errorf("the user is told %q", told)
	}
	p.refresh()
	if told := p.apply(); told != "" {
		t.Errorf("resuming fails: %s", told)
	}
	if drift := p.refresh(); len(drift) > 0 {
		t.Errorf("after resuming there is drift: %q", drift)
	}
	c.clear(t)
	c.nothingLeft(t)
}

// Terraform drops the private state and keeps the attributes of a resource
// whose provider dies in an update. The cluster must not be without its
// secrets then.
func TestClusterOutlivesItsPrivateState(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		pools := func(count int) object { return object{"us": object{"count": count}} }
		arguments := object{"name": "chat", "region": "nyc3", "node_pools": pools(1), "load_balancer": object{}, "database": object{}}
		p := newCore(t, newAccount(t, simulator.Options{}), arguments)
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
	})
}

// When Terraform is killed in the middle of a create, no state knows what that
// made. Its lease stays: another create waits until it is over, and does not take
// the rest for somebody's cluster that has to be imported.
func TestTerraformKilledInACreate(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		killed, kill := context.WithCancel(t.Context())
		defer kill()
		c := newAccount(t, simulator.Options{Observe: func(r simulator.Request) {
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
	})
}
