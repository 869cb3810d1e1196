package digitalocean

import (
	"context"
	"errors"
	"time"
)

const (
	// answerTimeout is how long a create may still take once its caller is
	// cancelled: what it makes costs money, so its answer is worth the wait.
	answerTimeout = 30 * time.Second
	// createTries is how often a create is sent whose answers are lost.
	createTries = 4
	// appearTime is how long what a lost answer made may take to be listed.
	appearTime = 4 * time.Second
)

// createOnce creates, and when the answer is lost looks for what may have been
// made before it creates again.
func createOnce[T any](ctx context.Context, create func(context.Context) (T, error), find func(context.Context) (T, bool, error)) (T, error) {
	var made T
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return made, context.Cause(ctx)
		}
		made, err := uncancelled(ctx, create)
		if err == nil || !lost(err) {
			return made, err
		}
		found, ok, findErr := lookTwice(ctx, find)
		if findErr != nil || ok {
			return found, findErr
		}
		if try == createTries {
			return made, err
		}
	}
}

// uncancelled lets a call that was sent come to its end.
func uncancelled[T any](ctx context.Context, create func(context.Context) (T, error)) (T, error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	return create(detached)
}

// lookTwice looks at once and a little later, for a new object may be listed
// late. Its own looks are not cancelled either: they tell whether there is
// something to be remembered.
func lookTwice[T any](ctx context.Context, find func(context.Context) (T, bool, error)) (T, bool, error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	found, ok, _ := find(detached) // an error may pass: the second look decides
	if ok {
		return found, true, nil
	}
	if err := pause(detached, appearTime); err != nil {
		return found, false, err
	}
	return find(detached)
}

// deleteWhenFree deletes, and tries again while something still holds the
// object. What is gone already is deleted.
func deleteWhenFree(ctx context.Context, what string, del func(context.Context) error) error {
	var last error
	err := Wait(ctx, what+" to be free", func(ctx context.Context) (bool, string, error) {
		last = del(ctx)
		switch {
		case last == nil || gone(last):
			return true, "", nil
		case busy(last):
			return false, last.Error(), nil
		}
		return false, "", last
	})
	if err != nil && last != nil {
		return failed(errors.Join(last, ctx.Err()), "delete %s", what)
	}
	return err
}
