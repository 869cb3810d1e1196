package digitalocean

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/digitalocean/godo"
)

// expectation says what an answer must hold. Without it the answer is as good
// as lost: a read is sent again, what a create may have made is looked for.
type expectation struct {
	key  string // of the object or the list
	id   string // the field that the object is known by; empty asks for none
	list bool   // a page of a list; each has meta (API description, "Pagination")
}

// idFields are the fields that objects are known by, where it is not "id".
var idFields = map[string]string{"account": "", "reserved_ip": "ip", "tag": "name"}

// oneObject expects an object under the key.
func oneObject(key string) expectation {
	id, special := idFields[key]
	if !special {
		id = "id"
	}
	return expectation{key: key, id: id}
}

type expectationKey struct{}

// expecting notes on the context of a call what its answer must hold, for the
// transport to see.
func expecting(ctx context.Context, e expectation) context.Context {
	return context.WithValue(ctx, expectationKey{}, e)
}

// expected is what expecting noted; the zero expectation asks for nothing.
func expected(ctx context.Context) expectation {
	e, _ := ctx.Value(expectationKey{}).(expectation)
	return e
}

// check says what is missing from the body of a success.
func (e expectation) check(status int, body []byte) error {
	if e.key == "" || status < http.StatusOK || status >= http.StatusMultipleChoices {
		return nil
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(body, &have); err != nil {
		return fmt.Errorf("DigitalOcean answered %d without JSON", status)
	}
	if !there(have[e.key]) && (!e.list || string(have[e.key]) != "[]") {
		return missing(status, e.key)
	}
	var meta struct{ Total *int }
	if e.list && (json.Unmarshal(have["meta"], &meta) != nil || meta.Total == nil) {
		return missing(status, "meta.total")
	}
	var fields map[string]json.RawMessage
	if e.id != "" && (json.Unmarshal(have[e.key], &fields) != nil || !there(fields[e.id])) {
		return missing(status, e.key+"'s "+e.id)
	}
	return nil
}

// missing is the error of a success without the part.
func missing(status int, part string) error {
	return fmt.Errorf("DigitalOcean answered %d without the %s", status, part)
}

// there says whether a part of an answer holds anything.
func there(part json.RawMessage) bool {
	switch string(part) {
	case "", "null", "{}", "[]", `""`, "0":
		return false
	}
	return true
}

// object makes a call that answers with one object under the key.
func object[T any](ctx context.Context, key string, call func(context.Context) (*T, *godo.Response, error)) (T, error) {
	have, resp, err := call(expecting(ctx, oneObject(key)))
	switch {
	case err != nil:
		var none T
		return none, apiError(err)
	case have == nil:
		var none T
		return none, apiError(missing(resp.StatusCode, key))
	}
	return *have, nil
}

// read makes a call that reads one object by its own id; nil when the API has
// none.
func read[A, B any](ctx context.Context, key string, call func(context.Context) (*A, *godo.Response, error), from func(A) B) (*B, error) {
	have, err := object(ctx, key, call)
	if Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := from(have)
	return &out, nil
}

// answered is the error of a call whose answer holds nothing of interest.
func answered(_ *godo.Response, err error) error { return apiError(err) }
