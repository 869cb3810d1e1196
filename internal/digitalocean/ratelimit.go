package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// patient waits out the rate limit, whatever it takes: a call that is refused
// for it was not carried out, so any may be sent again. The limit is the token's,
// so that all calls wait that come meanwhile, too. Only the caller's context ends
// the wait.
type patient struct {
	next              http.RoundTripper
	shortest, longest time.Duration

	mu     sync.Mutex
	lifted time.Time // no call is sent before
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for refusals := 0; ; refusals++ {
		if err := p.wait(r.Context()); err != nil {
			return nil, &unsentError{err}
		}
		resp, err := p.next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests {
			return resp, err
		}
		p.hold(r.Context(), p.pause(resp, refusals))
		if r, err = rewound(r); err != nil {
			return nil, &unsentError{err}
		}
	}
}

// rewound returns the request with its body from the beginning.
func rewound(r *http.Request) (*http.Request, error) {
	again := r.Clone(r.Context())
	if r.GetBody == nil {
		return again, nil
	}
	body, err := r.GetBody()
	again.Body = body
	return again, err
}

// hold keeps calls back until the limit is lifted, and says so.
func (p *patient) hold(ctx context.Context, pause time.Duration) {
	lifted := time.Now().Add(pause)
	tflog.Info(ctx, "DigitalOcean's rate limit is reached: waiting until it is lifted",
		map[string]any{"seconds": int(pause.Round(time.Second).Seconds()), "until": lifted.UTC().Format(time.RFC3339)})
	p.mu.Lock()
	defer p.mu.Unlock()
	if lifted.After(p.lifted) {
		p.lifted = lifted
	}
}

// wait waits until no limit is known. Another call may learn meanwhile that it is
// lifted later.
func (p *patient) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		lifted := p.lifted
		p.mu.Unlock()
		left := time.Until(lifted)
		if left <= 0 {
			return nil
		}
		if err := Pause(ctx, left); err != nil {
			return fmt.Errorf("DigitalOcean's rate limit is reached and lifted at %s: %w", lifted.UTC().Format(time.RFC3339), err)
		}
	}
}

// pause is how long to wait: what Retry-After asks for, which bursts are
// answered with, else until the hourly allowance is refilled (API description,
// "Rate Limit"), else longer each time.
func (p *patient) pause(resp *http.Response, refusals int) time.Duration {
	if until, ok := retryAfter(resp.Header.Get("Retry-After")); ok {
		return until
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("RateLimit-Reset"), 10, 64); err == nil {
		if until := time.Until(time.Unix(reset, 0)); until > 0 {
			return until
		}
	}
	shortest := max(p.shortest, time.Second)
	return retryablehttp.DefaultBackoff(shortest, max(p.longest, shortest), refusals, nil)
}

// retryAfter reads the header's two forms, seconds and a date; what lies in the
// past, or is none of them, asks for nothing.
func retryAfter(header string) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, seconds > 0
	}
	date, err := http.ParseTime(header)
	return time.Until(date), err == nil && time.Until(date) > 0
}
