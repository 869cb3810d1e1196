package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// retryPolicy decides whether a call is sent again as it is: after an answer that is
// none of the API's, or a lost connection, only one that may be carried out twice,
// and after a connection that never came about any.
func retryPolicy(ctx context.Context, resp *http.Response, err error) (bool, error) {
	about := callOf(ctx)
	switch {
	case ctx.Err() != nil:
		return false, nil //nolint:nilerr // an answer that came all the same is the caller's
	case unconnected(err):
		about.last = bare(err)
		return true, nil
	case unsent(err) || !about.repeatable:
		return false, nil
	case err != nil:
		about.last = bare(err)
		return true, nil
	case resp.StatusCode >= http.StatusBadRequest && resp.StatusCode != http.StatusNotImplemented && passes(refusal(resp)):
		about.last = fmt.Errorf("DigitalOcean answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		return true, nil
	}
	return false, nil
}

// lastAnswer hands the last answer on once retries are used up, so that the
// caller reads the API's own words; with an error there is no answer.
func lastAnswer(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err == nil {
		return resp, nil
	}
	if resp != nil {
		_ = resp.Body.Close() // nobody reads it
	}
	return nil, err
}

type repeatableKey struct{}

// repeatableCall marks a POST or PATCH that sets something rather than adds
// something, and so may be carried out twice.
func repeatableCall(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatableKey{}, true)
}

// call is what is known of a call through all of its tries.
type call struct {
	repeatable bool  // may be carried out twice
	last       error // why the last try failed
}

type callKey struct{}

// callOf finds what caller noted.
func callOf(ctx context.Context) *call {
	if about, ok := ctx.Value(callKey{}).(*call); ok {
		return about
	}
	return &call{}
}

// caller notes on each call's context whether it may be carried out twice: the
// retry policy sees the context even when there is no answer. When the context
// ends between two tries, the error says why there had to be another.
type caller struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c caller) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	about := &call{repeatable: r.Method != http.MethodPost && r.Method != http.MethodPatch || ctx.Value(repeatableKey{}) != nil}
	resp, err := c.next.RoundTrip(r.WithContext(context.WithValue(ctx, callKey{}, about)))
	if err == nil || ctx.Err() == nil || about.last == nil || errors.Is(err, about.last) {
		return resp, err
	}
	return nil, fmt.Errorf("%w: %w", about.last, err)
}
