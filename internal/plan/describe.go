package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Drift says, a sentence each, why an apply would do something; it is empty just
// when an apply would do nothing.
func (p Plan) Drift() []string {
	var found []string
	for _, s := range p.Steps {
		if s.Why != "" && !s.Quiet && !slices.Contains(found, s.Why) {
			found = append(found, s.Why)
		}
	}
	if len(found) == 0 && p.Changes() {
		found = append(found, "the cluster was never completed")
	}
	return found
}

// Made lists the names of the hosts that will be made, in order.
func (p Plan) Made() []string {
	var names []string
	for _, s := range p.Steps {
		if a, is := s.Action.(CreateHosts); is {
			names = append(names, a.Names...)
		}
	}
	return names
}

// Told lists the names of the hosts that will be told of others while they run.
func (p Plan) Told() []string {
	var names []string
	for _, s := range p.Steps {
		if a, is := s.Action.(Tell); is {
			names = append(names, a.Delivery.Name)
		}
	}
	return names
}

// Removed lists the names of the hosts that will be deleted, in order.
func (p Plan) Removed() []string {
	var names []string
	for _, s := range p.Steps {
		if a, is := s.Action.(DeleteHost); is {
			names = append(names, a.Name)
		}
	}
	return names
}

// Growth says how many droplets more than now there will be at most at a time.
func (p Plan) Growth() int {
	now, most := 0, 0
	for _, s := range p.Steps {
		switch a := s.Action.(type) {
		case CreateHosts:
			now += len(a.Names)
		case DeleteHost:
			now--
		}
		most = max(most, now)
	}
	return most
}

// Downtime says which hosts will not serve for a while, and for how long at
// least, in order.
func (p Plan) Downtime() []Interruption {
	var found []Interruption
	for _, s := range p.Steps {
		if s.Interrupts.AtLeast > 0 {
			found = append(found, s.Interrupts)
		}
	}
	return found
}

// Summary tells in few lines which hosts change, in the order in which they do;
// empty where nothing but additions happen.
func (p Plan) Summary() string {
	made, told, removed := p.Made(), p.Told(), p.Removed()
	replaced := filter(made, func(name string) bool { return slices.Contains(removed, name) })
	made = without(made, replaced)
	removed = without(removed, replaced)
	if len(told)+len(replaced)+len(removed) == 0 {
		return ""
	}
	var lines []string
	for _, line := range []struct {
		verb  string
		hosts []string
	}{{"Made", made}, {"Told of other hosts, running on", told}, {"Replaced, one after another", replaced}, {"Removed", removed}} {
		if len(line.hosts) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s.", line.verb, abridged(line.hosts)))
		}
	}
	for _, i := range p.Downtime() {
		lines = append(lines, fmt.Sprintf("Down for %s at least: %s.", i.AtLeast.Round(time.Second), list(i.Hosts)))
	}
	return strings.Join(lines, "\n")
}

// maxNamed is how many hosts a line names.
const maxNamed = 8

func abridged(names []string) string {
	if len(names) <= maxNamed {
		return list(names)
	}
	return fmt.Sprintf("%s and %d more", list(names[:maxNamed]), len(names)-maxNamed)
}

func without(names, others []string) []string {
	return filter(names, func(name string) bool { return !slices.Contains(others, name) })
}

// MadePools are the pools that get nodes; places are what the checks against the
// account have to look at.
func (p Plan) MadePools() (pools []string, loadBalancer, database bool) {
	for _, s := range p.Steps {
		a, is := s.Action.(CreateHosts)
		switch {
		case !is:
		case a.Role == cluster.RoleNode && !slices.Contains(pools, a.Pool):
			pools = append(pools, a.Pool)
		case a.Role == cluster.RoleLoadBalancer:
			loadBalancer = true
		case a.Role == cluster.RoleDatabase:
			database = true
		}
	}
	return pools, loadBalancer, database
}

// MakesVolume says that a volume will be made.
func (p Plan) MakesVolume() bool {
	return p.has(func(a Action) bool { _, is := a.(CreateVolume); return is })
}

// MakesAddress says that an address will be reserved.
func (p Plan) MakesAddress() bool {
	return p.has(func(a Action) bool { _, is := a.(ReserveAddress); return is })
}

func (p Plan) has(fits func(Action) bool) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return fits(s.Action) })
}

func compareKeys(a, b Step) int { return cmp.Compare(a.Key(), b.Key()) }

func itoa(n int) string { return strconv.Itoa(n) }
