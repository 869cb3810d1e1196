package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestFaultsAreReadFromYAMLAndJSON(t *testing.T) {
	t.Parallel()
	want := []simulator.Fault{
		{Kind: simulator.StaleList, Delay: 5 * time.Second, From: time.Minute},
		{Kind: simulator.Cut, Call: "POST /v2/droplets", After: true, Nth: 2, Times: 1},
	}
	for name, text := range map[string]string{
		"YAML": "- {kind: stale_list, delay: 5s, from: 1m}\n- kind: cut\n  call: POST /v2/droplets\n  after: true\n  nth: 2\n  times: 1\n",
		"JSON": `[{"kind":"stale_list","delay":"5s","from":"1m"},{"kind":"cut","call":"POST /v2/droplets","after":true,"nth":2,"times":1}]`,
	} {
		got, err := simulator.ParseFaults([]byte(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if got, err := simulator.ParseFaults(nil); err != nil || len(got) != 0 {
		t.Errorf("an empty file is %v (%v), want no faults", got, err)
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"- kind: gremlins":                               `no kind "gremlins"`,
		"- {kind: cut, cal: GET /v2/tags}":               "cal",
		"- {kind: empty_list, call: POST /v2/droplets}":  "cannot befall",
		"- {kind: never_active, call: GET /v2/droplets}": "cannot befall",
		"- kind: stale_list":                             "needs a delay",
		"- {kind: unauthorized, after: true}":            "never comes after",
		"- {kind: cut, name: web-*}":                     "knows no names",
		"- {kind: never_active, name: '['}":              "name",
		"- {kind: cut, nth: -1}":                         "negative",
		"- {kind: cut, rate: 1.5}":                       "from 0 to 1",
		"- kind: cut\n- {kind: vanishes}":                "fault 2",
		"kind: cut":                                      "list of faults",
	} {
		if _, err := simulator.ParseFaults([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}

func TestFaultsOfACall(t *testing.T) {
	t.Parallel()
	const everywhere = "rate_limited rate_limited server_error server_error+ bad_gateway bad_gateway+ stray_page stray_page+ unavailable unavailable+ unauthorized "
	const connection = "refused cut cut+ no_answer no_answer+ slow"
	for call, want := range map[string]string{
		"GET /v2/account":                  everywhere + connection + " truncated empty_object",
		"GET /v2/droplets":                 everywhere + connection + " truncated empty_object stale_list empty_list doubled_list",
		"GET /v2/droplets/{droplet_id}":    everywhere + connection + " truncated empty_object not_found",
		"GET /v2/actions/{action_id}":      everywhere + connection + " truncated empty_object",
		"GET /v2/vpcs/{vpc_id}/members":    everywhere + connection + " truncated empty_object stale_list empty_list doubled_list",
		"GET /v2/account/keys/{ssh_key}":   everywhere + connection + " truncated empty_object not_found",
		"GET /v2/tags/droplets":            everywhere + connection + " truncated empty_object not_found",
		"DELETE /v2/vpcs/{vpc_id}":         everywhere + connection,
		"DELETE /v2/vpc_peerings/{id}":     everywhere + connection + " truncated empty_object",
		"POST /v2/tags/{tag_id}/resources": everywhere + connection,
		"POST /v2/firewalls/{id}/tags":     everywhere + connection,
		"POST /v2/volumes":                 everywhere + "quota " + connection + " truncated empty_object",
		"POST /v2/volumes/{id}/actions":    everywhere + connection + " truncated empty_object action_errored",
		"POST /v2/reserved_ips":            everywhere + "quota " + connection + " truncated empty_object bound_late never_bound",
		"POST /v2/droplets": everywhere + "quota " + connection +
			" truncated empty_object action_errored never_active never_addressed vanishes vanishes goes_off goes_off",
	} {
		var got []string
		for _, f := range simulator.FaultsOf(call) {
			name := string(f.Kind)
			if f.After {
				name += "+"
			}
			got = append(got, name)
		}
		if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", call, diff)
		}
	}
}
