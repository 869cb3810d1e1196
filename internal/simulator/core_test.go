package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// call sends a request as it stands, without the client's help.
func call(t *testing.T, handler http.Handler, method, path, token, body string) (*http.Response, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://do.test"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", token)
	}
	response, err := simulator.Transport(handler).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	decoded := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &decoded); err != nil {
			t.Fatalf("answer is not JSON: %s", text)
		}
	}
	return response, decoded
}

func TestToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, configured, sent string
		status                 int
	}{
		{"any token", "", "Bearer whatever", http.StatusOK},
		{"none at all", "", "", http.StatusUnauthorized},
		{"empty", "", "Bearer ", http.StatusUnauthorized},
		{"other scheme", "", "Basic dTpw", http.StatusUnauthorized},
		{"the right one", "s3cret", "bearer s3cret", http.StatusOK},
		{"a wrong one", "s3cret", "Bearer other", http.StatusUnauthorized},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sim := simulator.New(simulator.Options{Token: test.configured})
			response, body := call(t, sim, http.MethodGet, "/v2/droplets", test.sent, "")
			if response.StatusCode != test.status {
				t.Fatalf("status %d, want %d", response.StatusCode, test.status)
			}
			if test.status == http.StatusUnauthorized &&
				(body["id"] != "unauthorized" || body["message"] != "Unable to authenticate you.") {
				t.Errorf("refused with %v", body)
			}
		})
	}
}

func TestErrorsHaveDigitalOceansForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		status                   int
		id                       string
	}{
		{"unknown path", "GET", "/v2/nothing", "", 404, "not_found"},
		{"unknown method", "PUT", "/v2/droplets", "", 404, "not_found"},
		{"id that is no number", "GET", "/v2/droplets/web-1", "", 404, "not_found"},
		{"no JSON", "POST", "/v2/tags", "name=web", 400, "bad_request"},
		{"wrong type", "POST", "/v2/volumes", `{"size_gigabytes": "ten"}`, 422, "unprocessable_entity"},
		{"page zero", "GET", "/v2/droplets?page=0", "", 400, "bad_request"},
		{"conflict", "DELETE", "/v2/vpcs/DEFAULT", "", 403, "forbidden"},
	}
	sim := simulator.New(simulator.Options{})
	_, vpcs := call(t, sim, "GET", "/v2/vpcs", "Bearer x", "")
	defaultVPC := vpcs["vpcs"].([]any)[0].(map[string]any)["id"].(string)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := strings.Replace(test.path, "DEFAULT", defaultVPC, 1)
			response, body := call(t, sim, test.method, path, "Bearer x", test.body)
			if response.StatusCode != test.status || body["id"] != test.id {
				t.Errorf("status %d, body %v; want %d %s", response.StatusCode, body, test.status, test.id)
			}
			if body["message"] == "" || body["request_id"] != response.Header.Get("X-Request-Id") {
				t.Errorf("body %v with request id %s", body, response.Header.Get("X-Request-Id"))
			}
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{})
	for i := range 45 {
		call(t, sim, "POST", "/v2/tags", "Bearer x", fmt.Sprintf(`{"name":"tag-%d"}`, i))
	}
	link := func(page int) string { return fmt.Sprintf("http://do.test/v2/tags?page=%d", page) }
	tests := []struct {
		query string
		items int
		pages any
	}{
		{"", 20, map[string]any{"next": link(2), "last": link(3)}},
		{"?page=2", 20, map[string]any{"first": link(1), "prev": link(1), "next": link(3), "last": link(3)}},
		{"?page=3", 5, map[string]any{"first": link(1), "prev": link(2)}},
		{"?page=9", 0, map[string]any{"first": link(1), "prev": link(3)}},
		{"?per_page=200", 45, nil},
		{"?per_page=1000", 45, nil},
		{"?per_page=45", 45, nil},
		{"?per_page=44", 44, map[string]any{
			"next": "http://do.test/v2/tags?page=2&per_page=44", "last": "http://do.test/v2/tags?page=2&per_page=44",
		}},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			_, body := call(t, sim, "GET", "/v2/tags"+test.query, "Bearer x", "")
			if got := len(body["tags"].([]any)); got != test.items {
				t.Errorf("%d tags, want %d", got, test.items)
			}
			if diff := cmp.Diff(test.pages, body["links"].(map[string]any)["pages"]); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
			if total := body["meta"].(map[string]any)["total"]; total != 45.0 {
				t.Errorf("total %v, want 45", total)
			}
		})
	}
}

func TestLatencyAndGivingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{Latency: 300 * time.Millisecond})
		client := clientOf(t, sim)
		start := time.Now()
		must[[]godo.Tag](t)(client.Tags.List(t.Context(), nil))
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("a call took %s, want 300ms", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 299*time.Millisecond)
		defer cancel()
		_, _, err := client.Tags.Create(ctx, &godo.TagCreateRequest{Name: "late"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline exceeded", err)
		}
		if tags := must[[]godo.Tag](t)(client.Tags.List(t.Context(), nil)); len(tags) != 0 {
			t.Errorf("a call given up left %v", tags)
		}
	})
}

func TestMinuteLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{RateLimits: true})
		get := func(path, token string) *http.Response {
			response, _ := call(t, sim, "GET", path, "Bearer "+token, "")
			return response
		}
		start := time.Now()
		get("/v2/tags", "a")
		pass(10 * time.Second)
		for range 249 {
			if response := get("/v2/tags", "a"); response.StatusCode != http.StatusOK {
				t.Fatalf("refused too early: %d", response.StatusCode)
			}
		}
		refused := get("/v2/tags", "a")
		if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") != "50" {
			t.Errorf("call 251 within a minute: %d, retry after %q", refused.StatusCode, refused.Header.Get("Retry-After"))
		}
		want := map[string]string{
			"Ratelimit-Limit": "5000", "Ratelimit-Remaining": "4750",
			"Ratelimit-Reset": strconv.FormatInt(start.Add(time.Hour).Unix(), 10),
		}
		for name, value := range want {
			if got := refused.Header.Get(name); got != value {
				t.Errorf("%s: %s, want %s", name, got, value)
			}
		}
		if other := get("/v2/tags", "b"); other.StatusCode != http.StatusOK {
			t.Errorf("another token: %d", other.StatusCode)
		}
		pass(50 * time.Second)
		if response := get("/v2/tags", "a"); response.StatusCode != http.StatusOK {
			t.Errorf("after retry-after: %d", response.StatusCode)
		}
	})
}

func TestHourLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{RateLimits: true})
		get := func() *http.Response {
			response, _ := call(t, sim, "GET", "/v2/account", "Bearer x", "")
			return response
		}
		for i := range 5000 {
			if i%250 == 0 {
				pass(time.Minute)
			}
			if response := get(); response.StatusCode != http.StatusOK {
				t.Fatalf("call %d: %d", i, response.StatusCode)
			}
		}
		pass(time.Minute)
		refused := get()
		if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") != "" {
			t.Errorf("call 5001: %d, retry after %q; want 429 without", refused.StatusCode, refused.Header.Get("Retry-After"))
		}
		if left := refused.Header.Get("Ratelimit-Remaining"); left != "0" {
			t.Errorf("remaining %s, want 0", left)
		}
		pass(40 * time.Minute)
		if response := get(); response.StatusCode != http.StatusOK {
			t.Errorf("an hour after the first call: %d", response.StatusCode)
		}
	})
}

func TestListingKeysIsLimited(t *testing.T) {
	t.Parallel()
	tests := []struct {
		enforced bool
		want     int
	}{{true, http.StatusTooManyRequests}, {false, http.StatusOK}}
	for _, test := range tests {
		t.Run(fmt.Sprintf("limits %t", test.enforced), func(t *testing.T) {
			t.Parallel()
			sim := simulator.New(simulator.Options{RateLimits: test.enforced})
			for range 10 {
				call(t, sim, "GET", "/v2/account/keys", "Bearer x", "")
			}
			response, _ := call(t, sim, "GET", "/v2/account/keys", "Bearer x", "")
			if response.StatusCode != test.want {
				t.Errorf("listing 11: %d, want %d", response.StatusCode, test.want)
			}
		})
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	var observed []simulator.Request
	sim := simulator.New(simulator.Options{Observe: func(r simulator.Request) { observed = append(observed, r) }})
	call(t, sim, "GET", "/v2/droplets/7", "Bearer x", "")
	call(t, sim, "POST", "/v2/tags", "", `{"name":"web"}`)
	want := []simulator.Request{
		{Method: "GET", Path: "/v2/droplets/7", Route: "GET /v2/droplets/{droplet_id}", Status: 404},
		{Method: "POST", Path: "/v2/tags", Route: "", Status: 401},
	}
	for _, got := range [][]simulator.Request{sim.Requests(), observed} {
		for i := range got {
			got[i].Time = time.Time{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	}
}
