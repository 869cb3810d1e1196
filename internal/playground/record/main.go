// Record makes test data for later versions: what the provider of today leaves
// in Terraform's state, and the account that belongs to it. In a folder with a
// folder for each configuration it writes terraform.tfstate and account.json
// beside main.tf.
//
//	go run ./internal/playground/record internal/provider/testdata/states managed drifted
//
// It never writes over a state: one is worth something only as its version left
// it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: record FOLDER NAME...; main.tf has to be in FOLDER/NAME")
	}
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := record(ctx, flag.Arg(0), flag.Args()[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "record: %v\n", err)
		os.Exit(1)
	}
}

// record builds the provider once and makes a state of each name.
func record(ctx context.Context, folder string, names []string) error {
	provider, err := os.MkdirTemp("", "beam-provider-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(provider)
	if err := playground.Build(ctx, provider); err != nil {
		return err
	}
	for _, name := range names {
		if err := recordOne(ctx, provider, filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println("recorded", name)
	}
	return nil
}

// recordOne tells the story of a folder's name in a copy of it, and keeps what
// there is at its end.
func recordOne(ctx context.Context, provider, folder string) error {
	story, known := stories[filepath.Base(folder)]
	if !known {
		return errors.New("there is no story of this name")
	}
	if _, err := os.Stat(filepath.Join(folder, "terraform.tfstate")); err == nil {
		return errors.New("it has a state, which is kept as it is")
	}
	work, err := os.MkdirTemp("", "beam-record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, os.DirFS(folder)); err != nil {
		return err
	}
	cli, err := exec.LookPath("terraform")
	if err != nil {
		return err
	}
	t := &teller{dir: work, twoDroplets: make(chan struct{})}
	t.Playground, err = playground.Open(ctx, playground.Options{
		CLI: cli, Provider: provider, Dir: work,
		Simulator: simulator.Options{Latency: latency, Observe: t.observe},
	})
	if err != nil {
		return err
	}
	defer t.Close()
	for _, step := range story {
		if err := step(ctx, t); err != nil {
			return err
		}
	}
	return t.keep(ctx, folder)
}

// keep writes the state and the account down.
func (t *teller) keep(ctx context.Context, folder string) error {
	state, err := os.ReadFile(filepath.Join(t.dir, "terraform.tfstate"))
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "terraform.tfstate"), state); err != nil {
		return err
	}
	dump, err := t.Dump(ctx)
	if err != nil {
		return err
	}
	account, err := json.MarshalIndent(dump, "", "  ")
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, "account.json"), append(account, '\n'))
}

func write(path string, data []byte) error {
	return os.WriteFile(path, data, 0o644) //nolint:gosec // G306: to be read by everybody
}
