//go:build linux

package linux_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// reaches tells whether a connection to a port comes about within a second. Join
// several with &&: sh -e goes on after a "! reaches" that does reach.
const reaches = `reaches() { python3 -c 'import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)' "$@" 2>/dev/null; }; `

func TestRealHostsReachWhatBelongsTogether(t *testing.T) {
	hosts := open(t)
	near, far := host(2, ""), host(3, "")
	far.PrivateIPv4, far.VPC = netip.MustParsePrefix("10.109.0.4/20"), "two"
	wired := network()
	wire(t, hosts, wired)
	create(t, hosts, host(1, ""), near, far)
	client := func(script string) bool {
		_, err := hosts.Client().Exec(t.Context(), "sh", "-ec", reaches+script)
		return err == nil
	}
	check := func(what, script string) {
		t.Helper()
		if output, err := hosts.Exec(t.Context(), 1, "sh", "-ec", reaches+script); err != nil {
			t.Errorf("%s: %v %s", what, err, output)
		}
	}

	check("the same VPC is reached, another is not", "reaches 10.108.0.5 22 && ! reaches 10.109.0.4 22 && reaches 198.18.0.6 22")
	check("nothing leads out", "! reaches 192.0.2.1 80 && ! reaches 10.200.0.1 22")
	check("the client is on the internet", "ping -c 1 -W 1 203.0.113.7")
	check("nobody speaks for another", "ip address add 198.18.0.99/32 dev eth0 && ! ping -c 1 -W 1 -I 198.18.0.99 203.0.113.7")
	if client("reaches 10.108.0.5 22") {
		t.Error("the client reaches a private address")
	}

	wired.Peerings = [][2]string{{"one", "two"}}
	wire(t, hosts, wired)
	check("a peering joins two VPCs", "reaches 10.109.0.4 22")

	wired.ReservedIPs = map[netip.Addr]int{netip.MustParseAddr("198.18.0.200"): 2}
	wire(t, hosts, wired)
	check("a reserved IP leads to its droplet", `python3 -c 'import socket; print(socket.create_connection(("198.18.0.200", 22), 1).recv(3))' | grep SSH`)
	if !client("reaches 198.18.0.200 22") {
		t.Error("the client does not reach a reserved IP")
	}

	if err := hosts.Cut(2, true); err != nil {
		t.Fatal(err)
	}
	check("a host that is cut off is not reached", "! reaches 10.108.0.5 22 && ! reaches 198.18.0.5 22")
	on(t, hosts, 2, reaches+"! reaches 169.254.169.254 80 && ! ping -c 1 -W 1 10.108.0.1 && ! reaches 10.108.0.4 22")
	if err := hosts.Cut(2, false); err != nil {
		t.Fatal(err)
	}
	check("a host that is put back is reached", "reaches 10.108.0.5 22")
	on(t, hosts, 2, reaches+"reaches 169.254.169.254 80 && ping -c 1 -W 1 10.108.0.1 && reaches 10.108.0.4 22")
}

func TestRealHostsThatLoseTheirPowerTellNobody(t *testing.T) {
	hosts := open(t)
	wire(t, hosts, network())
	create(t, hosts, host(1, ""), host(2, ""))
	on(t, hosts, 1, `systemd-run --quiet python3 -c 'import socket, time; c = socket.create_connection(("10.108.0.5", 22)); time.sleep(60)'`)
	const connected = "ss -Htn state established dst 10.108.0.4 | grep -c ."
	eventually(t, "they are connected", func() bool {
		_, err := hosts.Exec(t.Context(), 2, "sh", "-c", connected)
		return err == nil
	})
	if err := hosts.Power(1, false); err != nil {
		t.Fatal(err)
	}
	on(t, hosts, 2, connected)
}

func TestRealHostsHaveFirewallsThatHoldAndChange(t *testing.T) {
	hosts := open(t)
	wired := network()
	wire(t, hosts, wired)
	create(t, hosts, host(1, ""), host(2, ""))
	var (
		everyone  = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		neighbour = []netip.Prefix{netip.MustParsePrefix("10.108.0.5/32")}
		all       = []simulator.FirewallRule{{Protocol: "tcp", With: everyone}, {Protocol: "udp", With: everyone}, {Protocol: "icmp", With: everyone}}
		ssh       = func(from []netip.Prefix) []simulator.FirewallRule {
			return []simulator.FirewallRule{{Protocol: "tcp", FirstPort: 22, LastPort: 22, With: from}}
		}
	)
	for _, test := range []struct {
		name              string
		firewall          *simulator.Firewall
		client, neighbour bool // reaches port 22 of host 1
		out               bool // host 1 reaches the client
	}{
		{"none", nil, true, true, true},
		{"one without rules", &simulator.Firewall{}, false, false, false},
		{"for everyone", &simulator.Firewall{Inbound: ssh(everyone), Outbound: all}, true, true, true},
		{"for a neighbour", &simulator.Firewall{Inbound: ssh(neighbour), Outbound: all}, false, true, true},
		{"nothing goes out", &simulator.Firewall{Inbound: ssh(everyone)}, true, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			wired.Firewalls = map[int]simulator.Firewall{}
			if test.firewall != nil {
				wired.Firewalls[1] = *test.firewall
			}
			wire(t, hosts, wired)
			_, client := hosts.Client().Exec(t.Context(), "sh", "-ec", reaches+"reaches 198.18.0.4 22")
			_, err := hosts.Exec(t.Context(), 2, "sh", "-ec", reaches+"reaches 10.108.0.4 22")
			_, ping := hosts.Exec(t.Context(), 1, "ping", "-c", "1", "-W", "1", "203.0.113.7")
			if (client == nil) != test.client || (err == nil) != test.neighbour || (ping == nil) != test.out {
				t.Errorf("client %v, neighbour %v, out %v; want %v, %v, %v", client == nil, err == nil, ping == nil, test.client, test.neighbour, test.out)
			}
		})
	}
}

func TestRealHostsAreEachToldOfThemselves(t *testing.T) {
	hosts := open(t)
	api := simulator.New(simulator.Options{Hosts: hosts})
	hosts.Attach(t.Context(), api)
	listener, err := hosts.Client().Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	defer server.Close()
	go server.Serve(listener)
	for _, name := range []string{"one", "two"} {
		body := fmt.Sprintf(`{"name":%q,"region":"nyc3","size":"s-1vcpu-1gb","image":%q}`, name, images[0])
		output, err := hosts.Client().Exec(t.Context(), "curl", "-sS", "--fail", "-H", "Authorization: Bearer x", "-H", "Content-Type: application/json",
			"-d", body, "http://"+listener.Addr().String()+"/v2/droplets")
		if err != nil {
			t.Fatalf("create %s: %v %s", name, err, output)
		}
	}
	for id, name := range map[int]string{512000001: "one", 512000002: "two"} {
		waitBooted(t, hosts, id)
		if got := on(t, hosts, id, "curl -sS --fail -m 5 http://169.254.169.254/metadata/v1/hostname"); got != name {
			t.Errorf("droplet %d is told that it is %q, not %q", id, got, name)
		}
	}
}
