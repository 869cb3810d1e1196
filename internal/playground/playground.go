// Package playground is a folder to try Terraform configurations in: its
// provider is the one in this source tree, and its DigitalOcean is a simulator
// on a loopback port. The demo and the tests of the examples run in it.
package playground

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// token is a token that the simulator takes; it takes any.
const token = "playground"

// patience is how long Terraform may take to end by itself after an interrupt,
// so that it can write its state.
const patience = 30 * time.Second

// Options say what a playground is made of.
type Options struct {
	CLI       string // path of terraform or tofu
	Provider  string // folder that Build put the provider into
	Dir       string // working folder of the configuration
	Simulator simulator.Options
	// Wrap, when set, is put between the simulator and its callers.
	Wrap func(http.Handler) http.Handler
}

// Playground is a configuration's folder with a DigitalOcean of its own.
type Playground struct {
	Terraform *tfexec.Terraform
	Simulator *simulator.Simulator
	API       *digitalocean.Client
	URL       string // of the simulator
	// Hosts remembers what each droplet was told.
	Hosts *Hosts

	server *http.Server
	config string // folder of the command line's configuration
}

// version is the one that the provider built here has in the mirror.
const version = "0.0.1"

// Build compiles the provider of the module that the working directory is in
// and lays the folder out as a mirror of Terraform's and OpenTofu's registries.
func Build(ctx context.Context, folder string) error {
	binary := filepath.Join(folder, "provider")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/beamcluster/terraform-provider-beam") //nolint:gosec // G204: the folder is the caller's
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the provider: %w\n%s", err, output)
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		place := filepath.Join(folder, registry, "beamcluster", "beam", version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(place, 0o750); err != nil {
			return err
		}
		if err := os.Symlink(binary, filepath.Join(place, "terraform-provider-beam_v"+version)); err != nil {
			return err
		}
	}
	return nil
}

// Open starts the simulator, makes Terraform use it, and runs terraform init.
// Close it in the end.
func Open(ctx context.Context, o Options) (*Playground, error) {
	p := &Playground{Hosts: newHosts()}
	o.Simulator.Hosts = p.Hosts
	p.Simulator = simulator.New(o.Simulator)
	if err := p.serve(ctx, o.Wrap); err != nil {
		return nil, err
	}
	if err := p.connect(ctx, o); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Playground) serve(ctx context.Context, wrap func(http.Handler) http.Handler) error {
	var handler http.Handler = p.Simulator
	if wrap != nil {
		handler = wrap(handler)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	p.URL = "http://" + listener.Addr().String()
	p.server = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go p.server.Serve(listener) //nolint:errcheck // ends with ErrServerClosed, at Close
	return nil
}

// connect points the API client, Terraform and the provider at the simulator.
func (p *Playground) connect(ctx context.Context, o Options) error {
	var err error
	if p.API, err = digitalocean.New(digitalocean.Config{Token: token, Endpoint: p.URL}); err != nil {
		return err
	}
	if p.config, err = os.MkdirTemp("", "beam-cli-"); err != nil {
		return err
	}
	config := filepath.Join(p.config, "cli.tfrc")
	if err := os.WriteFile(config, []byte(cliConfig(o.Provider)), 0o600); err != nil {
		return err
	}
	if p.Terraform, err = tfexec.NewTerraform(o.Dir, o.CLI); err != nil {
		return err
	}
	if err := p.Terraform.SetWaitDelay(patience); err != nil {
		return err
	}
	if err := p.Terraform.SetEnv(p.environment(config)); err != nil {
		return err
	}
	return p.Terraform.Init(ctx)
}

// environment is the user's own without what would reach another account.
func (p *Playground) environment(config string) map[string]string {
	return map[string]string{
		"PATH":                 os.Getenv("PATH"),
		"HOME":                 os.Getenv("HOME"),
		"TMPDIR":               os.TempDir(),
		"CHECKPOINT_DISABLE":   "1",
		"TF_CLI_CONFIG_FILE":   config,
		"DIGITALOCEAN_TOKEN":   token,
		"DIGITALOCEAN_API_URL": p.URL,
	}
}

// cliConfig makes the command line take providers from the folder and from
// nowhere else, so that nothing is downloaded.
func cliConfig(folder string) string {
	return fmt.Sprintf(`disable_checkpoint = true
provider_installation {
  filesystem_mirror { path = %q }
}
`, folder)
}

// Close stops the simulator and removes what Open wrote.
func (p *Playground) Close() error {
	return errors.Join(p.server.Close(), os.RemoveAll(p.config))
}
