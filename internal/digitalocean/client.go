// Package digitalocean is the one place that talks to DigitalOcean's API. Its
// calls are idempotent: a create whose answer was lost is looked for before it
// is sent again, a delete of what is gone succeeds.
package digitalocean

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

// Config says how to reach the API.
type Config struct {
	Token             string
	Endpoint          string        // root URL of the API; empty means godo's default
	UserAgent         string        // sent before godo's own
	RequestsPerSecond float64       // 0 sends as fast as the callers ask
	RetryMax          int           // how often a call is tried again after the first time
	RetryWaitMin      time.Duration // shortest wait before a call is tried again
	RetryWaitMax      time.Duration // longest wait, unless the API asks for more with Retry-After
	Transport         http.RoundTripper
}

// Client sends calls and turns answers into the types of package cluster.
type Client struct {
	api *godo.Client
}

// New returns a client. It sends nothing.
//
// godo's own retries would post twice when an answer is lost, so they stay off:
// the transport retries what can be repeated safely, and createOnce the rest.
func New(c Config) (*Client, error) {
	base := c.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.RetryMax = c.RetryMax
	retrying.RetryWaitMin = c.RetryWaitMin
	retrying.RetryWaitMax = c.RetryWaitMax
	retrying.CheckRetry = retryPolicy
	retrying.Backoff = retryWait
	retrying.ErrorHandler = lastAnswer
	retrying.HTTPClient = &http.Client{Transport: &sender{next: base, token: c.Token, limit: limiter(c.RequestsPerSecond)}}

	options := []godo.ClientOpt{godo.SetUserAgent(c.UserAgent)}
	if c.Endpoint != "" {
		if err := checkEndpoint(c.Endpoint); err != nil {
			return nil, err
		}
		options = append(options, godo.SetBaseURL(c.Endpoint))
	}
	transport := marker{next: &retryablehttp.RoundTripper{Client: retrying}}
	api, err := godo.New(&http.Client{Transport: transport}, options...)
	if err != nil {
		return nil, fmt.Errorf("set up the client of DigitalOcean's API: %w", err)
	}
	return &Client{api: api}, nil
}

// checkEndpoint refuses what godo would quietly misread: it resolves "v2/…"
// against the root of the host and drops any path of the base URL.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("endpoint of DigitalOcean's API: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("endpoint of DigitalOcean's API is %q; it must be http:// or https:// and a host, without a path", endpoint)
	}
	return nil
}

// limiter spreads calls evenly; nil does not limit.
func limiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

// sender is the innermost transport: it signs each try and holds it to the
// rate that the user allows, retries included.
type sender struct {
	next  http.RoundTripper
	token string
	limit *rate.Limiter
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.limit != nil {
		if err := s.limit.Wait(r.Context()); err != nil {
			return nil, err
		}
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token)
	return s.next.RoundTrip(r)
}
