package simulator_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/digitalocean/godo"
	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestManyClientsAtOnceOverHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(simulator.New(simulator.Options{DropletLimit: 20}))
	defer server.Close()
	client := godo.NewFromToken("token")
	base, err := url.Parse(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	client.BaseURL = base

	var wait sync.WaitGroup
	refused := make(chan error, 30)
	for i := range 30 {
		wait.Go(func() {
			if _, _, err := client.Droplets.Create(t.Context(), dropletRequest(fmt.Sprintf("web-%d", i))); err != nil {
				refused <- err
			}
		})
	}
	wait.Wait()
	if len(refused) != 10 {
		t.Errorf("%d of 30 creates were refused, want 10 because the limit is 20", len(refused))
	}
	ids, addresses := map[int]bool{}, map[string]bool{}
	for _, d := range must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), &godo.ListOptions{PerPage: 200})) {
		ids[d.ID] = true
		for _, network := range d.Networks.V4 {
			addresses[network.IPAddress] = true
		}
	}
	if len(ids) != 20 || len(addresses) != 40 {
		t.Errorf("%d ids and %d addresses, want 20 and 40", len(ids), len(addresses))
	}
}

// Whoever follows the links sees every object once, in order, whatever the
// size of a page.
func TestPagesAddUpToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(0, 60).Draw(rt, "count")
		perPage := rapid.IntRange(1, 60).Draw(rt, "per_page")
		client := clientOf(t, simulator.New(simulator.Options{}))
		for i := range count {
			must[*godo.Tag](t)(client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: strconv.Itoa(i)}))
		}
		seen := 0
		for page := 1; ; page++ {
			tags, response, err := client.Tags.List(t.Context(), &godo.ListOptions{Page: page, PerPage: perPage})
			if err != nil {
				rt.Fatal(err)
			}
			for _, tag := range tags {
				if tag.Name != strconv.Itoa(seen) {
					rt.Fatalf("object %d is %s", seen, tag.Name)
				}
				seen++
			}
			if response.Links.IsLastPage() {
				break
			}
		}
		if seen != count {
			rt.Fatalf("saw %d of %d objects", seen, count)
		}
	})
}
