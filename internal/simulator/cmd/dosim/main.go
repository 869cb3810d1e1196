// Command dosim serves a simulated DigitalOcean on its own. It prints the
// address it listens on; point any client of the API there. GET / shows what
// exists, GET /inventory says it in JSON.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// shutdownTimeout is how long calls in flight may take once the command is
// told to stop.
const shutdownTimeout = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "dosim:", err)
		os.Exit(1)
	}
}

// run serves until the context ends. The first line on stdout is the address,
// as a URL.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	settings, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if settings.hosts == "linux" {
		return runReal(ctx, settings, stdout, stderr)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return serve(ctx, listener, simulator.New(settings.options), stdout)
}

// serve answers on a listener until the context ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, stdout io.Writer) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())

	stopped := make(chan error, 1)
	stopWatching := context.AfterFunc(ctx, func() { stopped <- shutDown(ctx, server) })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		stopWatching()
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

// shutDown ends after shutdownTimeout at the latest, although ctx is over. Calls
// that are left then, such as those that a fault never answers, are cut.
func shutDown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// settings are what the command line says.
type settings struct {
	address string
	hosts   string // records or linux
	images  string // folder of base images
	options simulator.Options
}

// parse reads the command line. It has told stderr about any mistake.
func parse(args []string, stderr io.Writer) (s settings, err error) {
	options := &s.options
	flags := flag.NewFlagSet("dosim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.address, "listen", "127.0.0.1:0", "`address` to listen on; port 0 picks a free one")
	flags.StringVar(&options.Token, "token", "", "the only API `token` that is accepted (default any)")
	flags.DurationVar(&options.Latency, "latency", 0, "how long every call takes")
	flags.DurationVar(&options.BootTime, "boot-time", 2*time.Second, "how long a droplet takes until it is active")
	flags.DurationVar(&options.AddressLag, "address-lag", time.Second, "how long a droplet takes until it shows its addresses")
	flags.DurationVar(&options.ActionTime, "action-time", time.Second, "how long other actions take, such as attaching a volume")
	flags.DurationVar(&options.MemberLinger, "member-linger", 0, "how long a destroyed droplet stays a member of its VPC")
	flags.IntVar(&options.DropletLimit, "droplet-limit", simulator.DefaultDropletLimit, "how many droplets the account may have")
	flags.IntVar(&options.ReservedIPLimit, "reserved-ip-limit", simulator.DefaultReservedIPLimit, "how many reserved IPs the account may have")
	flags.IntVar(&options.VolumeLimit, "volume-limit", simulator.DefaultVolumeLimit, "how many volumes the account may have")
	flags.BoolVar(&options.RateLimits, "rate-limits", true, "refuse what is over DigitalOcean's rate limits")
	flags.StringVar(&s.hosts, "hosts", "records", "what droplets are made of: `kind` records, or linux for Debian hosts that boot (as root)")
	flags.StringVar(&s.images, "images", "", "`folder` that keeps the base images of such hosts (default beam in the user's cache folder)")
	faults := flags.String("faults", "", "`file` that says what goes wrong; see below")
	log := flags.Bool("log", false, "print a line on stderr for each call")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "Usage of dosim:")
		flags.PrintDefaults()
		fmt.Fprint(stderr, aboutFaults)
	}
	if err := flags.Parse(args); err != nil {
		return s, fmt.Errorf("command line: %w", err)
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("command line: unexpected argument %q", flags.Arg(0))
	}
	if s.hosts != "records" && s.hosts != "linux" {
		return s, fmt.Errorf("command line: --hosts %q: it takes records or linux", s.hosts)
	}
	if *log {
		options.Observe = func(call simulator.Request) { fmt.Fprintln(stderr, line(call)) }
	}
	options.Faults, err = readFaults(*faults)
	return s, err
}

// line is what the log says of a call.
func line(call simulator.Request) string {
	text := fmt.Sprintf("%s %d %s %s", call.Time.UTC().Format(time.RFC3339), call.Status, call.Method, call.Path)
	if call.Fault != "" {
		text += " fault=" + string(call.Fault)
	}
	return text
}

// readFaults reads the file that the command line names; no name is no faults.
func readFaults(path string) ([]simulator.Fault, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--faults: %w", err)
	}
	faults, err := simulator.ParseFaults(text)
	if err != nil {
		return nil, fmt.Errorf("--faults %s: %w", path, err)
	}
	return faults, nil
}
