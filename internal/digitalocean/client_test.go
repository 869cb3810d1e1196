package digitalocean

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// script answers one call after another; a nil answer is a lost connection.
type script struct {
	answers []*answer
	seen    []string // method and path of each call
	bodies  []string
	times   []time.Time
	tokens  []string
}

// answer is what becomes of one call.
type answer struct {
	status int
	header map[string]string
	body   string
	fail   error               // instead of an answer
	silent bool                // it never comes
	stalls bool                // its body never ends
	meets  func(*http.Request) // happens while the call is under way
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, r.Method+" "+r.URL.Path)
	s.times = append(s.times, time.Now())
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	body := ""
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(raw)
	}
	s.bodies = append(s.bodies, body)
	if len(s.answers) == 0 {
		return nil, errors.New("no answer left in the script")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next.give(r)
}

func (a *answer) give(r *http.Request) (*http.Response, error) {
	if a == nil {
		return nil, errors.New("connection reset by peer")
	}
	if a.meets != nil {
		a.meets(r)
	}
	if a.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if a.fail != nil {
		return nil, a.fail
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for key, value := range a.header {
		header.Set(key, value)
	}
	body := io.Reader(strings.NewReader(a.body))
	if a.stalls {
		body = io.MultiReader(body, untilDone{r})
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(body), Request: r}, nil
}

// untilDone is the rest of a body that does not come.
type untilDone struct{ r *http.Request }

func (u untilDone) Read([]byte) (int, error) {
	<-u.r.Context().Done()
	return 0, u.r.Context().Err()
}

// calls are the methods of the calls so far.
func (s *script) calls() string {
	var methods []string
	for _, call := range s.seen {
		methods = append(methods, strings.Fields(call)[0])
	}
	return strings.Join(methods, " ")
}

const secretToken = "dop_v1_secret"

func scripted(t *testing.T, config Config, answers ...*answer) (*Client, *script) {
	t.Helper()
	s := &script{answers: answers}
	config.Token, config.Transport = secretToken, s
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

func ok(body string) *answer { return &answer{status: http.StatusOK, body: body} }

// refused is the API's answer to what it does not carry out.
func refused(status int, message string) *answer {
	return &answer{status: status, body: fmt.Sprintf(`{"id":"refused","message":%q}`, message)}
}

// page is a whole list.
func page(key string, items ...string) *answer {
	return ok(fmt.Sprintf(`{%q:[%s],"links":{},"meta":{"total":%d}}`, key, strings.Join(items, ","), len(items)))
}

// then joins answers and runs of answers.
func then(parts ...[]*answer) []*answer { return slices.Concat(parts...) }

func one(a *answer) []*answer          { return []*answer{a} }
func times(n int, a *answer) []*answer { return slices.Repeat(one(a), n) }

const (
	ourVPC     = `{"id":"v1","name":"chat-nyc3","region":"nyc3","description":"beam:chat"}`
	foreignVPC = `{"id":"v9","name":"chat-nyc3","region":"nyc3","description":"mine"}`
)

var (
	noAnswer     *answer
	noConnection = &answer{fail: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
	broken       = &answer{status: 500, body: `{"id":"server_error","message":"Server was unable to give you a response."}`}
	done         = &answer{status: 204}
	noTags       = page("tags")
	noVPCs       = page("vpcs")
	oneVPC       = page("vpcs", ourVPC)
	takenVPC     = page("vpcs", foreignVPC)
	madeVPC      = &answer{status: 201, body: `{"vpc":{"id":"v2","name":"chat-nyc3","region":"nyc3","description":"beam:chat"}}`}
	nameInUse    = refused(422, "A VPC with the same name already exists in your account")
	wantedVPC    = cluster.VPC{Name: "chat-nyc3", Region: "nyc3", Description: "beam:chat"}
)

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
