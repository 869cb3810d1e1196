package engine_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// everyPart are the parts whose files a running host can be told.
var everyPart = []hostconfig.Part{
	hostconfig.PartHost, hostconfig.PartBalancing, hostconfig.PartCertificate,
	hostconfig.PartEnvironment, hostconfig.PartVM, hostconfig.PartRelease, hostconfig.PartTriggers,
}

// differs says which hosts do not run what they should.
func (f *fleet) differs(spec cluster.Spec, mem cluster.Memory) (problems []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follow()
	for id, record := range mem.Hosts {
		m := f.machine(id)
		if m != nil && spec.Manages(mem) && m.toldOtherKeys(spec) {
			problems = append(problems, m.Name+" lets other keys in")
		}
		switch {
		case m == nil:
			problems = append(problems, record.Name+" is remembered and gone")
		case record.Role == cluster.RoleNode:
			problems = append(problems, f.nodeDiffers(m, spec, mem)...)
		case record.Role == cluster.RoleLoadBalancer:
			bundle, err := spec.LoadBalancerHost(mem, nil).Bundle(hostconfig.PartHost, hostconfig.PartCertificate)
			problems = append(problems, m.lacks(bundle, err)...)
			if up, down := f.leads(m); spec.Release.Fetched() && (up != spec.NodeCount() || down > 0) {
				problems = append(problems, fmt.Sprintf("%s leads to %d nodes that serve and %d that do not", m.Name, up, down))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

// toldOtherKeys says that the host was told last whether Ann may log in, and has it
// otherwise.
func (m *machine) toldOtherKeys(spec cluster.Spec) bool {
	told := m.files["/etc/beam/user.keys"]
	return told != "" && strings.Contains(told, annsKey) != slices.Contains(spec.SSHKeys, annsFingerprint)
}

func (f *fleet) nodeDiffers(m *machine, spec cluster.Spec, mem cluster.Memory) (problems []string) {
	if spec.Release.Fetched() && m.release != spec.Release.SHA256 {
		problems = append(problems, fmt.Sprintf("%s runs the release %q", m.Name, m.release))
	}
	if want := spec.EffectiveCookie(mem); m.cookie != (cookies{file: want, running: want}) {
		problems = append(problems, m.Name+" has another cookie than the cluster")
	}
	if m.stopped || !m.on {
		problems = append(problems, m.Name+" does not run")
	}
	bundle, err := spec.NodeHost(mem, "", nil).Bundle(everyPart...)
	return append(problems, m.lacks(bundle, err)...)
}

// lacks names the files that a host has otherwise than it would be told today.
func (m *machine) lacks(b hostconfig.Bundle, err error) (problems []string) {
	if err != nil {
		return []string{err.Error()}
	}
	for _, files := range b.Parts {
		for path, content := range files {
			// It names the peers that the node had when it was told.
			if m.files[path] != content && path != "/etc/beam/cluster.config" {
				problems = append(problems, fmt.Sprintf("%s has another %s", m.Name, path))
			}
		}
	}
	return problems
}

// led counts the nodes that serve, and those that do not, of which clients are led
// to the worse: by the load balancer that knows fewer.
func (f *fleet) led() (up, down int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	up = -1
	for _, m := range f.all() {
		if m.role != cluster.RoleLoadBalancer {
			continue
		}
		serving, lost := f.leads(m)
		if up < 0 || serving < up {
			up = serving
		}
		down = max(down, lost)
	}
	return up, down
}

// ledBy counts the nodes that serve and that the load balancer of the droplet leads to.
func (f *fleet) ledBy(droplet string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.all() {
		if strconv.Itoa(m.DropletID) == droplet {
			up, _ := f.leads(m)
			return up
		}
	}
	return 0
}

// leads counts the nodes that a load balancer leads to.
func (f *fleet) leads(balancer *machine) (up, down int) {
	for _, s := range balancer.servers {
		if slices.ContainsFunc(f.all(), func(node *machine) bool { return f.leadsTo(balancer, node, s) }) {
			up++
		} else {
			down++
		}
	}
	return up, down
}

// migrated says that a command or a first boot has run the release's migration.
func (f *fleet) migrated(release string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(slices.Concat(f.migrations, f.booted), release)
}

// servesAlone says that clients are led to this node, and to no other one that
// serves, although there is more than this one. Addresses are the cluster's: a load
// balancer that none of them leads to has no clients.
func (f *fleet) servesAlone(id int, addresses simulator.Inventory) (name string, alone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.machine(id)
	if m == nil || !f.serves(m) || len(f.nodes()) < 2 {
		return "", false
	}
	for _, balancer := range f.all() {
		if balancer.role != cluster.RoleLoadBalancer || !leadTo(addresses, balancer.DropletID) || !slices.ContainsFunc(balancer.servers, func(s server) bool { return m.has(s.Address) }) {
			continue
		}
		alone = true
		for _, other := range f.nodes() {
			if other != m && f.serves(other) && slices.ContainsFunc(balancer.servers, func(s server) bool { return other.has(s.Address) }) {
				return "", false
			}
		}
	}
	return m.Name, alone
}

// leadTo says that one of the addresses is bound to the droplet.
func leadTo(addresses simulator.Inventory, dropletID int) bool {
	return slices.ContainsFunc(addresses, func(o simulator.Object) bool {
		return slices.Contains(o.Bindings, "droplet:"+strconv.Itoa(dropletID))
	})
}

// releases are those that the nodes run, by age of the nodes.
func (f *fleet) releases() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.nodes() {
		all = append(all, m.release)
	}
	return all
}

func (f *fleet) nodes() []*machine {
	return slices.DeleteFunc(f.all(), func(m *machine) bool { return m.role != cluster.RoleNode })
}

// apart are the pairs of nodes that serve and do not take each other's cookie, but
// for those that nobody could tell of it, whose connections stay. Known says which
// count, by the ids of their droplets.
func (f *fleet) apart(known func(id int) bool) (pairs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follow()
	serving := slices.DeleteFunc(f.nodes(), func(m *machine) bool { return !f.serves(m) || m.beside || !known(m.DropletID) })
	for i, a := range serving {
		for _, b := range serving[i+1:] {
			if a.cookie.running != b.cookie.running && f.meet(a, b) {
				pairs = append(pairs, a.Name+" and "+b.Name)
			}
		}
	}
	return pairs
}

// failsToBootSince lets the first boot of nodes fail that are made from then on.
func (h *hosts) failsToBootSince(since time.Time) {
	h.failing = func(r *health.Report, created time.Time) {
		if r.Role == cluster.RoleNode && created.After(since) {
			*r = health.Report{Version: r.Version, Role: r.Role, Boot: health.BootReport{
				Status: health.BootError, Step: "start HAProxy", Failed: true, Log: []string{"no such package"},
			}}
		}
	}
}
