package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A read that gets no whole answer in its time is sent again.
func TestReadsWithoutAWholeAnswerAreSentAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first *answer
		takes time.Duration
	}{
		"server error":         {broken, time.Second},
		"connection lost":      {noAnswer, time.Second},
		"connection refused":   {noConnection, time.Second},
		"never answers":        {&answer{silent: true}, tryTime + time.Second},
		"stalls in the body":   {&answer{status: 200, body: `{"tags":[`, stalls: true}, tryTime + time.Second},
		"truncated JSON":       {ok(`{"tags":[{"na`), time.Second},
		"a page of a proxy":    {ok(`<html>`), time.Second},
		"without the list":     {ok(`{}`), time.Second},
		"null for the list":    {ok(`{"tags":null,"meta":{"total":0}}`), time.Second},
		"without meta":         {ok(`{"tags":[]}`), time.Second},
		"without meta's total": {ok(`{"tags":[],"meta":{}}`), time.Second},
		"null":                 {ok(`null`), time.Second},
		"nothing":              {done, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.first, page("tags", `{"name":"beam"}`))
				began := time.Now()
				tags, err := client.Tags(t.Context())
				if err != nil || len(tags) != 1 || len(s.seen) != 2 {
					t.Errorf("%d calls gave %v (%v), want two and one tag", len(s.seen), tags, err)
				}
				if took := time.Since(began); took != tt.takes {
					t.Errorf("it took %v, want %v", took, tt.takes)
				}
			})
		})
	}
}

// Its own limit is no time limit of the caller's.
func TestSilentAPIIsNotTheCallersTimeLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{RetryMax: 1}, times(2, &answer{silent: true})...)
		_, err := client.Tags(t.Context())
		want := "list the account's tags: no answer from api.digitalocean.com within 30s"
		if err == nil || err.Error() != want || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	})
}

func TestReadsEndWithTheirCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{}, &answer{silent: true})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := client.Tags(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second || len(s.seen) != 1 {
			t.Errorf("%d calls ended after %v with %v", len(s.seen), time.Since(began), err)
		}
	})
}

// A write that was sent keeps its answer though its caller is cancelled: what
// it made has to be remembered.
func TestCancelledCreateKeepsItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		late := *madeVPC
		late.meets = func(r *http.Request) {
			cancel()
			if err := Pause(r.Context(), 8*time.Second); err != nil {
				t.Errorf("the write was cancelled: %v", err)
			}
		}
		client, s := scripted(t, Config{}, &late)
		if made, err := client.CreateVPC(ctx, wantedVPC); err != nil || made.ID != "v2" {
			t.Errorf("got %q, %v", made.ID, err)
		}
		if _, err := client.CreateVPC(ctx, wantedVPC); !errors.Is(err, context.Canceled) || len(s.seen) != 1 {
			t.Errorf("a create of a cancelled caller: %d calls, %v", len(s.seen)-1, err)
		}
	})
}

// The token is for the endpoint's host alone.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was sent %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/v2/secret?token=1", status)
		}))
		client, err := New(Config{Token: secretToken, Endpoint: there.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, readErr := client.Tags(t.Context())
		_, createErr := client.CreateVPC(t.Context(), wantedVPC)
		there.Close()
		for _, err := range []error{readErr, createErr} {
			if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(elsewhere.URL, "http://")) ||
				!strings.Contains(err.Error(), "api_endpoint") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%d: the error is %v", status, err)
			}
		}
	}
}

func TestRequestsPerSecondHoldsForRetriesToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{RequestsPerSecond: 0.1}, broken, broken, noTags)
		if _, err := client.Tags(t.Context()); err != nil {
			t.Error(err)
		}
		for i := 1; i < len(s.times); i++ {
			if gap := s.times[i].Sub(s.times[i-1]); gap.Round(time.Millisecond) < 10*time.Second {
				t.Errorf("call %d came %v after the one before, want 10s", i, gap)
			}
		}
		if s.tokens[0] != "Bearer "+secretToken {
			t.Errorf("signed with %q", s.tokens[0])
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.CreateVPC(ctx, wantedVPC); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "requests_per_second") || len(s.seen) != 3 {
			t.Errorf("a turn that comes too late: %v", err)
		}
	})
}

// While objects come and go, one may stand on two pages of a list.
func TestWhatIsListedTwiceIsThereOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{},
			ok(`{"droplets":[{"id":1,"name":"a"},{"id":2,"name":"b"}],"meta":{"total":3},"links":{"pages":{"next":"https://example.com/?page=2","last":"https://example.com/?page=2"}}}`),
			page("droplets", `{"id":2,"name":"b"}`, `{"id":3,"name":"c"}`, `{"id":3,"name":"c"}`))
		droplets, err := client.AllDroplets(t.Context())
		if err != nil || len(droplets) != 3 {
			t.Errorf("there are %v (%v), want three", droplets, err)
		}
	})
}

// A proxy may answer with what it was sent.
func TestAnErrorThatTellsTheTokenIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{}, refused(400, "bad request: Authorization: Bearer "+secretToken))
		_, err := client.Tags(t.Context())
		if err == nil || strings.Contains(err.Error(), secretToken) || !strings.Contains(err.Error(), "bad request") {
			t.Errorf("the error is %v", err)
		}
	})
}
