package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// broughtAttributes are those of hosts; whose says which hosts get it.
func broughtAttributes(whose string) map[string]schema.Attribute {
	return map[string]schema.Attribute{"files": filesAttribute(whose), "run": runAttribute(whose), "apt_sources": aptSourcesAttribute(whose)}
}

func filesAttribute(whose string) schema.MapNestedAttribute {
	return schema.MapNestedAttribute{
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
	}
}

func runAttribute(whose string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
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
	}
}

func aptSourcesAttribute(whose string) schema.MapNestedAttribute {
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	defaultedList := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Optional: true, Computed: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	return schema.MapNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Sources of packages beside the distribution's for " + whose + ", by names of the characters `a-z`, `0-9` and `-`, in the terms of apt's `sources.list`. " +
			"They are there before packages are installed, so that `host.packages` may come from them. " +
			"Hosts get them when they are made: a change makes those anew that have the source, as `update` says, and a database is away meanwhile. Default: none.",
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"uris": list("Where the packages are, as addresses that begin with `https://`, `http://` or `file:/`. One with a user or a password is refused: `files` can bring those, in `/etc/apt/auth.conf.d`."),
				"suites": list("The suites, such as `trixie` or `stable`. One that ends with `/` is a folder, for which there are no `components`. " +
					"Hosts of several distributions need sources of their own, in `host` of their pool."),
				"components":    defaultedList("The components, such as `main`. Default: none."),
				"types":         defaultedList("`deb` for packages, `deb-src` for their sources. Default: `deb` alone."),
				"architectures": defaultedList("The architectures, such as `amd64`. Default: the host's own."),
				"key": optional("The public key that the packages are signed with, in ASCII armour, such as `file(\"${path.module}/example.asc\")`. apt trusts it for this source alone. " +
					"Default: the keys of the distribution."),
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
