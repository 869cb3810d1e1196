package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

const (
	// createTries is how often a create is sent whose answers are lost.
	createTries = 4
	// lookTime is how long what a lost answer made may take to be listed.
	lookTime = 20 * time.Second
)

// ErrUnsure says that a write may have been carried out although nobody could
// find out.
var ErrUnsure = errors.New("it may exist all the same")

// TakenError says that the name of an object that should be made is taken by
// one that is not the cluster's.
type TakenError struct {
	Kind   string // such as "volume"
	Name   string
	ID     string
	Region string // empty for what belongs to none
}

// Error implements error.
func (e *TakenError) Error() string {
	in := ""
	if e.Region != "" {
		in = " in " + e.Region
	}
	return fmt.Sprintf("a %s named %s exists%s (id %s) and is not this cluster's: rename or delete it, or choose another name", e.Kind, e.Name, in, e.ID)
}

// finder looks for what a create may have made. A *TakenError says that it
// cannot have made anything.
type finder[T any] func(context.Context) (found T, ok bool, err error)

// createOnce creates, and when the answer is lost looks for what may have been
// made before it creates again. A refusal because the object exists is taken
// for the sign that an earlier create made it, of this call or of a process
// that died, so that it is looked for as well.
func createOnce[T any](ctx context.Context, create func(context.Context) (T, error), find finder[T]) (T, error) {
	for try := 1; ; try++ {
		made, err := whenFree(ctx, create)
		if !lost(err) && !exists(err) {
			return made, err
		}
		found, ok, lookErr := lookFor(ctx, find)
		switch {
		case ok:
			return found, nil
		case errors.As(lookErr, new(*TakenError)):
			return made, lookErr
		case lookErr != nil:
			return made, fmt.Errorf("%w; looking for what it may have made failed: %w: %w", err, lookErr, ErrUnsure)
		case exists(err) || try == createTries:
			return made, err
		case ctx.Err() != nil:
			return made, ended(ctx, "", err)
		}
	}
}

// whenFree creates, and asks again while an action of somebody else's runs on what
// it is created for, such as the droplet of a reserved IP.
func whenFree[T any](ctx context.Context, create func(context.Context) (T, error)) (made T, err error) {
	begun := time.Now()
	waitErr := poll(ctx, "another action to end", func(ctx context.Context) (bool, string, error) {
		made, err = create(ctx)
		if pending(err) && time.Since(begun) < pendingTimeout {
			return false, err.Error(), nil
		}
		return true, "", nil
	})
	if waitErr != nil {
		err = waitErr
	}
	return made, err
}

// lookFor looks at once and then again and again until the object is listed or
// its time is up; the last look decides. The looks go on when the caller is
// cancelled: they tell whether there is something to be remembered.
func lookFor[T any](ctx context.Context, find finder[T]) (T, bool, error) {
	// The slack lets a look come to its end that began in time.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime+PollInterval)
	defer cancel()
	for begun := time.Now(); ; {
		found, ok, err := find(ctx)
		if ok || errors.As(err, new(*TakenError)) || time.Since(begun) >= lookTime {
			return found, ok, err
		}
		if Pause(ctx, PollInterval) != nil {
			return found, ok, err
		}
	}
}

// find returns the item that is ours. One that only has the name is taken for
// the reason why ours cannot be.
func find[T any](items []T, named, ours func(T) bool, taken func(T) *TakenError) (item T, ok bool, err error) {
	for _, have := range items {
		if named(have) && ours(have) {
			return have, true, nil
		}
	}
	for _, have := range items {
		if named(have) {
			return item, false, taken(have)
		}
	}
	return item, false, nil
}

// carries says whether an object has all the tags.
func carries(have, tags []string) bool {
	return !slices.ContainsFunc(tags, func(tag string) bool { return !cluster.HasTag(have, tag) })
}
