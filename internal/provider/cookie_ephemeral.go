package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

var (
	_ ephemeral.EphemeralResource                   = (*cookieEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*cookieEphemeral)(nil)
)

// cookieEphemeral is a beam_cookie that no state keeps.
type cookieEphemeral struct{}

type ephemeralCookieModel struct {
	cookieShape
	Value       types.String  `tfsdk:"value"`
	Fingerprint types.String  `tfsdk:"fingerprint"`
	EntropyBits types.Float64 `tfsdk:"entropy_bits"`
}

// Metadata implements ephemeral.EphemeralResource.
func (r *cookieEphemeral) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "beam_cookie"
}

// Schema implements ephemeral.EphemeralResource.
func (r *cookieEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An Erlang cookie that neither a plan nor a state keeps. **Each plan and each apply draws another one**: " +
			"it is for the write-only argument of something that keeps it, such as a secret in Vault or in Kubernetes, " +
			"which takes a new value only when its version changes. Clusters get it from there.\n\n" +
			"As `cookie_wo` of a `beam_cluster` itself it would be another cookie with every run, which the next plan refuses.\n\n" +
			"Needs Terraform 1.10 or OpenTofu 1.11, or newer. It needs no DigitalOcean token.",
		Attributes: map[string]schema.Attribute{
			"format": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: describedFormat + " Default: `alphanumeric`.",
			},
			"length": schema.Int64Attribute{
				Optional: true, Computed: true, CustomType: wholeNumber{},
				MarkdownDescription: describedLength + " " + describedLengths,
			},
			"value": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The cookie.",
			},
			"fingerprint":  schema.StringAttribute{Computed: true, MarkdownDescription: describedFingerprint},
			"entropy_bits": schema.Float64Attribute{Computed: true, MarkdownDescription: describedEntropy},
		},
	}
}

// ValidateConfig implements ephemeral.EphemeralResourceWithValidateConfig.
func (r *cookieEphemeral) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var model ephemeralCookieModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.check()...)
}

// Open implements ephemeral.EphemeralResource.
func (r *cookieEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model ephemeralCookieModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.resolve()
	value, bits, diags := model.draw()
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	model.Value, model.Fingerprint, model.EntropyBits = types.StringValue(value), types.StringValue(cookie.Fingerprint(value)), bits
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
