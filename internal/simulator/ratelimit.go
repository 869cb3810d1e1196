package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The published limits for each token.
const (
	hourlyLimit    = 5000
	minuteLimit    = 250
	keyListsMinute = 10
)

// limiter counts requests in sliding windows, one set for each token.
type limiter struct {
	enforce bool

	mu     sync.Mutex
	tokens map[string]*usage
}

// usage is when a token was used, oldest first.
type usage struct {
	hour     []time.Time // all requests of the last hour
	keyLists []time.Time // listings of SSH keys in the last minute
}

func newLimiter(enforce bool) *limiter {
	return &limiter{enforce: enforce, tokens: map[string]*usage{}}
}

// admit counts a request, sets the headers and refuses what is over a limit.
// Refused requests are not counted.
func (l *limiter) admit(header http.Header, token string, r *http.Request, now time.Time) *apiError {
	l.mu.Lock()
	defer l.mu.Unlock()
	used := l.tokens[token]
	if used == nil {
		used = &usage{}
		l.tokens[token] = used
	}
	used.hour = since(used.hour, now.Add(-time.Hour))
	used.keyLists = since(used.keyLists, now.Add(-time.Minute))
	refusal := l.refusal(header, used, r, now)
	if refusal == nil {
		used.hour = append(used.hour, now)
		if listsKeys(r) {
			used.keyLists = append(used.keyLists, now)
		}
	}
	setLimitHeaders(header, used.hour, now)
	return refusal
}

// refusal is the 429 that a request deserves. Only a burst says when to retry.
func (l *limiter) refusal(header http.Header, used *usage, r *http.Request, now time.Time) *apiError {
	if !l.enforce {
		return nil
	}
	minute := since(used.hour, now.Add(-time.Minute))
	switch {
	case len(used.hour) >= hourlyLimit:
	case len(minute) >= minuteLimit:
		setRetryAfter(header, minute[len(minute)-minuteLimit], now)
	case listsKeys(r) && len(used.keyLists) >= keyListsMinute:
		setRetryAfter(header, used.keyLists[0], now)
	default:
		return nil
	}
	return errRateLimit()
}

func errRateLimit() *apiError {
	return &apiError{http.StatusTooManyRequests, "too_many_requests", "API Rate limit exceeded."}
}

// setRetryAfter tells when a request that counts now is older than a minute.
func setRetryAfter(header http.Header, counted, now time.Time) {
	wait := counted.Add(time.Minute).Sub(now)
	seconds := int((wait + time.Second - 1) / time.Second)
	header.Set("Retry-After", strconv.Itoa(max(seconds, 1)))
}

// setLimitHeaders tells what is left of the hour's requests, and when the
// oldest of them stops to count.
func setLimitHeaders(header http.Header, hour []time.Time, now time.Time) {
	oldest := now
	if len(hour) > 0 {
		oldest = hour[0]
	}
	header.Set("Ratelimit-Limit", strconv.Itoa(hourlyLimit))
	header.Set("Ratelimit-Remaining", strconv.Itoa(max(0, hourlyLimit-len(hour))))
	header.Set("Ratelimit-Reset", strconv.FormatInt(oldest.Add(time.Hour).Unix(), 10))
}

// since drops the times up to start.
func since(times []time.Time, start time.Time) []time.Time {
	first := slices.IndexFunc(times, func(t time.Time) bool { return t.After(start) })
	if first < 0 {
		return nil
	}
	return times[first:]
}

func listsKeys(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/v2/account/keys"
}
