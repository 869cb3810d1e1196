package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Transport calls a handler in-process: no sockets, so it can be used under
// testing/synctest. A request whose context ends is given up with the
// context's error, as over a network.
func Transport(handler http.Handler) http.RoundTripper { return transport{handler} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() // a RoundTripper must close the body
	}
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	t.handler.ServeHTTP(recorder, served)
	if err := r.Context().Err(); err != nil {
		return nil, fmt.Errorf("call in process: %w", err)
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}
