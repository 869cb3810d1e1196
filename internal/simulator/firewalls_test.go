package simulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func newFirewall(t *testing.T, client *godo.Client, name string, edits ...func(*godo.FirewallRequest)) *godo.Firewall {
	t.Helper()
	return must[*godo.Firewall](t)(client.Firewalls.Create(t.Context(), firewallRequest(name, edits...)))
}

func firewallRequest(name string, edits ...func(*godo.FirewallRequest)) *godo.FirewallRequest {
	request := &godo.FirewallRequest{Name: name, InboundRules: []godo.InboundRule{
		{Protocol: "tcp", PortRange: "443", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0", "::/0"}}},
	}}
	for _, edit := range edits {
		edit(request)
	}
	return request
}

func inbound(protocol, ports string) func(*godo.FirewallRequest) {
	return func(r *godo.FirewallRequest) {
		r.InboundRules = []godo.InboundRule{{Protocol: protocol, PortRange: ports, Sources: &godo.Sources{Addresses: []string{"10.0.0.0/8"}}}}
	}
}

func TestFirewallShowsPortsAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	tests := []struct{ protocol, ports, shown string }{
		{"tcp", "80", "80"},
		{"tcp", "8000-9000", "8000-9000"},
		{"udp", "all", "0"},
		{"tcp", "0", "0"},
		{"icmp", "", "0"},
	}
	client := checkedClient(t, simulator.Options{})
	for _, test := range tests {
		t.Run(test.protocol+" "+test.ports, func(t *testing.T) {
			firewall := newFirewall(t, client, "shown", inbound(test.protocol, test.ports))
			if got := firewall.InboundRules[0].PortRange; got != test.shown {
				t.Errorf("ports are shown as %q, want %q", got, test.shown)
			}
			ok(t)(client.Firewalls.Delete(t.Context(), firewall.ID))
		})
	}
}

func TestFirewallRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		edit    func(*godo.FirewallRequest)
		status  int
		message string
	}{
		{"duplicate name", func(r *godo.FirewallRequest) { r.Name = "taken" }, http.StatusConflict, "duplicate name"},
		{"no rules", func(r *godo.FirewallRequest) { r.InboundRules = nil }, http.StatusUnprocessableEntity,
			"At least one inbound or outbound rule must be specified"},
		{"missing tag", func(r *godo.FirewallRequest) { r.Tags = []string{"none"} }, http.StatusUnprocessableEntity,
			`Tag "none" does not exist`},
		{"missing tag in a rule", func(r *godo.FirewallRequest) { r.InboundRules[0].Sources.Tags = []string{"none"} },
			http.StatusUnprocessableEntity, `Tag "none" does not exist`},
		{"missing droplet", func(r *godo.FirewallRequest) { r.DropletIDs = []int{7} }, http.StatusUnprocessableEntity,
			"Droplet 7 does not exist"},
		{"six tags", func(r *godo.FirewallRequest) { r.Tags = []string{"a", "b", "c", "d", "e", "f"} },
			http.StatusUnprocessableEntity, "A firewall can have at most 5 tags"},
		{"51 rules", func(r *godo.FirewallRequest) {
			for range 50 {
				r.InboundRules = append(r.InboundRules, r.InboundRules[0])
			}
		}, http.StatusUnprocessableEntity, "A firewall can have at most 50 rules"},
		{"port over 65535", inbound("tcp", "70000"), http.StatusUnprocessableEntity,
			`invalid rule ports "70000": must be a port, a range of ports or all`},
		{"range turned around", inbound("tcp", "90-80"), http.StatusUnprocessableEntity,
			`invalid rule ports "90-80": must be a port, a range of ports or all`},
		{"unknown protocol", inbound("sctp", "80"), http.StatusUnprocessableEntity,
			`invalid rule protocol "sctp": must be tcp, udp or icmp`},
		{"no sources", func(r *godo.FirewallRequest) { r.InboundRules[0].Sources = nil },
			http.StatusUnprocessableEntity, "A rule must specify sources"},
		{"no address", func(r *godo.FirewallRequest) { r.InboundRules[0].Sources.Addresses = []string{"office"} },
			http.StatusUnprocessableEntity, `invalid address "office" in sources`},
	}
	client := checkedClient(t, simulator.Options{})
	newFirewall(t, client, "taken")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := client.Firewalls.Create(t.Context(), firewallRequest("new", test.edit))
			wantRefusal(t, err, test.status, test.message)
		})
	}
}

func TestFirewallIsChangedInParts(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.Tags = []string{"web"} })
	id := newFirewall(t, client, "web").ID
	ssh := &godo.FirewallRulesRequest{InboundRules: []godo.InboundRule{
		{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Tags: []string{"web"}}},
	}}
	get := func() *godo.Firewall { return must[*godo.Firewall](t)(client.Firewalls.Get(t.Context(), id)) }

	ok(t)(client.Firewalls.AddDroplets(t.Context(), id, d.ID))
	ok(t)(client.Firewalls.AddTags(t.Context(), id, "web"))
	ok(t)(client.Firewalls.AddRules(t.Context(), id, ssh))
	got := get()
	if len(got.InboundRules) != 2 || !cmp.Equal(got.Tags, []string{"web"}) || !cmp.Equal(got.DropletIDs, []int{d.ID}) {
		t.Errorf("after additions: %+v", got)
	}
	ok(t)(client.Firewalls.RemoveRules(t.Context(), id, ssh))
	ok(t)(client.Firewalls.RemoveTags(t.Context(), id, "web"))
	ok(t)(client.Firewalls.RemoveDroplets(t.Context(), id, d.ID))
	got = get()
	if len(got.InboundRules) != 1 || len(got.Tags) != 0 || len(got.DropletIDs) != 0 {
		t.Errorf("after removals: %+v", got)
	}

	updated := must[*godo.Firewall](t)(client.Firewalls.Update(t.Context(), id, firewallRequest("renamed", inbound("udp", "53"))))
	if updated.Name != "renamed" || len(updated.InboundRules) != 1 || updated.InboundRules[0].Protocol != "udp" {
		t.Errorf("after the update: %+v", updated)
	}
}

func TestFirewallForgetsWhatIsGone(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.Tags = []string{"web"} })
	id := newFirewall(t, client, "web", func(r *godo.FirewallRequest) {
		r.DropletIDs, r.Tags = []int{d.ID}, []string{"web"}
	}).ID
	ok(t)(client.Droplets.Delete(t.Context(), d.ID))
	ok(t)(client.Tags.Delete(t.Context(), "web"))
	got := must[*godo.Firewall](t)(client.Firewalls.Get(t.Context(), id))
	if len(got.DropletIDs) != 0 || len(got.Tags) != 0 {
		t.Errorf("firewall still names droplets %v and tags %v", got.DropletIDs, got.Tags)
	}
}

func TestFirewallWaitsUntilDropletsAreReached(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: 10 * time.Second})
		if empty := newFirewall(t, client, "empty"); empty.Status != "succeeded" {
			t.Errorf("a firewall without droplets is %q", empty.Status)
		}
		d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.Tags = []string{"web"} })
		firewall := newFirewall(t, client, "web", func(r *godo.FirewallRequest) { r.Tags = []string{"web"} })
		want := []godo.PendingChange{{DropletID: d.ID, Status: "waiting"}}
		if firewall.Status != "waiting" || !cmp.Equal(firewall.PendingChanges, want) {
			t.Errorf("status %q, pending %v", firewall.Status, firewall.PendingChanges)
		}
		pass(10 * time.Second)
		firewall = must[*godo.Firewall](t)(client.Firewalls.Get(t.Context(), firewall.ID))
		if firewall.Status != "succeeded" || len(firewall.PendingChanges) != 0 {
			t.Errorf("status %q, pending %v", firewall.Status, firewall.PendingChanges)
		}
	})
}
