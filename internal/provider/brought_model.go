package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// broughtModel is what users bring for all hosts, or for those of a pool or role.
type broughtModel struct {
	Files types.Map `tfsdk:"files"`
}

type fileModel struct {
	Content types.String `tfsdk:"content"`
	Owner   types.String `tfsdk:"owner"`
	Group   types.String `tfsdk:"group"`
	Mode    types.String `tfsdk:"mode"`
}

func (m *broughtModel) resolve(ctx context.Context, diags *diag.Diagnostics) {
	editEach(ctx, &m.Files, diags, (*fileModel).resolve)
}

func (f *fileModel) resolve() {
	defaultString(&f.Owner, "root")
	inherit(&f.Group, f.Owner)
	defaultString(&f.Mode, "0644")
}

// brought is what the model means. A mode of three digits is that of four.
func (m broughtModel) brought(ctx context.Context, diags *diag.Diagnostics) hostconfig.Brought {
	var b hostconfig.Brought
	for at, f := range readEach[fileModel](ctx, m.Files, diags) {
		mode := f.Mode.ValueString()
		if len(mode) == 3 {
			mode = "0" + mode
		}
		file := hostconfig.BroughtFile{Content: f.Content.ValueString(), Owner: f.Owner.ValueString(), Group: f.Group.ValueString(), Mode: mode}
		b = b.With(hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{at: file}})
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

// broughtAttributes are those of hosts; whose says which hosts get it.
func broughtAttributes(whose string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"files": schema.MapNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Files of your own for " + whose + ", by their absolute paths, which have the characters `A-Z`, `a-z`, `0-9`, `.`, `_`, `@`, `+` and `-`. " +
				"They are there before packages are installed, and get owners other than root before `run`. All that a host is told takes at most 64 KiB, compressed. " +
				"Hosts get them when they are made: a change makes those that have the file anew, as `update` says, and a database is away meanwhile. Default: none.",
			NestedObject: schema.NestedAttributeObject{
				Attributes: map[string]schema.Attribute{
					"content": schema.StringAttribute{Required: true, Sensitive: true, MarkdownDescription: "What the file holds, as text."},
					"owner":   defaulted("The user whom the file belongs to: one of the system, of a package that is installed, or `host.user`. Default: `root`."),
					"group":   defaulted("The group of the file. Default: that of the owner's name."),
					"mode":    defaulted("Who may do what with the file, as octal digits such as `0640`. A secret should not be for everybody. Default: `0644`."),
				},
			},
		},
	}
}

// broughtAttribute is what hosts of a pool or role get of their own.
func broughtAttribute(whose string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What " + whose + " gets beside that of the cluster's `host`. Of two things under one name this one is taken.",
		Attributes:          broughtAttributes(whose),
	}
}

// withBrought adds what users bring to other attributes.
func withBrought(attributes map[string]schema.Attribute, whose string) map[string]schema.Attribute {
	maps.Copy(attributes, broughtAttributes(whose))
	return attributes
}

// editEach lets change fill in each object of a map. A map that is null becomes one
// without elements.
func editEach[T any](ctx context.Context, m *types.Map, diags *diag.Diagnostics, change func(*T)) {
	if m.IsUnknown() {
		return
	}
	elements := m.Elements()
	for key, element := range elements {
		if obj, is := element.(types.Object); is {
			edit(ctx, &obj, diags, change)
			elements[key] = obj
		}
	}
	if elements == nil {
		elements = map[string]attr.Value{}
	}
	edited, errs := types.MapValue(m.ElementType(ctx), elements)
	diags.Append(errs...)
	*m = edited
}

// readEach decodes the objects of a map that are known.
func readEach[T any](ctx context.Context, m types.Map, diags *diag.Diagnostics) map[string]T {
	found := map[string]T{}
	for key, element := range m.Elements() {
		if obj, is := element.(types.Object); is {
			if v := read[T](ctx, obj, diags); v != nil {
				found[key] = *v
			}
		}
	}
	return found
}
