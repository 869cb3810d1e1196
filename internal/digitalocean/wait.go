package digitalocean

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// PollInterval is the pause between two looks at something that changes.
const PollInterval = 2 * time.Second

// progressInterval is how often a long wait says that it goes on.
const progressInterval = 10 * time.Second

// Wait looks again and again until done says so or fails, or the context ends.
// what completes the sentence "waiting for …" in logs and errors; done also
// returns how far things are, for the log.
func Wait(ctx context.Context, what string, done func(context.Context) (ok bool, progress string, err error)) error {
	started, said := time.Now(), time.Now()
	progress := ""
	for {
		ok, now, err := done(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		if now != progress || time.Since(said) >= progressInterval {
			progress, said = now, time.Now()
			tflog.Info(ctx, "waiting for "+what, map[string]any{"progress": progress, "seconds": int(time.Since(started).Seconds())})
		}
		if err := pause(ctx, PollInterval); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", what, progress, err)
		}
	}
}

// pause waits, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
