//go:build linux

package linux

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// runner runs a program to its end and returns what it printed. An error holds
// the program's own words. What the program reads on its standard input is not
// shown in errors, and it is where secrets belong.
type runner func(stdin, name string, args ...string) (string, error)

// newRunner returns a runner that outlives the cancellation of ctx: what was
// set up has to be taken down after an interrupt, too.
func newRunner(ctx context.Context) runner {
	ctx = context.WithoutCancel(ctx)
	return func(stdin, name string, args ...string) (string, error) {
		//nolint:gosec // G204: names and arguments are this package's own
		command := exec.CommandContext(ctx, name, args...)
		command.Stdin = strings.NewReader(stdin)
		output, err := command.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(output)))
		}
		return string(output), nil
	}
}
