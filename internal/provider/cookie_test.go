package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// cookieConfig is a cookie under one of its two names.
func cookieConfig(typeName, arguments string) string {
	provider := ""
	if typeName == "erlang_cookie" {
		provider = "provider = beam\n"
	}
	return fmt.Sprintf("resource %q \"chat\" {\n%s%s\n}\n", typeName, provider, arguments)
}

func attributeOf(address, name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(name), want)
}

// makeCookies adds a cookie of each kind.
func makeCookies(step *resource.TestStep) {
	for name, tt := range map[string]struct {
		typeName, arguments string
		shape               string
		bits                float64
	}{
		"erlang": {"erlang_cookie", "", `^[A-Za-z0-9]{32}$`, cookie.EntropyBits(cookie.Alphanumeric, 32)},
		"beam":   {"beam_cookie", "", `^[A-Za-z0-9]{32}$`, cookie.EntropyBits(cookie.Alphanumeric, 32)},
		"otp":    {"beam_cookie", `format = "otp"`, `^[A-Z]{20}$`, cookie.EntropyBits(cookie.OTP, 20)},
		"elixir": {"beam_cookie", `format = "elixir"`, `^[A-Za-z0-9_-]{54}==$`, cookie.EntropyBits(cookie.Elixir, 56)},
		"long":   {"beam_cookie", `length = 64`, `^[A-Za-z0-9]{64}$`, cookie.EntropyBits(cookie.Alphanumeric, 64)},
	} {
		address := tt.typeName + "." + name
		step.Config += strings.Replace(cookieConfig(tt.typeName, tt.arguments), `"chat"`, strconv.Quote(name), 1)
		step.ConfigStateChecks = append(step.ConfigStateChecks,
			attributeOf(address, "value", knownvalue.StringRegexp(regexp.MustCompile(tt.shape))),
			attributeOf(address, "value", knownvalue.StringFunc(cookie.Check)),
			attributeOf(address, "entropy_bits", knownvalue.Float64Exact(tt.bits)),
			statecheck.CompareValuePairs(address, tfjsonpath.New("id"), address, tfjsonpath.New("fingerprint"), compare.ValuesSame()),
			statecheck.ExpectSensitiveValue(address, tfjsonpath.New("value")),
		)
	}
}

// Without a token cookies of each kind work, kept or not, and functions; a cluster says
// what is missing. What a function is given, Terraform judges first.
func TestAccWithoutAToken(t *testing.T) {
	t.Parallel()
	servers := map[string]func() (tfprotov6.ProviderServer, error){
		"beam": func() (tfprotov6.ProviderServer, error) { return NewServer("test", environment(nil)), nil },
		"echo": echoprovider.NewProviderServer(),
	}
	var step resource.TestStep
	makeCookies(&step)
	callFunctions(&step)
	lacking := step.Config + "output \"lacking\" {\n  value = provider::beam::sys_config({ basename = \"chat\", port_min = 9100, port_max = 9155 }, \"::\", [])\n}\n"
	if !older(t, "1.10.0", "1.11.0") {
		drawCookies(&step)
	}
	cluster := strings.Replace(clusterConfig(&cloud{url: "http://127.0.0.1:1"}, 1), `token = "test"`, "", 1)
	runCase(t, resource.TestCase{ProtoV6ProviderFactories: servers, Steps: []resource.TestStep{
		step,
		{Config: lacking, ExpectError: spaced(`"sync"`)},
		{Config: cluster, PlanOnly: true, ExpectError: spaced("the provider has no token for it")},
	}})
}

// Only a change of an argument makes a new cookie; writing a default down is none,
// and null elements, an empty map and none are the same keepers.
func TestCookieIsReplacedByItsArgumentsOnly(t *testing.T) {
	t.Parallel()
	p := newCoreOf(t, newAccount(t, simulator.Options{}), "beam_cookie", cookieSchema(t), object{})
	rotated := func(when any) object { return object{"rotated": when} }
	var was cookieModel
	for _, change := range []struct {
		want      string
		arguments object
	}{
		{created, object{}},
		{stays, object{"keepers": object{}}},
		{stays, object{"keepers": rotated(nil)}},
		{stays, object{"format": "alphanumeric", "length": 32}},
		{replaced, object{"keepers": rotated("")}},
		{replaced, object{"keepers": rotated("2026-11")}},
		{stays, object{"keepers": object{"rotated": "2026-11", "team": nil}}},
		{replaced, object{"keepers": rotated("2026-11"), "length": 40}},
	} {
		p.becomes(change.want, fmt.Sprint(change.arguments), change.arguments)
		var is cookieModel
		p.get(&is)
		if is.Value.Equal(was.Value) != (change.want == stays) {
			t.Errorf("%v: it %s, and the cookie was %s and is %s", change.arguments, change.want, was.Fingerprint, is.Fingerprint)
		}
		was = is
	}
}

func TestCookieRefusesWhatCannotBeGenerated(t *testing.T) {
	t.Parallel()
	c := newCloud(t, simulator.Options{})
	for want, arguments := range map[string]object{
		`unknown cookie format "hex"`: {"format": "hex"},
		`10 characters`:               {"length": 10},
		`256 characters`:              {"length": 256},
		`multiple of`:                 {"format": "elixir", "length": 30},
	} {
		said := tell(diagnosticCase{Case: want, Of: "cookie", Set: arguments}.diagnostics(t, c))
		if !spaced(want).MatchString(said) {
			t.Errorf("%v: the plan says %q, want %q", arguments, said, want)
		}
	}
}

// spaced matches a text that Terraform may have wrapped anywhere.
func spaced(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile("(?i)" + strings.Join(words, `[\s│╷╵|]+`))
}

// A cookie in use is kept, and the arguments that are applied first describe
// it. Only a later change makes a new one.
func TestAnImportedCookieIsKept(t *testing.T) {
	t.Parallel()
	p := newCoreOf(t, newAccount(t, simulator.Options{}), "beam_cookie", cookieSchema(t), object{})
	p.must(p.imports("monster"))
	for _, change := range []struct {
		want      string
		arguments object
		value     string // as a pattern
	}{
		{stays, object{}, "^monster$"},
		{updated, object{"format": "otp", "keepers": object{"rotated": "2026-11"}}, "^monster$"},
		{replaced, object{"format": "otp", "keepers": object{"rotated": "2026-12"}}, "^[A-Z]{20}$"},
	} {
		p.becomes(change.want, fmt.Sprint(change.arguments), change.arguments)
		var is cookieModel
		p.get(&is)
		value := is.Value.ValueString()
		if !regexp.MustCompile(change.value).MatchString(value) || is.Fingerprint.ValueString() != cookie.Fingerprint(value) || is.EntropyBits.IsNull() != (change.want != replaced) {
			t.Errorf("%v: the cookie is %s with the fingerprint %s and %s bits", change.arguments, is.Value, is.Fingerprint, is.EntropyBits)
		}
	}
}

func TestCookieImportRefusesIllegalCookies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, want string }{
		{"monster ", "ends with a space"},
		{"-monster", "command line flag"},
		{"mönster", "printable ASCII"},
	} {
		p := newCoreOf(t, newAccount(t, simulator.Options{}), "beam_cookie", cookieSchema(t), object{})
		if said := p.imports(tt.value); !spaced(tt.want).MatchString(said) {
			t.Errorf("%s: the import says %q, want %q", tt.value, said, tt.want)
		}
	}
}

// A moved block takes the value of another resource over unchanged, and between the
// two names of a cookie all of it.
func TestAccCookieMoved(t *testing.T) {
	t.Parallel()
	named := func(name, config string) string { return strings.Replace(config, `"chat"`, strconv.Quote(name), 1) }
	made := resource.TestStep{Config: cookieConfig("erlang_cookie", "length = 40")}
	moved := resource.TestStep{Config: cookieConfig("beam_cookie", "length = 40")}
	move := func(was, attribute, is string, action plancheck.ResourceActionType) {
		same := statecheck.CompareValue(compare.ValuesSame())
		made.ConfigStateChecks = append(made.ConfigStateChecks, same.AddStateValue(was, tfjsonpath.New(attribute)))
		moved.Config += fmt.Sprintf("moved {\n  from = %s\n  to = %s\n}\n", was, is)
		moved.ConfigPlanChecks.PreApply = append(moved.ConfigPlanChecks.PreApply, plancheck.ExpectResourceAction(is, action))
		moved.ConfigStateChecks = append(moved.ConfigStateChecks, same.AddStateValue(is, tfjsonpath.New("value")))
	}
	move("erlang_cookie.chat", "value", "beam_cookie.chat", plancheck.ResourceActionNoop)
	for from, attribute := range map[string]string{"random_password": "result", "random_string": "result", "random_id": "b64_url"} {
		made.Config += fmt.Sprintf("resource %q \"chat\" {}\n", from)
		moved.Config += named(from, cookieConfig("erlang_cookie", `keepers = { rotated = "2026-11" }`))
		move(from+".chat", attribute, "erlang_cookie."+from, plancheck.ResourceActionUpdate)
	}
	runWithRandom(t, made, moved)
}

// Every schema version of hashicorp/random, under both registries, moves the
// same; whatever cannot be a cookie is refused with its reason.
func TestMoveStateFromEverySourceVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, address, typeName string
		version                 int64
		state                   map[string]any
		want, refusal           string
	}{
		{"password v0", "registry.terraform.io/hashicorp/random", "random_password", 0, map[string]any{"id": "none", "result": "Secret1", "length": 7}, "Secret1", ""},
		{"password v3", "registry.opentofu.org/hashicorp/random", "random_password", 3, map[string]any{"result": "Secret1", "bcrypt_hash": "x", "numeric": true}, "Secret1", ""},
		{"string v2", "registry.terraform.io/hashicorp/random", "random_string", 2, map[string]any{"id": "abc", "result": "abc"}, "abc", ""},
		{"id v0", "registry.terraform.io/hashicorp/random", "random_id", 0, map[string]any{"id": "p-9hc4kQ", "b64_url": "p-9hc4kQ", "hex": "a7ef"}, "p-9hc4kQ", ""},
		{"special characters are legal", "registry.terraform.io/hashicorp/random", "random_password", 3, map[string]any{"result": `a b#"$'\`}, `a b#"$'\`, ""},
		{"leading dash", "registry.terraform.io/hashicorp/random", "random_id", 0, map[string]any{"b64_url": "-9hc4kQ"}, "", "starts with '-'"},
		{"space at the end", "registry.terraform.io/hashicorp/random", "random_password", 3, map[string]any{"result": "abc "}, "", "ends with a space"},
		{"no value", "registry.terraform.io/hashicorp/random", "random_password", 3, map[string]any{}, "", "It has no result"},
		{"another provider", "registry.terraform.io/example/dice", "random_password", 3, map[string]any{"result": "abc"}, "", ""},
		{"another type", "registry.terraform.io/hashicorp/random", "random_pet", 0, map[string]any{"id": "abc"}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			value, diags := moved(t, tt.address, tt.typeName, tt.version, tt.state)
			if value != tt.want {
				t.Errorf("moved %q, want %q", value, tt.want)
			}
			if !strings.Contains(say(diags.Diagnostics), tt.refusal) || diags.Diagnostics.HasError() != (tt.refusal != "") {
				t.Errorf("diagnostics %q, want %q", say(diags.Diagnostics), tt.refusal)
			}
		})
	}
}

// moved asks the resource to take over a state and returns the cookie.
func moved(t *testing.T, address, typeName string, version int64, state map[string]any) (string, *fwresource.MoveStateResponse) {
	t.Helper()
	data, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	r := &cookieResource{typeName: "beam_cookie"}
	var s fwresource.SchemaResponse
	r.Schema(t.Context(), fwresource.SchemaRequest{}, &s)
	req := fwresource.MoveStateRequest{
		SourceProviderAddress: address, SourceTypeName: typeName, SourceSchemaVersion: version,
		SourceRawState: &tfprotov6.RawState{JSON: data},
	}
	resp := &fwresource.MoveStateResponse{TargetState: tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(s.Schema.Type().TerraformType(t.Context()), nil)}}
	for _, mover := range r.MoveState(t.Context()) {
		mover.StateMover(t.Context(), req, resp)
	}
	if resp.TargetState.Raw.IsNull() {
		return "", resp
	}
	var model cookieModel
	resp.Diagnostics.Append(resp.TargetState.Get(t.Context(), &model)...)
	return model.Value.ValueString(), resp
}

// randomProvider has the resources of hashicorp/random that can become a
// cookie, as far as a state of them is concerned.
type randomProvider struct{}

func (randomProvider) Metadata(_ context.Context, _ fwprovider.MetadataRequest, resp *fwprovider.MetadataResponse) {
	resp.TypeName = "random"
}
func (randomProvider) Schema(context.Context, fwprovider.SchemaRequest, *fwprovider.SchemaResponse) {}
func (randomProvider) Configure(context.Context, fwprovider.ConfigureRequest, *fwprovider.ConfigureResponse) {
}
func (randomProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (randomProvider) Resources(context.Context) []func() fwresource.Resource {
	return []func() fwresource.Resource{
		func() fwresource.Resource { return &randomResource{"random_password", "result", 3} },
		func() fwresource.Resource { return &randomResource{"random_string", "result", 2} },
		func() fwresource.Resource { return &randomResource{"random_id", "b64_url", 0} },
	}
}

type randomResource struct {
	typeName, attribute string
	version             int64
}

func (r *randomResource) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = r.typeName
}

func (r *randomResource) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version:    r.version,
		Attributes: map[string]schema.Attribute{r.attribute: schema.StringAttribute{Computed: true, Sensitive: r.typeName == "random_password"}},
	}
}

func (r *randomResource) Create(ctx context.Context, _ fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	value, err := cookie.Generate(cookie.Alphanumeric, 24)
	if err != nil {
		resp.Diagnostics.AddError("random", err.Error())
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(r.attribute), types.StringValue(value))...)
}
func (r *randomResource) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}
func (r *randomResource) Update(context.Context, fwresource.UpdateRequest, *fwresource.UpdateResponse) {
}
func (r *randomResource) Delete(context.Context, fwresource.DeleteRequest, *fwresource.DeleteResponse) {
}

func runWithRandom(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		testtool.Require(t, "terraform")
	}
	both := factories()
	both["random"] = providerserver.NewProtocol6WithError(randomProvider{})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: both, Steps: steps})
}

func cookieSchema(t *testing.T) schema.Schema {
	t.Helper()
	var resp fwresource.SchemaResponse
	(&cookieResource{}).Schema(t.Context(), fwresource.SchemaRequest{}, &resp)
	return resp.Schema
}
