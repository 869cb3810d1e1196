// Package playground is a folder to try Terraform configurations in: its
// provider is the one in this source tree, and its DigitalOcean is a simulator
// on a loopback port. The demo and the tests of the examples run in it.
package playground

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/mitchellh/go-testing-interface"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/program"
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
	// Test, when set, is the test that serves the provider from its own process, so that
	// no command has to start it, and each starts it several times. Provider can be
	// left out then.
	Test testing.T
	// Wrap, when set, is put between the simulator and its callers.
	Wrap func(http.Handler) http.Handler
	// Hosts is what droplets are; nil means records that remember their user
	// data. Records answer nobody, so clusters are overridden not to wait for
	// their hosts.
	Hosts simulator.Hosts
	// Client is the computer that the command line runs at; nil means this one.
	Client Client
}

// Client is a computer with a network of its own.
type Client interface {
	// Command is a program that runs there, not started yet.
	Command(ctx context.Context, name string, args ...string) *exec.Cmd
	// Listen opens a port there.
	Listen(ctx context.Context, address string) (net.Listener, error)
}

// Playground is a configuration's folder with a DigitalOcean of its own.
type Playground struct {
	Terraform *tfexec.Terraform
	Simulator *simulator.Simulator
	API       *digitalocean.Client
	URL       string // of the simulator
	// Hosts remembers what each droplet was told; nil when droplets are of
	// another kind.
	Hosts *Hosts

	server   *http.Server
	attached *attached // nil where the command line starts the provider
	starter  string    // the command line's program, which starts the provider
	endpoint string    // the simulator's URL at the client
	config   string    // folder of the command line's configuration
}

// version is the one that the provider built here has in the mirror.
const version = "0.0.1"

// addresses are the provider's in Terraform's and in OpenTofu's registry.
var addresses = []string{"registry.terraform.io/beamcluster/beam", "registry.opentofu.org/beamcluster/beam"}

// Build compiles the provider of the module that the working directory is in
// and lays the folder out as a mirror of Terraform's and OpenTofu's registries.
func Build(ctx context.Context, folder string) error {
	binary := filepath.Join(folder, "provider")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", binary, "github.com/beamcluster/terraform-provider-beam") //nolint:gosec // G204: the folder is the caller's
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the provider: %w\n%s", err, output)
	}
	for _, address := range addresses {
		place := filepath.Join(folder, filepath.FromSlash(address), version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(place, 0o750); err != nil {
			return err
		}
		if err := os.Symlink(binary, filepath.Join(place, "terraform-provider-beam_v"+version)); err != nil {
			return err
		}
	}
	return nil
}

// Open starts the simulator, makes Terraform use it, and runs terraform init where
// there is a provider to install. Close it in the end.
func Open(ctx context.Context, o Options) (*Playground, error) {
	p := &Playground{}
	if o.Simulator.Hosts = o.Hosts; o.Hosts == nil {
		p.Hosts = newHosts()
		o.Simulator.Hosts = p.Hosts
		if err := waitForNoHost(o.Dir); err != nil {
			return nil, err
		}
	}
	p.Simulator = simulator.New(o.Simulator)
	if err := p.serve(ctx, o); err != nil {
		return nil, err
	}
	if err := p.connect(ctx, o); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// serve answers here and, where the client is another computer, there too.
func (p *Playground) serve(ctx context.Context, o Options) error {
	var handler http.Handler = p.Simulator
	if o.Wrap != nil {
		handler = o.Wrap(handler)
	}
	p.server = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	var err error
	if p.URL, err = p.listen(ctx, new(net.ListenConfig).Listen); err != nil {
		return err
	}
	if p.endpoint = p.URL; o.Client != nil {
		there := func(ctx context.Context, _, address string) (net.Listener, error) {
			return o.Client.Listen(ctx, address)
		}
		p.endpoint, err = p.listen(ctx, there)
	}
	return err
}

// listen serves on a free loopback port and returns its URL.
func (p *Playground) listen(ctx context.Context, open func(ctx context.Context, network, address string) (net.Listener, error)) (string, error) {
	listener, err := open(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Join(fmt.Errorf("start the simulator: %w", err), p.server.Close())
	}
	go p.server.Serve(listener) //nolint:errcheck // ends with ErrServerClosed, at Close
	return "http://" + listener.Addr().String(), nil
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
	if o.Test != nil {
		environment := p.environment()
		if p.attached, err = attach(ctx, o.Test, func(name string) string { return environment[name] }); err != nil {
			return err
		}
	}
	if err := os.WriteFile(p.cliConfigFile(), []byte(cliConfig(cmp.Or(o.Provider, p.config))), 0o600); err != nil {
		return err
	}
	if p.starter, err = p.cli(ctx, o, "cli", ""); err != nil {
		return err
	}
	starting, err := p.terraform(o.Dir, p.starter)
	if err != nil {
		return err
	}
	if p.Terraform = starting; p.attached != nil {
		cli, err := p.cli(ctx, o, "attached", "export "+reattachVariable+"="+quoted(p.attached.info)+"\n")
		if err != nil {
			return err
		}
		if p.Terraform, err = p.terraform(o.Dir, cli); err != nil {
			return err
		}
	}
	if o.Provider == "" {
		return nil
	}
	return starting.Init(ctx)
}

// terraform runs the command line in the folder.
func (p *Playground) terraform(dir, cli string) (*tfexec.Terraform, error) {
	t, err := tfexec.NewTerraform(dir, cli)
	if err != nil {
		return nil, err
	}
	return t, errors.Join(t.SetWaitDelay(patience), t.SetEnv(p.environment()))
}

// cli is the program that runs the command line: at the client, and after the lines
// of a shell.
func (p *Playground) cli(ctx context.Context, o Options, name, before string) (string, error) {
	if o.Client == nil && before == "" {
		return o.CLI, nil
	}
	words := []string{o.CLI}
	if o.Client != nil {
		words = o.Client.Command(ctx, o.CLI).Args
	}
	script := "#!/bin/sh\n" + before + "exec"
	for _, word := range words {
		script += " " + quoted(word)
	}
	path := filepath.Join(p.config, name)
	return path, program.Write(path, script+" \"$@\"\n")
}

// quoted is a word of a shell's script.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// environment is the user's own without what would reach another account.
func (p *Playground) environment() map[string]string {
	return map[string]string{
		"PATH":                 os.Getenv("PATH"),
		"HOME":                 os.Getenv("HOME"),
		"TMPDIR":               os.TempDir(),
		"CHECKPOINT_DISABLE":   "1",
		"TF_CLI_CONFIG_FILE":   p.cliConfigFile(),
		"DIGITALOCEAN_TOKEN":   token,
		"DIGITALOCEAN_API_URL": p.endpoint,
	}
}

// Command is a run of the command line, not started yet, for those who look at
// its process and its output.
func (p *Playground) Command(ctx context.Context, args ...string) *exec.Cmd {
	return p.command(ctx, p.Terraform.ExecPath(), args)
}

// Starting is a Command that starts the provider that Build made, also where a test
// serves it.
func (p *Playground) Starting(ctx context.Context, args ...string) *exec.Cmd {
	return p.command(ctx, p.starter, args)
}

func (p *Playground) command(ctx context.Context, cli string, args []string) *exec.Cmd {
	command := exec.CommandContext(ctx, cli, args...) //nolint:gosec // G204: the program is the caller's
	command.Dir = p.Terraform.WorkingDir()
	for name, value := range p.environment() {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

func (p *Playground) cliConfigFile() string { return filepath.Join(p.config, "cli.tfrc") }

// cliConfig makes the command line take providers from the folder and from
// nowhere else, so that nothing is downloaded.
func cliConfig(folder string) string {
	return fmt.Sprintf(`disable_checkpoint = true
provider_installation {
  filesystem_mirror { path = %q }
}
`, folder)
}

// Close stops what Open started and removes what it wrote.
func (p *Playground) Close() error {
	if p.attached != nil {
		p.attached.close()
	}
	return errors.Join(p.server.Close(), os.RemoveAll(p.config))
}
