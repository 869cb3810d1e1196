//go:build linux

// Demo shows the provider at its main job with hosts that run: it applies a
// cluster of three nodes, a load balancer and a database, shows that the nodes
// see each other, that the load balancer keeps a visitor with one node, and
// which ports are closed, and destroys the cluster. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

const image = "debian-12-x64"

// demo is one run.
type demo struct {
	*e2e.World
	out io.Writer
}

func main() {
	cli := flag.String("cli", "terraform", "path of terraform or tofu")
	sources := flag.String("releases", "internal/beam/testdata/releases", "folder of the release's sources")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := (&demo{out: os.Stdout}).show(ctx, *cli, *sources)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

// show runs the whole demo. Whatever happens, its hosts and files are removed.
func (d *demo) show(ctx context.Context, cli, sources string) (err error) {
	temporary, err := os.MkdirTemp("", "beam-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	releases, provider := filepath.Join(temporary, "releases"), filepath.Join(temporary, "bin")
	if err := os.Mkdir(releases, 0o700); err != nil {
		return err
	}
	d.title("Building the provider and a release of mix")
	if err := playground.Build(ctx, provider); err != nil {
		return err
	}
	release, err := e2e.BuildRelease(ctx, e2e.Build{Kind: "mix"}, sources, releases)
	if err != nil {
		return err
	}
	d.title("Preparing " + image + ", which takes some minutes the first time")
	d.World, err = e2e.Open(ctx, e2e.Options{
		Name: "demo", Images: []string{image}, CLI: cli, Provider: provider, Releases: releases, Observe: d.printWrite,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.tell(ctx, release)
}

// tell is the story: apply, look from all sides, destroy.
func (d *demo) tell(ctx context.Context, release e2e.Release) error {
	if err := d.Write(e2e.Chat(image, release)); err != nil {
		return err
	}
	d.title("terraform apply")
	if err := d.timed("formed", func() error { return d.Terraform.Apply(ctx) }); err != nil {
		return err
	}
	state, err := d.State(ctx)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, e2e.State) error{d.showMesh, d.showBalance, d.showPorts} {
		if err := part(ctx, state); err != nil {
			return err
		}
	}
	d.title("terraform destroy")
	return d.timed("destroyed", func() error { return d.Terraform.Destroy(ctx) })
}

func (d *demo) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func (d *demo) title(text string) { d.printf("\n=== %s\n", text) }

func (d *demo) timed(what string, run func() error) error {
	start := time.Now()
	err := run()
	if err == nil {
		d.printf("  %s after %.1f s\n", what, time.Since(start).Seconds())
	}
	return err
}

// printWrite shows each call that changes the account.
func (d *demo) printWrite(r simulator.Request) {
	if r.Method != http.MethodGet {
		d.printf("  %s  %-6s %s  %d\n", r.Time.Format("15:04:05"), r.Method, r.Path, r.Status)
	}
}
