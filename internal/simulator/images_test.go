package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func slugs(images []godo.Image) []string {
	var found []string
	for _, image := range images {
		found = append(found, image.Slug)
	}
	return found
}

func TestPublicImages(t *testing.T) {
	t.Parallel()
	images := checkedClient(t, simulator.Options{}).Images
	distributions := slugs(must[[]godo.Image](t)(images.ListDistribution(t.Context(), nil)))
	for _, slug := range []string{"ubuntu-22-04-x64", "ubuntu-24-04-x64", "debian-12-x64", "debian-13-x64"} {
		if !slices.Contains(distributions, slug) {
			t.Errorf("distributions %v lack %s", distributions, slug)
		}
	}
	applications := slugs(must[[]godo.Image](t)(images.ListApplication(t.Context(), nil)))
	if !slices.Contains(applications, "docker-20-04") || slices.Contains(applications, "debian-12-x64") {
		t.Errorf("applications %v", applications)
	}
	debian := must[*godo.Image](t)(images.GetBySlug(t.Context(), "debian-12-x64"))
	if byID := must[*godo.Image](t)(images.GetByID(t.Context(), debian.ID)); byID.Slug != debian.Slug {
		t.Errorf("image %d is %s, want %s", debian.ID, byID.Slug, debian.Slug)
	}
	_, err := images.Delete(t.Context(), debian.ID)
	wantRefusal(t, err, http.StatusForbidden, "")
}

func TestImportedImage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: time.Minute})
		made := must[*godo.Image](t)(client.Images.Create(t.Context(), &godo.CustomImageCreateRequest{
			Name: "mine", Url: "https://example.com/mine.qcow2", Region: "nyc3", Distribution: "Debian", Tags: []string{"own"},
		}))
		if made.Status != "NEW" {
			t.Errorf("status %s at first, want NEW", made.Status)
		}
		pass(time.Minute)
		own := must[[]godo.Image](t)(client.Images.ListUser(t.Context(), nil))
		if len(own) != 1 || own[0].Status != "available" || !slices.Equal(own[0].Regions, []string{"nyc3"}) {
			t.Fatalf("own images %+v, want one that is available in nyc3", own)
		}
		if tagged := must[[]godo.Image](t)(client.Images.ListByTag(t.Context(), "own", nil)); len(tagged) != 1 {
			t.Errorf("%d images are tagged, want 1", len(tagged))
		}
		changed := must[*godo.Image](t)(client.Images.Update(t.Context(), made.ID, &godo.ImageUpdateRequest{Name: "ours"}))
		if changed.Name != "ours" || changed.Distribution != "Debian" {
			t.Errorf("after the update %+v", changed)
		}
		ok(t)(client.Images.Delete(t.Context(), made.ID))
		_, _, err := client.Images.GetByID(t.Context(), made.ID)
		wantRefusal(t, err, http.StatusNotFound, "")
	})
}

func TestImageIsTransferredToAnotherRegion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: time.Minute})
		image := must[*godo.Image](t)(client.Images.Create(t.Context(), &godo.CustomImageCreateRequest{
			Name: "mine", Url: "https://example.com/mine.qcow2", Region: "nyc3",
		}))
		pass(time.Minute)
		action := must[*godo.Action](t)(client.ImageActions.Transfer(t.Context(), image.ID,
			&godo.ActionRequest{"type": "transfer", "region": "lon1"}))
		if action.Status != godo.ActionInProgress || action.ResourceID != image.ID {
			t.Errorf("action %+v, want one in progress on image %d", action, image.ID)
		}
		pass(time.Minute)
		action = must[*godo.Action](t)(client.ImageActions.Get(t.Context(), image.ID, action.ID))
		image = must[*godo.Image](t)(client.Images.GetByID(t.Context(), image.ID))
		if action.Status != godo.ActionCompleted || !slices.Equal(image.Regions, []string{"nyc3", "lon1"}) {
			t.Errorf("action is %s, regions are %v", action.Status, image.Regions)
		}
	})
}
