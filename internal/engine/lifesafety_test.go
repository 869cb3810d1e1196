package engine_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// safety holds each call of a life to what must never happen: that something of
// a bystander changes, that something is doubled, made without a mark, or deleted
// that is not the cluster's or serves before another serves.
type safety struct {
	life *life

	mu         sync.Mutex // guards what follows: answers of calls may overlap
	bystanders simulator.Inventory
	seen       map[string]int    // number of the process that ran when an object came, by kind and id
	roles      map[string]string // by id of a droplet
	names      map[string]string // that a droplet was made under, by its id
	lost       map[string]bool   // addresses that lead nowhere by no fault of the engine
	process    *process          // that runs; nil before the first
	found      []string
}

func newSafety(l *life) *safety {
	s := &safety{life: l, seen: map[string]int{}, roles: map[string]string{}, names: map[string]string{}, lost: map[string]bool{}}
	for _, o := range l.sim.Inventory() {
		s.seen[o.Kind+o.ID] = -1
		if o.Kind != "tag" && o.Kind != "project" {
			s.bystanders = append(s.bystanders, bystander(o))
		}
	}
	return s
}

// bystander leaves out what may change in an object that is not the cluster's.
func bystander(o simulator.Object) simulator.Object {
	if o.Kind == "vpc" {
		o.Bindings = nil // members come and go
	}
	return o
}

func (s *safety) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(s.found, text) {
		s.found = append(s.found, text)
		s.life.tell("UNSAFE: %s", text)
	}
}

// after looks at the account once a call has been answered.
func (s *safety) after(r simulator.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		return
	}
	now := s.life.sim.Inventory()
	s.checkBystanders(now, r)
	for _, o := range now {
		if _, known := s.seen[o.Kind+o.ID]; known {
			continue
		}
		s.seen[o.Kind+o.ID] = s.running()
		if o.Kind == "droplet" {
			s.names[o.ID] = o.Name + " " + told(o) // a node may be made anew in an apply, but told something else
			s.roles[o.ID] = cluster.Droplet{Tags: o.Tags}.Role(lifeName)
		}
		if !marked(o) {
			s.violate("%s %s (%s) was made by %s %s without a mark: %v", o.Kind, o.Name, o.ID, r.Method, r.Path, slices.Concat(o.Tags, o.Bindings))
		}
	}
	s.checkDoubles(now)
	s.checkReach(now, r.Method+" "+r.Path)
}

func (s *safety) checkBystanders(now simulator.Inventory, r simulator.Request) {
	for _, was := range s.bystanders {
		i := slices.IndexFunc(now, func(o simulator.Object) bool { return o.Kind == was.Kind && o.ID == was.ID })
		if i < 0 {
			s.violate("%s %s of a bystander is gone after %s %s", was.Kind, was.Name, r.Method, r.Path)
			continue
		}
		if is := bystander(now[i]); fmt.Sprint(is) != fmt.Sprint(was) {
			s.violate("%s %s of a bystander changed after %s %s: it was %v and is %v", was.Kind, was.Name, r.Method, r.Path, was, is)
		}
	}
}

// told is the mark of what a host was told.
func told(o simulator.Object) string {
	prefix := cluster.ToldTag(lifeName, "")
	i := slices.IndexFunc(o.Tags, func(tag string) bool { return strings.HasPrefix(tag, prefix) })
	if i < 0 {
		return ""
	}
	return o.Tags[i]
}

// idOf reads from an object's marks which cluster it was made for.
func idOf(o simulator.Object) string {
	prefix := cluster.IDTag(lifeName, "")
	for _, mark := range slices.Concat(o.Tags, o.Bindings, []string{o.Description}) {
		if id, found := strings.CutPrefix(strings.TrimPrefix(mark, "tag:"), prefix); found {
			id, _, _ = strings.Cut(id, ":")
			return id
		}
	}
	return ""
}

// marked says whether an object tells whose it is. An address does by the droplet
// that it is bound to a moment later.
func marked(o simulator.Object) bool {
	switch o.Kind {
	case "droplet", "volume", "firewall", "vpc":
		return idOf(o) != ""
	}
	return true
}

// checkDoubles finds what exists twice and should not.
func (s *safety) checkDoubles(now simulator.Inventory) {
	count, addresses := map[string]int{}, 0
	for _, o := range now {
		if s.seen[o.Kind+o.ID] < 0 {
			continue
		}
		switch o.Kind {
		case "droplet":
			count[fmt.Sprintf("droplet %s of cluster %s, made alike by process %d", s.names[o.ID], idOf(o), s.seen[o.Kind+o.ID])]++
			if s.roles[o.ID] == cluster.RoleDatabase {
				count["database's host "+idOf(o)]++
			}
		case "volume", "firewall", "vpc":
			count[fmt.Sprint(o.Kind, " ", idOf(o), o.Name, o.Region)]++
		case "reserved_ip":
			if !s.lost[o.ID] {
				addresses++
			}
		}
	}
	for what, n := range count {
		if n > 1 {
			s.violate("there are %d of %s", n, what)
		}
	}
	if addresses > 1 && !s.life.rivals {
		s.violate("there are %d reserved IPs", addresses)
	}
}

// before looks at a call that a process is about to make.
func (s *safety) before(p *process, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, id := target(r)
	if r.Method == http.MethodPost && kind == "tags" {
		p.learn(body)
	}
	if r.Method != http.MethodDelete || kind != "droplets" || id == "" {
		return
	}
	now := s.life.sim.Inventory()
	i := slices.IndexFunc(now, func(o simulator.Object) bool { return o.Kind == "droplet" && o.ID == id })
	if i < 0 {
		return
	}
	s.checkOwner(p, now[i], now)
	if !p.destroys && now[i].Status == "active" && idOf(now[i]) == p.id && !p.failed(now[i]) {
		s.checkServing(p, now[i], now)
	}
}

// target reads a call's kind of object and the object's id.
func target(r *http.Request) (kind, id string) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 3 {
		return parts[1], parts[2]
	}
	if len(parts) == 2 {
		return parts[1], ""
	}
	return "", ""
}

// checkOwner lets a process delete what is its own, and what a create left that
// died so long ago that its lease is stale.
func (s *safety) checkOwner(p *process, o simulator.Object, now simulator.Inventory) {
	id := idOf(o)
	if id == p.id && id != "" || p.remembers(o) {
		return
	}
	prefix := cluster.LeaseTag(lifeName, id, time.UnixMilli(0))
	prefix = strings.TrimSuffix(prefix, "0")
	var last int64
	for _, t := range now.Of("tag") {
		if at, found := strings.CutPrefix(t.Name, prefix); found {
			seconds, _ := strconv.ParseInt(at, 10, 64) // the engine wrote it
			last = max(last, seconds)
		}
	}
	if last == 0 || time.Since(time.UnixMilli(last)) < cluster.LeaseTerm {
		s.violate("process %d of cluster %s deletes %s (%s), which is cluster %q's", p.number, p.id, o.Name, o.ID, id)
	}
}

// checkServing lets nothing be deleted that serves before another serves.
func (s *safety) checkServing(p *process, o simulator.Object, now simulator.Inventory) {
	address := func(d simulator.Object) bool {
		return slices.ContainsFunc(now, func(ip simulator.Object) bool {
			return ip.Kind == "reserved_ip" && slices.Contains(ip.Bindings, "droplet:"+d.ID)
		})
	}
	switch s.roles[o.ID] {
	case cluster.RoleLoadBalancer:
		if p.spec.LoadBalancer != nil && address(o) {
			s.violate("the load balancer %s (%s) is deleted while the address leads to it", o.Name, o.ID)
		}
	case cluster.RoleNode:
		others := slices.DeleteFunc(now.Of("droplet"), func(d simulator.Object) bool {
			return d.ID == o.ID || s.roles[d.ID] != cluster.RoleNode || idOf(d) != p.id || d.Status != "active"
		})
		// One that was made since this process began, which another may be beside, may
		// have failed to come up: then none ever served.
		if p.spec.NodeCount() > 0 && len(others) == 0 && s.seen[o.Kind+o.ID] < p.number {
			s.violate("the node %s (%s) is deleted, and no other one is up", o.Name, o.ID)
		}
	}
}

// run says which process runs from now on.
func (s *safety) run(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = p
}

// running is the number of the process that runs.
func (s *safety) running() int {
	if s.process == nil {
		return 0
	}
	return s.process.number
}

// lose takes note of an address that leads nowhere.
func (s *safety) lose(ip string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[ip] = true
}

// loseAddressOf takes note that nobody can know an address any more by the droplet
// that it leads to, once the state is lost, too.
func (s *safety) loseAddressOf(host simulator.Object) {
	for _, ip := range s.life.sim.Inventory().Of("reserved_ip") {
		if slices.Contains(ip.Bindings, "droplet:"+host.ID) {
			s.lose(ip.ID)
		}
	}
}

func (s *safety) roleOf(o simulator.Object) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roles[o.ID]
}

// left lists what exists that was not there in the beginning and that an engine
// could know of. Tags of the user's stay.
func (s *safety) left() []string {
	var left []string
	for _, o := range s.life.sim.Inventory() {
		switch _, known := s.seen[o.Kind+o.ID]; {
		case known && s.seen[o.Kind+o.ID] < 0, s.lost[o.ID]:
		case o.Kind == "snapshot": // kept on purpose
		case o.Kind == "tag" && !strings.HasPrefix(o.Name, cluster.TagAll):
		default:
			left = append(left, fmt.Sprintf("%s %s (%s)", o.Kind, cmp.Or(o.Name, o.ID), o.Description))
		}
	}
	return left
}
