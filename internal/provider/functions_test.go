package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// functionCalls has an output for each call, text_0 and so on. The configuration
// names the provider, without which Terraform has no name for its functions.
func functionCalls(calls ...string) string {
	config := `
terraform {
  required_providers {
    beam = { source = "hashicorp/beam" }
  }
}

locals {
  distribution = { epmd_port = 4369, port_min = 9100, port_max = 9155, basename = "chat", sync = "optional", sync_timeout_ms = 30000 }
}
`
	for i, call := range calls {
		config += fmt.Sprintf("output \"text_%d\" {\n  value = provider::beam::%s\n}\n", i, call)
	}
	return config
}

func TestAccFunctions(t *testing.T) {
	t.Parallel()
	var calls []string
	var checks []statecheck.StateCheck
	for call, want := range map[string]string{
		`node_name("chat", "10.10.0.5")`:          "chat@10.10.0.5",
		`cookie_fingerprint("monster")`:           cookie.Fingerprint("monster"),
		`vm_args(local.distribution, "10.0.0.7")`: "-name chat@10.0.0.7\n-kernel inet_dist_listen_min 9100 inet_dist_listen_max 9155\n",
		`sys_config(local.distribution, "10.0.0.7", ["chat@10.0.0.5", null, "chat@10.0.0.6"])`: `[{kernel, [
  {inet_dist_listen_min, 9100},
  {inet_dist_listen_max, 9155},
  {inet_dist_use_interface, {10,0,0,7}},
  {sync_nodes_optional, ['chat@10.0.0.5', 'chat@10.0.0.6']},
  {sync_nodes_timeout, 30000}
]}].
`,
		`sys_config(merge(local.distribution, { sync = "none" }), "10.0.0.7", ["chat@10.0.0.5"])`: `[{kernel, [
  {inet_dist_listen_min, 9100},
  {inet_dist_listen_max, 9155},
  {inet_dist_use_interface, {10,0,0,7}}
]}].
`,
	} {
		checks = append(checks, statecheck.ExpectKnownOutputValue(fmt.Sprintf("text_%d", len(calls)), knownvalue.StringExact(want)))
		calls = append(calls, call)
	}
	runSince(t, "1.8.0", "1.7.0", resource.TestStep{Config: functionCalls(calls...), ConfigStateChecks: checks})
}

func TestFunctionsRefuseWhatNoNodeWouldTake(t *testing.T) {
	t.Parallel()
	calls := map[string]string{}
	for call, told := range map[string]string{
		`sys_config(merge(local.distribution, { sync_timeout_ms = 1.5 }), "10.0.0.7", [])`: `sync_timeout_ms is 1.5. Use a whole number.`,
		`sys_config(merge(local.distribution, { port_min = null }), "10.0.0.7", [])`:       `port_min is null. Use a whole number.`,
		`sys_config(local.distribution, "10.0.0.7", ["chat"])`:                             `"chat" is not the long name of a node`,
		`node_name("chat room", "10.10.0.5")`:                                              `the basename "chat room" is not allowed`,
		`node_name("chat", "fd00::1")`:                                                     `Use an IPv4 address`,
		`cookie_fingerprint("")`:                                                           `the cookie is empty`,
		`vm_args(local.distribution, "here")`:                                              `The address is "here"`,
		`vm_args(merge(local.distribution, { port_max = 9000 }), "10.0.0.7")`:              `port_max (9000) is below port_min (9100)`,
		`sys_config(merge(local.distribution, { sync = "always" }), "10.0.0.7", [])`:       `sync is "always"`,
		`sys_config({ basename = "chat", port_min = 9100, port_max = 9155 }, "::", [])`:    `"sync"`,
	} {
		calls[functionCalls(call)] = told
	}
	runSince(t, "1.8.0", "1.7.0", wrongConfigs(calls)...)
}

// Terraform ends the sentence that a function's error is part of.
func TestErrorsOfFunctionsEndOnce(t *testing.T) {
	t.Parallel()
	for _, f := range textFunctions() {
		if f.name != "node_name" {
			continue
		}
		resp := function.RunResponse{Result: function.NewResultData(types.StringUnknown())}
		f.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{types.StringValue("chat"), types.StringValue("fd00::1")})}, &resp)
		if resp.Error == nil || !strings.HasSuffix(resp.Error.Text, `such as "10.10.0.5"`) {
			t.Errorf("%v", resp.Error)
		}
	}
}
