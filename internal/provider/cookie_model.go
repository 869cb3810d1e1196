package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// cookieModel is the state of a cookie.
//
// A cookie that was imported or moved here was not made by this resource. Its
// format is null in the state until the configuration has arguments: the first
// that a user writes describe the cookie and do not replace it.
type cookieModel struct {
	cookieShape
	Keepers types.Map `tfsdk:"keepers"`
	cookieValues
}

// cookieShape is what a cookie that is drawn looks like.
type cookieShape struct {
	Format types.String `tfsdk:"format"`
	Length types.Int64  `tfsdk:"length"`
}

type cookieValues struct {
	ID          types.String  `tfsdk:"id"`
	Value       types.String  `tfsdk:"value"`
	Fingerprint types.String  `tfsdk:"fingerprint"`
	EntropyBits types.Float64 `tfsdk:"entropy_bits"` // null for a cookie from elsewhere
}

func (s cookieShape) format() cookie.Format { return cookie.Format(s.Format.ValueString()) }
func (s cookieShape) length() int           { return int(s.Length.ValueInt64()) }

// resolve fills defaults in.
func (s *cookieShape) resolve() {
	defaultString(&s.Format, string(cookie.Formats()[0]))
	if s.Format.IsUnknown() && s.Length.IsNull() {
		s.Length = types.Int64Unknown()
	}
	defaultInt(&s.Length, cookie.DefaultLength(s.format()))
}

// check says why no such cookie can be drawn, as far as the shape is known.
func (s cookieShape) check() diag.Diagnostics {
	if s.Format.IsUnknown() || s.Length.IsUnknown() {
		return nil
	}
	s.resolve()
	err := cookie.CheckLength(s.format(), s.length())
	if err == nil {
		return nil
	}
	attribute := "length"
	if cookie.DefaultLength(s.format()) == 0 {
		attribute = "format"
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Invalid "+attribute, asSentence(err.Error()))}
}

// draw makes a cookie of the shape, which is resolved.
func (s cookieShape) draw() (value string, bits types.Float64, diags diag.Diagnostics) {
	value, err := cookie.Generate(s.format(), s.length())
	if err != nil {
		diags.AddError("Cannot generate a cookie", asSentence(err.Error()))
	}
	return value, types.Float64Value(cookie.EntropyBits(s.format(), s.length())), diags
}

// keepDefaults takes from the state of a cookie that was made here what the
// configuration leaves open: another default of a later version makes no new
// cookie. The length follows the format.
func (m *cookieModel) keepDefaults(state cookieModel) {
	keepText(&m.Format, state.Format)
	if m.Format.Equal(state.Format) {
		keepInt(&m.Length, state.Length)
	}
}

// resolve fills every default in.
func (m *cookieModel) resolve() {
	m.cookieShape.resolve()
	if m.Keepers.IsNull() {
		m.Keepers = mapOf(nil)
	}
}

// holdKeepers keeps the state's spelling of keepers that mean the same. Terraform
// takes null for an answer only where the configuration has null.
func (m *cookieModel) holdKeepers(config, state types.Map) {
	if sameKeepers(config, state) && (config.IsNull() || !state.IsNull()) {
		m.Keepers = state
	}
}

// forget marks everything that a new cookie changes as not known yet.
func (m *cookieModel) forget() {
	m.cookieValues = cookieValues{
		ID: types.StringUnknown(), Value: types.StringUnknown(), Fingerprint: types.StringUnknown(), EntropyBits: types.Float64Unknown(),
	}
}

// keep takes a value as the cookie.
func (m *cookieModel) keep(value string) {
	m.Value = types.StringValue(value)
	m.Fingerprint = types.StringValue(cookie.Fingerprint(value))
	m.ID = m.Fingerprint
}

// foreignCookie is the state of a cookie that was made elsewhere.
func foreignCookie(value string) cookieModel {
	model := cookieModel{Keepers: types.MapNull(types.StringType)}
	model.keep(value)
	return model
}

// foreign says that the cookie was made elsewhere and that no arguments
// describe it yet.
func (m cookieModel) foreign() bool { return m.Format.IsNull() }

// described says that the configuration has an argument.
func (m cookieModel) described() bool {
	return !m.Format.IsNull() || !m.Length.IsNull() || !sameKeepers(m.Keepers, types.MapNull(types.StringType))
}

// sameKeepers says that both mean the same: an element that is null, or a map
// without any, is nothing.
func sameKeepers(a, b types.Map) bool {
	if a.IsUnknown() || b.IsUnknown() {
		return false
	}
	isSame := func(x, y attr.Value) bool { return x.Equal(y) && !x.IsUnknown() }
	return maps.EqualFunc(given(a), given(b), isSame)
}

// changedFrom lists the arguments that differ from those the cookie was made
// with.
func (m cookieModel) changedFrom(state cookieModel) path.Paths {
	var changed path.Paths
	if !m.Format.Equal(state.Format) {
		changed = append(changed, path.Root("format"))
	}
	if !m.Length.Equal(state.Length) {
		changed = append(changed, path.Root("length"))
	}
	if !sameKeepers(m.Keepers, state.Keepers) {
		changed = append(changed, path.Root("keepers"))
	}
	return changed
}

// What the resource and the ephemeral resource have in common.
const (
	describedFormat = "What the cookie looks like: `alphanumeric` for letters and digits, `otp` for capital letters as Erlang's own " +
		"generator writes them, `elixir` for URL-safe base64 as `Base.url_encode64(:crypto.strong_rand_bytes(40))` gives."
	describedLength      = "How many characters the cookie has, from 20 to 255; for `elixir` a multiple of 4."
	describedLengths     = "Default: `32` for `alphanumeric`, `20` for `otp`, `56` for `elixir`."
	describedFingerprint = "The first 12 hex digits of the cookie's SHA-256. It tells cookies apart and is safe to print."
	describedEntropy     = "How hard the cookie is to guess: the binary logarithm of the number of cookies that could have been drawn."
)

// Schema implements resource.Resource.
func (r *cookieResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An Erlang cookie: the secret that the nodes of a cluster share. It is drawn from a random source that " +
			"cannot be predicted, kept in the state, and never changes unless `format`, `length` or `keepers` does; " +
			"a format or length that is left out stays what it was. " +
			"It needs no DigitalOcean token.\n\n" +
			"A cookie that is already in use is kept with `terraform import`, or with a `moved` block from a " +
			"`random_password` or `random_string` (its `result`) or a `random_id` (its `b64_url`; a cookie that was used as `hex` or `dec` has to be imported). " +
			"The arguments that are applied first after that are taken to describe it; only later changes of them make a new cookie.\n\n" +
			"The id of an import says where the cookie is: `env:NAME` in the environment variable of that name, `file:PATH` in a file, such as " +
			"`file:/home/me/.erlang.cookie`, less the line's end. Terraform prints ids of imports, and keeps those of `import` blocks in plans: " +
			"the cookie itself is taken for an id, too, and shows. A cookie that begins with `env:` or `file:` is imported from one of these two.\n\n" +
			"`erlang_cookie` and `beam_cookie` are one resource under two names. Terraform takes the first word of a type for the name of " +
			"its provider, so a resource of type `erlang_cookie` says `provider = beam`; `beam_cookie` needs no such line.\n\n" +
			"~> The cookie is in the state as plain text. Marking it sensitive only hides it in the output of commands.",
		Attributes: map[string]schema.Attribute{
			"format": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: describedFormat + " A change makes a new cookie. Default: `alphanumeric`.",
			},
			"length": schema.Int64Attribute{
				Optional: true, Computed: true, CustomType: wholeNumber{},
				MarkdownDescription: describedLength + " A change makes a new cookie. " + describedLengths,
			},
			"keepers": schema.MapAttribute{
				Optional: true, Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Any names and values. A change of one makes a new cookie, as a date of rotation does. " +
					"A null value is as good as none, and an empty map as good as no map.",
			},
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The fingerprint: the cookie itself would show in the output of commands.",
			},
			"value": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The cookie.",
			},
			"fingerprint": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: describedFingerprint,
			},
			"entropy_bits": schema.Float64Attribute{
				Computed:            true,
				MarkdownDescription: describedEntropy + " It is null for a cookie that was imported or moved here, since nobody knows how it was made.",
			},
		},
	}
}
