package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// ParseFaults reads a list of faults, as YAML or JSON, and checks it.
func ParseFaults(text []byte) ([]Fault, error) {
	var faults []Fault
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&faults); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the list of faults: %w", err)
	}
	for i, f := range faults {
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("fault %d, %s: %w", i+1, f, err)
		}
	}
	return faults, nil
}

// check says what is wrong with a rule that could never strike as it is meant.
func (f Fault) check() error {
	kind, known := kinds[f.Kind]
	call := parseCall(f.Call)
	switch {
	case !known:
		return fmt.Errorf("there is no kind %q", f.Kind)
	case call.method != "" && call.segments != nil && !kind.befalls(call):
		return fmt.Errorf("%s cannot befall %s", f.Kind, f.Call)
	case kind.delayed && f.Delay <= 0:
		return fmt.Errorf("%s needs a delay, such as 8s", f.Kind)
	case f.After && !kind.after:
		return fmt.Errorf("%s never comes after the call was carried out", f.Kind)
	case f.Name != "" && !kind.droplet:
		return fmt.Errorf("%s knows no names: only faults of droplets do", f.Kind)
	}
	if _, err := path.Match(f.Name, ""); err != nil {
		return fmt.Errorf("name %q: %w", f.Name, err)
	}
	return f.checkNumbers()
}

func (f Fault) checkNumbers() error {
	if min(f.Nth, f.Times) < 0 || min(f.From, f.For, f.Delay) < 0 {
		return errors.New("nth, times, from, for and delay must not be negative")
	}
	if f.Rate < 0 || f.Rate > 1 {
		return fmt.Errorf("rate %g must be from 0 to 1", f.Rate)
	}
	return nil
}

// SetFaults replaces all faults; none ends them. Their counts and times begin
// anew; what has already been decided about an object stays. It panics on a
// fault that ParseFaults would refuse.
func (s *Simulator) SetFaults(faults []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.advance(now)
	s.memory = 0
	for _, f := range faults {
		if err := f.check(); err != nil {
			panic(fmt.Errorf("fault %s: %w", f, err))
		}
		if f.Kind == StaleList || f.Kind == NotFound {
			s.memory = max(s.memory, f.Delay)
		}
	}
	s.faults.set(faults, now)
	s.beginHistory()
}

// injector decides which fault strikes. It has a lock of its own because calls
// are struck before they reach the account, too.
type injector struct {
	mu    sync.Mutex
	began time.Time
	rules []*faultRule
}

// faultRule is a fault and how far it has come.
type faultRule struct {
	Fault
	pattern route
	matched int            // calls that matched
	struck  int            // calls that it struck
	asked   map[string]int // calls that matched, by shape: what Rate decides by
}

// call is what the rules look at.
type call struct {
	route
	token string
	name  string // of the droplet that is made
}

func (i *injector) set(faults []Fault, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.began, i.rules = now, nil
	for _, f := range faults {
		i.rules = append(i.rules, &faultRule{Fault: f, pattern: parseCall(f.Call), asked: map[string]int{}})
	}
}

// ends is when a fault stops to match.
func (i *injector) ends(f Fault) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.began.Add(f.From + f.For)
}

// strike counts the call for every fault that it matches, and returns the
// first that strikes it. Only faults that the caller can carry out are asked.
func (i *injector) strike(c call, now time.Time, canDo func(Fault) bool) (Fault, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var first *faultRule
	for _, rule := range i.rules {
		if !rule.matches(c, now.Sub(i.began)) || !canDo(rule.Fault) {
			continue
		}
		if rule.due(c) && first == nil {
			first = rule
		}
	}
	if first == nil {
		return Fault{}, false
	}
	first.struck++
	return first.Fault, true
}

func (r *faultRule) matches(c call, passed time.Duration) bool {
	named, _ := path.Match(r.Name, c.name) // the pattern was checked
	switch {
	case passed < r.From, r.For > 0 && passed >= r.From+r.For:
		return false
	case r.Token != "" && r.Token != c.token, r.Name != "" && !named:
		return false
	default:
		return r.pattern.covers(c.route) && kinds[r.Kind].befalls(c.route)
	}
}

// due counts a call that matches, and tells whether it is to be struck.
func (r *faultRule) due(c call) bool {
	r.matched++
	shape := c.shape()
	r.asked[shape]++
	switch {
	case r.matched < r.Nth, r.Times > 0 && r.struck >= r.Times:
		return false
	case r.Rate > 0:
		return r.chosen(shape, r.asked[shape])
	default:
		return true
	}
}
