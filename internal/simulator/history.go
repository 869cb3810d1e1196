package simulator

import (
	"net/http"
	"reflect"
	"time"
)

// moment is the account as it was from an instant on.
type moment struct {
	at time.Time
	records
}

// beginHistory forgets the past. What is now counts as having always been.
func (s *Simulator) beginHistory() {
	s.past = nil
	if s.memory > 0 {
		s.past = []moment{{time.Time{}, s.records.clone(s.dropletStatus)}}
	}
}

// remember keeps the account as it is now, as long as a fault may look back to
// it. What nobody can look back to any more is dropped.
func (s *Simulator) remember() {
	if s.memory == 0 {
		return
	}
	now := moment{s.now, s.records.clone(s.dropletStatus)}
	if last := len(s.past) - 1; last >= 0 && s.past[last].at.Equal(s.now) {
		s.past[last] = now
	} else {
		s.past = append(s.past, now)
	}
	for len(s.past) > 1 && !s.past[1].at.After(s.now.Add(-s.memory)) {
		s.past = s.past[1:]
	}
}

// answerThen lets a handler look at the account as it was some time ago, or
// when the faults were set if that is later. It reports whether there was
// anything to answer with then.
func (s *Simulator) answerThen(ago time.Duration, handle handler, r *http.Request) (body any, existed bool) {
	then := s.past[0].records
	for _, m := range s.past[1:] {
		if !m.at.After(s.now.Add(-ago)) {
			then = m.records
		}
	}
	present := s.records
	s.records = then
	defer func() { s.records = present }()
	body, err := handle(r)
	return body, err == nil
}

// misread is the answer to a GET that a fault lets see something else than
// there is. Whether what the path names exists, is never misread by a list:
// only what it contains.
func (s *Simulator) misread(handle handler, r *http.Request, body any) (any, error) {
	f, struck := s.strike(func(f Fault) bool {
		if f.Kind == NotFound {
			_, existed := s.answerThen(f.Delay, handle, r)
			return !existed
		}
		return f.Kind == StaleList || f.Kind == EmptyList
	})
	switch {
	case !struck:
		return body, nil
	case f.Kind == NotFound:
		return nil, notFound()
	case f.Kind == EmptyList:
		return emptied(body), nil
	}
	if then, existed := s.answerThen(f.Delay, handle, r); existed {
		return then, nil
	}
	return body, nil
}

// strike asks the faults about the call that is being served.
func (s *Simulator) strike(canDo func(Fault) bool) (Fault, bool) {
	return s.faults.strike(s.serving, s.now, canDo)
}

// emptied is a list's answer without what it lists.
func emptied(body any) any {
	list, ok := body.(object)
	if !ok {
		return body
	}
	empty := object{}
	for key, value := range list {
		switch {
		case key == "meta":
			value = object{"total": 0}
		case key == "links":
			value = object{}
		case reflect.TypeOf(value).Kind() == reflect.Slice:
			value = []any{}
		}
		empty[key] = value
	}
	return empty
}
