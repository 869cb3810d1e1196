package engine_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// ledger watches everything that an account holds, after each call that may
// change it, whoever made it: what is doubled or does not serve for a moment only is found as well.
type ledger struct {
	sim     *simulator.Simulator
	foreign map[string]simulator.Object // what is somebody else's
	twins   bool                        // a node and its successor may exist side by side
	sets    bool                        // the first set's load balancer stays while the second set's is made anew

	mu      sync.Mutex
	guarded bool // what serves must go on serving
	served  bool
	faults  []violation
}

// violation is something that must never be.
type violation struct{ kind, what string }

// The kinds of violations.
const (
	leaked   = "leaked"   // exists, and no state knows of it
	doubled  = "doubled"  // exists twice
	foreign  = "foreign"  // is somebody else's and was changed
	unserved = "unserved" // served, and does not any more
)

// watch takes all that exists now for somebody else's.
func (l *ledger) watch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.foreign = map[string]simulator.Object{}
	for _, o := range l.sim.Inventory() {
		l.foreign[o.Kind+" "+o.ID] = o
	}
}

// look is called after each of these calls.
func (l *ledger) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.foreign == nil {
		return
	}
	own := l.own()
	l.findDoubles(own)
	l.findService(own)
}

func (l *ledger) violated(kind, format string, args ...any) {
	v := violation{kind, fmt.Sprintf(format, args...)}
	if !slices.Contains(l.faults, v) {
		l.faults = append(l.faults, v)
	}
}

// own is what the clusters of the name hold.
func (l *ledger) own() simulator.Inventory {
	return slices.DeleteFunc(l.sim.Inventory(), func(o simulator.Object) bool {
		_, theirs := l.foreign[o.Kind+" "+o.ID]
		kept := o.Kind == "snapshot" && strings.HasPrefix(o.Name, cluster.FinalSnapshotName("chat", "")) // on purpose
		return theirs || kept || o.Kind == "tag" && !strings.HasPrefix(o.Name, cluster.ClusterTag("chat"))
	})
}

// findDoubles looks for two of what there must be one of. A load balancer has
// its successor beside it, under another name.
func (l *ledger) findDoubles(own simulator.Inventory) {
	count := map[string]int{}
	for _, o := range own {
		name := o.Name
		switch {
		case o.Kind == "reserved_ip":
			name = "of the cluster"
		case strings.HasPrefix(name, "chat-lb-"):
			count["load balancers"]++
		}
		count[o.Kind+" "+name]++
	}
	for what, n := range count {
		most := 1
		switch {
		case what == "load balancers" && l.sets:
			most = 3
		case what == "load balancers", l.twins && strings.HasPrefix(what, "droplet chat-us-"):
			most = 2
		}
		if n > most {
			l.violated(doubled, "%d times %s", n, what)
		}
	}
}

// findService checks that clients are led to a load balancer that is up and has
// a node that is up, once they were.
func (l *ledger) findService(own simulator.Inventory) {
	up := map[string]bool{}
	node := false
	for _, o := range own.Of("droplet") {
		if o.Status != "active" {
			continue
		}
		up["droplet:"+o.ID] = slices.Contains(o.Tags, cluster.RoleTag("chat", cluster.RoleLoadBalancer))
		node = node || slices.Contains(o.Tags, cluster.PoolTag("chat", "us"))
	}
	serves := node && slices.ContainsFunc(own.Of("reserved_ip"), func(o simulator.Object) bool {
		return slices.ContainsFunc(o.Bindings, func(to string) bool { return up[to] })
	})
	if l.guarded && l.served && !serves {
		l.violated(unserved, "clients were led to a load balancer and a node that are up, and are not any more")
	}
	l.served = serves
}

// guard says whether what serves must go on serving.
func (l *ledger) guard(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.guarded, l.served = on, false
}

// compare finds what was changed that is somebody else's.
func (l *ledger) compare() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := map[string]simulator.Object{}
	for _, o := range l.sim.Inventory() {
		now[o.Kind+" "+o.ID] = o
	}
	for key, before := range l.foreign {
		if key == "tag "+cluster.TagAll || before.Kind == "project" {
			continue // hold the cluster's as well
		}
		if diff := cmp.Diff(before, now[key]); diff != "" {
			l.violated(foreign, "%s was changed:\n%s", key, diff)
		}
	}
}

// account finds what exists and is not in the state. Where the state says that it
// may know too little, the next look finds what carries marks.
func (l *ledger) account(k kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := map[string]bool{"droplet " + strconv.Itoa(k.node): true, "volume " + k.mem.VolumeID: true, "reserved_ip " + k.mem.ReservedIP: true}
	for id := range k.mem.Hosts {
		known["droplet "+strconv.Itoa(id)] = true
	}
	for kind, ids := range map[string][]string{"firewall": k.mem.Firewalls, "vpc": k.mem.OwnVPCs, "vpc_peering": k.mem.Peerings} {
		for _, id := range ids {
			known[kind+" "+id] = true
		}
	}
	for _, o := range l.own() {
		if o.Kind != "tag" && !known[o.Kind+" "+o.ID] && (o.Kind == "reserved_ip" || !k.mem.Unsure) {
			l.violated(leaked, "%s %s (%s) is not in the state", o.Kind, o.Name, o.ID)
		}
	}
}

// empty finds what is left of the cluster.
func (l *ledger) empty() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.own() {
		l.violated(leaked, "%s %s (%s) is left", o.Kind, o.Name, o.ID)
	}
}

// found is what was found so far.
func (l *ledger) found() []violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.faults)
}
