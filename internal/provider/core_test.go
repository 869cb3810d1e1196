package provider

import (
	"context"
	"encoding/json"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// core plays Terraform's part of the protocol for one resource, so that it can be
// interrupted at a chosen moment, lose its state, and tell warnings.
type core struct {
	*testing.T
	server   tfprotov6.ProviderServer
	typeName string
	schema   schema.Schema
	typ      tftypes.Type
	config   tftypes.Value
	state    tftypes.Value
	private  []byte
}

// newCore is for a beam_cluster with the arguments.
func newCore(t *testing.T, c *cloud, arguments object) *core {
	t.Helper()
	return newCoreOf(t, c, clusterType, clusterSchema(t), arguments)
}

func newCoreOf(t *testing.T, c *cloud, typeName string, s schema.Schema, arguments object) *core {
	t.Helper()
	return newCoreServing(t, c, serve(&beamProvider{version: "test", getenv: os.Getenv, transport: c.transport}), typeName, s, arguments)
}

func newCoreServing(t *testing.T, c *cloud, server tfprotov6.ProviderServer, typeName string, s schema.Schema, arguments object) *core {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	p := &core{T: t, server: server, typeName: typeName, schema: s, typ: s.Type().TerraformType(t.Context())}
	p.configure(arguments)
	p.state = p.nothing()
	settings := tftypes.NewValue(schemas.Provider.ValueType(), map[string]tftypes.Value{
		"token": tftypes.NewValue(tftypes.String, "test"), "api_endpoint": tftypes.NewValue(tftypes.String, c.url),
		"requests_per_second": tftypes.NewValue(tftypes.Number, nil), "http_retry_max": tftypes.NewValue(tftypes.Number, nil),
		"http_retry_wait_min": tftypes.NewValue(tftypes.Number, nil), "http_retry_wait_max": tftypes.NewValue(tftypes.Number, nil),
	})
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: wire(t, settings)})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	return p
}

func (p *core) nothing() tftypes.Value { return tftypes.NewValue(p.typ, nil) }

// configure changes the configuration.
func (p *core) configure(arguments object) {
	p.Helper()
	p.config = configOf(p.T, p.schema, arguments).Raw
}

func wire(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	out, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

func (p *core) value(v *tfprotov6.DynamicValue) tftypes.Value {
	p.Helper()
	out, err := v.Unmarshal(p.typ)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

// planFrom asks for a plan that leads from the state to the configuration.
func (p *core) planFrom(state, config tftypes.Value) *tfprotov6.PlanResourceChangeResponse {
	p.Helper()
	proposed := config
	if !state.IsNull() && !config.IsNull() {
		proposed = state // the provider's plan starts from the configuration anyway
	}
	p.upgrade()
	planned, err := p.server.PlanResourceChange(context.WithoutCancel(p.Context()), &tfprotov6.PlanResourceChangeRequest{
		TypeName: p.typeName, Config: wire(p.T, config), PriorState: wire(p.T, state), ProposedNewState: wire(p.T, proposed), PriorPrivate: p.private,
	})
	if err != nil {
		p.Fatal(err)
	}
	return planned
}

// upgrade is what Terraform does with a state before anything else.
func (p *core) upgrade() {
	p.Helper()
	if p.state.IsNull() {
		return
	}
	var data any
	if err := msgpack.Unmarshal(wire(p.T, p.state).MsgPack, &data); err != nil {
		p.Fatal(err)
	}
	text, err := json.Marshal(data)
	if err != nil {
		p.Fatal(err)
	}
	upgraded, err := p.server.UpgradeResourceState(context.WithoutCancel(p.Context()), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: p.typeName, Version: p.schema.Version, RawState: &tfprotov6.RawState{JSON: text},
	})
	if err != nil || len(upgraded.Diagnostics) > 0 {
		p.Fatal(err, tell(upgraded.Diagnostics))
	}
	state := p.value(upgraded.UpgradedState)
	if diffs := p.differences(state); len(diffs) > 0 {
		p.Fatalf("the state of this version is upgraded to another one: %v", diffs)
	}
	p.state = state
}

// sameNumber says that both are the same number: a state has it in decimal, as it
// was rounded.
func sameNumber(diff tftypes.ValueDiff) bool {
	var a, b big.Float
	if diff.Value1 == nil || diff.Value2 == nil || diff.Value1.As(&a) != nil || diff.Value2.As(&b) != nil {
		return false
	}
	one, _ := a.Float64()
	other, _ := b.Float64()
	return one == other
}

// plan returns what a user is told of a plan: errors and warnings.
func (p *core) plan() (refused, warned string) {
	p.Helper()
	planned := p.planFrom(p.state, p.config)
	return tell(planned.Diagnostics), warnings(planned.Diagnostics)
}

// apply plans and applies the configuration and returns what the user is told.
func (p *core) apply() string {
	p.Helper()
	return p.applyTo(p.config)
}

// destroy plans and applies that the resource goes.
func (p *core) destroy() string {
	p.Helper()
	return p.applyTo(p.nothing())
}

func (p *core) applyTo(config tftypes.Value) string {
	p.Helper()
	planned := p.planFrom(p.state, config)
	if refused := tell(planned.Diagnostics); refused != "" {
		return refused
	}
	return p.carryOut(config, planned)
}

// carryOut applies a plan and returns what the user is told.
func (p *core) carryOut(config tftypes.Value, planned *tfprotov6.PlanResourceChangeResponse) string {
	p.Helper()
	return p.carryOutUntil(p.Context(), config, planned)
}

// carryOutUntil does the same over a connection that ends with the context.
func (p *core) carryOutUntil(ctx context.Context, config tftypes.Value, planned *tfprotov6.PlanResourceChangeResponse) string {
	p.Helper()
	applied, err := p.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: p.typeName, Config: wire(p.T, config), PriorState: wire(p.T, p.state), PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil {
		p.Fatal(err)
	}
	p.state, p.private = p.value(applied.NewState), applied.Private
	return tell(applied.Diagnostics)
}

// What Terraform does with a resource.
const (
	stays    = "stays as it is"
	created  = "is created"
	updated  = "is updated in place"
	replaced = "is replaced"
)

// action is what Terraform would do for the configuration. Like it, it asks for the
// plan of what comes in the place of what is replaced, too.
func (p *core) action() string {
	p.Helper()
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	switch {
	case p.state.IsNull():
		return created
	case len(planned.RequiresReplace) > 0:
		p.must(tell(p.planFrom(p.nothing(), p.config).Diagnostics))
		return replaced
	case len(p.differences(p.value(planned.PlannedState))) == 0:
		return stays
	}
	return updated
}

// differences are those of the state to another one.
func (p *core) differences(other tftypes.Value) []tftypes.ValueDiff {
	p.Helper()
	diffs, err := p.state.Diff(other)
	if err != nil {
		p.Fatal(err)
	}
	return slices.DeleteFunc(diffs, sameNumber)
}

// becomes expects what Terraform would do for the arguments after a refresh, and does
// it: what is replaced goes first. Nothing is left to do then.
func (p *core) becomes(want, when string, arguments object) {
	p.Helper()
	p.configure(arguments)
	if !p.state.IsNull() {
		p.must(p.read())
	}
	got := p.action()
	if got != want {
		p.Fatalf("%s: it %s, want that it %s", when, got, want)
	}
	if got == replaced {
		p.must(p.destroy())
	}
	p.must(p.apply())
	if got := p.action(); got != stays {
		p.Errorf("%s: after that it %s", when, got)
	}
}

// must fails the test when the user is told of an error.
func (p *core) must(told string) {
	p.Helper()
	if told != "" {
		p.Fatal(told)
	}
}

// stop is Ctrl-C.
func (p *core) stop() {
	p.Helper()
	if _, err := p.server.StopProvider(context.WithoutCancel(p.Context()), &tfprotov6.StopProviderRequest{}); err != nil {
		p.Error(err)
	}
}

// imports takes the object with the id into the state.
func (p *core) imports(id string) string {
	p.Helper()
	imported, err := p.server.ImportResourceState(p.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: p.typeName, ID: id})
	if err != nil {
		p.Fatal(err)
	}
	if refused := tell(imported.Diagnostics); refused != "" {
		return refused
	}
	p.state, p.private = p.value(imported.ImportedResources[0].State), imported.ImportedResources[0].Private
	return p.read()
}

// read refreshes the state.
func (p *core) read() string {
	p.Helper()
	p.upgrade()
	read, err := p.server.ReadResource(p.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: p.typeName, CurrentState: wire(p.T, p.state), Private: p.private,
	})
	if err != nil {
		p.Fatal(err)
	}
	p.state, p.private = p.value(read.NewState), read.Private
	return tell(read.Diagnostics)
}

// refresh reads the cluster and returns what drifted.
func (p *core) refresh() []string {
	p.Helper()
	p.must(p.read())
	if p.state.IsNull() {
		return nil
	}
	return texts(p.model().Drift)
}

// model is the state of a cluster.
func (p *core) model() clusterModel {
	p.Helper()
	var model clusterModel
	p.get(&model)
	return model
}

// get decodes the state.
func (p *core) get(model any) {
	p.Helper()
	p.as(p.state, model)
}

// decode reads what the provider answered.
func (p *core) decode(v *tfprotov6.DynamicValue, model any) {
	p.Helper()
	p.as(p.value(v), model)
}

func (p *core) as(v tftypes.Value, model any) {
	p.Helper()
	state := tfsdk.State{Schema: p.schema, Raw: v}
	if diags := state.Get(p.Context(), model); diags.HasError() {
		p.Fatal(say(diags))
	}
}

// tell gives the errors.
func tell(diags []*tfprotov6.Diagnostic) string {
	return told(diags, tfprotov6.DiagnosticSeverityError)
}

func warnings(diags []*tfprotov6.Diagnostic) string {
	return told(diags, tfprotov6.DiagnosticSeverityWarning)
}

func told(diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var out strings.Builder
	for _, d := range diags {
		if d.Severity == severity {
			out.WriteString(d.Summary + ": " + d.Detail + "\n")
		}
	}
	return out.String()
}
