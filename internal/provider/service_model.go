package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// serviceModel is how systemd runs a release.
type serviceModel struct {
	LimitNOFILE      types.Int64  `tfsdk:"limit_nofile"`
	Nice             types.Int64  `tfsdk:"nice"`
	EnvironmentFiles types.List   `tfsdk:"environment_files"`
	WritablePaths    types.Set    `tfsdk:"writable_paths"`
	Hardening        types.String `tfsdk:"hardening"`
}

func (m *serviceModel) resolve() {
	d := hostconfig.DefaultService
	defaultInt(&m.LimitNOFILE, d.LimitNOFILE)
	defaultInt(&m.Nice, d.Nice)
	defaultList(&m.EnvironmentFiles)
	defaultSet(&m.WritablePaths)
	defaultString(&m.Hardening, d.Hardening)
}

func serviceOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) *hostconfig.Service {
	m := read[serviceModel](ctx, obj, diags)
	if m == nil {
		return nil
	}
	return &hostconfig.Service{
		LimitNOFILE: int(m.LimitNOFILE.ValueInt64()), Nice: int(m.Nice.ValueInt64()),
		EnvironmentFiles: texts(m.EnvironmentFiles), WritablePaths: sortedTexts(m.WritablePaths), Hardening: m.Hardening.ValueString(),
	}
}

func serviceAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "How systemd runs the release, in the unit `beam.service`, and its migration. Nodes get it when they are made: a change makes them anew, as `update` says.",
		Attributes: map[string]schema.Attribute{
			"limit_nofile": defaultedInt("How many files and sockets the release may have open at a time, 1024 to 1048576. Default: `262144`."),
			"nice":         defaultedInt("The priority of the release, from `-20`, which gets most of the processor, to `19`. Default: `0`."),
			"environment_files": schema.ListAttribute{
				Optional: true, Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Files on the node with more environment variables, a line `NAME=value` each, by their absolute paths; of two that set one the later file wins. " +
					"They win over `environment` and over what the provider sets; what `environment` refuses must not be in them. " +
					"root reads them at each start of the release, which does not start while one is missing: `host.files` or `host.run` bring them. Default: none.",
			},
			"writable_paths": defaultedSet("Folders outside the release that it may write to, such as `/srv/uploads`, by their absolute paths. They outlive deploys, and go with the node. " +
				"One that is missing is made for `host.user`; one that this user cannot write to becomes the user's. Default: none."),
			"hardening": defaulted("How far the release and the programs that it starts are kept from the rest of the host. `strict`: they write to the release's folder and `writable_paths` alone, " +
				"and see no other processes, devices and namespaces. `standard`: they write wherever `host.user` may, less its home folder and `/etc`, `/usr` and `/boot`, and may make namespaces, as the sandbox of Chromium does. " +
				"With both they never get more privileges. `off`: they may do what `host.user` may, which has sudo, so that whoever takes over the release is root. Default: `strict`."),
		},
	}
}
