//go:build linux

// Package e2e runs clusters for real: Terraform applies them to a simulated
// DigitalOcean whose droplets boot, and a client on the same simulated internet
// looks at what came of it. Its tests are the checks of `make e2e`; its program
// demo is `make demo-live`.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/linux"
)

// The addresses of the client. Clusters let the operator's reach SSH and the
// stats page, and a stranger's not (RFC 5737).
var (
	Operator = netip.MustParseAddr("203.0.113.7")
	Stranger = netip.MustParseAddr("203.0.113.8")
)

// BootTime is how long a droplet takes until the API calls it active. Its host
// begins to boot when its addresses are known, which is earlier.
const BootTime = time.Second

// Options say what a world is made of.
type Options struct {
	Name     string   // sets it apart from other worlds on this machine
	Images   []string // slugs that droplets may boot from; the first is the default
	CLI      string   // path of terraform or tofu
	Provider string   // folder that playground.Build put the provider into
	Releases string   // folder whose files the client serves, over HTTP on port 80
	Observe  func(simulator.Request)
	// Authority is a certificate, as PEM, whose signatures hosts believe; empty
	// means none but those that all hosts do.
	Authority string
}

// World is an account of real hosts, with a configuration's folder at a client.
type World struct {
	*playground.Playground
	Hosts *linux.Hosts
	HTTP  *http.Client // at the client, from the operator's address

	dir      string
	releases *http.Server
	stop     context.CancelFunc
}

// Open makes a world. Base images that this machine has not are built, which
// takes some minutes. Close removes everything.
func Open(ctx context.Context, o Options) (*World, error) {
	hosts, err := linux.Open(ctx, linux.Options{
		Name: o.Name, Images: o.Images, Clients: []netip.Addr{Operator, Stranger}, Authority: o.Authority,
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	w := &World{Hosts: hosts, HTTP: clientFrom(hosts.Client()), stop: stop}
	if err := w.open(ctx, o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) open(ctx context.Context, o Options) error {
	var err error
	if w.dir, err = os.MkdirTemp("", "beam-world-"); err != nil {
		return err
	}
	if err := w.serveReleases(ctx, o.Releases); err != nil {
		return err
	}
	if err := w.Write(Cluster{"name": "empty"}); err != nil { // init wants to know the provider
		return err
	}
	w.Playground, err = playground.Open(ctx, playground.Options{
		CLI: o.CLI, Provider: o.Provider, Dir: w.dir, Hosts: w.Hosts, Client: w.Hosts.Client(),
		Simulator: simulator.Options{
			BootTime: BootTime, AddressLag: BootTime / 2, ActionTime: BootTime / 2, DropletLimit: 50, Observe: o.Observe,
		},
	})
	if err != nil {
		return err
	}
	w.Hosts.Attach(ctx, w.Simulator)
	return nil
}

func (w *World) serveReleases(ctx context.Context, folder string) error {
	listener, err := w.Hosts.Client().Listen(ctx, netip.AddrPortFrom(Operator, 80).String())
	if err != nil {
		return fmt.Errorf("serve releases: %w", err)
	}
	w.releases = &http.Server{Handler: http.FileServer(http.Dir(folder)), ReadHeaderTimeout: time.Minute}
	go w.releases.Serve(listener) //nolint:errcheck // ends with ErrServerClosed, at Close
	return nil
}

// clientFrom never reuses a connection: each request is a visitor of its own.
func clientFrom(client linux.Client) *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DialContext: client.Dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// DialFrom connects from one of the client's addresses.
func (w *World) DialFrom(ctx context.Context, from netip.Addr, address string) (connection net.Conn, err error) {
	err = w.Hosts.Client().Within(func() error {
		dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: 2 * time.Second}
		connection, err = dialer.DialContext(ctx, "tcp", address)
		return err
	})
	return connection, err
}

// Close destroys all hosts, without asking Terraform, and removes every file.
func (w *World) Close() error {
	w.stop()
	var errs []error
	if w.Playground != nil {
		errs = append(errs, w.Playground.Close())
	}
	if w.releases != nil {
		errs = append(errs, w.releases.Close())
	}
	return errors.Join(append(errs, w.Hosts.Close(), os.RemoveAll(w.dir))...)
}
