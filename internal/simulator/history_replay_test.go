package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// listsThatLag are compared with what they said before.
var listsThatLag = []string{
	"/v2/droplets", "/v2/droplets?tag_name=web", "/v2/volumes", "/v2/tags", "/v2/firewalls", "/v2/vpcs",
	"/v2/reserved_ips", "/v2/vpc_peerings", "/v2/projects", "/v2/projects/default/resources",
}

// Whatever happens in an account, a list that lags says, word for word, what
// the list said that long ago.
func TestAListThatLagsSaysWhatItSaid(t *testing.T) {
	t.Parallel()
	const lag, steps = 5, 40
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := simulator.New(simulator.Options{
					BootTime: 7 * time.Second, AddressLag: 3 * time.Second, ActionTime: 2 * time.Second, MemberLinger: time.Second,
					DropletLimit: 100,
					Faults:       []simulator.Fault{{Kind: simulator.StaleList, Delay: lag * time.Second, Token: "late"}},
				})
				said := []map[string]any{}
				random := rand.New(rand.NewPCG(seed, 0))
				for step := range steps {
					somethingHappens(t, sim, random, step)
					now := map[string]any{}
					for _, list := range listsThatLag {
						_, now[list] = call(t, sim, http.MethodGet, list, "Bearer now", "")
						_, late := call(t, sim, http.MethodGet, list, "Bearer late", "")
						if step < lag {
							continue
						}
						if diff := cmp.Diff(said[step-lag][list], any(late)); diff != "" {
							t.Fatalf("step %d: %s (-said then +says of then):\n%s", step, list, diff)
						}
					}
					said = append(said, now)
					pass(time.Second)
				}
			})
		})
	}
}

// somethingHappens makes, changes or deletes something. What the account
// refuses is of no interest.
func somethingHappens(t *testing.T, sim *simulator.Simulator, random *rand.Rand, step int) {
	t.Helper()
	pick := func(kind string) string {
		all := sim.Inventory().Of(kind)
		if len(all) == 0 {
			return "0"
		}
		return all[random.IntN(len(all))].ID
	}
	droplet, volume, ip := pick("droplet"), pick("volume"), pick("reserved_ip")
	tagged := fmt.Sprintf(`{"resources":[{"resource_id":%q,"resource_type":"droplet"}]}`, droplet)
	events := []struct{ method, path, body string }{
		{"POST", "/v2/droplets", fmt.Sprintf(`{"name":"web-%d","region":"nyc3","size":"s-1vcpu-1gb","image":"debian-13-x64","tags":["web","t%d"]}`, step, step%3)},
		{"DELETE", "/v2/droplets/" + droplet, ""},
		{"POST", "/v2/droplets/" + droplet + "/actions", `{"type":"power_off"}`},
		{"POST", "/v2/volumes", fmt.Sprintf(`{"name":"data-%d","region":"nyc3","size_gigabytes":1,"tags":["web"]}`, step)},
		{"POST", "/v2/volumes/" + volume + "/actions", fmt.Sprintf(`{"type":"attach","droplet_id":%s}`, droplet)},
		{"DELETE", "/v2/volumes/" + volume, ""},
		{"POST", "/v2/tags", `{"name":"web"}`},
		{"POST", "/v2/tags/web/resources", tagged},
		{"DELETE", "/v2/tags/web/resources", tagged},
		{"DELETE", "/v2/tags/web", ""},
		{"POST", "/v2/firewalls", fmt.Sprintf(`{"name":"fw-%d","droplet_ids":[%s],"tags":[],"inbound_rules":[{"protocol":"tcp","ports":"80","sources":{"droplet_ids":[%s]}}]}`, step, droplet, droplet)},
		{"POST", "/v2/firewalls/" + pick("firewall") + "/tags", `{"tags":["web"]}`},
		{"DELETE", "/v2/firewalls/" + pick("firewall"), ""},
		{"POST", "/v2/reserved_ips", fmt.Sprintf(`{"droplet_id":%s}`, droplet)},
		{"DELETE", "/v2/reserved_ips/" + ip, ""},
		{"POST", "/v2/vpcs", fmt.Sprintf(`{"name":"net-%d","region":"nyc3"}`, step)},
		{"PATCH", "/v2/vpcs/" + pick("vpc"), `{"description":"changed"}`},
		{"POST", "/v2/vpc_peerings", fmt.Sprintf(`{"name":"peer-%d","vpc_ids":[%q,%q]}`, step, pick("vpc"), pick("vpc"))},
		{"DELETE", "/v2/vpc_peerings/" + pick("vpc_peering"), ""},
		{"PATCH", "/v2/projects/default", fmt.Sprintf(`{"description":"at %d"}`, step)},
	}
	for range 3 {
		event := events[random.IntN(len(events))]
		call(t, sim, event.method, event.path, "Bearer now", event.body)
	}
}
