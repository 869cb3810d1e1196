package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// FaultHeader is on every answer that a fault wrote or spoilt, with the fault's
// kind. Such an answer need not follow the API description.
const FaultHeader = "X-Simulated-Fault"

// htmlPage is what a gateway shows that reaches nobody.
func htmlPage(status string) string {
	return "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status + "</h1></center>\r\n</body>\r\n</html>\r\n"
}

// serve answers a call, or lets a fault do so. It returns the kind of the
// fault that struck, if one did.
func (s *Simulator) serve(w *statusRecorder, r *http.Request) FaultKind {
	if !isAPI(r) {
		s.mux.ServeHTTP(w, r)
		return ""
	}
	called := callOf(r)
	f, struck := s.faults.strike(called, time.Now(), func(f Fault) bool { return !f.After && replaces(f.Kind) })
	if struck {
		_, r.Pattern = s.mux.Handler(r) // for the record
		s.replace(w, r, f)
		return f.Kind
	}
	answer := s.carryOut(w.Header(), r)
	f, struck = s.faults.strike(called, time.Now(), func(f Fault) bool {
		return f.After || f.Kind == Slow || spoils(f.Kind) && answer.Code < 300 && answer.Body.Len() > 0
	})
	switch {
	case !struck, f.Kind == Slow && pause(r.Context(), f.Delay):
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the client is gone: there is nobody to tell
	case f.Kind == Slow: // the client gave up
	case spoils(f.Kind):
		spoil(w, answer, f)
	default:
		s.replace(w, r, f)
	}
	return f.Kind
}

// replaces tells the faults that give another answer, or none.
func replaces(kind FaultKind) bool {
	switch kind {
	case RateLimited, ServerError, BadGateway, StrayPage, Unavailable, Unauthorized, Quota, Refused, Cut, NoAnswer:
		return true
	default:
		return false
	}
}

// spoils tells the faults that change the API's own answer.
func spoils(kind FaultKind) bool {
	return kind == Truncated || kind == EmptyObject || kind == DoubledList
}

// carryOut lets the account answer. The headers become those of the answer.
func (s *Simulator) carryOut(header http.Header, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	maps.Copy(answer.Header(), header)
	if refusal := s.admit(answer, r); refusal != nil {
		s.answer(answer, reply{err: refusal})
	} else {
		s.mux.ServeHTTP(answer, r)
	}
	maps.Copy(header, answer.Header())
	return answer
}

// spoil writes an answer that lacks something, or has it twice.
func spoil(w http.ResponseWriter, answer *httptest.ResponseRecorder, f Fault) {
	w.Header().Set(FaultHeader, string(f.Kind))
	body := answer.Body.Bytes()
	switch f.Kind {
	case EmptyObject:
		body = []byte("{}")
	case DoubledList:
		body = doubled(body)
	}
	// A server that promises more than it sends cuts the connection.
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.Kind == Truncated {
		body = body[:len(body)/2]
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body) // the client is gone: there is nobody to tell
}

// doubled is the page of a list with everything twice.
func doubled(page []byte) []byte {
	var parts map[string]json.RawMessage
	if json.Unmarshal(page, &parts) != nil {
		return page
	}
	for key, part := range parts {
		var items []json.RawMessage
		if json.Unmarshal(part, &items) != nil {
			continue
		}
		if twice, err := json.Marshal(append(items, items...)); err == nil {
			parts[key] = twice
		}
	}
	if body, err := json.Marshal(parts); err == nil {
		return body
	}
	return page
}

// replace answers in place of the account, or not at all.
func (s *Simulator) replace(w http.ResponseWriter, r *http.Request, f Fault) {
	w.Header().Set(FaultHeader, string(f.Kind))
	switch f.Kind {
	case NoAnswer:
		_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that the client gives up
		<-r.Context().Done()
	case Refused, Cut:
		return // the caller breaks the connection, once the call is recorded
	case BadGateway, StrayPage:
		status := map[FaultKind]int{BadGateway: http.StatusBadGateway, StrayPage: http.StatusNotFound}[f.Kind]
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, htmlPage(fmt.Sprint(status, " ", http.StatusText(status)))) // the client is gone: there is nobody to tell
	default:
		if f.Kind == RateLimited {
			s.setLimits(w.Header(), f)
		}
		s.answer(w, reply{err: s.refusal(f.Kind, r)})
	}
}

// refusal is the error that a fault of the API answers with.
func (s *Simulator) refusal(kind FaultKind, r *http.Request) *apiError {
	switch kind {
	case RateLimited:
		return errRateLimit()
	case Unavailable:
		return &apiError{http.StatusServiceUnavailable, "service_unavailable", "Service Unavailable"}
	case Unauthorized:
		return errUnauthorized()
	case Quota:
		return s.errQuota(callOf(r).route)
	default:
		return &apiError{http.StatusInternalServerError, "server_error", "Unexpected server-side error"}
	}
}

// errQuota is what an account without room answers to a create.
func (s *Simulator) errQuota(r route) *apiError {
	switch r.segment(1) {
	case "droplets":
		return errDropletLimit()
	case "volumes":
		return errVolumeLimit()
	default:
		return s.errReservedIPLimit()
	}
}

// setLimits says when to come back: in Retry-After as after a burst, else as
// when the hour's requests are used up, which they are until the fault ends.
func (s *Simulator) setLimits(header http.Header, f Fault) {
	if f.Delay > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.Delay.Seconds()))))
		return
	}
	if f.For > 0 {
		header.Set("Ratelimit-Limit", strconv.Itoa(hourlyLimit))
		header.Set("Ratelimit-Remaining", "0")
		header.Set("Ratelimit-Reset", strconv.FormatInt(s.faults.ends(f).Unix(), 10))
	}
}

// callOf is a request as faults see it.
func callOf(r *http.Request) call {
	return call{route: parseCall(r.Method + " " + r.URL.Path), token: bearerToken(r)}
}
