package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestListsLagBehind(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.StaleList, Delay: 5 * time.Second}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		listed := func() (names []string) {
			for _, d := range must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil)) {
				names = append(names, d.Name+" "+d.Status)
			}
			return names
		}
		tagged := func() int {
			return len(must[[]godo.Droplet](t)(client.Droplets.ListByTag(t.Context(), "ready", nil)))
		}
		want := func(when string, names []string, tags int) {
			t.Helper()
			if got := listed(); !slices.Equal(got, names) || tagged() != tags {
				t.Errorf("%s the list shows %q, %d tagged; want %q, %d", when, got, tagged(), names, tags)
			}
		}
		made := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest("web-1")))
		must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), made.ID)) // by its id it is there at once
		want("after the create", nil, 0)
		pass(4 * time.Second)
		want("four seconds later", nil, 0)
		pass(time.Second)
		want("five seconds later", []string{"web-1 new"}, 0)
		pass(time.Minute)
		want("once it is active", []string{"web-1 active"}, 0)

		must[*godo.Tag](t)(client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: "ready"}))
		ok(t)(client.Tags.TagResources(t.Context(), "ready", &godo.TagResourcesRequest{
			Resources: []godo.Resource{{ID: made.URN()[len("do:droplet:"):], Type: "droplet"}},
		}))
		want("after tagging", []string{"web-1 active"}, 0)
		pass(5 * time.Second)
		want("five seconds after tagging", []string{"web-1 active"}, 1)

		ok(t)(client.Droplets.Delete(t.Context(), made.ID))
		want("after the delete", []string{"web-1 active"}, 1)
		_, _, err := client.Droplets.Get(t.Context(), made.ID)
		wantRefusal(t, err, http.StatusNotFound, "")
		pass(5 * time.Second)
		want("five seconds after the delete", nil, 0)
	})
}

// A list of what is in a network is not there at all without the network; as
// soon as that exists, only the list lags.
func TestListsWithinAnObjectLagBehind(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.StaleList, Delay: 5 * time.Second}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		network := must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "chat", RegionSlug: "nyc3"}))
		members := func() int {
			return len(must[[]*godo.VPCMember](t)(client.VPCs.ListMembers(t.Context(), network.ID, nil, nil)))
		}
		if got := members(); got != 0 {
			t.Errorf("a new network has %d members", got)
		}
		pass(time.Minute)
		must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest("web-1", func(r *godo.DropletCreateRequest) { r.VPCUUID = network.ID })))
		if got := members(); got != 0 {
			t.Errorf("right after the create the list has %d members, want none yet", got)
		}
		pass(5 * time.Second)
		if got := members(); got != 1 {
			t.Errorf("five seconds later the list has %d members, want 1", got)
		}
	})
}

func TestNotFoundJustAfterTheCreate(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.NotFound, Delay: 3 * time.Second}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		v := must[*godo.Volume](t)(client.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Name: "data", SizeGigaBytes: 1, Region: "nyc3"}))
		if got := must[[]godo.Volume](t)(client.Storage.ListVolumes(t.Context(), nil)); len(got) != 1 {
			t.Errorf("the list has %d volumes, want 1", len(got))
		}
		pass(2 * time.Second)
		_, _, err := client.Storage.GetVolume(t.Context(), v.ID)
		wantRefusal(t, err, http.StatusNotFound, "")
		pass(time.Second)
		must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), v.ID))
	})
}

// A fault that strikes once is not used up by objects that are old.
func TestNotFoundWaitsForANewObject(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.NotFound, Delay: 3 * time.Second, Times: 1}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		network := must[[]*godo.VPC](t)(client.VPCs.List(t.Context(), nil))[0]
		must[*godo.VPC](t)(client.VPCs.Get(t.Context(), network.ID))
		made := must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "chat", RegionSlug: "nyc3"}))
		_, _, err := client.VPCs.Get(t.Context(), made.ID)
		wantRefusal(t, err, http.StatusNotFound, "")
		must[*godo.VPC](t)(client.VPCs.Get(t.Context(), made.ID))
	})
}

func TestListThatHasEverythingTwice(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.DoubledList, Call: "GET /v2/vpcs", Nth: 2, Times: 1}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		once := must[[]*godo.VPC](t)(client.VPCs.List(t.Context(), nil))
		twice := must[[]*godo.VPC](t)(client.VPCs.List(t.Context(), nil))
		if len(once) == 0 || len(twice) != 2*len(once) || twice[0].ID != twice[len(once)].ID {
			t.Errorf("the list had %v, then %v", once, twice)
		}
	})
}

func TestListThatIsEmptyOnce(t *testing.T) {
	t.Parallel()
	fault := simulator.Fault{Kind: simulator.EmptyList, Call: "GET /v2/vpcs", Nth: 2, Times: 1}
	withFault(t, fault, func(t *testing.T, _ *simulator.Simulator, client *godo.Client) {
		var counts []int
		for range 3 {
			counts = append(counts, len(must[[]*godo.VPC](t)(client.VPCs.List(t.Context(), nil))))
		}
		if counts[0] == 0 || counts[1] != 0 || counts[2] != counts[0] {
			t.Errorf("the list had %v networks, want none the second time only", counts)
		}
	})
}
