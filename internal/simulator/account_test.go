package simulator_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// checkedClient is the official client on a new account. All it sends and gets
// is checked against the API description.
func checkedClient(t *testing.T, options simulator.Options) *godo.Client {
	t.Helper()
	return clientOf(t, contract.Check(t, simulator.New(options)))
}

func clientOf(t *testing.T, handler http.Handler) *godo.Client {
	t.Helper()
	client, err := godo.New(
		&http.Client{Transport: simulator.Transport(handler)},
		godo.SetRequestHeaders(map[string]string{"Authorization": "Bearer token"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// must returns what a call of the client answered, or ends the test.
func must[T any](t *testing.T) func(value T, _ *godo.Response, err error) T {
	t.Helper()
	return func(value T, _ *godo.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// ok ends the test if a call without an answer's body failed.
func ok(t *testing.T) func(_ *godo.Response, err error) {
	t.Helper()
	return func(_ *godo.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wantRefusal checks status and text of an error; an empty text is not checked.
func wantRefusal(t *testing.T, err error, status int, message string) {
	t.Helper()
	var response *godo.ErrorResponse
	switch {
	case !errors.As(err, &response):
		t.Errorf("got error %v, want a refusal with status %d", err, status)
	case response.Response.StatusCode != status:
		t.Errorf("got %v, want status %d", err, status)
	case message != "" && response.Message != message:
		t.Errorf("got message %q, want %q", response.Message, message)
	}
}

// pass lets virtual time go by. It belongs into a testing/synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestAccountTellsItsLimits(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{DropletLimit: 25})
	account := must[*godo.Account](t)(client.Account.Get(t.Context()))
	if account.DropletLimit != 25 || account.ReservedIPLimit != 3 || account.Status != "active" {
		t.Errorf("got %+v, want 25 droplets, 3 reserved IPs, active", account)
	}
}

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIVX+BhJBAqfWzS2/FMM44DW+mjoI0hd2Ns/3GBEshwD someone@example.com"
	// fingerprint is what ssh-keygen -l -E md5 says of publicKey.
	fingerprint = "69:e3:31:31:e5:ab:b0:26:14:bb:fb:fa:31:2c:00:60"
)

func TestKeyIsKnownByIDAndFingerprint(t *testing.T) {
	t.Parallel()
	keys := checkedClient(t, simulator.Options{}).Keys
	made := must[*godo.Key](t)(keys.Create(t.Context(), &godo.KeyCreateRequest{Name: "laptop", PublicKey: publicKey}))
	if made.Fingerprint != fingerprint {
		t.Errorf("fingerprint %s, want %s", made.Fingerprint, fingerprint)
	}
	renamed := must[*godo.Key](t)(keys.UpdateByFingerprint(t.Context(), fingerprint, &godo.KeyUpdateRequest{Name: "desk"}))
	byID := must[*godo.Key](t)(keys.GetByID(t.Context(), made.ID))
	if *byID != *renamed || byID.Name != "desk" {
		t.Errorf("by id %+v, by fingerprint %+v, want both named desk", byID, renamed)
	}
	ok(t)(keys.DeleteByID(t.Context(), made.ID))
	_, _, err := keys.GetByFingerprint(t.Context(), fingerprint)
	wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
}

func TestKeyRefusals(t *testing.T) {
	t.Parallel()
	keys := checkedClient(t, simulator.Options{}).Keys
	must[*godo.Key](t)(keys.Create(t.Context(), &godo.KeyCreateRequest{Name: "laptop", PublicKey: publicKey}))
	tests := []struct {
		name    string
		request godo.KeyCreateRequest
		message string
	}{
		{"same material", godo.KeyCreateRequest{Name: "other", PublicKey: publicKey}, "SSH Key is already in use on your account"},
		{"no name", godo.KeyCreateRequest{PublicKey: publicKey}, "Name can't be blank"},
		{"no key", godo.KeyCreateRequest{Name: "x", PublicKey: "secret"}, `Key invalid, key should be of the format "type key [comment]"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := keys.Create(t.Context(), &tt.request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, tt.message)
		})
	}
}

func TestKeysMayBeListedTenTimesAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys := checkedClient(t, simulator.Options{RateLimits: true}).Keys
		for range 10 {
			must[[]godo.Key](t)(keys.List(t.Context(), nil))
		}
		_, _, err := keys.List(t.Context(), nil)
		wantRefusal(t, err, http.StatusTooManyRequests, "")
		pass(time.Minute)
		must[[]godo.Key](t)(keys.List(t.Context(), nil))
	})
}

func TestSizesAndRegionsAgree(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	all := &godo.ListOptions{PerPage: 200}
	sizes := must[[]godo.Size](t)(client.Sizes.List(t.Context(), all))
	regions := must[[]godo.Region](t)(client.Regions.List(t.Context(), all))
	for _, region := range regions {
		if region.Available != (len(region.Sizes) > 0) {
			t.Errorf("region %s: available %v with %d sizes", region.Slug, region.Available, len(region.Sizes))
		}
		for _, size := range sizes {
			if slices.Contains(size.Regions, region.Slug) != slices.Contains(region.Sizes, size.Slug) {
				t.Errorf("size %s and region %s disagree", size.Slug, region.Slug)
			}
		}
	}
}

func TestPricesAreDigitalOceans(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	prices := map[string]float64{
		"s-1vcpu-512mb-10gb": 4, "s-1vcpu-1gb": 6, "s-1vcpu-2gb": 12, "s-2vcpu-2gb": 18,
		"s-2vcpu-4gb": 24, "s-4vcpu-8gb": 48, "s-8vcpu-16gb": 96, "c-2": 42, "g-2vcpu-8gb": 63, "m-2vcpu-16gb": 84,
	}
	for _, size := range must[[]godo.Size](t)(client.Sizes.List(t.Context(), &godo.ListOptions{PerPage: 200})) {
		if want, listed := prices[size.Slug]; listed && size.PriceMonthly != want {
			t.Errorf("%s costs %v, want %v", size.Slug, size.PriceMonthly, want)
		}
		if size.Slug == "s-1vcpu-1gb" && size.PriceHourly != 0.00893 {
			t.Errorf("%s costs %v an hour, want 0.00893", size.Slug, size.PriceHourly)
		}
		if size.Slug == "s-8vcpu-16gb" && slices.Contains(size.Regions, "nyc2") {
			t.Error("s-8vcpu-16gb is to be had in nyc2")
		}
		delete(prices, size.Slug)
	}
	if len(prices) > 0 {
		t.Errorf("sizes %v are not listed", prices)
	}
}
