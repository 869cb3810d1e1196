// Package digitalocean is the one place that talks to DigitalOcean's API. Its
// calls are idempotent: a create whose answer was lost is looked for before it
// is sent again, a delete of what is gone succeeds.
//
// A call passes these layers, from the outside in:
//
//	createOnce   looks for what a lost answer may have made    once.go
//	godo         requests and answers as Go types
//	caller       notes what may be repeated                    retry.go
//	retryable    repeats what can be repeated safely           retry.go
//	patient      waits out the rate limit                      ratelimit.go
//	sender       signs each try and limits its time            send.go
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
	RetryMax          int           // how often a call is tried again after the first time; a rate limit does not count
	RetryWaitMin      time.Duration // shortest wait before a call is tried again
	RetryWaitMax      time.Duration // longest wait, unless the API asks for more
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
	sender := &sender{next: c.Transport, token: c.Token, limit: limiter(c.RequestsPerSecond)}
	if sender.next == nil {
		sender.next = http.DefaultTransport
	}
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.RetryMax = c.RetryMax
	retrying.RetryWaitMin = c.RetryWaitMin
	retrying.RetryWaitMax = c.RetryWaitMax
	retrying.CheckRetry = retryPolicy
	retrying.ErrorHandler = lastAnswer
	retrying.HTTPClient = &http.Client{
		Transport:     &patient{next: sender, shortest: c.RetryWaitMin, longest: c.RetryWaitMax},
		CheckRedirect: stay,
	}

	options := []godo.ClientOpt{godo.SetUserAgent(c.UserAgent)}
	if c.Endpoint != "" {
		if err := checkEndpoint(c.Endpoint); err != nil {
			return nil, err
		}
		options = append(options, godo.SetBaseURL(c.Endpoint))
	}
	transport := caller{next: &retryablehttp.RoundTripper{Client: retrying}}
	api, err := godo.New(&http.Client{Transport: transport, CheckRedirect: stay}, options...)
	if err != nil {
		return nil, fmt.Errorf("set up the client of DigitalOcean's API: %w", err)
	}
	sender.endpoint = api.BaseURL
	return &Client{api: api}, nil
}

// stay follows no redirect: the API sends none, and another host must not get
// what is meant for the API.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

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
