package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
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

// Told lists the names of the hosts that will be told something and go on
// running.
func (p Plan) Told() []string {
	var names []string
	for _, s := range p.Steps {
		switch a := s.Action.(type) {
		case Tell:
			names = append(names, a.Delivery.Name)
		case Apply:
			if a.Restart == nil {
				names = append(names, a.Name)
			}
		}
	}
	return distinct(names)
}

// TellsKeys says that running hosts will be told whose SSH keys log in.
func (p Plan) TellsKeys() bool {
	return p.has(func(a Action) bool {
		told, is := a.(Apply)
		return is && slices.Contains(told.Parts, hostconfig.PartKeys)
	})
}

// Restarted lists the names of the nodes whose releases will restart, in order.
func (p Plan) Restarted() []string {
	var names []string
	for _, s := range p.Steps {
		if a, is := s.Action.(Apply); is && a.Restart != nil {
			names = append(names, a.Name)
		}
	}
	return names
}

func distinct(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
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

// Summary tells in few lines which hosts change, in the order in which they do,
// and before that what users of the cluster will notice; empty where nothing but
// additions happen.
func (p Plan) Summary() string {
	made, told, restarted, removed := p.Made(), p.Told(), p.Restarted(), p.Removed()
	replaced := filter(made, func(name string) bool { return slices.Contains(removed, name) })
	rotation := p.rotation()
	if len(told)+len(restarted)+len(replaced)+len(removed)+len(rotation)+len(p.Downtime()) == 0 {
		return ""
	}
	lines := append(p.notices(), rotation...)
	if p.SecondSet {
		lines = append(lines, "A whole second set of nodes takes the place of the first one, which it cannot meet: what nodes keep in memory does not come along.")
	}
	if migrate := p.migrates(); migrate != "" {
		lines = append(lines, "The database is migrated once, on "+migrate+", before the first node restarts.")
	}
	for _, line := range []struct {
		verb  string
		hosts []string
	}{
		{"Made", without(made, replaced)}, {"Told, running on", without(told, restarted)}, {"Restarted" + p.turns(), restarted},
		{"Replaced" + p.turns(), replaced}, {"Removed", without(removed, replaced)},
	} {
		if len(line.hosts) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s.", line.verb, abridged(line.hosts)))
		}
	}
	return strings.Join(append(lines, p.stayUp()...), "\n")
}

// notices are what is noticed outside: hosts that are away, an address that moves,
// data that go.
func (p Plan) notices() []string {
	var lines []string
	for _, s := range p.Steps {
		switch a := s.Action.(type) {
		case DeleteVolume:
			lines = append(lines, "The volume "+a.Volume.Name+" and the data on it are deleted.")
		case MoveAddress:
			lines = append(lines, fmt.Sprintf("The public address %s moves to %s: connections that are open then end.", a.IP, a.Host))
		case DeleteAddress:
			lines = append(lines, "The public address "+a.IP+" is given back.")
		case Apply:
			continue // others serve meanwhile, or all nodes are down together, see below
		}
		if down := s.Interrupts; down.AtLeast > 0 {
			lines = append(lines, fmt.Sprintf("Down for %s at least: %s.", down.AtLeast.Round(time.Second), list(down.Hosts)))
		}
	}
	switch {
	case p.Restarting > 0 && p.Nodes == 1:
		lines = append(lines, fmt.Sprintf("The node is down for %s at least.", nodeRestart))
	case p.Restarting > 0 && p.Restarting >= p.Nodes:
		lines = append(lines, fmt.Sprintf("All nodes are down together for %s at least.", nodeRestart))
	}
	return lines
}

// rotation says that the cookie changes, and which nodes have yet to be given it
// for good.
func (p Plan) rotation() []string {
	for _, s := range p.Steps {
		a, is := s.Action.(RotateCookie)
		if !is {
			continue
		}
		if a.Follows {
			return []string{"The node takes the cluster's cookie, and does not restart for it."}
		}
		lines := []string{"The cookie changes on all nodes at once; none restarts for it."}
		if len(a.Beside) > 0 {
			lines = append(lines, "Nodes outside the pools take it, too, until they restart; give it to their beam_node resources: "+abridged(a.Beside)+".")
		}
		return lines
	}
	return nil
}

func (p Plan) migrates() string {
	for _, s := range p.Steps {
		if a, is := s.Action.(Migrate); is {
			return a.Name
		}
	}
	return ""
}

// turns words how many nodes change at a time.
func (p Plan) turns() string {
	switch {
	case p.Nodes == 1:
		return ""
	case p.Turn >= p.Nodes:
		return ", all at once"
	case p.Turn == 1:
		return ", one after another"
	}
	return fmt.Sprintf(", %d at a time", p.Turn)
}

// stayUp says how many nodes go on while others restart.
func (p Plan) stayUp() []string {
	if p.Restarting == 0 || p.Restarting >= p.Nodes {
		return nil
	}
	return []string{fmt.Sprintf("%d of %s stay up at any time.", p.Nodes-p.Restarting, count(p.Nodes, "node"))}
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
