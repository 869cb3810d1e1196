package digitalocean

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

const providersPage = "../../templates/index.md.tmpl"

// The provider's page lists the scopes that a token needs: those of each call that
// is written in this package, and no others.
func TestThePageListsTheScopesOfEveryCall(t *testing.T) {
	t.Parallel()
	var needed []string
	for _, c := range callsOfAPI(t) {
		scopes, err := contract.Shared(t).Scopes(c.request(t))
		if err != nil || len(scopes) == 0 {
			t.Errorf("%s.%s needs no scope (%v)", c.service, c.method, err)
		}
		needed = append(needed, scopes...)
	}
	page, err := os.ReadFile(providersPage)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, scope := range regexp.MustCompile("`([a-z_]+:[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, scope[1])
	}
	slices.Sort(needed)
	slices.Sort(listed)
	if diff := cmp.Diff(slices.Compact(needed), listed); diff != "" {
		t.Errorf("scopes that calls need (-) and that %s lists (+):\n%s", providersPage, diff)
	}
}

// callOfAPI is a call of a method of godo.
type callOfAPI struct{ service, method string }

// callsOfAPI finds the calls in the source of the package.
func callsOfAPI(t *testing.T) []callOfAPI {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []callOfAPI
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, call := range regexp.MustCompile(`\.api\.(\w+)\.(\w+)`).FindAllStringSubmatch(string(source), -1) {
			found = append(found, callOfAPI{call[1], call[2]})
		}
	}
	return found
}

// request is what godo sends for the call, whatever its arguments.
func (c callOfAPI) request(t *testing.T) *http.Request {
	t.Helper()
	var sent requestKeeper
	api, err := godo.New(&http.Client{Transport: &sent})
	if err != nil {
		t.Fatal(err)
	}
	method := reflect.ValueOf(api).Elem().FieldByName(c.service).MethodByName(c.method)
	arguments := []reflect.Value{reflect.ValueOf(t.Context())}
	for kind := range method.Type().Ins() {
		switch {
		case kind == reflect.TypeFor[context.Context]():
		case kind.Kind() == reflect.Int:
			arguments = append(arguments, reflect.ValueOf(1))
		case kind.Kind() == reflect.String:
			arguments = append(arguments, reflect.ValueOf("1"))
		case kind.Kind() == reflect.Pointer:
			body := reflect.New(kind.Elem())
			if id := body.Elem().FieldByName("VolumeID"); id.IsValid() { // goes into the path
				id.SetString("1")
			}
			arguments = append(arguments, body)
		}
	}
	method.Call(arguments)
	if sent.request == nil {
		t.Fatalf("%s.%s sends no request", c.service, c.method)
	}
	return sent.request
}

// requestKeeper keeps the request and sends it nowhere.
type requestKeeper struct{ request *http.Request }

func (k *requestKeeper) RoundTrip(r *http.Request) (*http.Response, error) {
	k.request = r
	return nil, http.ErrServerClosed
}
