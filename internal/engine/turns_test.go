package engine_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// turns lets what runs in parallel go on one at a time, in an order that a seed
// decides, so that a seed always gives the same life. Whoever calls the API waits
// for a turn before the call and after it.
type turns struct {
	random  *rand.Rand
	arrived chan struct{}
	over    chan struct{}
	ended   sync.WaitGroup

	mu      sync.Mutex
	waiting []turn
}

// turn is a call that waits. Those of equal keys do the same, so that it makes no
// difference which of them goes first.
type turn struct {
	key  string
	pass chan struct{}
}

// newTurns starts to give turns.
func newTurns(random *rand.Rand) *turns {
	t := &turns{random: random, arrived: make(chan struct{}, 1), over: make(chan struct{})}
	t.ended.Go(func() {
		for {
			select {
			case <-t.over:
				return
			case <-t.arrived:
			}
			for t.next() {
			}
		}
	})
	return t
}

// end returns when no more turns are given.
func (t *turns) end() {
	close(t.over)
	t.ended.Wait()
}

// wait returns when it is the caller's turn.
func (t *turns) wait(key string) {
	mine := turn{key: key, pass: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, mine)
	t.mu.Unlock()
	select {
	case t.arrived <- struct{}{}:
	default: // it has yet to be seen that somebody arrived
	}
	<-mine.pass
}

// next lets one of those go on that wait. In a bubble no time passes before all
// others wait for something, so that all are there by then who can come.
func (t *turns) next() bool {
	time.Sleep(time.Nanosecond)
	synctest.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		return false
	}
	slices.SortStableFunc(t.waiting, func(a, b turn) int { return cmp.Compare(a.key, b.key) })
	i := t.random.IntN(len(t.waiting))
	chosen := t.waiting[i]
	t.waiting = slices.Delete(t.waiting, i, i+1)
	close(chosen.pass)
	return true
}

// process is one run of Terraform: its calls can be counted, and it can die.
type process struct {
	life     *life
	number   int
	id       string                     // of its cluster; empty until a create has drawn it
	spec     cluster.Spec               // that it converges to
	known    map[int]cluster.HostRecord // hosts that it knew in the beginning
	calls    int
	destroys bool
	at       map[int]func() // what happens before a call
	dies     func(calls int, answered bool) bool
	dead     bool
	died     chan struct{} // closed at its death
	buried   chan struct{} // closed when its goroutines may end
	cancel   context.CancelFunc
}

// RoundTrip implements http.RoundTripper.
func (p *process) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := p.begin(r)
	if err != nil {
		return nil, err
	}
	p.life.safety.before(p, r, body)
	resp, err := p.life.transport.RoundTrip(r)
	p.life.turns.wait(fmt.Sprint(p.number, " answer ", r.Method, r.URL, string(body)))
	if p.ends(true) {
		return nil, errDead
	}
	p.life.record(p, r, resp, err)
	return resp, err
}

// begin waits for the call's turn and lets happen what is to happen before it.
func (p *process) begin(r *http.Request) ([]byte, error) {
	var body []byte
	if r.GetBody != nil {
		content, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(content); err != nil {
			return nil, err
		}
	}
	p.life.turns.wait(fmt.Sprint(p.number, " ", r.Method, r.URL, string(body)))
	p.calls++
	if happens := p.at[p.calls]; happens != nil && !p.dead {
		happens()
	}
	if p.ends(false) {
		return nil, errDead
	}
	return body, nil
}

// ends holds the caller for ever in a process that is dead, or dies now.
func (p *process) ends(answered bool) bool {
	if !p.dead && p.dies != nil && p.dies(p.calls, answered) {
		p.dead = true
		close(p.died)
	}
	if !p.dead {
		return false
	}
	<-p.buried
	return true
}
