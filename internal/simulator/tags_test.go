package simulator_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestTagNames(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	create := func(name string) (*godo.Tag, error) {
		made, _, err := client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: name})
		return made, err
	}
	for _, name := range []string{"web", "beam:chat:node", "A_b-9"} {
		if made, err := create(name); err != nil || made.Name != name {
			t.Errorf("%q: made %v, error %v", name, made, err)
		}
	}
	if again, err := create("WEB"); err != nil || again.Name != "web" {
		t.Errorf("WEB: made %v, error %v; want the tag web, which differs in case only", again, err)
	}
	for _, name := range []string{"", "a b", "a.b", "ä"} {
		_, err := create(name)
		wantRefusal(t, err, http.StatusUnprocessableEntity,
			"Tag names may only contain letters, numbers, colons, dashes, and underscores, and at most 255 of them")
	}
}

func TestTagsAreBoundInBothDirections(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	must[*godo.Tag](t)(client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: "web"}))
	d := newDroplet(t, client, "web-1")
	volume := newVolume(t, client, "data")
	resources := []godo.Resource{
		{ID: strconv.Itoa(d.ID), Type: godo.DropletResourceType},
		{ID: volume.ID, Type: godo.VolumeResourceType},
	}

	ok(t)(client.Tags.TagResources(t.Context(), "web", &godo.TagResourcesRequest{Resources: resources}))
	tag := must[*godo.Tag](t)(client.Tags.Get(t.Context(), "web"))
	if tag.Resources.Count != 2 || tag.Resources.Droplets.Count != 1 || tag.Resources.Volumes.Count != 1 || tag.Resources.Images.Count != 0 {
		t.Errorf("counts are %+v", tag.Resources)
	}
	if want := "https://api.digitalocean.com/v2/droplets/" + strconv.Itoa(d.ID); tag.Resources.Droplets.LastTaggedURI != want {
		t.Errorf("last tagged droplet is %s, want %s", tag.Resources.Droplets.LastTaggedURI, want)
	}
	if tagged := must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), volume.ID)); len(tagged.Tags) != 1 {
		t.Errorf("volume has tags %v", tagged.Tags)
	}

	ok(t)(client.Tags.UntagResources(t.Context(), "web", &godo.UntagResourcesRequest{Resources: resources[:1]}))
	if left := must[[]godo.Droplet](t)(client.Droplets.ListByTag(t.Context(), "web", nil)); len(left) != 0 {
		t.Errorf("droplet still has the tag: %v", left)
	}
	ok(t)(client.Tags.Delete(t.Context(), "web"))
	if left := must[*godo.Volume](t)(client.Storage.GetVolume(t.Context(), volume.ID)); len(left.Tags) != 0 {
		t.Errorf("volume keeps the deleted tag: %v", left.Tags)
	}
}

func TestWhatIsMissingCannotBeTagged(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1")
	tag := func(name string, id int) error {
		_, err := client.Tags.TagResources(t.Context(), name, &godo.TagResourcesRequest{
			Resources: []godo.Resource{
				{ID: strconv.Itoa(d.ID), Type: godo.DropletResourceType},
				{ID: strconv.Itoa(id), Type: godo.DropletResourceType},
			},
		})
		return err
	}
	const missing = "The resource you were accessing could not be found."
	wantRefusal(t, tag("none", d.ID), http.StatusNotFound, missing)
	must[*godo.Tag](t)(client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: "web"}))
	wantRefusal(t, tag("web", 7), http.StatusNotFound, missing)
	if tagged := must[[]godo.Droplet](t)(client.Droplets.ListByTag(t.Context(), "web", nil)); len(tagged) != 0 {
		t.Errorf("a refused call tagged %d droplets", len(tagged))
	}
}
