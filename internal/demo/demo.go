package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// realistic makes the simulator wait where DigitalOcean does, five times
// shorter.
var realistic = simulator.Options{
	Latency:      60 * time.Millisecond,
	AddressLag:   time.Second,
	BootTime:     8 * time.Second,
	ActionTime:   time.Second,
	MemberLinger: 2 * time.Second,
}

// demo is one run.
type demo struct {
	*playground.Playground
	out   *lockedWriter
	steps []step
}

// step is a part of the demo with its costs.
type step struct {
	name  string
	took  time.Duration
	calls int // API calls
}

// show runs the whole demo in temporary folders. Whatever happens, what it
// started is stopped and what it wrote is removed.
func show(ctx context.Context, out io.Writer, cli, example string, options simulator.Options) (err error) {
	temporary, err := os.MkdirTemp("", "beam-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()

	d := &demo{out: &lockedWriter{out: out}}
	work, provider := filepath.Join(temporary, "work"), filepath.Join(temporary, "bin")
	if err := os.CopyFS(work, os.DirFS(example)); err != nil {
		return err
	}
	d.title("Building the provider")
	if err := playground.Build(ctx, provider); err != nil {
		return err
	}
	options.Observe = d.printWrite
	d.Playground, err = playground.Open(ctx, playground.Options{CLI: cli, Provider: provider, Dir: work, Simulator: options})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	d.printf("A simulated DigitalOcean answers at %s\nThe configuration is %s, the command line is %s\n", d.URL, example, cli)
	d.printf("Droplets are records here, which run nothing, so wait_for is overridden with \"active\"; `make demo-live` has hosts that run\n")
	return d.tell(ctx)
}

// tell is the story: build, look, plan again, destroy, look again.
func (d *demo) tell(ctx context.Context) error {
	key, err := d.AddSSHKey(ctx, "demo")
	if err != nil {
		return err
	}
	sshKeys := tfexec.Var(fmt.Sprintf("ssh_keys=[%q]", key))
	before, err := d.Inventory(ctx)
	if err != nil {
		return err
	}
	if err := d.step("apply", func() error { return d.planAndApply(ctx, sshKeys) }); err != nil {
		return err
	}
	if err := d.report(ctx); err != nil {
		return err
	}
	if err := d.step("second plan", func() error { return d.planNothing(ctx, sshKeys) }); err != nil {
		return err
	}
	if err := d.step("destroy", func() error { return d.planAndApply(ctx, sshKeys, tfexec.Destroy(true)) }); err != nil {
		return err
	}
	if err := d.nothingLeft(ctx, before); err != nil {
		return err
	}
	d.summary()
	return nil
}

// step runs a part under a title and counts what it costs.
func (d *demo) step(name string, run func() error) error {
	d.title("terraform " + name)
	begin, calls := time.Now(), len(d.Simulator.Requests())
	err := run()
	d.steps = append(d.steps, step{name, time.Since(begin), len(d.Simulator.Requests()) - calls})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// planAndApply shows Terraform's progress, but not the long plan.
func (d *demo) planAndApply(ctx context.Context, options ...tfexec.PlanOption) error {
	const file = "demo.tfplan"
	if _, err := d.Terraform.Plan(ctx, append(options, tfexec.Out(file))...); err != nil {
		return err
	}
	d.Terraform.SetStdout(d.out)
	defer d.Terraform.SetStdout(io.Discard)
	return d.Terraform.Apply(ctx, tfexec.DirOrPlan(file))
}

func (d *demo) planNothing(ctx context.Context, sshKeys *tfexec.VarOption) error {
	changes, err := d.Terraform.Plan(ctx, sshKeys)
	if err == nil && changes {
		err = errors.New("there is still something to change")
	}
	if err == nil {
		d.printf("No changes: what exists is what the configuration says.\n")
	}
	return err
}

func (d *demo) nothingLeft(ctx context.Context, before []string) error {
	d.title("What is left")
	after, err := d.Inventory(ctx)
	if err != nil {
		return err
	}
	snapshots, after := playground.Kept(after)
	if !slices.Equal(before, after) {
		return fmt.Errorf("the account held %d things before and holds these now:\n%s", len(before), strings.Join(after, "\n"))
	}
	d.printf("Nothing: no droplet, firewall, network, reserved IP or volume, and no tag of the cluster.\n")
	for _, snapshot := range snapshots {
		d.printf("But, so that no data is lost by mistake: %s. With database.final_snapshot = false there is none.\n", snapshot)
	}
	return nil
}
