//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The steady traffic. Together with what regulars ask it is some 40 requests a
// second.
const (
	newcomerEvery = 50 * time.Millisecond // each with a connection of its own
	regulars      = 20                    // who keep connection and cookie
	sockets       = 20                    // which are opened again when they are cut
	slowOnes      = 2                     // whose answers take two seconds
	writeEvery    = 500 * time.Millisecond
)

const (
	// answerTime is how long a visitor waits for an answer. HAProxy takes longer
	// to find that a node is gone (timeout connect), so that a request which was
	// sent to one is lost even if another node answers it in the end.
	answerTime = 4 * time.Second
	// slowTime is the same where the answer takes the node some time.
	slowTime = 10 * time.Second
)

// steady is traffic of all kinds through a load balancer, and what becomes of it.
type steady struct {
	site    site
	started time.Time
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu       sync.Mutex // guards everything below
	requests int
	lost     []string
	answered time.Time // the last newcomer
	gap      time.Duration
	slowest  time.Duration
	cuts     [sockets]int
	cutBy    []string
	rows     []string // whose writing was confirmed
}

// steady begins the traffic, and returns once the first of each kind has been
// answered. Rows are written where the cluster has a database.
func (w *world) steady(t *testing.T, s site, writes bool) *steady {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	st := &steady{site: s, stop: stop, started: time.Now()}
	t.Cleanup(stop)
	st.done.Go(func() { st.newcomers(ctx) })
	for i := range regulars {
		st.done.Go(func() { st.regular(ctx, time.Duration(i+1)*400*time.Millisecond) })
	}
	for range slowOnes {
		st.done.Go(func() {
			st.repeat(ctx, 100*time.Millisecond, &visitor{site: s, path: "/slow", limit: slowTime, keeps: true})
		})
	}
	for i := range sockets {
		st.done.Go(func() { st.socket(ctx, i) })
	}
	if writes {
		st.done.Go(func() { st.writer(ctx, fmt.Sprintf("row-%d", time.Now().UnixNano())) })
	}
	within(t, patience, "the traffic flows", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return st.requests > 2*regulars && (len(st.rows) > 0 || !writes)
	})
	return st
}

// end lets what is under way come to its end.
func (st *steady) end() {
	st.stop()
	st.done.Wait()
}

// newcomers come one after the other, whether or not those before them have
// been answered.
func (st *steady) newcomers(ctx context.Context) {
	tick := time.NewTicker(newcomerEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		st.done.Go(func() {
			if st.ask(ctx, &visitor{site: st.site, path: "/", limit: answerTime}) == nil {
				st.newcomerAnswered(time.Now())
			}
		})
	}
}

func (st *steady) newcomerAnswered(now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.answered.IsZero() {
		st.gap = max(st.gap, now.Sub(st.answered))
	}
	st.answered = now
}

// regular asks with a pause between. All pauses are shorter than what the load
// balancer grants a connection that is kept (timeout http-keep-alive).
func (st *steady) regular(ctx context.Context, pause time.Duration) {
	st.repeat(ctx, pause, &visitor{site: st.site, path: "/", limit: answerTime, keeps: true})
}

// repeat asks once more at the end, on a connection that may be from before
// whatever happened.
func (st *steady) repeat(ctx context.Context, pause time.Duration, v *visitor) {
	defer v.hangUp()
	for ctx.Err() == nil {
		_ = st.ask(ctx, v) // which counts it
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	_ = st.ask(ctx, v)
}

// writer writes rows, each under a name of its own, and notes those that the
// app says it has.
func (st *steady) writer(ctx context.Context, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		row := fmt.Sprintf("%s-%d", name, n)
		if st.ask(ctx, &visitor{site: st.site, path: "/row/" + row, limit: slowTime}) == nil {
			st.mu.Lock()
			st.rows = append(st.rows, row)
			st.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(writeEvery):
		}
	}
}

// ask sends a request, and counts it.
func (st *steady) ask(ctx context.Context, v *visitor) error {
	start := time.Now()
	_, err := v.ask(ctx)
	st.count(start, v.path, err)
	return err
}

func (st *steady) count(start time.Time, path string, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.requests++
	if path != "/slow" {
		st.slowest = max(st.slowest, time.Since(start))
	}
	if err != nil {
		st.lost = append(st.lost, fmt.Sprintf("%s sent after %.1f s, lost after %.1f s: %v", path, start.Sub(st.started).Seconds(), time.Since(st.started).Seconds(), err))
	}
}

// String is the figures.
func (st *steady) String() string {
	return fmt.Sprintf("%.0f s, %d requests, %d lost, longest gap %.2f s, slowest answer %.2f s, at most %d cuts of a WebSocket, %d rows",
		time.Since(st.started).Seconds(), st.requests, len(st.lost), st.gap.Seconds(), st.slowest.Seconds(), slices.Max(st.cuts[:]), len(st.rows))
}

// lostNothing judges traffic that has ended: no request and no row is lost, and
// no WebSocket was cut more often than so.
func (st *steady) lostNothing(t *testing.T, w *world, cuts int) {
	t.Helper()
	if len(st.lost) > 0 {
		t.Errorf("%d of %d requests were lost:\n%s", len(st.lost), st.requests, strings.Join(st.lost[:min(10, len(st.lost))], "\n"))
	}
	if most := slices.Max(st.cuts[:]); most > cuts {
		t.Errorf("a WebSocket was cut %d times, want at most %d: %v\n%s", most, cuts, st.cuts, strings.Join(st.cutBy[:min(10, len(st.cutBy))], "\n"))
	}
	st.keptRows(t, w)
}

// keptRows compares what was confirmed with what the database has.
func (st *steady) keptRows(t *testing.T, w *world) {
	t.Helper()
	if len(st.rows) == 0 {
		return
	}
	host := slices.Sorted(w.nodeNames())[0]
	kept := map[string]bool{}
	for line := range strings.Lines(w.psql(t, host, w.state.DatabaseURL, "verify-full", "SELECT name FROM rows")) {
		kept[strings.TrimSpace(line)] = true
	}
	lost := slices.DeleteFunc(slices.Clone(st.rows), func(row string) bool { return kept[row] })
	if len(lost) > 0 {
		t.Errorf("%d of %d rows are lost: %v", len(lost), len(st.rows), lost)
	}
}
