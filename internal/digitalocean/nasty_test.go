package digitalocean

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// always gives one answer to every call.
type always struct{ answer *answer }

func (a always) RoundTrip(r *http.Request) (*http.Response, error) { return a.answer.give(r) }

// callAll calls every method of the client, each with a minute of time, and
// hands its error on. What they want besides is made up by its type.
func callAll(t *testing.T, a *answer, check func(method string, err error)) {
	t.Helper()
	client, err := New(Config{Token: secretToken, Transport: always{a}, RetryMax: 2, RetryWaitMin: time.Second, RetryWaitMax: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	all := reflect.ValueOf(client)
	for i := range all.NumMethod() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		method := all.Method(i)
		args := []reflect.Value{reflect.ValueOf(ctx)}
		for j := 1; j < method.Type().NumIn(); j++ {
			args = append(args, argument(t, method.Type().In(j)))
		}
		results := method.Call(args)
		err, _ := results[len(results)-1].Interface().(error)
		check(all.Type().Method(i).Name, err)
		cancel()
	}
}

func argument(t *testing.T, of reflect.Type) reflect.Value {
	t.Helper()
	for _, value := range []any{
		7, "x", true, time.Minute, time.Unix(7, 0), chatUs1, []cluster.Droplet{chatUs1}, []string{"x"}, map[string]bool{"x": true},
		wantedVPC, cluster.Volume{ID: "v", Name: "v", Region: "nyc3", Tags: []string{"beam"}}, cluster.Peering{ID: "p", VPCs: [2]string{"a", "b"}},
		cluster.Firewall{ID: "f", Name: "f", Tags: []string{"beam"}, Inbound: []cluster.Rule{{Protocol: "tcp", Ports: "22"}}},
		DropletRequest{Names: []string{"a", "b"}, LookupTag: "beam"}, func([]cluster.Droplet) {},
	} {
		if reflect.TypeOf(value) == of {
			return reflect.ValueOf(value)
		}
	}
	t.Fatalf("a method wants a %v: give it one here", of)
	return reflect.Value{}
}

// keys are those that answers hold objects and lists under.
var keys = []string{
	"account", "action", "droplet", "droplets", "firewall", "firewalls", "image", "members", "project", "regions", "reserved_ip", "reserved_ips",
	"resources", "sizes", "snapshots", "ssh_key", "tag", "tags", "volume", "volumes", "vpc", "vpc_peering", "vpc_peerings", "vpcs",
}

// everywhere puts the value under every key.
func everywhere(value, meta string) string {
	var parts []string
	for _, key := range keys {
		parts = append(parts, `"`+key+`":`+value)
	}
	return `{` + strings.Join(parts, ",") + `,"meta":` + meta + `}`
}

var nasty = []string{
	``, ` `, `null`, `{}`, `[]`, `7`, `""`, `"x"`, `true`, `{"`, `<html><body>502</body></html>`, "\x00\xff", `{"id":null,"message":null}`,
	`{"droplet":null}`, `{"droplet":{}}`, `{"meta":{"total":-1}}`,
	everywhere(`null`, `{"total":1}`), everywhere(`{}`, `{"total":1}`), everywhere(`[]`, `{"total":1}`), everywhere(`7`, `{"total":1}`),
	everywhere(`[null]`, `{"total":1}`), everywhere(`[{}]`, `{"total":1}`), everywhere(`[[]]`, `{"total":1}`),
	everywhere(`{"id":0}`, `null`), everywhere(`{"id":7}`, `{}`), everywhere(`{"id":"x","ip":"x","name":"x"}`, `{"total":1}`),
	everywhere(`{"id":7,"status":"errored","type":null}`, `{"total":1}`),
	everywhere(`{"id":7,"networks":null,"region":null,"size":null,"image":null,"droplet":null,"resources":null,"inbound_rules":[null,{"sources":null}]}`, `{"total":1}`),
	everywhere(`[{"id":7,"networks":{"v4":[null]},"tags":[null],"vpc_ids":["a","b","c"],"inbound_rules":null}]`, `{"total":1}`),
	everywhere(`[{"id":"x","vpc_ids":null,"droplet_ids":null,"droplet":{},"tags":null}]`, `{"total":99999999999}`),
	`{"tags":[{}],"meta":{"total":1},"links":{"pages":{"next":"https://example.com/?page=2","last":"https://example.com/?page=9"}}}`,
	`{"tags":[],"meta":{"total":1},"META":null}`, `{"droplets":[],"meta":{"total":1},"META":null,"volumes":[],"Droplets":null}`,
}

// No answer, whatever its status, makes a method panic or wait for ever, and no
// error holds what came from a page that is not the API's.
func TestNastyAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range nasty {
		synctest.Test(t, func(t *testing.T) {
			for _, status := range []int{200, 204, 304, 404, 422, 502} {
				callAll(t, &answer{status: status, body: body}, func(method string, err error) {
					if err != nil && (len(err.Error()) > 3000 || strings.ContainsAny(err.Error(), "\n\x00") || strings.Contains(err.Error(), "<html")) {
						t.Errorf("%s, %d %q: %q", method, status, body, err)
					}
				})
			}
		})
	}
}

// Success without anything in it is success for calls that want nothing back.
func TestEmptyAnswersAreErrorsWhereAnObjectIsWanted(t *testing.T) {
	t.Parallel()
	nothingWanted := []string{"AssignToProject", "DeleteDroplet", "DeleteFirewall", "DeleteReservedIP", "DeleteTag", "DeleteVPC", "DeleteVolume", "UntagDroplets"}
	synctest.Test(t, func(t *testing.T) {
		callAll(t, ok(`{}`), func(method string, err error) {
			if (err == nil) != slices.Contains(nothingWanted, method) {
				t.Errorf("%s: %v", method, err)
			}
		})
	})
}

func FuzzAnswers(f *testing.F) {
	for _, body := range nasty {
		f.Add(uint16(200), []byte(body))
		f.Add(uint16(422), []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		synctest.Test(t, func(t *testing.T) {
			callAll(t, &answer{status: int(status%500) + 100, body: string(body)}, func(method string, err error) {
				if err != nil && strings.Contains(err.Error(), secretToken) {
					t.Errorf("%s tells the token: %v", method, err)
				}
			})
		})
	})
}
