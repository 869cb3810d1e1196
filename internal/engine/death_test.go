package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// death is the end of an operation at one of its calls.
type death struct {
	op   operation
	call int // counted from 1
	at   occurrence
	how  ending
}

// ending is how an operation ends before its time.
type ending string

const (
	diesBefore  ending = "dies before"  // the process, before the call
	diesAfter   ending = "dies after"   // the process, before it has read the answer
	interrupted ending = "is cancelled" // by the user, at the call
)

func (d death) String() string {
	return fmt.Sprintf("%s, %s call %d, %s", d.op.name, d.how, d.call, d.at.route)
}

// deaths is what is tried: each ending at each call of each operation, or one by
// turns at the first call of each route that changes something.
func deaths(all []recorded) []death {
	endings := []ending{diesBefore, interrupted, diesAfter}
	var found []death
	for i, r := range all {
		for n, at := range r.calls {
			for j, how := range endings {
				chosen := (i+n)%len(endings) == j
				changes := !strings.HasPrefix(at.route, http.MethodGet) && at.nth == 1
				if chosen && changes || testtool.Everything() {
					found = append(found, death{r.op, n + 1, at, how})
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

// ends lets the operation end before its time, and goes on.
func (tr *trial) ends(d death, again bool) outcome {
	tr.ledger.guard(!d.op.lost && !isDestroy(d.op))
	if d.how == interrupted {
		return tr.isCancelled(d, again)
	}
	return tr.dies(d)
}

// isCancelled lets the user cancel the operation, and goes on with the state that
// it left: with the same operation, or with a destroy at once.
func (tr *trial) isCancelled(d death, again bool) outcome {
	ctx, cancel := context.WithCancel(tr.Context())
	defer cancel()
	first := tr.cut.calls
	tr.cut.before = func(n int, _ *http.Request) {
		if n == first+d.call {
			cancel()
		}
	}
	err := tr.op.do(ctx, tr.engine, tr.op, &tr.kept)
	tr.cut.before = nil
	tr.ledger.account(tr.kept)
	if err != nil && tr.kept.mem.ID != "" && !isDestroy(tr.op) && len(tr.left()) == 0 {
		tr.isComplete() // only the last look was cancelled
	}
	if again {
		tr.complete()
	}
	tr.end()
	if err != nil {
		return gaveUp
	}
	return succeeded
}

// left is what a plan says is left to do.
func (tr *trial) left() []string {
	return append(drift(tr.op.spec, tr.kept.mem, tr.observe(tr.op.spec, tr.kept.mem)), tr.leftOfNode()...)
}

// dies lets the process die in the middle of the operation, and goes on with the
// state that Terraform had before.
func (tr *trial) dies(d death) outcome {
	m := &mortal{next: tr.cut, call: d.call, after: d.how == diesAfter, died: make(chan struct{})}
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
	tr.pass(time.Second) // what was on its way arrives before anybody goes on
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
	if strings.HasPrefix(tr.op.name, "create a node") || tr.op.name == "replace a node" {
		return tr.findsNode()
	}
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

// findsNode creates the node of which no state knows. Where its create had come to
// its end already, it has to be imported.
func (tr *trial) findsNode() outcome {
	err := tr.run(tr.engine, &tr.kept)
	if err == nil {
		tr.ledger.account(tr.kept)
		return succeeded
	}
	d, findErr := tr.engine.FindNode(tr.Context(), "worker")
	if !refused(err) || findErr != nil || !strings.Contains(err.Error(), fmt.Sprintf("terraform import <address> %d", d.ID)) {
		tr.Fatalf("the create after: %v (%v)", err, findErr)
	}
	tr.kept.node = d.ID
	tr.ledger.account(tr.kept)
	return gaveUp
}
