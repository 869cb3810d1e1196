// Package contract checks traffic against DigitalOcean's API description, the
// OpenAPI document that DigitalOcean publishes. Of that document the package
// carries the structure, which cmd/distil takes out of it.
package contract

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// apiPrefix is where the described API lives; everything else that a handler
// serves, such as the metadata service, has no description to check against.
const apiPrefix = "/v2/"

// Validator checks requests and answers against one API description. It is
// safe for concurrent use.
type Validator struct {
	doc    *openapi3.T
	router routers.Router
	scopes map[*openapi3.Operation][]string
	sound  sync.Map // answers that follow the description, each as a look
}

// look is what of an answer is checked. Polls get the same answer again and again, and
// to compare it takes less time than to check it.
type look struct {
	operation *openapi3.Operation
	status    int
	headers   string // their names, and the type of the body
	body      [sha256.Size]byte
}

// Operation is one method of one path of the API description.
type Operation struct {
	Method string
	Path   string // a template, such as /v2/droplets/{droplet_id}
}

// Load reads the API description at path and applies the known exceptions.
func Load(path string) (*Validator, error) {
	data, err := os.ReadFile(path) //nolint:gosec // G304: whoever runs the tests names the file
	if err != nil {
		return nil, fmt.Errorf("read the API description; %s takes an absolute path: %w", specVariable, err)
	}
	v, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// parse makes the validator for one API description and its known exceptions.
func parse(description []byte) (*Validator, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("parse the API description: %w", err)
	}
	scopes := takeScopes(doc)
	// Some examples in the published document do not fit its own schemas.
	if err := doc.Validate(loader.Context, openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("check the API description: %w", err)
	}
	if err := allowExceptions(doc); err != nil {
		return nil, err
	}
	// The published document names api.digitalocean.com as its only server.
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route by the API description: %w", err)
	}
	return &Validator{doc: doc, router: router, scopes: scopes}, nil
}

// takeScopes takes out what a token must be allowed to do. Requests are not held to
// it, for the simulator's tokens may do everything, and the description that is
// carried lacks the security schemes that it refers to.
func takeScopes(doc *openapi3.T) map[*openapi3.Operation][]string {
	scopes := map[*openapi3.Operation][]string{}
	for _, path := range doc.Paths.InMatchingOrder() {
		for _, operation := range doc.Paths.Value(path).Operations() {
			if operation.Security == nil {
				continue
			}
			for _, requirement := range *operation.Security {
				for _, needed := range requirement {
					scopes[operation] = append(scopes[operation], needed...)
				}
			}
			operation.Security = nil
		}
	}
	return scopes
}

// Scopes are those that a token needs for the request.
func (v *Validator) Scopes(r *http.Request) ([]string, error) {
	route, _, err := v.router.FindRoute(r)
	if err != nil {
		return nil, fmt.Errorf("request %s %s is not in the API description: %w", r.Method, r.URL, err)
	}
	return v.scopes[route.Operation], nil
}

// Operations lists what the API description describes, by path.
func (v *Validator) Operations() []Operation {
	var operations []Operation
	for _, path := range v.doc.Paths.InMatchingOrder() {
		for method := range v.doc.Paths.Value(path).Operations() {
			operations = append(operations, Operation{Method: method, Path: path})
		}
	}
	return operations
}

// Middleware passes every request on to next and reports whatever does not
// follow the API description: a path or method it does not have, an answer
// that does not fit, a request that does not fit and was carried out all the
// same. A request to a described path that does not fit and is refused with a
// status of 400 to 499 is as it should be, and so is any answer that carries
// simulator.FaultHeader.
func (v *Validator) Middleware(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, apiPrefix) {
			next.ServeHTTP(w, r)
			return
		}
		input, err := v.describe(r)
		if err != nil {
			report(fmt.Errorf("request %s %s is not in the API description: %w", r.Method, r.URL, err))
			next.ServeHTTP(w, r)
			return
		}
		requestErr := openapi3filter.ValidateRequest(r.Context(), input)
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if r.Context().Err() != nil {
			return // the client gave the call up; nobody reads an answer
		}
		if answer.Header().Get(simulator.FaultHeader) != "" {
			return // a fault's answer, which is meant to be wrong
		}
		if requestErr != nil && !refused(answer.status) {
			report(fmt.Errorf("request %s %s was answered with status %d, but: %w", r.Method, r.URL, answer.status, requestErr))
		}
		if err := v.checkAnswer(r, input, answer); err != nil {
			report(fmt.Errorf("answer to %s %s with status %d: %w", r.Method, r.URL, answer.status, err))
		}
	})
}

// describe finds the operation that a request is meant for.
func (v *Validator) describe(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	options := newOptions()
	// The handler must see the request as the client sent it.
	options.SkipSettingDefaults = true
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, Options: options,
	}, nil
}

func (v *Validator) checkAnswer(r *http.Request, input *openapi3filter.RequestValidationInput, answer *recorder) error {
	seen := look{input.Route.Operation, answer.status, answer.headers(), sha256.Sum256(answer.body.Bytes())}
	if _, sound := v.sound.Load(seen); sound {
		return nil
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.status,
		Header:                 answer.Header(),
		Body:                   io.NopCloser(&answer.body),
		Options:                newOptions(),
	})
	if err == nil {
		v.sound.Store(seen, true)
	}
	return err
}

func newOptions() *openapi3filter.Options {
	options := &openapi3filter.Options{
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		IncludeResponseStatus: true,
	}
	options.WithCustomSchemaErrorFunc(where)
	return options
}

// where tells what is wrong at which place of a body. The library's own text
// repeats the whole value, and bodies hold secrets.
func where(err *openapi3.SchemaError) string {
	text := fmt.Sprintf("/%s: %s", strings.Join(err.JSONPointer(), "/"), err.Reason)
	if err.Origin != nil {
		text += ": " + err.Origin.Error()
	}
	return text
}

func refused(status int) bool {
	return status >= 400 && status < 500
}

// recorder keeps a copy of the answer that it passes on.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

func (r *recorder) headers() string {
	names := slices.Sorted(maps.Keys(r.Header()))
	return fmt.Sprint(names, r.Header().Get("Content-Type"))
}

// Unwrap lets http.ResponseController reach what the server offers.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
