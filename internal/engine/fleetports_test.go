package engine_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// listening are the ports of a host, which it keeps.
type listening struct {
	ssh, http, epmd int
	distribution    int      // the first that the VM tries, which is free on a host of one node
	share           int      // the last of the distribution's, where nodes share releases
	udp             []string // as the cloud's firewall writes them
}

// listens reads the ports of a host from its files.
func (m *machine) listens() listening {
	number := func(path, words string) int {
		found := regexp.MustCompile(regexp.QuoteMeta(words) + `(\d+)`).FindStringSubmatch(m.files[path])
		if found == nil {
			return 0
		}
		n, _ := strconv.Atoi(found[1]) // it is a number
		return n
	}
	l := listening{
		ssh:          number("/etc/ssh/sshd_config.d/10-beam.conf", "Port "),
		http:         number("/etc/beam/env", `PORT="`),
		epmd:         number("/etc/beam/node.env", "ERL_EPMD_PORT="),
		distribution: number("/etc/beam/cluster.config", "{inet_dist_listen_min, "),
		share:        number("/etc/beam/release.json", `"share_port":`),
	}
	for _, content := range m.files {
		for _, found := range regexp.MustCompile(`ufw allow ([0-9:]+)/udp`).FindAllStringSubmatch(content, -1) {
			l.udp = append(l.udp, strings.ReplaceAll(found[1], ":", "-"))
		}
	}
	slices.Sort(l.udp)
	return l
}

// answersAt says that the host of the droplet takes connections of SSH at the port.
func (f *fleet) answersAt(id, port int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.machine(id)
	return m != nil && m.ports.ssh == port
}

// sharesAt says that the node shares releases where the other one asks that was told
// to get one from there.
func (m *machine) sharesAt(from string, other *machine) bool {
	address, port, named := strings.Cut(from, ":")
	if !named {
		port = strconv.Itoa(other.ports.share)
	}
	return m.has(address) && port == strconv.Itoa(m.ports.share)
}

// lets says that one of the firewalls in front of hosts of the role lets the source
// in at the port, such as "tcp 80". Behind none everybody may.
func lets(firewalls simulator.Inventory, role, port, source string) bool {
	bound := slices.DeleteFunc(firewalls, func(f simulator.Object) bool {
		return f.Kind != "firewall" || !slices.Contains(f.Bindings, "tag:"+cluster.RoleTag(lifeName, role))
	})
	return len(bound) == 0 || slices.ContainsFunc(bound, func(f simulator.Object) bool {
		return slices.ContainsFunc(f.Details, func(rule string) bool {
			opens, from, inbound := strings.Cut(strings.TrimPrefix(rule, "in "), " from ")
			return inbound && contains(opens, port) && slices.Contains(strings.Split(from, ", "), source)
		})
	})
}

// contains says that a rule such as "tcp 9100-9155" is about the port.
func contains(rule, port string) bool {
	protocol, ports, _ := strings.Cut(rule, " ")
	wanted, number, _ := strings.Cut(port, " ")
	from, to, ranged := strings.Cut(ports, "-")
	if !ranged {
		to = from
	}
	first, _ := strconv.Atoi(from)
	last, _ := strconv.Atoi(to)
	n, err := strconv.Atoi(number)
	return protocol == wanted && (rule == port || err == nil && first <= n && n <= last)
}

// shut are the ports at which hosts that serve are not reached by those that have
// to, as the firewalls of the account are. Known says which hosts count, by the ids
// of their droplets.
func (f *fleet) shut(account simulator.Inventory, known func(id int) bool) (problems []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nodes := slices.DeleteFunc(f.nodes(), func(m *machine) bool { return !f.serves(m) || !known(m.DropletID) })
	firewalls := account.Of("firewall")
	check := func(m *machine, port, source string) {
		if !lets(firewalls.Of("firewall"), m.role, port, source) {
			problems = append(problems, fmt.Sprintf("%s (%d) at %s from %s", m.Name, m.DropletID, port, source))
		}
	}
	for _, m := range nodes {
		if len(nodes) > 1 {
			check(m, fmt.Sprint("tcp ", m.ports.epmd), "tag "+cluster.RoleTag(lifeName, cluster.RoleNode))
			check(m, fmt.Sprint("tcp ", m.ports.distribution), "tag "+cluster.RoleTag(lifeName, cluster.RoleNode))
		}
		for _, ports := range m.ports.udp {
			check(m, "udp "+ports, "0.0.0.0/0")
		}
	}
	for _, balancer := range f.all() {
		if balancer.role != cluster.RoleLoadBalancer || !leadTo(account.Of("reserved_ip"), balancer.DropletID) {
			continue
		}
		for _, s := range balancer.servers {
			if i := slices.IndexFunc(nodes, func(m *machine) bool { return f.leadsTo(balancer, m, s) }); i >= 0 {
				check(nodes[i], fmt.Sprint("tcp ", s.Port), "tag "+cluster.RoleTag(lifeName, cluster.RoleLoadBalancer))
			}
		}
	}
	return problems
}

// parted are the pairs of nodes that serve in two networks which nothing connects.
func (f *fleet) parted(account simulator.Inventory, known func(id int) bool) (pairs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nodes := slices.DeleteFunc(f.nodes(), func(m *machine) bool { return !f.serves(m) || m.public() || !known(m.DropletID) })
	for i, a := range nodes {
		for _, b := range nodes[i+1:] {
			connected := slices.ContainsFunc(account.Of("vpc_peering"), func(p simulator.Object) bool {
				return slices.Contains(p.Bindings, "vpc:"+a.VPC) && slices.Contains(p.Bindings, "vpc:"+b.VPC)
			})
			if a.VPC != b.VPC && !connected && f.meet(a, b) {
				pairs = append(pairs, a.Name+" and "+b.Name)
			}
		}
	}
	return pairs
}
