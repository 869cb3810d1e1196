package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request body that is read, in bytes: ten times what
// the largest legal droplet create needs.
const maxBody = 1 << 20

// handler answers one call with a value to be sent as JSON; nil sends no
// body. It runs while the simulator is locked and the timeline is up to date.
type handler func(r *http.Request) (any, error)

// reply is what a handler had to say.
type reply struct {
	status int
	body   any
	err    error
}

// route registers a handler under a method and a pattern of net/http.ServeMux,
// with the status that a success has.
func (s *Simulator) route(pattern string, status int, handle handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.advance(time.Now())
		s.serving = callOf(r)
		body, err := handle(r)
		if r.Method == http.MethodGet && err == nil {
			body, err = s.misread(handle, r, body)
		} else {
			s.remember()
		}
		if wired := s.wire(); err == nil {
			err = wired
		}
		s.answer(w, reply{status, body, err})
	})
}

// answer writes a reply: a body, no body, or an error in DigitalOcean's form.
func (s *Simulator) answer(w http.ResponseWriter, reply reply) {
	if reply.err != nil {
		reply.status, reply.body = errorBody(reply.err, w.Header().Get("X-Request-Id"))
	}
	if reply.body == nil {
		w.WriteHeader(reply.status)
		return
	}
	encoded, err := json.Marshal(reply.body)
	if err != nil { // a value of this package that JSON cannot hold
		panic(fmt.Errorf("encode an answer: %w", err))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(reply.status)
	_, _ = w.Write(encoded) // the client is gone: there is nobody to tell
}

// apiError is a refusal as DigitalOcean words it.
type apiError struct {
	status  int
	id      string
	message string
}

func (e *apiError) Error() string { return e.id + ": " + e.message }

func notFound() *apiError {
	return &apiError{http.StatusNotFound, "not_found", "The resource you were accessing could not be found."}
}

func badRequest(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "bad_request", fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) *apiError {
	return &apiError{http.StatusConflict, "conflict", fmt.Sprintf(format, args...)}
}

func unprocessable(format string, args ...any) *apiError {
	return &apiError{http.StatusUnprocessableEntity, "unprocessable_entity", fmt.Sprintf(format, args...)}
}

// errorBody is the status and the JSON of an error.
func errorBody(err error, requestID string) (status int, body any) {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = &apiError{http.StatusInternalServerError, "server_error", err.Error()}
	}
	return refusal.status, map[string]string{
		"id": refusal.id, "message": refusal.message, "request_id": requestID,
	}
}

// decode reads the request's JSON. No body at all is an empty object; what is
// not JSON is a 400, and a member of the wrong type a 422.
func decode[T any](r *http.Request) (T, error) {
	var value T
	err := json.NewDecoder(r.Body).Decode(&value)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return value, nil
	case errors.As(err, &wrongType):
		return value, unprocessable("%s is invalid", cmp.Or(wrongType.Field, "request body"))
	default:
		return value, badRequest("Request body could not be parsed as JSON.")
	}
}

// pathID is a numeric id in the path; what is no number names nothing.
func pathID(r *http.Request, name string) (int, error) {
	id, err := strconv.Atoi(r.PathValue(name))
	if err != nil {
		return 0, notFound()
	}
	return id, nil
}

// find looks up the object that the path names.
func find[K comparable, V any](objects *table[K, V], id K) (V, error) {
	object, ok := objects.get(id)
	if !ok {
		return object, notFound()
	}
	return object, nil
}

// isAPI tells calls of the API from those of the status page.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v2/") }

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// baseURL is how the client reached the API; links in answers begin with it.
func baseURL(r *http.Request) string {
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
	}
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// object is a JSON object that is written only once.
type object = map[string]any
