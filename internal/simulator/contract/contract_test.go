package contract_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// answer is a handler that always says the same.
func answer(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if body != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// violations sends one request through the middleware and returns what it
// reports.
func violations(t *testing.T, method, path, body string, h http.Handler) []string {
	t.Helper()
	var found []string
	checked := contract.Shared(t).Middleware(h, func(err error) { found = append(found, err.Error()) })
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	checked.ServeHTTP(httptest.NewRecorder(), r)
	return found
}

const (
	account = `{"account":{"droplet_limit":10,"floating_ip_limit":3,"email":"a@example.com","uuid":"u","email_verified":true,"status":"active","status_message":""}}`
	refusal = `{"id":"unprocessable_entity","message":"no","request_id":"1"}`
)

func TestMiddlewareFindsViolations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name               string
		method, path, body string
		status             int
		answer             string
		want               string // part of the one violation; empty wants none
	}{
		{"all is well", "GET", "/v2/account", "", 200, account, ""},
		{"answer lacks a required field", "GET", "/v2/account", "", 200, `{"account":{"droplet_limit":10}}`, "floating_ip_limit"},
		{"answer has the wrong type", "GET", "/v2/account", "", 200, strings.Replace(account, "10", `"10"`, 1), "/account/droplet_limit"},
		{"path that does not exist", "GET", "/v2/acount", "", 200, account, "not in the API description"},
		{"path that does not exist, refused", "GET", "/v2/acount", "", 404, refusal, "not in the API description"},
		{"method that does not exist", "PUT", "/v2/account", "", 200, account, "not in the API description"},
		{"outside of the API", "GET", "/metadata/v1.json", "", 200, `{}`, ""},
		{"bad request that is refused", "POST", "/v2/account/keys", `{"name":"x"}`, 422, refusal, ""},
		{"bad request that is carried out", "POST", "/v2/account/keys", `{"name":"x"}`, 201, `{"ssh_key":{"name":"x","public_key":"k"}}`, "public_key"},
		{"refusal without a message", "GET", "/v2/account", "", 401, `{"id":"unauthorized"}`, "message"},
		{"page size out of range", "GET", "/v2/regions?per_page=500", "", 200, `{"regions":[],"links":{},"meta":{"total":0}}`, "per_page"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := violations(t, tt.method, tt.path, tt.body, answer(tt.status, tt.answer))
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("got violations %q, want none", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("got violations %q, want one about %q", got, tt.want)
			}
		})
	}
}

// The description that is carried has lost its prose, and none of its
// strictness: each kind of fact that it consists of is still checked.
func TestEveryKindOfFactIsChecked(t *testing.T) {
	t.Parallel()
	const (
		droplets = "/v2/droplets"
		droplet  = `{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64"`
		made     = `{"droplets":[],"links":{}}`
		reboot   = `{"action":{"id":1,"status":"completed","type":"reboot","resource_type":"droplet","resource_id":1}}`
	)
	with := func(old, replacement string) string { return strings.Replace(account, old, replacement, 1) }
	tests := []struct {
		name               string
		method, path, body string
		status             int
		answer             string
		want               string // part of the one violation
	}{
		{"type in an answer", "GET", "/v2/account", "", 200, with(`"email_verified":true`, `"email_verified":"yes"`), "/account/email_verified"},
		{"type in a request", "POST", droplets, droplet + `,"backups":"yes"}`, 202, made, "backups"},
		{"type in the path", "GET", "/v2/droplets/one", "", 200, `{}`, "droplet_id"},
		{"required property of an answer", "GET", "/v2/account", "", 200, with(`"uuid":"u",`, ""), `"uuid" is missing`},
		{"required property of a request", "POST", droplets, `{"name":"a","size":"s-1vcpu-1gb"}`, 202, made, "image"},
		{"required body", "POST", "/v2/account/keys", "", 201, `{"ssh_key":{"name":"x","public_key":"k"}}`, "value is required"},
		{"null", "GET", "/v2/account", "", 200, with(`"u"`, "null"), "/account/uuid: Value is not nullable"},
		{"enum of an answer", "GET", "/v2/account", "", 200, with(`"active"`, `"asleep"`), "/account/status"},
		{"enum of a request", "POST", "/v2/images", `{"name":"a","url":"https://example.com","region":"nyc3","distribution":"Moon"}`, 202, `{}`, "/distribution"},
		{"discriminator", "POST", "/v2/domains/example.com/records", `{"type":"MOON","name":"@","data":"x"}`, 201, `{}`, "discriminator"},
		{"enum of an answer, deep in components", "GET", "/v2/droplets/1/actions/1", "", 200, strings.Replace(reboot, "completed", "asleep", 1), "/action/status"},
		{"pattern", "POST", "/v2/tags", `{"name":"a b"}`, 201, `{}`, "/name"},
		{"length", "POST", "/v2/projects", `{"name":"` + strings.Repeat("n", 176) + `","purpose":"x"}`, 201, `{}`, "/name"},
		{"bound of a parameter", "GET", "/v2/regions?page=0", "", 200, `{"regions":[],"links":{},"meta":{"total":0}}`, `"page"`},
		{"required parameter", "DELETE", droplets, "", 204, "", "tag_name"},
		{"format", "GET", "/v2/droplets/1/actions/1", "", 200, strings.Replace(reboot, `"id":1`, `"id":1,"started_at":"yesterday"`, 1), "/action/started_at"},
		{"status of another operation", "GET", "/v2/account", "", 201, account, "status 201"},
		{"status of a success with a body where there is none", "DELETE", "/v2/droplets/1", "", 200, account, "status 200"},
		{"status of a refusal, for a success", "GET", "/v2/account", "", 401, account, "status 401"},
		{"media type of an answer", "GET", "/v2/account", "", 200, "", "Content-Type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := violations(t, tt.method, tt.path, tt.body, answer(tt.status, tt.answer))
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("got violations %q, want one about %q", got, tt.want)
			}
		})
	}
}

// Each known exception lets its case pass and nothing beside it.
func TestExceptionsAreNarrow(t *testing.T) {
	t.Parallel()
	const (
		droplet = `{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64"`
		record  = `{"domain_record":{"id":1,"type":"TXT"}}`
		project = `{"project":{"name":"p"}}`
		made    = `{"droplets":[],"links":{}}`
		rule    = `{"name":"fw","droplet_ids":null,"tags":null,"outbound_rules":[],"inbound_rules":[{"sources":{"addresses":["0.0.0.0/0"]},`
		id      = "/v2/projects/4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679"
	)
	tests := []struct {
		name               string
		method, path, body string
		status             int
		answer             string
		ok                 bool
	}{
		{"volume objects", "POST", "/v2/droplets", droplet + `,"volumes":[{"id":"v"}]}`, 202, made, true},
		{"volume ids", "POST", "/v2/droplets", droplet + `,"volumes":["v"]}`, 202, made, true},
		{"volume objects without an id", "POST", "/v2/droplets", droplet + `,"volumes":[{"name":"v"}]}`, 202, made, false},
		{"ICMP without ports, no tags", "POST", "/v2/firewalls", rule + `"protocol":"icmp"}]}`, 202, `{}`, true},
		{"TCP without ports", "POST", "/v2/firewalls", rule + `"protocol":"tcp"}]}`, 202, `{}`, false},
		{"TCP with ports", "POST", "/v2/firewalls", rule + `"protocol":"tcp","ports":"80"}]}`, 202, `{}`, true},
		{"TXT without a tag", "POST", "/v2/domains/example.com/records", `{"type":"TXT","name":"@","data":"x","flags":0}`, 201, record, true},
		{"empty environment in a create", "POST", "/v2/projects", `{"name":"p","purpose":"x","environment":""}`, 201, project, true},
		{"unknown environment in a create", "POST", "/v2/projects", `{"name":"p","purpose":"x","environment":"Moon"}`, 201, project, false},
		{"empty environment in an answer", "GET", id, "", 200, `{"project":{"environment":""}}`, false},
		{"nulls in a project's PATCH", "PATCH", id, `{"name":null,"environment":null,"is_default":null}`, 200, project, true},
		{"nulls in a project's PUT", "PUT", id, `{"name":null,"description":"","purpose":"","environment":"Staging","is_default":false}`, 200, project, false},
		{"reserved IP's URN", "POST", id + "/resources", `{"resources":["do:reservedip:192.0.2.1"]}`, 200, `{}`, true},
		{"unknown URN", "POST", id + "/resources", `{"resources":["do:moon:1"]}`, 200, `{}`, false},
		{"change_backup_policy", "POST", "/v2/droplets/1/actions", `{"type":"change_backup_policy","backup_policy":{"plan":"daily"}}`, 201, `{}`, true},
		{"unknown action", "POST", "/v2/droplets/1/actions", `{"type":"levitate"}`, 201, `{}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := violations(t, tt.method, tt.path, tt.body, answer(tt.status, tt.answer))
			if ok := len(got) == 0; ok != tt.ok {
				t.Errorf("accepted = %v, want %v; violations: %q", ok, tt.ok, got)
			}
		})
	}
}

func TestHandlerSeesTheRequestUnchanged(t *testing.T) {
	t.Parallel()
	const sent = `{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64"}`
	var got string
	violations(t, "POST", "/v2/droplets", sent, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = string(body)
		answer(202, `{}`).ServeHTTP(w, r)
	}))
	if got != sent {
		t.Errorf("handler read %s, want %s", got, sent)
	}
}

// Bodies hold secrets, which must not come out in the output of a test.
func TestViolationsDoNotShowValues(t *testing.T) {
	t.Parallel()
	body := `{"name":"a","size":7,"image":"debian-12-x64","user_data":"hunter2"}`
	for _, violation := range violations(t, "POST", "/v2/droplets", body, answer(202, `{}`)) {
		if strings.Contains(violation, "hunter2") {
			t.Errorf("violation shows the body: %s", violation)
		}
	}
}

func TestScopesAreThoseOfTheRoute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, path, want string }{
		{"POST", "/v2/droplets", "[droplet:create]"},
		{"GET", "/v2/droplets/1", "[droplet:read]"},
		{"GET", "/v2/sizes?page=2", "[sizes:read regions:read]"},
	} {
		got, err := contract.Shared(t).Scopes(httptest.NewRequest(tt.method, tt.path, http.NoBody))
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%s %s: %v (%v), want %s", tt.method, tt.path, got, err, tt.want)
		}
	}
	if _, err := contract.Shared(t).Scopes(httptest.NewRequest("GET", "/v2/acount", http.NoBody)); err == nil {
		t.Error("a path that does not exist has scopes")
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "api.yaml")
	minimal := "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths: {}\n"
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := contract.Load(path)
	if err == nil || !strings.Contains(err.Error(), "no schemas") {
		t.Errorf("Load of a document without droplets: %v, want an error about missing schemas", err)
	}
}
