package provider

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// core plays Terraform's part of the protocol for one beam_cluster, so that it
// can be interrupted at a chosen moment.
type core struct {
	*testing.T
	server  tfprotov6.ProviderServer
	typ     tftypes.Type
	config  tftypes.Value
	state   tftypes.Value
	private []byte
}

func newCore(t *testing.T, c *cloud, arguments object) *core {
	t.Helper()
	server := providerserver.NewProtocol6(New("test")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := clusterSchema(t)
	p := &core{T: t, server: server, typ: s.Type().TerraformType(t.Context()), config: configOf(t, s, arguments).Raw}
	p.state = tftypes.NewValue(p.typ, nil)
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

// apply plans and applies the configuration and returns what the user is told.
func (p *core) apply() string {
	p.Helper()
	planned, err := p.server.PlanResourceChange(p.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: chatType, Config: wire(p.T, p.config), PriorState: wire(p.T, p.state), ProposedNewState: wire(p.T, p.proposed()), PriorPrivate: p.private,
	})
	if err != nil || len(tell(planned.Diagnostics)) > 0 {
		p.Fatal(err, tell(planned.Diagnostics))
	}
	applied, err := p.server.ApplyResourceChange(p.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: chatType, Config: wire(p.T, p.config), PriorState: wire(p.T, p.state), PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil {
		p.Fatal(err)
	}
	p.state, p.private = p.value(applied.NewState), applied.Private
	return tell(applied.Diagnostics)
}

// proposed is what Terraform proposes: the configuration, or the state where
// there is one, since the configuration does not change here.
func (p *core) proposed() tftypes.Value {
	if p.state.IsNull() {
		return p.config
	}
	return p.state
}

// refresh reads the cluster and returns what drifted.
func (p *core) refresh() []string {
	p.Helper()
	read, err := p.server.ReadResource(p.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: chatType, CurrentState: wire(p.T, p.state), Private: p.private,
	})
	if err != nil || len(read.Diagnostics) > 0 {
		p.Fatal(err, tell(read.Diagnostics))
	}
	p.state, p.private = p.value(read.NewState), read.Private
	return texts(p.model().Drift)
}

// model is the state.
func (p *core) model() clusterModel {
	p.Helper()
	var model clusterModel
	state := tfsdk.State{Schema: clusterSchema(p.T), Raw: p.state}
	if diags := state.Get(p.Context(), &model); diags.HasError() {
		p.Fatal(say(diags))
	}
	return model
}

const chatType = "beam_cluster"

// tell gives the errors.
func tell(diags []*tfprotov6.Diagnostic) string {
	var out strings.Builder
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			continue
		}
		out.WriteString(d.Summary + ": " + d.Detail + "\n")
	}
	return out.String()
}

// Ctrl-C after any write of a create leaves everything that exists in the
// state; the next apply goes on from there, and a destroy finds all of it.
func TestInterruptedCreateIsResumed(t *testing.T) {
	t.Parallel()
	at := 1
	for interrupted(t, at) {
		at++
	}
	if at < 10 {
		t.Errorf("a create was complete after %d writes", at)
	}
}

// interrupted stops a create after that many writes and resumes it; it is
// false when the create was complete before.
func interrupted(t *testing.T, at int) bool {
	t.Helper()
	var writes atomic.Int64
	var p *core
	c := newCloud(t, simulator.Options{Observe: func(r simulator.Request) {
		if r.Method == http.MethodGet || writes.Add(1) != int64(at) {
			return
		}
		if _, err := p.server.StopProvider(context.WithoutCancel(t.Context()), &tfprotov6.StopProviderRequest{}); err != nil {
			t.Error(err)
		}
	}})
	p = newCore(t, c, object{
		"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}, "load_balancer": object{}, "database": object{},
	})
	told := p.apply()
	if told == "" {
		return false
	}
	if p.state.IsNull() {
		if !strings.Contains(told, "It was interrupted.") {
			t.Errorf("stopped after write %d: the user is told %q", at, told)
		}
		c.nothingLeft(t)
		return true
	}
	if !strings.Contains(told, "terraform untaint") || !strings.Contains(told, "It was interrupted.") {
		t.Errorf("stopped after write %d: the user is told %q", at, told)
	}
	p.refresh()
	if told := p.apply(); told != "" {
		t.Errorf("stopped after write %d: resuming fails: %s", at, told)
	}
	if drift := p.refresh(); len(drift) > 0 {
		t.Errorf("stopped after write %d: after resuming there is drift: %q", at, drift)
	}
	c.clear(t)
	c.nothingLeft(t)
	return true
}

// Terraform drops the private state and keeps the attributes of a resource
// whose provider dies in an update. The cluster must not be without its
// secrets then.
func TestClusterOutlivesItsPrivateState(t *testing.T) {
	t.Parallel()
	pools := func(count int) object { return object{"us": object{"count": count}} }
	arguments := object{"name": "chat", "region": "nyc3", "node_pools": pools(1), "load_balancer": object{}, "database": object{}}
	p := newCore(t, newCloud(t, simulator.Options{}), arguments)
	if told := p.apply(); told != "" {
		t.Fatal(told)
	}
	before := p.model()
	p.private = nil
	p.refresh()
	arguments["node_pools"] = pools(2)
	p.config = configOf(t, clusterSchema(t), arguments).Raw
	if told := p.apply(); told != "" {
		t.Fatal(told)
	}
	after := p.model()
	if n := len(after.Nodes.Elements()); n != 2 || !after.CookieFingerprint.Equal(before.CookieFingerprint) {
		t.Errorf("%d nodes with the cookie %s, want two with %s", n, after.CookieFingerprint, before.CookieFingerprint)
	}
}
