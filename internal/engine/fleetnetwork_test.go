package engine_test

import "strings"

// leadsTo says that a load balancer reaches a node that serves at the address.
func (f *fleet) leadsTo(balancer, node *machine, s server) bool {
	return f.serves(node) && node.has(s.Address) && node.ports.http == s.Port && (node.PublicIPv4.String() == s.Address || f.reaches(balancer, node))
}

// reaches says that two hosts are in one private network. Those of two regions are,
// as their VPCs are peered.
func (f *fleet) reaches(a, b *machine) bool { return !f.unpeered || a.VPC == b.VPC }

// meet says that two nodes can connect: they go by addresses of one kind, at which
// they reach each other, and look for epmd where the other one has it.
func (f *fleet) meet(a, b *machine) bool {
	return a.public() == b.public() && (a.public() || f.reaches(a, b)) && a.ports.epmd == b.ports.epmd
}

// public says that a node goes by its public address.
func (m *machine) public() bool {
	for path, content := range m.files {
		if strings.Contains(path, "address") && strings.Contains(content, "interfaces/public/0/ipv4/address") {
			return true
		}
	}
	return false
}
