package playground

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/mitchellh/go-testing-interface"

	"github.com/beamcluster/terraform-provider-beam/internal/provider"
)

// reattachVariable tells the command line of providers that run already (Terraform's
// documentation, "Debugging Providers").
const reattachVariable = "TF_REATTACH_PROVIDERS"

// attached is a provider that runs in this process.
type attached struct {
	info  string // the value of reattachVariable
	stop  context.CancelFunc
	ended chan struct{}
}

// attach serves the provider from the test's process. Its settings come from getenv,
// and its log, if TF_LOG asks for one, is the test's. It runs until it is closed, or
// the context ends.
func attach(ctx context.Context, t testing.T, getenv func(string) string) (*attached, error) {
	serving, stop := context.WithCancel(ctx)
	a := &attached{stop: stop, ended: make(chan struct{})}
	started := make(chan *plugin.ReattachConfig)
	serve := func() tfprotov6.ProviderServer { return provider.NewServer(version, getenv) }
	go tf6server.Serve(addresses[0], serve, //nolint:errcheck // it has none to tell without a debugger
		tf6server.WithDebug(serving, started, a.ended), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(t))
	var config *plugin.ReattachConfig
	select {
	case config = <-started:
	case <-serving.Done():
		stop()
		return nil, fmt.Errorf("serve the provider: %w", ctx.Err())
	}
	info := tfexec.ReattachInfo{}
	for _, address := range addresses {
		info[address] = tfexec.ReattachConfig{
			Protocol: string(config.Protocol), ProtocolVersion: config.ProtocolVersion, Pid: config.Pid, Test: config.Test,
			Addr: tfexec.ReattachConfigAddr{Network: config.Addr.Network(), String: config.Addr.String()},
		}
	}
	text, err := json.Marshal(info)
	if err != nil {
		a.close()
		return nil, fmt.Errorf("tell of the provider: %w", err)
	}
	a.info = string(text)
	return a, nil
}

func (a *attached) close() {
	a.stop()
	<-a.ended
}
