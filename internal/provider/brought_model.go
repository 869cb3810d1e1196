package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// broughtModel is what users bring for all hosts, or for those of a pool or role.
type broughtModel struct {
	Files types.Map  `tfsdk:"files"`
	Run   types.List `tfsdk:"run"`
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

func (m *broughtModel) resolve(ctx context.Context, diags *diag.Diagnostics) {
	editEach(ctx, &m.Files, diags, (*fileModel).resolve)
	editEvery(ctx, &m.Run, diags, func(s *scriptModel) { defaultString(&s.User, "root") })
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

// broughtAttributes are those of hosts; whose says which hosts get it.
func broughtAttributes(whose string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"run": schema.ListNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Scripts of your own that " + whose + " runs once, in their order, as steps of its first boot: on a node before the release is fetched, on the load balancer once HAProxy runs, " +
				"and on the database once Postgres does. One that fails is tried again four times within two minutes, from its beginning, and so is one that a power cut ends; one that exits with `65` is not. " +
				"After that the first boot has failed, what comes later is not done, and the step is named with the last lines of what it printed: that should be no secrets. At most 50. " +
				"Hosts run them when they are made: a change makes those anew that have the script, as `update` says, and a database is away meanwhile. Default: none.",
			NestedObject: schema.NestedAttributeObject{
				Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{Required: true, MarkdownDescription: "The name of the step, of the characters `a-z`, `0-9` and `-`; no other script of the host has it."},
					"script": schema.StringAttribute{
						Required: true,
						MarkdownDescription: "The program. One that does not begin with `#!` is run by `/bin/sh` under `set -eu`, so that the first command that fails ends it. " +
							"It begins in the home folder of its user, and must be able to run again after it was cut off. Plans show it: secrets belong into `files`.",
					},
					"user": defaulted("Who runs it: `root`, or the user in `host.user`, who has sudo. Default: `root`."),
				},
			},
		},
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
