package simulator

import (
	"slices"
	"time"
)

// timeline keeps what will happen later, and carries it out when it is asked
// for the state at a later time.
type timeline struct {
	now    time.Time // the instant that is being carried out
	coming []event   // earliest first
	passed func()    // called after each event
}

type event struct {
	at time.Time
	do func()
}

// after plans something. It never happens at once, not even after zero time:
// the answer to the request that planned it shows the state before.
func (t *timeline) after(wait time.Duration, do func()) {
	at := t.now.Add(wait)
	next := slices.IndexFunc(t.coming, func(e event) bool { return e.at.After(at) })
	if next < 0 {
		next = len(t.coming)
	}
	t.coming = slices.Insert(t.coming, next, event{at, do})
}

// advance carries out all that was due, each at its own instant.
func (t *timeline) advance(to time.Time) {
	for len(t.coming) > 0 && !t.coming[0].at.After(to) {
		due := t.coming[0]
		t.coming = t.coming[1:]
		t.now = due.at
		due.do()
		t.passed()
	}
	t.now = to
}

// timestamp is the current instant as the API writes it: UTC, whole seconds.
func (t *timeline) timestamp() time.Time { return t.now.UTC().Truncate(time.Second) }
