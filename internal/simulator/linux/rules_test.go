//go:build linux

package linux

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

var (
	anywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	node     = simulator.Host{
		DropletID: 1, Name: "node", PublicIPv4: netip.MustParseAddr("198.18.0.4"),
		Gateway: netip.MustParsePrefix("198.18.0.1/20"), PrivateIPv4: netip.MustParsePrefix("10.1.0.4/20"),
	}
	balancer = simulator.Host{
		DropletID: 2, Name: "balancer", PublicIPv4: netip.MustParseAddr("198.18.0.5"),
		Gateway: netip.MustParsePrefix("198.18.0.1/20"), PrivateIPv4: netip.MustParsePrefix("10.1.0.5/20"),
	}
	inner = simulator.Host{DropletID: 3, Name: "inner", PrivateIPv4: netip.MustParsePrefix("10.2.0.4/20")}

	wired = simulator.Network{
		VPCs: map[string]netip.Prefix{
			"a": netip.MustParsePrefix("10.1.0.0/20"), "b": netip.MustParsePrefix("10.2.0.0/20"),
			"c": netip.MustParsePrefix("10.3.0.0/20"),
		},
		Peerings: [][2]string{{"a", "b"}},
		ReservedIPs: map[netip.Addr]int{
			netip.MustParseAddr("198.18.0.9"): 2, netip.MustParseAddr("198.18.0.8"): 0,
		},
		Firewalls: map[int]simulator.Firewall{
			1: {
				Inbound: []simulator.FirewallRule{
					{Protocol: "tcp", FirstPort: 9100, LastPort: 9155, With: []netip.Prefix{netip.MustParsePrefix("10.1.0.4/32"), netip.MustParsePrefix("10.1.0.0/24")}},
					{Protocol: "icmp", With: anywhere},
					{Protocol: "tcp", FirstPort: 22, LastPort: 22, With: anywhere[1:]},
				},
				Outbound: []simulator.FirewallRule{{Protocol: "udp", With: anywhere}},
			},
		},
	}
)

func TestRulesOfTheFabric(t *testing.T) {
	t.Parallel()
	rules, err := ruleset([]simulator.Host{inner, balancer, node}, wired, map[int]bool{3: true})
	if err != nil {
		t.Fatal(err)
	}
	testtool.Golden(t, "rules.nft", rules)
}

func TestRulesAreThoseOfNftables(t *testing.T) {
	t.Parallel()
	rules, err := ruleset([]simulator.Host{inner, balancer, node}, wired, map[int]bool{3: true})
	if err != nil {
		t.Fatal(err)
	}
	testtool.CheckNft(t, rules)
}

func TestCommandsThatLayTheNetwork(t *testing.T) {
	t.Parallel()
	clients := []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")}
	testtool.Golden(t, "fabric.ip", core("a-client", clients))
	testtool.Golden(t, "client.ip", clientAddresses(clients))
	testtool.Golden(t, "node.ip", wires(node, "a-1")+"# in its own namespace\n"+addresses(node))
	testtool.Golden(t, "inner.ip", wires(inner, "a-3")+"# in its own namespace\n"+addresses(inner))
}

// nftables refuses a set in which one network lies within another.
func TestSetsOfNetworksDoNotOverlapAndCoverTheSame(t *testing.T) {
	t.Parallel()
	address := func(t *rapid.T, label string) netip.Addr {
		// Few bits vary, so that networks often overlap.
		return netip.AddrFrom4([4]byte{10, 0, rapid.ByteRange(0, 3).Draw(t, label), rapid.Byte().Draw(t, label)})
	}
	rapid.Check(t, func(t *rapid.T) {
		networks := rapid.SliceOf(rapid.Custom(func(t *rapid.T) netip.Prefix {
			return netip.PrefixFrom(address(t, "network"), rapid.IntRange(8, 32).Draw(t, "bits"))
		})).Draw(t, "networks")
		kept := outermost(networks)
		for i, a := range kept {
			for _, b := range kept[i+1:] {
				if a.Overlaps(b) {
					t.Fatalf("%s and %s overlap", a, b)
				}
			}
		}
		probe := address(t, "probe")
		if contains(networks, probe) != contains(kept, probe) {
			t.Fatalf("%s is in one of %v and %v only", probe, networks, kept)
		}
	})
}

func contains(networks []netip.Prefix, address netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
