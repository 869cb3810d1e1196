package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// server is the provider as Terraform speaks to it. It takes note of the clusters
// that are in a state. Of one that is to be replaced Terraform plans a new one
// only, and with -refresh=false it does not read it either: that its state is
// upgraded first, to the same version mostly, is all that tells of it. The
// framework does not pass that on to a resource.
type server struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer // which is not part of the other one yet
	provider                     *beamProvider
}

var _ tfprotov6.ListResourceServer = (*server)(nil)

// NewServer returns the server of a provider; version goes into the User-Agent, and
// getenv tells the environment's part of the settings.
func NewServer(version string, getenv func(string) string) tfprotov6.ProviderServer {
	return serve(&beamProvider{version: version, getenv: getenv})
}

func serve(p *beamProvider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	lists, _ := framework.(tfprotov6.ListResourceServer)
	return &server{ProviderServer: framework, ListResourceServer: lists, provider: p}
}

// UpgradeResourceState implements tfprotov6.ProviderServer.
func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	resp, err := s.ProviderServer.UpgradeResourceState(ctx, req)
	if err == nil && req.TypeName == clusterType && resp.UpgradedState != nil {
		// What is wrong with a state is told to whoever reads it.
		_ = s.note(ctx, resp.UpgradedState)
	}
	return resp, err
}

// ApplyResourceChange implements tfprotov6.ProviderServer. Terraform asks a
// provider to stop, and then waits for its answer; that its connection ends
// before says that it was killed.
func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	working, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() { end(engine.ErrAbandoned) })()
	return s.ProviderServer.ApplyResourceChange(working, req)
}

// note takes note of the state of a cluster.
func (s *server) note(ctx context.Context, upgraded *tfprotov6.DynamicValue) diag.Diagnostics {
	var described resource.SchemaResponse
	(&clusterResource{}).Schema(ctx, resource.SchemaRequest{}, &described)
	raw, err := upgraded.Unmarshal(described.Schema.Type().TerraformType(ctx))
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot read the state of the cluster", asSentence(err.Error()))}
	}
	var state clusterModel
	at := tfsdk.State{Schema: described.Schema, Raw: raw}
	diags := at.Get(ctx, &state)
	diags.Append(state.show(&s.provider.seen)...)
	return diags
}
