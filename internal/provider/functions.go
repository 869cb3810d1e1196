package provider

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// textFunction is a function of the provider that makes a text. Without an
// account, a network or a clock, it gives the same for the same arguments.
type textFunction struct {
	name       string
	definition function.Definition
	make       func(context.Context, function.ArgumentsData) (string, *function.FuncError)
}

var _ function.Function = textFunction{}

// textFunctions are all of them.
func textFunctions() []textFunction {
	return []textFunction{nodeNameFunction(), cookieFingerprintFunction(), vmArgsFunction(), sysConfigFunction()}
}

// Metadata implements function.Function.
func (f textFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

// Definition implements function.Function.
func (f textFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = f.definition
	resp.Definition.Return = function.StringReturn{}
	resp.Definition.MarkdownDescription += "\n\nNeeds Terraform 1.8 or OpenTofu 1.7, or newer."
}

// Run implements function.Function.
func (f textFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	text, err := f.make(ctx, req.Arguments)
	if err == nil {
		err = resp.Result.Set(ctx, text)
	}
	if err != nil {
		err.Text = strings.TrimSuffix(err.Text, ".") // Terraform ends the sentence
	}
	resp.Error = err
}

func nodeNameFunction() textFunction {
	return textFunction{"node_name", function.Definition{
		Summary: "The long name of a node.",
		MarkdownDescription: "Gives the long name of a node, such as `chat@10.10.0.5`, from the part before the `@` and an IPv4 address. " +
			"Both are checked as Erlang checks them.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name:                "basename",
				MarkdownDescription: "The part before the `@`: `distribution.basename` of a `beam_cluster`, or the name of a release.",
			},
			addressParameter(),
		},
	}, func(ctx context.Context, arguments function.ArgumentsData) (string, *function.FuncError) {
		var basename, address string
		if err := arguments.Get(ctx, &basename, &address); err != nil {
			return "", err
		}
		if err := beam.CheckBasename(basename); err != nil {
			return "", function.NewArgumentFuncError(0, asSentence(err.Error()))
		}
		at, err := parseAddress(1, address)
		return beam.LongName(basename, at.String()), err
	}}
}

func cookieFingerprintFunction() textFunction {
	return textFunction{"cookie_fingerprint", function.Definition{
		Summary: "The fingerprint of a cookie.",
		MarkdownDescription: "Gives the first 12 hex digits of the SHA-256 of a cookie: what `beam_cluster`, `beam_node` and `beam_cookie` show as " +
			"`cookie_fingerprint` and `fingerprint`. It tells cookies apart and is safe to print, unless the cookie can be guessed. " +
			"A cookie that no node would take is an error.\n\n" +
			"What is made of a sensitive value is sensitive to Terraform: `nonsensitive(…)` around the call shows it.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "cookie", MarkdownDescription: "The cookie."},
		},
	}, func(ctx context.Context, arguments function.ArgumentsData) (string, *function.FuncError) {
		var value string
		if err := arguments.Get(ctx, &value); err != nil {
			return "", err
		}
		if err := cookie.Check(value); err != nil {
			return "", function.NewArgumentFuncError(0, asSentence(err.Error()))
		}
		return cookie.Fingerprint(value), nil
	}}
}

func vmArgsFunction() textFunction {
	return textFunction{"vm_args", function.Definition{
		Summary: "The flags of a VM that joins a cluster from a machine of your own.",
		MarkdownDescription: "Gives the content of a `vm.args`, with the name and the ports that a node of the cluster has, for a machine that this provider " +
			"does not set up: one in Kubernetes, or one of your own. The cookie is not in it, for flags show in the list of processes: " +
			"put that into `~/.erlang.cookie`.",
		Parameters: []function.Parameter{distributionParameter(), addressParameter()},
	}, func(ctx context.Context, arguments function.ArgumentsData) (string, *function.FuncError) {
		var distribution distributionArgument
		var address string
		if err := arguments.Get(ctx, &distribution, &address); err != nil {
			return "", err
		}
		node, err := distribution.node(nil)
		if err != nil {
			return "", err
		}
		at, err := parseAddress(1, address)
		return beam.At(node.DistributionArgs(), at), err
	}}
}

func sysConfigFunction() textFunction {
	return textFunction{"sys_config", function.Definition{
		Summary: "The system configuration of a VM that joins a cluster from a machine of your own.",
		MarkdownDescription: "Gives the content of a `sys.config` for Erlang's kernel, for a machine that this provider does not set up: " +
			"the ports, the address to listen on, and the nodes to wait for at boot. " +
			"It is merged over a release's own when the VM gets it with `-config`.",
		Parameters: []function.Parameter{
			distributionParameter(), addressParameter(),
			function.ListParameter{
				Name: "peers", ElementType: types.StringType,
				MarkdownDescription: "The long names of the nodes to wait for: `node_names` of a `beam_cluster`.",
			},
		},
	}, func(ctx context.Context, arguments function.ArgumentsData) (string, *function.FuncError) {
		var distribution distributionArgument
		var address string
		var peers types.List
		if err := arguments.Get(ctx, &distribution, &address, &peers); err != nil {
			return "", err
		}
		node, err := distribution.node(texts(peers))
		if err != nil {
			return "", err
		}
		if err := argumentError(2, check.Peers(node.Peers)); err != nil {
			return "", err
		}
		at, err := parseAddress(1, address)
		return beam.At(node.SysConfig(), at), err
	}}
}

func addressParameter() function.Parameter {
	return function.StringParameter{Name: "address", MarkdownDescription: "The IPv4 address at which other nodes reach the node."}
}

func parseAddress(position int64, text string) (netip.Addr, *function.FuncError) {
	address, err := netip.ParseAddr(text)
	if err != nil || !address.Is4() {
		return address, function.NewArgumentFuncError(position, fmt.Sprintf("The address is %q. Use an IPv4 address such as \"10.10.0.5\".", text))
	}
	return address, nil
}

// distributionArgument is so much of a beam_cluster's distribution as a VM is told;
// Terraform drops what an object has beyond that.
type distributionArgument struct {
	Basename      types.String `tfsdk:"basename"`
	PortMin       types.Number `tfsdk:"port_min"`
	PortMax       types.Number `tfsdk:"port_max"`
	Sync          types.String `tfsdk:"sync"`
	SyncTimeoutMS types.Number `tfsdk:"sync_timeout_ms"`
}

func distributionParameter() function.Parameter {
	return function.ObjectParameter{
		Name: "distribution",
		AttributeTypes: map[string]attr.Type{
			"basename": types.StringType, "port_min": types.NumberType, "port_max": types.NumberType,
			"sync": types.StringType, "sync_timeout_ms": types.NumberType,
		},
		MarkdownDescription: "How nodes are named and reach each other: `distribution` of a `beam_cluster`, " +
			"or an object with its `basename`, `port_min`, `port_max`, `sync` and `sync_timeout_ms`.",
	}
}

// node is what the VM is told; the error names what a cluster could not have
// either.
func (d distributionArgument) node(peers []string) (beam.Node, *function.FuncError) {
	var wrong []check.Problem
	number := func(name string, value types.Number) int {
		if !value.IsNull() {
			if whole, accuracy := value.ValueBigFloat().Int64(); accuracy == big.Exact {
				return int(whole)
			}
		}
		wrong = append(wrong, check.Problem{Detail: fmt.Sprintf("%s is %s. Use a whole number.", name, strings.Trim(value.String(), "<>"))})
		return 0
	}
	asked := cluster.Distribution{
		Basename: d.Basename.ValueString(), Sync: d.Sync.ValueString(),
		PortMin: number("port_min", d.PortMin), PortMax: number("port_max", d.PortMax), SyncTimeoutMS: number("sync_timeout_ms", d.SyncTimeoutMS),
		EPMDPort: cluster.DefaultEPMDPort, // concerns the host, not the VM
	}
	if len(wrong) == 0 {
		wrong = check.Distribution(asked)
	}
	return beam.Node{
		Basename: asked.Basename, PortMin: asked.PortMin, PortMax: asked.PortMax, Peers: peers, Sync: asked.Sync, SyncTimeoutMS: asked.SyncTimeoutMS,
	}, argumentError(0, wrong)
}

// argumentError is the error that an argument with the problems is; nil for none.
func argumentError(position int64, problems []check.Problem) *function.FuncError {
	if len(problems) == 0 {
		return nil
	}
	var details []string
	for _, problem := range problems {
		details = append(details, problem.Detail)
	}
	return function.NewArgumentFuncError(position, strings.Join(details, "\n"))
}
