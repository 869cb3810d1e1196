package cluster

import (
	"slices"
	"strings"
	"testing"
)

func firewalled() Spec {
	return Spec{
		Name: "chat", Pools: []Pool{{Name: "us", Count: 1}}, Release: &Release{Name: "chat", Port: 8080},
		LoadBalancer: &LoadBalancer{Stats: Stats{Enabled: true, Port: 8404}}, Database: &Database{},
		Distribution: Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155},
		Host:         Host{SSHPort: 22},
	}
}

func TestFirewallsOpenWhatIsNeededOnly(t *testing.T) {
	t.Parallel()
	open := firewalled()
	open.Access.SSHFrom = []string{"203.0.113.7/32"}
	public := firewalled()
	public.LoadBalancer, public.Database = nil, nil
	udp := public
	udp.Release = &Release{Name: "chat", Port: 8080, UDPPorts: []string{"10000-10099", "5060"}}
	moved := public
	moved.Distribution.EPMDPort = 4370
	first := Memory{Hosts: map[int]HostRecord{1: {Role: RoleNode, Listening: Listening{EPMDPort: 4369}}, 2: {Role: RoleNode, Listening: Listening{EPMDPort: 4370}}, 3: {Role: RoleDatabase}}}
	before := Memory{Hosts: map[int]HostRecord{
		1: {Role: RoleNode, Listening: Listening{Port: 4000, PortMin: 9200, PortMax: 9255, SSHPort: 2222, UDPPorts: []string{"5060"}}},
		2: {Role: RoleLoadBalancer, Listening: Listening{StatsPort: 9000}},
	}}
	for _, tt := range []struct {
		name string
		spec Spec
		mem  Memory
		want map[string][]string
	}{
		{"closed SSH", firewalled(), Memory{}, map[string][]string{
			"chat-node":          {"tcp 4369, [beam:chat:node]", "tcp 8080, [beam:chat:load-balancer]", "tcp 9100-9155, [beam:chat:node]"},
			"chat-load-balancer": {"tcp 443, [0.0.0.0/0 ::/0]", "tcp 80, [0.0.0.0/0 ::/0]"},
			"chat-database":      {"tcp 5432, [beam:chat:node]"},
		}},
		{"SSH and stats from one address", open, Memory{}, map[string][]string{
			"chat-node":          {"tcp 22, [203.0.113.7/32]", "tcp 4369, [beam:chat:node]", "tcp 8080, [beam:chat:load-balancer]", "tcp 9100-9155, [beam:chat:node]"},
			"chat-load-balancer": {"tcp 22, [203.0.113.7/32]", "tcp 443, [0.0.0.0/0 ::/0]", "tcp 80, [0.0.0.0/0 ::/0]", "tcp 8404, [203.0.113.7/32]"},
			"chat-database":      {"tcp 22, [203.0.113.7/32]", "tcp 5432, [beam:chat:node]"},
		}},
		{"UDP for anyone", udp, Memory{}, map[string][]string{
			"chat-node": {"tcp 4369, [beam:chat:node]", "tcp 9100-9155, [beam:chat:node]", "udp 10000-10099, [0.0.0.0/0 ::/0]", "udp 5060, [0.0.0.0/0 ::/0]"},
		}},
		{"nodes alone", public, Memory{}, map[string][]string{
			"chat-node": {"tcp 4369, [beam:chat:node]", "tcp 9100-9155, [beam:chat:node]"},
		}},
		{"nodes of two ports of epmd, while one takes the place of the other", moved, first, map[string][]string{
			"chat-node": {"tcp 4369, [beam:chat:node]", "tcp 4370, [beam:chat:node]", "tcp 9100-9155, [beam:chat:node]"},
		}},
		{"a node and a load balancer of before other ports", open, before, map[string][]string{
			"chat-node": {
				"tcp 22, [203.0.113.7/32]", "tcp 2222, [203.0.113.7/32]", "tcp 4000, [beam:chat:load-balancer]", "tcp 4369, [beam:chat:node]",
				"tcp 8080, [beam:chat:load-balancer]", "tcp 9100-9155, [beam:chat:node]", "tcp 9200-9255, [beam:chat:node]", "udp 5060, [0.0.0.0/0 ::/0]",
			},
			"chat-load-balancer": {"tcp 22, [203.0.113.7/32]", "tcp 443, [0.0.0.0/0 ::/0]", "tcp 80, [0.0.0.0/0 ::/0]", "tcp 8404, [203.0.113.7/32]", "tcp 9000, [203.0.113.7/32]"},
			"chat-database":      {"tcp 22, [203.0.113.7/32]", "tcp 5432, [beam:chat:node]"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			firewalls := tt.spec.WantedFirewalls(tt.mem)
			if len(firewalls) != len(tt.want) {
				t.Errorf("%d firewalls, want %d", len(firewalls), len(tt.want))
			}
			for _, f := range firewalls {
				var got []string
				for _, r := range f.Inbound {
					got = append(got, r.String())
				}
				if !slices.Equal(got, tt.want[f.Name]) {
					t.Errorf("%s lets in\n%s\nwant\n%s", f.Name, strings.Join(got, "\n"), strings.Join(tt.want[f.Name], "\n"))
				}
				if len(f.Outbound) != 3 {
					t.Errorf("%s lets out %v, want all of icmp, tcp and udp", f.Name, f.Outbound)
				}
			}
		})
	}
}

// The API answers in an order and a spelling of its own.
func TestSameFirewallInAnotherSpelling(t *testing.T) {
	t.Parallel()
	wanted := firewalled().WantedFirewalls(Memory{})[0]
	answered := wanted
	answered.ID = "f1"
	answered.Inbound = slices.Clone(wanted.Inbound)
	slices.Reverse(answered.Inbound)
	answered.Outbound = []Rule{
		{Protocol: "udp", Ports: "1-65535", Addresses: []string{"::/0", "0.0.0.0/0"}},
		{Protocol: "tcp", Ports: "all", Addresses: []string{"0:0:0::/0", "::/0", "0.0.0.0/0"}},
		{Protocol: "icmp", Addresses: []string{"::/0", "0.0.0.0/0"}},
	}
	if !answered.Same(wanted) {
		t.Error("the same firewall counts as another")
	}
	answered.Droplets = []int{1}
	if answered.Same(wanted) {
		t.Error("a droplet bound by hand goes unseen")
	}
}
