// Package provider is what Terraform sees: schemas, models and resources that
// translate between them and the engine.
package provider

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

var (
	_ provider.Provider                       = (*beamProvider)(nil)
	_ provider.ProviderWithFunctions          = (*beamProvider)(nil)
	_ provider.ProviderWithListResources      = (*beamProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*beamProvider)(nil)
)

type beamProvider struct {
	version   string
	getenv    func(string) string
	seen      seenClusters      // of this run of Terraform
	connect   engine.Connect    // reaches hosts in tests; nil is over SSH
	transport http.RoundTripper // reaches the API in tests; nil is over the network
}

// Metadata implements provider.Provider.
func (p *beamProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "beam"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *beamProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Builds and keeps clusters of BEAM nodes (Erlang, Elixir, Gleam) on DigitalOcean: the nodes, " +
			"a load balancer in front, Postgres behind, firewalls around and one stable cookie everywhere.",
		Attributes: map[string]schema.Attribute{
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "The token for DigitalOcean's API. The scopes that it needs are listed under [Token and limits](#token-and-limits). " +
					"It can also be given as `DIGITALOCEAN_TOKEN` or `DIGITALOCEAN_ACCESS_TOKEN` in the environment. " +
					"The cookie resources work without one.",
			},
			"api_endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The root URL of DigitalOcean's API, without a path. " +
					"It can also be given as `DIGITALOCEAN_API_URL`. Default: `https://api.digitalocean.com`.",
			},
			"requests_per_second": schema.Float64Attribute{
				Optional: true,
				MarkdownDescription: "How many calls a second are sent to the API at most; `0` does not limit. " +
					"It can also be given as `DIGITALOCEAN_REQUESTS_PER_SECOND`. Default: `0`.",
			},
			"http_retry_max": schema.Int64Attribute{
				Optional: true, CustomType: wholeNumber{},
				MarkdownDescription: "How often a call that failed is tried again. Calls that create something are only repeated " +
					"when the API surely did not carry them out. Waits for the rate limit do not count. It can also be given as " +
					"`DIGITALOCEAN_HTTP_RETRY_MAX`. Default: `4`.",
			},
			"http_retry_wait_min": schema.Float64Attribute{
				Optional: true,
				MarkdownDescription: "The shortest wait before a call is tried again, in seconds. " +
					"It can also be given as `DIGITALOCEAN_HTTP_RETRY_WAIT_MIN`. Default: `1.0`.",
			},
			"http_retry_wait_max": schema.Float64Attribute{
				Optional: true,
				MarkdownDescription: "The longest wait before a call is tried again, in seconds, unless the API asks for more. " +
					"It can also be given as `DIGITALOCEAN_HTTP_RETRY_WAIT_MAX`. Default: `30.0`.",
			},
		},
	}
}

// account is what resources get from the provider: the way to the API, if
// there is one.
type account struct {
	engine  *engine.Engine // nil without a token
	unknown bool           // the settings hang on something that is not known before apply
	seen    *seenClusters
	plans   *runPlans
}

// need returns the engine. Where there is none it says how to get one.
func (a account) need(diags *diag.Diagnostics) *engine.Engine {
	switch {
	case a.unknown:
		diags.AddError("DigitalOcean token not known yet",
			"This needs DigitalOcean's API now, and the provider's configuration hangs on something that is only known after apply. "+
				"Apply that first, for instance with -target, or give the token in the environment.")
	case a.engine == nil:
		diags.AddError("No DigitalOcean token",
			"This needs DigitalOcean's API, and the provider has no token for it. Set token in the provider's "+
				"configuration, or DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN in the environment. "+
				"Tokens are made in the control panel under API, Tokens.")
	}
	return a.engine
}

// Configure implements provider.Provider. A missing token is no error: cookies
// need none.
func (p *beamProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	p.seen.forget() // one that a debugger runs is configured anew for each run of Terraform
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	given := account{unknown: true}
	defer func() { resp.ResourceData, resp.DataSourceData, resp.ListResourceData = given, given, given }()
	if model.unknown() {
		return
	}
	config, diags := model.settings(p.getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	given.unknown = false
	if config.Token == "" {
		return
	}
	config.UserAgent, config.Transport = "terraform-provider-beam/"+p.version, p.transport
	client, err := digitalocean.New(config)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("api_endpoint"), "Invalid api_endpoint", err.Error())
		return
	}
	eng := engine.New(client)
	if p.connect != nil {
		eng = eng.Reaching(p.connect)
	}
	given = account{engine: eng, seen: &p.seen, plans: newRunPlans()}
}

// DataSources implements provider.Provider.
func (p *beamProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &clusterDataSource{} },
		func() datasource.DataSource { return &nodeDataSource{} },
	}
}

// Functions implements provider.ProviderWithFunctions.
func (p *beamProvider) Functions(context.Context) []func() function.Function {
	var makers []func() function.Function
	for _, f := range textFunctions() {
		makers = append(makers, func() function.Function { return f })
	}
	return makers
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *beamProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &cookieEphemeral{} }}
}

// ListResources implements provider.ProviderWithListResources. A cookie is in no
// account that could be looked through.
func (p *beamProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		func() list.ListResource { return &clusterList{} },
		func() list.ListResource { return &nodeList{} },
	}
}

// Resources implements provider.Provider. Terraform takes the first word of a
// type for the provider's local name, so erlang_cookie has a second name that
// needs no `provider` argument.
func (p *beamProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &cookieResource{typeName: "erlang_cookie"} },
		func() resource.Resource { return &cookieResource{typeName: "beam_cookie"} },
		func() resource.Resource { return &clusterResource{} },
		func() resource.Resource { return &nodeResource{} },
	}
}
