package engine_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

var (
	lifeRegions = []string{"nyc3", "lon1"}
	lifeSizes   = []string{"s-1vcpu-1gb", "s-2vcpu-2gb"}
)

func (l *life) chance(percent int) bool { return l.random.IntN(100) < percent }

func pick[T any](l *life, items []T) T { return items[l.random.IntN(len(items))] }

// draw asks for some cluster.
func (l *life) draw() cluster.Spec {
	spec := chat(1)
	place := spec.Pools[0].Place
	spec.Pools = nil
	l.moves = l.chance(30)
	l.fleet.unpeered = l.moves
	for _, name := range []string{"as", "uk", "us"}[:1+l.random.IntN(3)] {
		place.Region = l.region()
		spec.Pools = append(spec.Pools, cluster.Pool{Name: name, Count: 1 + l.random.IntN(3), Place: place})
	}
	if l.chance(30) {
		spec.LoadBalancer = nil
	}
	if l.chance(40) {
		spec.Database = nil
	}
	if l.chance(15) {
		spec.Network.Mode = cluster.NetworkPublic
	}
	spec.WaitFor = cluster.WaitActive
	spec.Cookie = "secret-of-chat"
	spec.Update = l.drawUpdate()
	if l.chance(70) {
		l.rotates = l.chance(60)
		spec.Management, spec.WaitFor = cluster.Management{Enabled: true, Port: 22}, pick(l, []string{cluster.WaitFormed, cluster.WaitFormed, cluster.WaitBooted, cluster.WaitActive})
	}
	return spec
}

// region is one for a pool.
func (l *life) region() string {
	if l.moves {
		return "nyc3"
	}
	return pick(l, lifeRegions)
}

// change asks for something else.
func (l *life) change() {
	spec := l.spec
	spec.Pools = slices.Clone(spec.Pools)
	i := l.random.IntN(len(spec.Pools))
	switch l.random.IntN(18) {
	case 0, 1:
		spec.Pools[i].Count = 1 + l.random.IntN(4)
		l.tell("pool %s shall have %d nodes", spec.Pools[i].Name, spec.Pools[i].Count)
	case 2:
		spec.Pools[i].Size = pick(l, lifeSizes)
		l.tell("pool %s shall have the size %s", spec.Pools[i].Name, spec.Pools[i].Size)
	case 3:
		spec.Pools = l.addOrDropPool(spec.Pools)
	case 4:
		spec.Tags = [][]string{nil, {"prod"}, {"prod", "web"}}[l.random.IntN(3)]
		l.tell("the tags shall be %v", spec.Tags)
	case 5:
		spec.Access.SSHFrom = [][]string{nil, {"203.0.113.7/32"}, {"198.51.100.0/24"}}[l.random.IntN(3)]
		l.tell("SSH shall be open to %v", spec.Access.SSHFrom)
	case 6:
		spec.LoadBalancer = l.otherBalancer(spec.LoadBalancer)
	default:
		l.changeWithin(&spec, i)
	}
	l.spec = spec
}

func (l *life) addOrDropPool(pools []cluster.Pool) []cluster.Pool {
	if len(pools) > 1 {
		l.tell("pool %s goes", pools[0].Name)
		return pools[1:]
	}
	added := pools[0]
	added.Name, added.Region, added.Count = "zz", l.region(), 1+l.random.IntN(2)
	if pools[0].Name == added.Name {
		added.Name = "aa"
		pools, added = []cluster.Pool{added}, pools[0]
	}
	l.tell("a pool comes, in %s", added.Region)
	return append(pools, added)
}

func (l *life) otherBalancer(lb *cluster.LoadBalancer) *cluster.LoadBalancer {
	if lb == nil {
		l.tell("a load balancer shall come")
		return chat(1).LoadBalancer
	}
	if l.chance(30) {
		l.tell("the load balancer shall go")
		return nil
	}
	other := *lb
	other.Size = lifeSizes[(slices.Index(lifeSizes, lb.Size)+1)%len(lifeSizes)]
	l.tell("the load balancer shall have the size %s", other.Size)
	return &other
}

// drift lets somebody change something of the cluster by hand.
func (l *life) drift() {
	hosts := l.hosts()
	if len(hosts) == 0 {
		return
	}
	ctx := l.Context()
	host := pick(l, hosts)
	l.disturbed, l.altered = true, true
	var err error
	var what string
	switch l.random.IntN(8) {
	case 0:
		what = "deletes droplet " + host.Name
		l.safety.loseAddressOf(host)
		_, err = l.outside.Droplets.Delete(ctx, dropletID(host))
	case 1:
		what = "switches droplet " + host.Name + " off"
		_, _, err = l.outside.DropletActions.PowerOff(ctx, dropletID(host))
	case 2:
		tag := pick(l, l.removable(host))
		if tag == cluster.RoleTag(lifeName, cluster.RoleLoadBalancer) {
			l.safety.loseAddressOf(host)
		}
		what = fmt.Sprintf("takes the tag %s off %s", tag, host.Name)
		_, err = l.outside.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{Resources: []godo.Resource{{ID: host.ID, Type: godo.DropletResourceType}}})
	case 3:
		what = "calls " + host.Name + " pet"
		_, _, err = l.outside.DropletActions.Rename(ctx, dropletID(host), "pet")
	default:
		what, err = l.driftOfOthers(l.random.IntN(4))
	}
	if what != "" {
		l.tell("somebody %s (%v)", what, err)
	}
}

// removable are the tags of a host that somebody may take off: not those that
// say whose it is, without which nobody can tell once the state is lost, too.
func (l *life) removable(host simulator.Object) []string {
	return slices.DeleteFunc(slices.Clone(host.Tags), func(tag string) bool {
		return strings.HasPrefix(tag, cluster.IDTag(lifeName, "")) || tag == cluster.ClusterTag(lifeName)
	})
}

// driftOfOthers changes what is no host.
func (l *life) driftOfOthers(which int) (what string, err error) {
	ctx := l.Context()
	var own []simulator.Object
	for _, o := range l.sim.Inventory() {
		if l.safety.seen[o.Kind+o.ID] >= 0 && slices.Contains([]string{"firewall", "reserved_ip", "volume"}, o.Kind) {
			own = append(own, o)
		}
	}
	if len(own) == 0 {
		return "", nil
	}
	o := pick(l, own)
	switch {
	case o.Kind == "firewall" && which%2 == 0:
		_, err = l.outside.Firewalls.Delete(ctx, o.ID)
		return "deletes firewall " + o.Name, err
	case o.Kind == "firewall":
		_, err = l.outside.Firewalls.AddRules(ctx, o.ID, &godo.FirewallRulesRequest{
			InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "6000", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0"}}}},
		})
		return "opens firewall " + o.Name, err
	case o.Kind == "reserved_ip" && which%2 == 0:
		_, err = l.outside.ReservedIPs.Delete(ctx, o.ID)
		return "releases " + o.ID, err
	case o.Kind == "reserved_ip":
		l.safety.lose(o.ID)
		_, _, err = l.outside.ReservedIPActions.Unassign(ctx, o.ID)
		return "takes " + o.ID + " off its droplet", err
	case len(o.Bindings) > 0:
		id, _ := strconv.Atoi(strings.TrimPrefix(o.Bindings[0], "droplet:"))
		_, _, err = l.outside.StorageActions.DetachByDropletID(ctx, o.ID, id)
		return "detaches the volume", err
	}
	return "", nil
}

// faults lets calls go wrong for a while, or until they are switched off.
func (l *life) faults() {
	rate := []float64{0.02, 0.05, 0.15}[l.random.IntN(3)]
	faults := slices.DeleteFunc(simulator.RandomFaults(l.random.Uint64(), rate), func(f simulator.Fault) bool {
		return f.Kind == simulator.NeverBound // with the state lost, too, nobody could know whose the address is
	})
	limit := time.Duration(0)
	if l.chance(50) {
		limit = time.Duration(1+l.random.IntN(300)) * time.Second
	}
	for i := range faults {
		faults[i].For, faults[i].Token = limit, token
		if faults[i].Kind == simulator.Vanishes {
			faults[i].Name = "chat-[asuz]?-*" // nodes: with a load balancer goes what its address is known by
		}
	}
	l.sim.SetFaults(faults)
	l.line.rate = rate / 2
	l.tell("%.0f %% of the calls go wrong for %v (0s is until further notice)", 100*rate, limit)
}

// accident draws what happens while a process runs.
func (l *life) accident() accident {
	a := accident{at: map[int]func(){}}
	if l.chance(25) {
		a.dieAt, a.answered = 1+l.random.IntN(60), l.chance(50)
	} else if l.chance(10) {
		a.cancelAt = 1 + l.random.IntN(60)
	}
	if l.chance(15) {
		a.at[1+l.random.IntN(60)] = l.drift
	}
	return a
}

// restore puts an older state of the cluster back.
func (l *life) restore() {
	if len(l.older) == 0 {
		return
	}
	i := l.random.IntN(len(l.older))
	l.tell("the state is put back by %d", len(l.older)-i)
	l.state, l.older = l.older[i], l.older[:i]
	for _, ip := range l.sim.Inventory().Of("reserved_ip") {
		if len(ip.Bindings) == 0 && l.memory().ReservedIP != ip.ID {
			l.safety.lose(ip.ID) // the load balancer that it was for is gone
		}
	}
}
