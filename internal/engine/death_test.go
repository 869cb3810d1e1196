package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// death is the end of the process at a call of an operation: before it, or after
// it was carried out and before its answer was read.
type death struct {
	op    operation
	call  int // counted from 1
	at    occurrence
	after bool
}

func (d death) when() string {
	if d.after {
		return "after"
	}
	return "before"
}

func (d death) String() string {
	return fmt.Sprintf("%s, dies %s call %d, %s", d.op.name, d.when(), d.call, d.at.route)
}

// deaths is what is tried: death before and after each call of each operation,
// or at one call of each route, before or after it by turns.
func deaths(all []recorded) []death {
	var found []death
	for i, r := range all {
		seen := map[string]int{}
		for n, at := range r.calls {
			for _, after := range []bool{false, true} {
				d := death{r.op, n + 1, at, after}
				seen[at.route]++
				if os.Getenv(everything) == "all" || seen[at.route] == 1+(i+n)%2 {
					found = append(found, d)
				}
			}
		}
	}
	return found
}

// mortal lets calls through until the process dies. What is on its way then may
// arrive, and nobody reads the answer.
type mortal struct {
	next  http.RoundTripper
	call  int // that it dies at
	after bool
	died  chan struct{}

	mu    sync.Mutex
	calls int
	dead  bool
}

var errDead = errors.New("the process died")

// RoundTrip implements http.RoundTripper.
func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	last := m.begin()
	if last && !m.after {
		m.die()
	}
	if m.isDead() {
		return nil, errDead
	}
	resp, err := m.next.RoundTrip(r)
	if last {
		m.die()
	}
	if m.isDead() {
		return nil, errDead
	}
	return resp, err
}

func (m *mortal) begin() (last bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	return m.calls == m.call
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	close(m.died)
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// dies lets the process die in the middle of the operation, and goes on with the
// state that Terraform had before.
func (tr *trial) dies(d death) outcome {
	tr.ledger.guard(!d.op.lost && !isDestroy(d.op))
	m := &mortal{next: tr.cut, call: d.call, after: d.after, died: make(chan struct{})}
	ctx, cancel := context.WithCancel(tr.Context())
	lost, ended := tr.kept.clone(), make(chan struct{})
	defer func() { cancel(); <-ended }() // a bubble ends after all that is in it
	go func() {
		defer close(ended)
		_ = tr.op.do(ctx, tr.newEngine(m), tr.op, &lost) // nobody learns how it ended
	}()
	select {
	case <-m.died:
	case <-ended: // the calls were fewer this time
		tr.kept = lost
	}
	cancel()
	volume := tr.kept.mem.VolumeID
	end := tr.goesOn()
	if volume != "" && tr.kept.mem.ID != "" && tr.kept.mem.VolumeID != volume {
		tr.Errorf("the volume is %s, was %s", tr.kept.mem.VolumeID, volume)
	}
	tr.end()
	return end
}

// goesOn runs the operation again. A create waits until the lease of the one that
// died has run out; where that had come so far that data may be lost, the cluster
// has to be imported.
func (tr *trial) goesOn() outcome {
	if !tr.op.creates() {
		tr.complete()
		return succeeded
	}
	err := tr.run(tr.engine, &tr.kept)
	if refused(err) && strings.Contains(err.Error(), "Another apply is creating") {
		tr.pass(cluster.LeaseTerm)
		err = tr.run(tr.engine, &tr.kept)
	}
	switch {
	case refused(err) && strings.Contains(err.Error(), "terraform import"):
		tr.kept.mem = *tr.imported(tr.op.spec)
		tr.ledger.account(tr.kept)
		return gaveUp
	case err != nil:
		tr.Fatalf("the create after: %v", err)
	}
	tr.ledger.account(tr.kept)
	tr.isComplete()
	return succeeded
}
