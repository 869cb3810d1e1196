package contract

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// specVariable is the environment variable that holds the path of the API
// description.
const specVariable = "DO_OPENAPI_SPEC"

// specBeside is where the API description lies when the variable is not set,
// seen from the repository.
const specBeside = "../shared/api/digitalocean-openapi.yaml"

// ErrNoSpec says that there is no API description to check against.
var ErrNoSpec = fmt.Errorf("DigitalOcean's API description is not there: set %s to its path", specVariable)

// load is shared by all tests of a process because Load takes seconds.
var load = sync.OnceValues(func() (*Validator, error) {
	path, err := Spec()
	if err != nil {
		return nil, err
	}
	return Load(path)
})

// Spec returns the path of the API description: the value of DO_OPENAPI_SPEC,
// else the file in the folder "shared" beside the repository. The error is
// ErrNoSpec when there is neither.
func Spec() (string, error) {
	if path := os.Getenv(specVariable); path != "" {
		return path, nil
	}
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, specBeside)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoSpec, err)
	}
	return path, nil
}

// repositoryRoot looks for go.mod from the working directory upwards: go test
// runs each test in the folder of its package.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrNoSpec
		}
		dir = parent
	}
}

// Require returns the validator for the API description. Where there is no
// description the test is skipped; under CI=true it fails instead.
func Require(t testing.TB) *Validator {
	t.Helper()
	v, err := load()
	switch {
	case err == nil:
		return v
	case errors.Is(err, ErrNoSpec) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
	return nil
}

// Check returns a handler that passes every request on to h and fails the test
// for each one, and for each answer, that does not follow the API description.
func Check(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	return Require(t).Middleware(h, func(err error) { t.Errorf("API description: %v", err) })
}
