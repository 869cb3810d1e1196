package digitalocean

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Messages are one line of the API's own words, and nothing of a proxy's page.
func TestErrorMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer *answer
		want   string
		id     string
	}{
		{"in the API's words", &answer{status: 409, body: `{"id":"conflict","message":"name is in use","request_id":"4d9d"}`},
			"DigitalOcean answered 409: name is in use (request 4d9d)", "conflict"},
		{"request in a header", &answer{status: 404, header: map[string]string{"X-Request-Id": "4d9d"}, body: `{"id":"not_found","message":"gone"}`},
			"DigitalOcean answered 404: gone (request 4d9d)", "not_found"},
		{"a page of HTML", &answer{status: 502, body: "<html>\n<h1>Bad</h1>"}, "DigitalOcean answered 502 Bad Gateway", ""},
		{"nothing", &answer{status: 403}, "DigitalOcean answered 403 Forbidden", ""},
		{"an unknown status", &answer{status: 599}, "DigitalOcean answered 599", ""},
		{"fields of other types", &answer{status: 400, body: `{"id":7,"message":"no","request_id":{}}`}, "DigitalOcean answered 400: no", ""},
		{"a list", &answer{status: 400, body: `["no"]`}, "DigitalOcean answered 400 Bad Request", ""},
		{"several lines", &answer{status: 422, body: `{"id":"refused","message":"a\n\tb\u001b[31m c"}`}, "DigitalOcean answered 422: a b [31m c", "refused"},
		{"a long text", refused(422, strings.Repeat("ä", 5000)), "DigitalOcean answered 422: " + strings.Repeat("ä", maxMessage) + "…", "refused"},
		{"a redirect without a target", &answer{status: 302}, "DigitalOcean answered 302: it redirects to nowhere, which is not followed: check api_endpoint (DIGITALOCEAN_API_URL)", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := scripted(t, Config{}, times(9, tt.answer)...)
				err := client.UntagDroplets(t.Context(), "beam", nil)
				if tt.answer.status == 404 {
					err = client.UpdateFirewall(t.Context(), cluster.Firewall{ID: "fw", Name: "chat-node"})
				}
				var e *Error
				if !errors.As(err, &e) || e.ID != tt.id || e.Status != tt.answer.status {
					t.Fatalf("the error is %#v", err)
				}
				if _, got, _ := strings.Cut(err.Error(), ": "); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// Neither the token nor what hosts are told is in an error, however it is
// printed.
func TestErrorsTellNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, answer := range map[string]*answer{
			"lost": noAnswer, "refused": refused(422, "no"), "broken": broken, "unconnected": noConnection, "page": {status: 502, body: "<html>"},
		} {
			client, _ := scripted(t, Config{RetryMax: 1}, times(99, answer)...)
			err := client.CreateDroplets(t.Context(), DropletRequest{Names: []string{"a"}, UserData: "hidden-password", LookupTag: "id"}, func([]cluster.Droplet) {})
			for ; err != nil; err = errors.Unwrap(err) {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secretToken) || strings.Contains(text, "hidden") || strings.Contains(text, "https://") {
					t.Errorf("%s: the error is %s", name, text)
				}
			}
		}
	})
}
