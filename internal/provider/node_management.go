package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// A beam_node with a management channel is told of changes. What it was told is in
// its memory, as that of a beam_cluster; one without has none.

type nodeManagementModel struct {
	Enabled types.Bool  `tfsdk:"enabled"`
	Port    types.Int64 `tfsdk:"port"`
}

// resolveManagement comes after the host, whose SSH port it connects to.
func (m *nodeModel) resolveManagement(ctx context.Context, diags *diag.Diagnostics) {
	port := types.Int64Unknown()
	if host := read[hostModel](ctx, m.Host, diags); host != nil {
		port = host.SSHPort
	}
	edit(ctx, &m.Management, diags, func(v *nodeManagementModel) {
		defaultBool(&v.Enabled, false)
		if v.Port.IsNull() {
			v.Port = port
		}
	})
	if m.WaitFor.IsNull() {
		m.WaitFor = defaultWaitFor(m.hasChannel())
	}
}

func nodeManagementOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) cluster.Management {
	v := read[nodeManagementModel](ctx, obj, diags)
	if v == nil {
		return cluster.Management{}
	}
	return cluster.Management{Enabled: v.Enabled.ValueBool(), Port: int(v.Port.ValueInt64())}
}

// hasChannel says whether the node is to have the channel, if that is known.
func (m nodeModel) hasChannel() types.Bool {
	if m.Management.IsUnknown() {
		return types.BoolUnknown()
	}
	enabled, is := m.Management.Attributes()["enabled"].(types.Bool)
	if !is {
		return types.BoolValue(false)
	}
	return enabled
}

func (m nodeModel) managed() bool { return m.hasChannel().ValueBool() }

// opens says that the node gets the channel, or may, which only a new host can.
func (m nodeModel) opens(state nodeModel) bool {
	return !state.managed() && !m.hasChannel().Equal(types.BoolValue(false))
}

// followed says that a running host can be given another value of the argument
// over the channel, whatever it is. Plans decide: a test holds this to them.
func (c change) followed() bool {
	return slices.ContainsFunc([][]string{
		{"cookie"}, {"cookie_wo_version"}, {"ssh_keys"}, {"environment"},
		{"release", "url"}, {"release", "path"}, {"release", "sha256"}, {"release", "migrate"},
		{"release", "keep"}, {"release", "read_only"}, {"release", "triggers"},
		{"distribution", "sync"}, {"distribution", "sync_timeout_ms"},
		{"host", "locale"}, {"host", "swap_mib"}, {"host", "packages"}, {"host", "toolchain"},
		{"host", "unattended_upgrades"}, {"host", "fail2ban"},
	}, func(names []string) bool { return c.under(names...) })
}

// foreseeCookie says which cookie the node will have, as far as that is known.
func (m *nodeModel) foreseeCookie() {
	m.CookieFingerprint = types.StringUnknown()
	if value := m.given(); known(value) {
		m.CookieFingerprint = types.StringValue(cookie.Fingerprint(value.ValueString()))
	}
}

// differs says that an apply has something to do.
func (m nodeModel) differs(ctx context.Context, state nodeModel) bool {
	return len(m.changesFrom(state)) > 0 || len(m.unsettled(ctx)) > 0 || len(state.Drift.Elements()) > 0 || !m.Timeouts.Equal(state.Timeouts)
}

// nextMemory is what the memory will be after an apply.
func (m nodeModel) nextMemory() types.String {
	if m.hasChannel().Equal(types.BoolValue(false)) {
		return types.StringNull()
	}
	return types.StringUnknown()
}

// remember writes the memory down. Without the channel there is none.
func (m *nodeModel) remember(mem cluster.Memory) diag.Diagnostics {
	if !m.managed() {
		m.Memory = types.StringNull()
		return nil
	}
	return remember(&m.Memory, mem, "node")
}

func (m nodeModel) recall() (mem cluster.Memory, diags diag.Diagnostics) {
	diags = recall(m.Memory, &mem, "node")
	return mem, diags
}

// recallFrom is the memory that the plan goes on from: none where it takes the
// channel away.
func (m nodeModel) recallFrom(state nodeModel) (cluster.Memory, diag.Diagnostics) {
	if !m.managed() {
		return cluster.Memory{}, nil
	}
	return state.recall()
}

// foresee says what becomes of a running node that can be told, or why nothing
// may. Without a difference nobody is asked.
func (r *nodeResource) foresee(ctx context.Context, in tfsdk.Plan, plan, state nodeModel) diag.Diagnostics {
	if r.account.unknown || !plan.managed() || len(plan.changesFrom(state)) == 0 && len(state.Drift.Elements()) == 0 {
		return nil
	}
	mem, diags := state.recall()
	spec, errs := plan.spec(ctx)
	diags.Append(errs...)
	eng := r.account.need(&diags)
	if diags.HasError() {
		return diags
	}
	steps, err := eng.DiffNode(ctx, spec, int(state.DropletID.ValueInt64()), mem)
	if err != nil {
		return append(diags, failure("Cannot look at the node", err))
	}
	problems := steps.Refusals
	if steps.TellsKeys() {
		missing, err := eng.MissingSSHKeys(ctx, spec.SSHKeys)
		if err != nil {
			return append(diags, failure("Cannot check the SSH keys against the account", err))
		}
		problems = append(problems, missing...)
	}
	if _, planned := r.account.plans.cluster(spec.Cluster); planned { // it may get the cookie in this run
		problems = slices.DeleteFunc(problems, func(p check.Problem) bool { return p.Path[0] == "cookie" })
	}
	diags.Append(report(ctx, in, problems)...)
	if text := steps.Summary(); text != "" && len(plan.unsettled(ctx)) == 0 && !diags.HasError() {
		diags.AddWarning("What becomes of node "+spec.Name, text)
	}
	return diags
}
