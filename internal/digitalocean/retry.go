package digitalocean

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// retryPolicy decides whether a call is sent again as it is. A call that the
// API refused for its rate was not carried out, so any method may be repeated;
// after a server error or a lost connection only a read or a delete may.
func retryPolicy(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		return true, nil
	}
	if !repeatable(ctx) {
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

// retryWait honours Retry-After and, when the hourly allowance is used up, the
// header that says when it is refilled (API description, "Rate Limit").
func retryWait(shortest, longest time.Duration, try int, resp *http.Response) time.Duration {
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
		if reset, err := strconv.ParseInt(resp.Header.Get("RateLimit-Reset"), 10, 64); err == nil {
			if wait := time.Until(time.Unix(reset, 0)); wait > shortest {
				return wait
			}
		}
	}
	return retryablehttp.DefaultBackoff(shortest, longest, try, resp)
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

// repeatableCall marks a POST that sets something rather than adds something,
// and so may be carried out twice.
func repeatableCall(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatableKey{}, true)
}

// repeatable says whether carrying a call out twice does no harm.
func repeatable(ctx context.Context) bool {
	return ctx.Value(repeatableKey{}) != nil
}

// marker notes on each call's context whether it may be carried out twice: the
// retry policy sees the context even when there is no answer.
type marker struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (m marker) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPatch {
		r = r.WithContext(repeatableCall(r.Context()))
	}
	return m.next.RoundTrip(r)
}
