package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// broughtModel is what users bring for all hosts, or for those of a pool or role.
type broughtModel struct {
	Files types.Map  `tfsdk:"files"`
	Run   types.List `tfsdk:"run"`
	Apt   types.Map  `tfsdk:"apt_sources"`
}

type fileModel struct {
	Content types.String `tfsdk:"content"`
	Owner   types.String `tfsdk:"owner"`
	Group   types.String `tfsdk:"group"`
	Mode    types.String `tfsdk:"mode"`
}

type scriptModel struct {
	Name   types.String `tfsdk:"name"`
	Script types.String `tfsdk:"script"`
	User   types.String `tfsdk:"user"`
}

type aptModel struct {
	Types         types.List   `tfsdk:"types"`
	URIs          types.List   `tfsdk:"uris"`
	Suites        types.List   `tfsdk:"suites"`
	Components    types.List   `tfsdk:"components"`
	Architectures types.List   `tfsdk:"architectures"`
	Key           types.String `tfsdk:"key"`
}

func (m *broughtModel) resolve(ctx context.Context, diags *diag.Diagnostics) {
	editEach(ctx, &m.Files, diags, (*fileModel).resolve)
	editEach(ctx, &m.Apt, diags, (*aptModel).resolve)
	editEvery(ctx, &m.Run, diags, func(s *scriptModel) { defaultString(&s.User, "root") })
}

func (f *fileModel) resolve() {
	defaultString(&f.Owner, "root")
	inherit(&f.Group, f.Owner)
	defaultString(&f.Mode, "0644")
}

func (a *aptModel) resolve() {
	if a.Types.IsNull() {
		a.Types = listOf([]string{"deb"})
	}
	defaultList(&a.Components)
	defaultList(&a.Architectures)
}

func (a aptModel) source() hostconfig.AptSource {
	return hostconfig.AptSource{
		Types: texts(a.Types), URIs: texts(a.URIs), Suites: texts(a.Suites), Components: texts(a.Components), Architectures: texts(a.Architectures),
		Key: a.Key.ValueString(),
	}
}

// threeDigits is a mode without the first of four.
var threeDigits = regexp.MustCompile(`^[0-7]{3}$`)

// brought is what the model means. A mode of three digits is that of four.
func (m broughtModel) brought(ctx context.Context, diags *diag.Diagnostics) hostconfig.Brought {
	var b hostconfig.Brought
	for at, f := range readEach[fileModel](ctx, m.Files, diags) {
		mode := f.Mode.ValueString()
		if threeDigits.MatchString(mode) {
			mode = "0" + mode
		}
		file := hostconfig.BroughtFile{Content: f.Content.ValueString(), Owner: f.Owner.ValueString(), Group: f.Group.ValueString(), Mode: mode}
		b = b.With(hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{at: file}})
	}
	for name, a := range readEach[aptModel](ctx, m.Apt, diags) {
		b = b.With(hostconfig.Brought{Apt: map[string]hostconfig.AptSource{name: a.source()}})
	}
	for _, s := range readEvery[scriptModel](ctx, m.Run, diags) {
		if known(s.Name) && known(s.Script) && known(s.User) { // else it is none yet
			b.Scripts = append(b.Scripts, hostconfig.Script{Name: s.Name.ValueString(), Script: s.Script.ValueString(), User: s.User.ValueString()})
		}
	}
	return b
}

func broughtOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) hostconfig.Brought {
	m := read[broughtModel](ctx, obj, diags)
	if m == nil {
		return hostconfig.Brought{}
	}
	return m.brought(ctx, diags)
}

// resolveBrought fills in what hosts of a pool or role get of their own, where
// they get something.
func resolveBrought(ctx context.Context, obj *types.Object, diags *diag.Diagnostics) {
	edit(ctx, obj, diags, func(m *broughtModel) { m.resolve(ctx, diags) })
}
