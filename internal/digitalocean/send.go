package digitalocean

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/time/rate"
)

const (
	// tryTime is how long one try may take, from the first byte that is sent to
	// the last one that comes back. The API answers within a few seconds.
	tryTime = 30 * time.Second
	// maxAnswer is the most that is read of an answer: 200 droplets are about
	// one MiB.
	maxAnswer = 32 << 20
	// shortestToken is much less than a token of DigitalOcean's has. What is shorter,
	// as a simulator takes it, may be a word of any answer.
	shortestToken = 12
)

// sender is the innermost transport: it signs each try, holds it to the rate
// that the user allows, retries included, and to its time.
type sender struct {
	next     http.RoundTripper
	endpoint *url.URL // the only host that gets the token
	token    string
	limit    *rate.Limiter
}

// RoundTrip implements http.RoundTripper. It hands an answer out once all of it
// is there, so that one that stalls or breaks off halfway is an error of this
// try.
//
// A write that was sent is not cancelled together with its caller: what it
// makes costs money, so its answer is worth the wait.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.turn(r.Context()); err != nil {
		return nil, &unsentError{err}
	}
	ctx := r.Context()
	if r.Method != http.MethodGet {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	signed := r.Clone(ctx)
	if r.URL.Scheme == s.endpoint.Scheme && r.URL.Host == s.endpoint.Host {
		signed.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := s.try(signed)
	switch {
	case err == nil:
		return resp, nil
	case r.Context().Err() != nil && r.Method == http.MethodGet:
		return nil, context.Cause(r.Context())
	case ctx.Err() != nil:
		// Its own limit is not the caller's, so that it must not look like one.
		return nil, fmt.Errorf("no answer from %s within %v", r.URL.Host, tryTime)
	}
	return nil, err
}

// turn waits until the rate allows another call.
func (s *sender) turn(ctx context.Context) error {
	if ctx.Err() != nil || s.limit == nil {
		return context.Cause(ctx)
	}
	if err := s.limit.Wait(ctx); err != nil {
		// The limiter refuses at once when the deadline comes before the turn.
		return fmt.Errorf("waiting for a turn under requests_per_second: %w", cmp.Or(context.Cause(ctx), context.DeadlineExceeded))
	}
	return nil
}

// try sends the request and reads all of the answer.
func (s *sender) try(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("no answer from %s: %w", r.URL.Host, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer of %s broke off: %w", r.URL.Host, err)
	}
	if len(body) > maxAnswer {
		return nil, errors.New("the answer is too long to be DigitalOcean's")
	}
	if err := expected(r.Context()).check(resp.StatusCode, body); err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices && len(s.token) >= shortestToken { // what is told of it shall not tell the token
		body = bytes.ReplaceAll(body, []byte(s.token), []byte("(token)"))
	}
	resp.Body = &answerBody{Reader: bytes.NewReader(body), whole: body}
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// answerBody is an answer that is there as a whole: an error is told from it
// after godo has read it.
type answerBody struct {
	*bytes.Reader
	whole []byte
}

// Close implements io.Closer.
func (*answerBody) Close() error { return nil }
