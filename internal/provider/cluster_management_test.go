package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const somewhere = "203.0.113.7/32"

// managementOf is what a configuration resolves to.
func managementOf(t *testing.T, model clusterModel) managementModel {
	t.Helper()
	var diags diag.Diagnostics
	m := read[managementModel](t.Context(), model.Management, &diags)
	if m == nil || diags.HasError() {
		t.Fatalf("management is %s (%s)", model.Management, say(diags))
	}
	return *m
}

func TestManagementIsOnWhereItsAddressesAreNamed(t *testing.T) {
	t.Parallel()
	sshFrom, from := path.Root("access").AtName("ssh_from"), path.Root("management").AtName("from")
	yes, no, unknown := types.BoolValue(true), types.BoolValue(false), types.BoolUnknown()
	both := object{"access": object{"ssh_from": []string{somewhere}}, "management": object{"from": []string{somewhere}}}
	for _, tt := range []struct {
		name      string
		arguments object
		unknown   []path.Path
		enabled   types.Bool
		waitFor   types.String
	}{
		{"nobody may come", nil, nil, no, types.StringValue("active")},
		{"nobody, written down", object{"access": object{"ssh_from": []string{}}}, nil, no, types.StringValue("active")},
		{"people may come", object{"access": object{"ssh_from": []string{somewhere}}}, nil, yes, types.StringValue("formed")},
		{"Terraform may come", object{"management": object{"from": []string{somewhere}}}, nil, yes, types.StringValue("formed")},
		{"off is off", object{"access": both["access"], "management": object{"enabled": false}}, nil, no, types.StringValue("active")},
		{"waiting for less", object{"access": both["access"], "wait_for": "booted"}, nil, yes, types.StringValue("booted")},
		{"who may come is unknown", both, []path.Path{sshFrom, from}, unknown, types.StringUnknown()},
		{"what people may do is unknown", both, []path.Path{path.Root("access"), from}, unknown, types.StringUnknown()},
		{"an address is unknown", both, []path.Path{sshFrom.AtListIndex(0), from.AtListIndex(0)}, unknown, types.StringUnknown()},
		{"people are unknown, Terraform may come", both, []path.Path{sshFrom}, yes, types.StringValue("formed")},
		{"people may come, Terraform's addresses are unknown", both, []path.Path{from}, yes, types.StringValue("formed")},
		{"off is off for anybody", object{"access": both["access"], "management": object{"enabled": false}}, []path.Path{sshFrom}, no, types.StringValue("active")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := configOf(t, clusterSchema(t), with(smallest(), tt.arguments))
			for _, at := range tt.unknown {
				config = withUnknown(t, config, at)
			}
			model := modelOf(t, config)
			if got := managementOf(t, model).Enabled; !got.Equal(tt.enabled) || !model.WaitFor.Equal(tt.waitFor) {
				t.Errorf("enabled is %s, wait_for %s; want %s, %s", got, model.WaitFor, tt.enabled, tt.waitFor)
			}
		})
	}
}

// The first addresses that are named set the channel up; what the configuration
// leaves open stays otherwise.
func TestManagementOfAClusterThatExists(t *testing.T) {
	t.Parallel()
	open, closed := object{"access": object{"ssh_from": []string{somewhere}}}, object{}
	for _, tt := range []struct {
		name    string
		before  object
		after   object
		enabled attr.Value
		waitFor string
	}{
		{"opened later", closed, open, types.BoolValue(true), "formed"},
		{"opened later to Terraform", closed, object{"management": object{"from": []string{somewhere}}}, types.BoolValue(true), "formed"},
		{"opened before, without", object{"access": open["access"], "management": object{"enabled": false}}, open, types.BoolValue(false), "active"},
		{"closed later", open, closed, types.BoolValue(true), "formed"},
		{"closed to people only", open, object{"management": object{"from": []string{somewhere}}}, types.BoolValue(true), "formed"},
		{"left alone", open, open, types.BoolValue(true), "formed"},
		{"switched off", open, object{"management": object{"enabled": false}}, types.BoolValue(false), "active"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := clusterSchema(t)
			state := modelOf(t, configOf(t, s, with(smallest(), tt.before)))
			var model clusterModel
			diags := configOf(t, s, with(smallest(), tt.after)).Get(t.Context(), &model)
			model.keepManagement(t.Context(), state, &diags)
			diags.Append(model.resolve(t.Context())...)
			if diags.HasError() {
				t.Fatal(say(diags))
			}
			if got := managementOf(t, model).Enabled; !got.Equal(tt.enabled) || model.WaitFor.ValueString() != tt.waitFor {
				t.Errorf("enabled is %s, wait_for %s; want %s, %s", got, model.WaitFor, tt.enabled, tt.waitFor)
			}
		})
	}
}

// with is the configuration with further arguments.
func with(config, arguments object) object {
	for name, value := range arguments {
		config[name] = value
	}
	return config
}

// An address that is not known yet is no reason to say that there is none.
func TestManagementFromAnUnknownAddress(t *testing.T) {
	t.Parallel()
	s := clusterSchema(t)
	for name, tt := range map[string]struct {
		at   []path.Path
		want int
	}{
		"all are known":         {nil, 1},
		"an element is unknown": {[]path.Path{path.Root("access").AtName("ssh_from").AtListIndex(0)}, 0},
		"the list is unknown":   {[]path.Path{path.Root("access").AtName("ssh_from")}, 0},
	} {
		values := with(smallest(), object{"management": object{"enabled": true}, "access": object{"ssh_from": []string{}}})
		if tt.at != nil {
			values["access"] = object{"ssh_from": []string{somewhere}}
		}
		config := configOf(t, s, values)
		for _, at := range tt.at {
			config = withUnknown(t, config, at)
		}
		if got := validated(t, config); len(got) != tt.want {
			t.Errorf("%s: got %s, want %d problems", name, say(got), tt.want)
		}
	}
}

// validated is what the validation of a configuration says.
func validated(t *testing.T, config tfsdk.Config) diag.Diagnostics {
	t.Helper()
	var resp fwresource.ValidateConfigResponse
	(&clusterResource{}).ValidateConfig(t.Context(), fwresource.ValidateConfigRequest{Config: config}, &resp)
	return resp.Diagnostics
}

// The droplets of these tests are records, which answer nobody: with wait_for
// nobody is asked.
const (
	opened     = `access = { ssh_from = ["203.0.113.7/32"] }`
	unattended = `wait_for = "active"`
)

// The channel is set up and taken away by replacing hosts, and hosts follow another
// address as they are.
func TestClusterGetsAndLosesManagement(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		open := object{"ssh_from": []string{somewhere}}
		for _, change := range []struct {
			when               string
			access, management any
			enabled, anew      bool
		}{
			{"as it is", nil, nil, false, false},
			{"an address is named", open, nil, true, true},
			{"it is named elsewhere", nil, object{"from": []string{"198.51.100.0/24"}}, true, false},
			{"it is off", open, object{"enabled": false}, false, true},
		} {
			was := p.node()
			p.set("access", change.access)
			p.set("management", change.management)
			p.applies(change.when)
			if got := managementOf(t, p.model()).Enabled.ValueBool(); got != change.enabled || p.node().Equal(was) == change.anew {
				t.Errorf("%s: management is on: %t; the node was %s and is %s", change.when, got, was, p.node())
			}
			if change.enabled {
				p.set("access", nil)
				p.set("management", nil)
				p.refused(change.when+" no more", "Name the addresses that Terraform runs at in management.from, or in access.ssh_from")
			}
		}
		p.set("wait_for", "formed")
		p.refused("nobody to ask", "Hosts can only be asked with management, which is off")
	})
}
