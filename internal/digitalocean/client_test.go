package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// script answers one call after another; a nil answer is a lost connection.
type script struct {
	answers []*answer
	seen    []string // method and path of each call
	times   []time.Time
	token   string
}

type answer struct {
	status int
	header map[string]string
	body   string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, r.Method+" "+r.URL.Path)
	s.times = append(s.times, time.Now())
	s.token = r.Header.Get("Authorization")
	if len(s.answers) == 0 {
		return nil, errors.New("no answer left in the script")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next == nil {
		return nil, errors.New("connection reset by peer")
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for key, value := range next.header {
		header.Set(key, value)
	}
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func scripted(t *testing.T, config Config, answers ...*answer) (*Client, *script) {
	t.Helper()
	s := &script{answers: answers}
	config.Token, config.Transport = "dop_v1_secret", s
	if config.RetryMax == 0 {
		config.RetryMax = 4
	}
	config.RetryWaitMin, config.RetryWaitMax = time.Second, 30*time.Second
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, s
}

var (
	noAnswer     *answer
	broken       = &answer{status: 500, body: `{"id":"server_error","message":"Server was unable to give you a response."}`}
	noTags       = &answer{status: 200, body: `{"tags":[],"links":{},"meta":{"total":0}}`}
	noVPCs       = &answer{status: 200, body: `{"vpcs":[],"links":{},"meta":{"total":0}}`}
	oneVPC       = &answer{status: 200, body: `{"vpcs":[{"id":"v1","name":"chat-nyc3","region":"nyc3","description":"beam:chat"}],"links":{},"meta":{"total":1}}`}
	madeVPC      = &answer{status: 201, body: `{"vpc":{"id":"v2","name":"chat-nyc3","region":"nyc3","description":"beam:chat"}}`}
	noVPCMembers = &answer{status: 200, body: `{"members":[],"links":{},"meta":{"total":0}}`}
	noPeerings   = &answer{status: 200, body: `{"vpc_peerings":[],"links":{},"meta":{"total":0}}`}
	wantedVPC    = cluster.VPC{Name: "chat-nyc3", Region: "nyc3", Description: "beam:chat"}
)

func busyUntil(headers map[string]string) *answer {
	return &answer{status: 429, header: headers, body: `{"id":"too_many_requests","message":"API Rate limit exceeded."}`}
}

func TestReadsAreSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{}, broken, noAnswer, broken, noTags)
		if _, err := client.Tags(t.Context()); err != nil {
			t.Error(err)
		}
		if len(s.seen) != 4 {
			t.Errorf("calls %v, want four", s.seen)
		}
		if s.token != "Bearer dop_v1_secret" {
			t.Errorf("signed with %q", s.token)
		}
	})
}

func TestReadsAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := scripted(t, Config{RetryMax: 2}, broken, broken, broken, noTags)
		_, err := client.Tags(t.Context())
		if Status(err) != 500 || len(s.seen) != 3 {
			t.Errorf("%d calls ended with %v, want three and status 500", len(s.seen), err)
		}
		if want := "list the account's tags: DigitalOcean answered 500: Server was unable to give you a response."; err.Error() != want {
			t.Errorf("the error is %q, want %q", err, want)
		}
	})
}

// After a lost answer the object is looked for, twice, before it is made again.
func TestCreatesWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answers []*answer
		want    string
		calls   string
	}{
		{"was made", []*answer{noAnswer, oneVPC}, "v1", "POST GET"},
		{"was made and is listed late", []*answer{broken, noVPCs, oneVPC}, "v1", "POST GET GET"},
		{"was not made", []*answer{broken, noVPCs, noVPCs, madeVPC}, "v2", "POST GET GET POST"},
		{"was refused for the rate", []*answer{busyUntil(map[string]string{"Retry-After": "7"}), madeVPC}, "v2", "POST POST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				made, err := client.CreateVPC(t.Context(), wantedVPC)
				if err != nil || made.ID != tt.want {
					t.Errorf("made %q (%v), want %s", made.ID, err, tt.want)
				}
				var methods []string
				for _, call := range s.seen {
					methods = append(methods, strings.Fields(call)[0])
				}
				if got := strings.Join(methods, " "); got != tt.calls {
					t.Errorf("calls %s, want %s", got, tt.calls)
				}
			})
		})
	}
}

func TestRefusedCreateIsNotRepeated(t *testing.T) {
	t.Parallel()
	client, s := scripted(t, Config{}, &answer{status: 422, body: `{"id":"unprocessable_entity","message":"name is invalid"}`})
	_, err := client.CreateVPC(t.Context(), wantedVPC)
	if Status(err) != 422 || len(s.seen) != 1 {
		t.Errorf("%d calls ended with %v, want one and status 422", len(s.seen), err)
	}
}

func TestRateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inTenMinutes := strconv.FormatInt(time.Now().Add(10*time.Minute).Unix(), 10)
		for _, tt := range []struct {
			headers map[string]string
			want    time.Duration
		}{
			{map[string]string{"RateLimit-Reset": inTenMinutes}, 10 * time.Minute},
			{map[string]string{"Retry-After": "42"}, 42 * time.Second},
		} {
			started := time.Now()
			client, _ := scripted(t, Config{}, busyUntil(tt.headers), noTags)
			if _, err := client.Tags(t.Context()); err != nil {
				t.Error(err)
			}
			if waited := time.Since(started); waited != tt.want {
				t.Errorf("%v: waited %v, want %v", tt.headers, waited, tt.want)
			}
		}
	})
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
	})
}

// A cancelled context ends a wait at once, but lets a create that was sent come
// to its answer.
func TestCancelledCreateKeepsItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		made, err := createOnce(ctx,
			func(ctx context.Context) (string, error) {
				cancel()
				return "made", ctx.Err()
			},
			func(context.Context) (string, bool, error) { return "", false, nil })
		if made != "made" || err != nil {
			t.Errorf("got %q, %v", made, err)
		}
		started := time.Now()
		err = Wait(ctx, "nothing", func(context.Context) (bool, string, error) { return false, "", nil })
		if !errors.Is(err, context.Canceled) || time.Since(started) > 0 {
			t.Errorf("the wait ended after %v with %v", time.Since(started), err)
		}
	})
}

func TestEndpointsThatWouldBeMisread(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"http://127.0.0.1:8080": true, "https://api.example.com/": true,
		"api.example.com": false, "https://example.com/v2": false, "ftp://example.com": false, "http://": false,
	} {
		_, err := New(Config{Endpoint: endpoint})
		if (err == nil) != ok {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestErrorsDoNotShowTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{RetryMax: 1}, noAnswer, noAnswer)
		_, err := client.Tags(t.Context())
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "dop_v1_secret") || err == nil {
			t.Errorf("the error is %s", text)
		}
	})
}

// What holds an object is waited out; a token that may not delete is not.
func TestDeleteWaitsWhileTheVPCIsHeld(t *testing.T) {
	t.Parallel()
	refusal := func(status int, message string) *answer {
		return &answer{status: status, body: fmt.Sprintf(`{"id":"refused","message":%q}`, message)}
	}
	done := &answer{status: 204}
	for _, tt := range []struct {
		name    string
		answers []*answer
		status  int
		calls   int
	}{
		{"members", []*answer{refusal(409, "Can not delete VPC with members"), done}, 0, 2},
		{"members, as the API description has it", []*answer{refusal(403, "Can not delete VPC with members"), done}, 0, 2},
		{"gone", []*answer{refusal(404, "not found")}, 0, 1},
		{"scopes", []*answer{refusal(403, "You are not authorized to perform this operation"), noVPCMembers, noPeerings}, 403, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, Config{}, tt.answers...)
				err := client.DeleteVPC(t.Context(), wantedVPC)
				if Status(err) != tt.status || len(s.seen) != tt.calls {
					t.Errorf("%d calls ended with %v, want %d and status %d", len(s.seen), err, tt.calls, tt.status)
				}
			})
		})
	}
}

// When the time is up, the error tells what is in the way and that it is up.
func TestDeleteSaysWhatHoldsTheVPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(t, Config{},
			&answer{status: 409, body: `{"id":"conflict","message":"Can not delete VPC with members"}`},
			&answer{status: 200, body: `{"members":[{"urn":"do:droplet:7","name":"stranger"}],"links":{},"meta":{"total":1}}`},
			&answer{status: 200, body: `{"vpc_peerings":[{"id":"p1","name":"to-web","vpc_ids":["v1","v9"]}],"links":{},"meta":{"total":1}}`})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.DeleteVPC(ctx, cluster.VPC{ID: "v1", Name: "chat-nyc3"})
		want := "delete the VPC chat-nyc3: DigitalOcean answered 409: Can not delete VPC with members; " +
			"the VPC still holds stranger (do:droplet:7), the peering to-web: move or remove them, and destroy again"
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
			t.Errorf("the error is %q, want %q", err, want)
		}
	})
}
