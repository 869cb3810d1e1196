package contract

import (
	_ "embed"
	"net/http"
	"os"
	"sync"
	"testing"
)

// specVariable is the environment variable that holds the path of an API
// description to use instead of the one that is carried.
const specVariable = "DO_OPENAPI_SPEC"

// carried is the structure of the published API description; NOTICE says what
// was left out.
//
//go:generate go run ./cmd/distil $DO_OPENAPI_SPEC openapi.json
//go:embed openapi.json
var carried []byte

// load is shared by all tests of a process: most of them need a validator, and
// to make one takes longer than to use it.
var load = sync.OnceValues(func() (*Validator, error) {
	if path := os.Getenv(specVariable); path != "" {
		return Load(path)
	}
	return parse(carried)
})

// Shared returns the validator that all tests of a process share: for the API
// description that DO_OPENAPI_SPEC names, else for the one that is carried.
func Shared(t testing.TB) *Validator {
	t.Helper()
	v, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Check returns a handler that passes every request on to h and fails the test
// for each one, and for each answer, that does not follow the API description.
func Check(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	return Shared(t).Middleware(h, func(err error) { t.Errorf("API description: %v", err) })
}
