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

func main() {
	cli := flag.String("cli", "terraform", "path of terraform or tofu")
	sources := flag.String("releases", "internal/beam/testdata/releases", "folder of the release's sources")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := show(ctx, *cli, *sources)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

// show runs the whole demo. Whatever happens, its hosts and files are removed.
func show(ctx context.Context, cli, sources string) (err error) {
	temporary, err := os.MkdirTemp("", "beam-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	releases, provider := filepath.Join(temporary, "releases"), filepath.Join(temporary, "bin")
	if err := os.Mkdir(releases, 0o700); err != nil {
		return err
	}
	title("Building the provider and a release of mix")
	if err := playground.Build(ctx, provider); err != nil {
		return err
	}
	release, err := e2e.BuildRelease(ctx, "mix", sources, releases)
	if err != nil {
		return err
	}
	title("Preparing " + image + ", which takes some minutes the first time")
	world, err := e2e.Open(ctx, e2e.Options{
		Name: "demo", Images: []string{image}, CLI: cli, Provider: provider, Releases: releases, Observe: printWrite,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	return tell(ctx, world, release)
}

// tell is the story: apply, look from all sides, destroy.
func tell(ctx context.Context, world *e2e.World, release e2e.Release) error {
	cluster := e2e.Chat(image, release)
	cluster["release"].(map[string]any)["migrate"] = "Chat.Release.migrate()"
	if err := world.Write(cluster); err != nil {
		return err
	}
	title("terraform apply")
	if err := timed("formed", func() error { return world.Terraform.Apply(ctx) }); err != nil {
		return err
	}
	state, err := world.State(ctx)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, *e2e.World, e2e.State) error{showMesh, showBalance, showPorts} {
		if err := part(ctx, world, state); err != nil {
			return err
		}
	}
	title("terraform destroy")
	return timed("destroyed", func() error { return world.Terraform.Destroy(ctx) })
}

func title(text string) { fmt.Printf("\n=== %s\n", text) }

func timed(what string, run func() error) error {
	start := time.Now()
	err := run()
	if err == nil {
		fmt.Printf("  %s after %.1f s\n", what, time.Since(start).Seconds())
	}
	return err
}

// printWrite shows each call that changes the account.
func printWrite(r simulator.Request) {
	if r.Method != http.MethodGet {
		fmt.Printf("  %s  %-6s %s  %d\n", r.Time.Format("15:04:05"), r.Method, r.Path, r.Status)
	}
}
