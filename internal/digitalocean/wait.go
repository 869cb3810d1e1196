package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

const (
	// PollInterval is the pause between two looks at something that changes.
	PollInterval = 2 * time.Second
	// progressInterval is how often a long wait says that it goes on.
	progressInterval = 10 * time.Second
	// appearTime is how long something new may be unknown to some of the API's
	// servers: a 404 in that time does not say that it is gone.
	appearTime = 10 * time.Second
)

// look is one look at something that changes. It also returns how far things
// are, or what is in the way, for the log and for the error when time is up.
type look func(context.Context) (done bool, progress string, err error)

// Wait looks again and again until done says so or fails, or the context ends.
// what completes the sentence "waiting for …" in logs and errors.
func Wait(ctx context.Context, what string, done func(context.Context) (ok bool, progress string, err error)) error {
	return failed(poll(ctx, what, done), "waiting for %s", what)
}

// poll is Wait without the words around the error.
func poll(ctx context.Context, what string, done look) error {
	started, said := time.Now(), time.Now()
	progress := ""
	for {
		ok, now, err := done(ctx)
		if err != nil {
			return ended(ctx, progress, err)
		}
		if ok {
			return nil
		}
		if now != progress || time.Since(said) >= progressInterval {
			progress, said = now, time.Now()
			tflog.Info(ctx, "waiting for "+what, map[string]any{"progress": progress, "seconds": int(time.Since(started).Seconds())})
		}
		if err := Pause(ctx, PollInterval); err != nil {
			return ended(ctx, progress, err)
		}
	}
}

// ended is the error of a wait. When the context ended it, what it was waiting
// for comes first, in words, and then the context's error.
func ended(ctx context.Context, progress string, err error) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return err
	}
	if !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	if progress == "" {
		return err
	}
	return fmt.Errorf("%s: %w", progress, err)
}

// Pause waits, or returns the cause of the context's end when that comes first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
