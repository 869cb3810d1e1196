// Demo shows the provider at its main job: it builds the cluster of
// examples/two-regions on a simulated DigitalOcean, shows what was built,
// plans again, destroys it, and shows that nothing is left. It needs no
// account, no network and no root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	cli := flag.String("cli", "", "terraform or tofu to use; the default is the first of them on PATH")
	example := flag.String("example", "examples/two-regions", "folder of the configuration")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *cli, *example)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "\nInterrupted. Everything was simulated, and nothing of it is left.")
		os.Exit(130)
	case err != nil:
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cli, example string) error {
	if cli == "" {
		var err error
		if cli, err = findCLI(); err != nil {
			return err
		}
	}
	return show(ctx, os.Stdout, cli, example, realistic)
}

func findCLI() (string, error) {
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither terraform nor tofu is on PATH; `make demo` builds OpenTofu")
}
