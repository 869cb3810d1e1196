package provider

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// callFunctions adds an output for each call, text_0 and so on. The configuration
// names the provider, without which Terraform has no name for its functions.
func callFunctions(step *resource.TestStep) {
	step.Config += `
terraform {
  required_providers {
    beam = { source = "hashicorp/beam" }
  }
}

locals {
  distribution = { epmd_port = 4369, port_min = 9100, port_max = 9155, basename = "chat", sync = "optional", sync_timeout_ms = 30000 }
}
`
	n := 0
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
		output := fmt.Sprintf("text_%d", n)
		step.Config += fmt.Sprintf("output %q {\n  value = provider::beam::%s\n}\n", output, call)
		step.ConfigStateChecks = append(step.ConfigStateChecks, statecheck.ExpectKnownOutputValue(output, knownvalue.StringExact(want)))
		n++
	}
}

func TestFunctionsRefuseWhatNoNodeWouldTake(t *testing.T) {
	t.Parallel()
	distribution := func(name string, value any) tftypes.Value {
		given := object{"port_min": 9100, "port_max": 9155, "basename": "chat", "sync": "optional", "sync_timeout_ms": 30000}
		return ofJSON(t, with(given, object{name: value}), distributionType)
	}
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	names := func(names ...string) tftypes.Value {
		return ofJSON(t, append([]string{}, names...), tftypes.List{ElementType: tftypes.String})
	}
	for _, tt := range []struct {
		function  string
		arguments []tftypes.Value
		want      string
	}{
		{"sys_config", []tftypes.Value{distribution("sync_timeout_ms", 1.5), text("10.0.0.7"), names()}, `sync_timeout_ms is 1.5. Use a whole number.`},
		{"sys_config", []tftypes.Value{distribution("port_min", nil), text("10.0.0.7"), names()}, `port_min is null. Use a whole number.`},
		{"sys_config", []tftypes.Value{distribution("sync", "always"), text("10.0.0.7"), names()}, `sync is "always"`},
		{"sys_config", []tftypes.Value{distribution("sync", "optional"), text("10.0.0.7"), names("chat")}, `"chat" is not the long name of a node`},
		{"vm_args", []tftypes.Value{distribution("port_max", 9000), text("10.0.0.7")}, `port_max (9000) is below port_min (9100)`},
		{"vm_args", []tftypes.Value{distribution("sync", "optional"), text("here")}, `The address is "here"`},
		{"node_name", []tftypes.Value{text("chat room"), text("10.10.0.5")}, `The basename "chat room" is not allowed`},
		{"node_name", []tftypes.Value{text("chat"), text("fd00::1")}, `Use an IPv4 address`},
		{"cookie_fingerprint", []tftypes.Value{text("")}, `The cookie is empty`},
	} {
		call := &tfprotov6.CallFunctionRequest{Name: tt.function}
		for _, argument := range tt.arguments {
			call.Arguments = append(call.Arguments, wire(t, argument))
		}
		resp, err := NewServer("test", os.Getenv).CallFunction(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Error == nil || !strings.Contains(resp.Error.Text+".", tt.want) {
			t.Errorf("%s(%v): %v, want %q", tt.function, tt.arguments, resp.Error, tt.want)
		}
	}
}

// distributionType is what functions take for a distribution.
var distributionType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"basename": tftypes.String, "port_min": tftypes.Number, "port_max": tftypes.Number, "sync": tftypes.String, "sync_timeout_ms": tftypes.Number,
}}

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
