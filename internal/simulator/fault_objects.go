package simulator

import "time"

// never is longer than anybody waits.
const never = 100 * 365 * 24 * time.Hour

// strikesObject asks whether a fault of one kind befalls what the call being
// served makes or works on; name is that of a droplet.
func (s *Simulator) strikesObject(kind FaultKind, name string) bool {
	_, struck := s.strikeObject(kind, name)
	return struck
}

func (s *Simulator) strikeObject(kind FaultKind, name string) (Fault, bool) {
	serving := s.serving
	serving.name = name
	return s.faults.strike(serving, s.now, func(f Fault) bool { return f.Kind == kind })
}

// fate is what is wrong with a droplet from the start.
type fate struct{ neverActive, neverAddressed bool }

// fateOf decides a new droplet's fate, and plans what will befall it later.
func (s *Simulator) fateOf(d *droplet) fate {
	if f, struck := s.strikeObject(Vanishes, d.name); struck {
		s.after(f.Delay, func() { s.vanish(d) })
	}
	if f, struck := s.strikeObject(GoesOff, d.name); struck {
		s.after(f.Delay, func() {
			_ = s.options.Hosts.Power(d.id, false) // one that is gone is off
		})
	}
	return fate{s.strikesObject(NeverActive, d.name), s.strikesObject(NeverAddressed, d.name)}
}

// vanish destroys a droplet that nobody asked to destroy. A host that cannot be
// destroyed stays, and so does its droplet.
func (s *Simulator) vanish(d *droplet) {
	if _, exists := s.droplets.get(d.id); exists {
		_ = s.destroyDroplet(d)
	}
}

// binding is how long it takes to assign a reserved IP, and whether the droplet
// has it then.
func (s *Simulator) binding() (takes time.Duration, binds bool) {
	if f, struck := s.strikeObject(BoundLate, ""); struck {
		return f.Delay, true
	}
	return s.options.ActionTime, !s.strikesObject(NeverBound, "")
}
