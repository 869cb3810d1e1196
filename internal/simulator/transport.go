package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// Transport calls a handler in-process: no sockets, so it can be used under
// testing/synctest. A request whose context ends is given up with the
// context's error, as over a network; one whose connection a fault breaks ends
// with the error that a network would give.
func Transport(handler http.Handler) http.RoundTripper { return transport{handler} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() // a RoundTripper must close the body
	}
	ctx, outcome := withOutcome(r.Context())
	served := r.Clone(ctx)
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	serveUnlessBroken(t.handler, recorder, served)
	if err := r.Context().Err(); err != nil {
		return nil, fmt.Errorf("call in process: %w", err)
	}
	if outcome.err != nil {
		return nil, outcome.err
	}
	response := recorder.Result()
	response.Request = r
	if response.ContentLength > int64(recorder.Body.Len()) {
		response.Body = &cutBody{response.Body}
	}
	return response, nil
}

// serveUnlessBroken calls a handler, which may panic to break the connection
// as net/http lets it.
func serveUnlessBroken(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		broken := recover()
		if err, ok := broken.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			return
		}
		if broken != nil {
			panic(broken)
		}
	}()
	handler.ServeHTTP(w, r)
}

// cutBody is a body whose connection ends before all was sent.
type cutBody struct{ io.ReadCloser }

// Read implements io.Reader.
func (b *cutBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
