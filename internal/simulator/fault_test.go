package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// met is what a client sees of one call.
type met struct {
	status     int
	header     http.Header
	body       string
	err        error // of the call, or of reading its body
	took       time.Duration
	carriedOut bool
}

// patience is how long a client waits that is answered in the end. One that
// never is waits for less, in real time where there is a listener.
func patience(fault simulator.Fault) time.Duration {
	if fault.Kind == simulator.NoAnswer || fault.Delay == time.Hour {
		return time.Second
	}
	return time.Minute
}

// postTag makes a tag through a transport, and looks whether it exists then.
func postTag(t *testing.T, sim *simulator.Simulator, transport http.RoundTripper, base string, limit time.Duration) met {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v2/tags", strings.NewReader(`{"name":"web"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer token")
	start := time.Now()
	seen := met{}
	response, err := transport.RoundTrip(request)
	seen.err = err
	if err == nil {
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		seen.status, seen.header, seen.body, seen.err = response.StatusCode, response.Header, string(text), err
	}
	seen.took = time.Since(start)
	seen.carriedOut = len(sim.Inventory().Of("tag")) == 1
	return seen
}

const tags = "POST /v2/tags"

var answers = []struct {
	name  string
	fault simulator.Fault
	want  func(met) bool
}{
	{"429", simulator.Fault{Kind: simulator.RateLimited}, func(m met) bool {
		return m.status == 429 && m.header.Get("Retry-After") == "" && strings.Contains(m.body, `"too_many_requests"`)
	}},
	{"429 with Retry-After", simulator.Fault{Kind: simulator.RateLimited, Delay: 42 * time.Second}, func(m met) bool {
		return m.status == 429 && m.header.Get("Retry-After") == "42"
	}},
	{"429 for the rest of the hour", simulator.Fault{Kind: simulator.RateLimited, For: 40 * time.Minute}, func(m met) bool {
		return m.status == 429 && m.header.Get("Ratelimit-Remaining") == "0" && m.header.Get("Ratelimit-Reset") != ""
	}},
	{"500", simulator.Fault{Kind: simulator.ServerError}, func(m met) bool {
		return m.status == 500 && strings.Contains(m.body, `"server_error"`) && !m.carriedOut
	}},
	{"500 after the write", simulator.Fault{Kind: simulator.ServerError, After: true}, func(m met) bool {
		return m.status == 500 && m.carriedOut
	}},
	{"502", simulator.Fault{Kind: simulator.BadGateway}, func(m met) bool {
		return m.status == 502 && m.header.Get("Content-Type") == "text/html" && strings.HasPrefix(m.body, "<html>") && !m.carriedOut
	}},
	{"502 after the write", simulator.Fault{Kind: simulator.BadGateway, After: true}, func(m met) bool {
		return m.status == 502 && m.header.Get("Content-Type") == "text/html" && m.carriedOut
	}},
	{"a page of a proxy", simulator.Fault{Kind: simulator.StrayPage}, func(m met) bool {
		return m.status == 404 && strings.HasPrefix(m.body, "<html>") && !m.carriedOut
	}},
	{"503", simulator.Fault{Kind: simulator.Unavailable}, func(m met) bool { return m.status == 503 && !m.carriedOut }},
	{"401", simulator.Fault{Kind: simulator.Unauthorized}, func(m met) bool {
		return m.status == 401 && strings.Contains(m.body, "Unable to authenticate you.") && !m.carriedOut
	}},
	{"cut before", simulator.Fault{Kind: simulator.Cut}, func(m met) bool {
		return errors.Is(m.err, syscall.ECONNRESET) && !m.carriedOut
	}},
	{"cut after", simulator.Fault{Kind: simulator.Cut, After: true}, func(m met) bool {
		return errors.Is(m.err, syscall.ECONNRESET) && m.carriedOut
	}},
	{"no answer", simulator.Fault{Kind: simulator.NoAnswer}, func(m met) bool {
		return errors.Is(m.err, context.DeadlineExceeded) && !m.carriedOut
	}},
	{"no answer after the write", simulator.Fault{Kind: simulator.NoAnswer, After: true}, func(m met) bool {
		return errors.Is(m.err, context.DeadlineExceeded) && m.carriedOut
	}},
	{"slow", simulator.Fault{Kind: simulator.Slow, Delay: 10 * time.Millisecond}, func(m met) bool {
		return m.status == 201 && m.took >= 10*time.Millisecond && m.carriedOut
	}},
	{"too slow", simulator.Fault{Kind: simulator.Slow, Delay: time.Hour}, func(m met) bool {
		return errors.Is(m.err, context.DeadlineExceeded) && m.carriedOut
	}},
	{"truncated", simulator.Fault{Kind: simulator.Truncated}, func(m met) bool {
		return m.status == 201 && errors.Is(m.err, io.ErrUnexpectedEOF) && m.body != "" && !json.Valid([]byte(m.body)) && m.carriedOut
	}},
	{"empty object", simulator.Fault{Kind: simulator.EmptyObject}, func(m met) bool {
		return m.status == 201 && m.body == "{}" && m.err == nil && m.carriedOut
	}},
}

func TestFaultsInProcess(t *testing.T) {
	t.Parallel()
	tests := append(slices.Clone(answers), struct {
		name  string
		fault simulator.Fault
		want  func(met) bool
	}{"refused", simulator.Fault{Kind: simulator.Refused}, func(m met) bool {
		return errors.Is(m.err, syscall.ECONNREFUSED) && !m.carriedOut
	}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fault.Call = tags
			contract.Shared(t) // loaded outside the bubble
			synctest.Test(t, func(t *testing.T) {
				sim := simulator.New(simulator.Options{Faults: []simulator.Fault{test.fault}})
				// Faults are let pass by the check against the API description.
				if got := postTag(t, sim, simulator.Transport(contract.Check(t, sim)), "http://do.test", patience(test.fault)); !test.want(got) {
					t.Errorf("the client met %+v", got)
				}
			})
		})
	}
}

func TestFaultsOverAListener(t *testing.T) {
	t.Parallel()
	tests := append(slices.Clone(answers), struct {
		name  string
		fault simulator.Fault
		want  func(met) bool
	}{"refused", simulator.Fault{Kind: simulator.Refused}, func(m met) bool {
		return errors.Is(m.err, syscall.ECONNRESET) && !m.carriedOut
	}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fault.Call = tags
			sim := simulator.New(simulator.Options{Faults: []simulator.Fault{test.fault}})
			server := httptest.NewServer(contract.Check(t, sim))
			defer server.Close()
			if got := postTag(t, sim, server.Client().Transport, server.URL, patience(test.fault)); !test.want(got) {
				t.Errorf("the client met %+v", got)
			}
		})
	}
}

func TestFaultsStrikeAsTheRuleSays(t *testing.T) {
	t.Parallel()
	const get, post = "GET /v2/tags", "POST /v2/tags"
	tests := []struct {
		name   string
		fault  simulator.Fault
		calls  []string
		struck []int // places in calls
	}{
		{"for ever", simulator.Fault{}, []string{get, post, get}, []int{0, 1, 2}},
		{"a call", simulator.Fault{Call: get}, []string{get, post, get}, []int{0, 2}},
		{"a method", simulator.Fault{Call: "POST"}, []string{get, post, get}, []int{1}},
		{"a path", simulator.Fault{Call: "/v2/tags"}, []string{get, post, "GET /v2/vpcs"}, []int{0, 1}},
		{"a pattern", simulator.Fault{Call: "GET /v2/tags/*"}, []string{get, "GET /v2/tags/web"}, []int{1}},
		{"a route", simulator.Fault{Call: "GET /v2/tags/{tag_id}"}, []string{"GET /v2/tags/web", get}, []int{0}},
		{"an id", simulator.Fault{Call: "GET /v2/tags/web"}, []string{"GET /v2/tags/db", "GET /v2/tags/web"}, []int{1}},
		{"once", simulator.Fault{Times: 1}, []string{get, get, get}, []int{0}},
		{"from the second on, twice", simulator.Fault{Call: get, Nth: 2, Times: 2}, []string{get, post, get, get, get}, []int{2, 3}},
		{"another token", simulator.Fault{Token: "other"}, []string{get}, nil},
		{"the right token", simulator.Fault{Token: "x"}, []string{get}, []int{0}},
		{"for a time", simulator.Fault{From: 2 * time.Second, For: 2 * time.Second}, []string{get, get, get, get, get}, []int{2, 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fault.Kind = simulator.ServerError
			synctest.Test(t, func(t *testing.T) {
				sim := simulator.New(simulator.Options{Faults: []simulator.Fault{test.fault}})
				var struck []int
				for i, c := range test.calls {
					method, path, _ := strings.Cut(c, " ")
					response, _ := call(t, sim, method, path, "Bearer x", `{"name":"web"}`)
					if response.StatusCode == http.StatusInternalServerError {
						struck = append(struck, i)
					}
					pass(time.Second)
				}
				if !slices.Equal(struck, test.struck) {
					t.Errorf("struck %v of %v, want %v", struck, test.calls, test.struck)
				}
			})
		})
	}
}

func TestFaultsCanBeSetAndCleared(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{})
	status := func() int {
		response, _ := call(t, sim, "GET", "/v2/account", "Bearer x", "")
		return response.StatusCode
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("at first: %d", got)
	}
	sim.SetFaults([]simulator.Fault{{Kind: simulator.Unauthorized}})
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("with a fault: %d", got)
	}
	sim.SetFaults(nil)
	if got := status(); got != http.StatusOK {
		t.Errorf("when it is cleared: %d", got)
	}
	var kinds []simulator.FaultKind
	for _, r := range sim.Requests() {
		kinds = append(kinds, r.Fault)
		if r.Route != "GET /v2/account" {
			t.Errorf("a call was recorded as %q", r.Route)
		}
	}
	if len(kinds) != 3 || kinds[0] != "" || kinds[1] != simulator.Unauthorized || kinds[2] != "" {
		t.Errorf("the requests say that they met %q", kinds)
	}
}

// Of two faults that are due, the first strikes, and the other one stays due.
func TestOneFaultForACall(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{Faults: []simulator.Fault{
		{Kind: simulator.ServerError, Times: 1}, {Kind: simulator.Unavailable, Times: 1},
	}})
	var got []int
	for range 3 {
		response, _ := call(t, sim, "GET", "/v2/account", "Bearer x", "")
		got = append(got, response.StatusCode)
	}
	if !slices.Equal(got, []int{500, 503, 200}) {
		t.Errorf("statuses %v, want 500, 503, 200", got)
	}
}

func TestAnswersTellTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{})
		pass(time.Hour)
		response, _ := call(t, sim, "GET", "/v2/account", "Bearer x", "")
		if at, err := http.ParseTime(response.Header.Get("Date")); err != nil || !at.Equal(time.Now()) {
			t.Errorf("the answer is of %s (%v), want %s", at, err, time.Now().UTC())
		}
	})
}
