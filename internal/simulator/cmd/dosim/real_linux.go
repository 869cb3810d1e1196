package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/linux"
)

// runReal serves an account whose droplets are real hosts. They and the API are
// reached from a client in a network namespace of its own, and from nowhere else.
func runReal(ctx context.Context, s settings, stdout, stderr io.Writer) (err error) {
	fmt.Fprintln(stderr, "Preparing base images; the first time this takes some minutes")
	hosts, err := linux.Open(ctx, linux.Options{
		ImageFolder: s.images, Images: []string{"debian-12-x64", "debian-13-x64"},
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	})
	if err != nil {
		return fmt.Errorf("prepare real hosts: %w", err)
	}
	defer func() { err = errors.Join(err, hosts.Close()) }()
	s.options.Hosts = hosts
	api := simulator.New(s.options)
	hosts.Attach(ctx, api)
	listener, err := hosts.Client().Listen(ctx, s.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(stderr, "Run what talks to it with: ip netns exec %s\n", hosts.Client().Namespace())
	return serve(ctx, listener, api, stdout)
}
