package digitalocean

import (
	"context"
)

// deleteWhenFree deletes, and tries again while something still holds the
// object. What is gone already is deleted.
func deleteWhenFree(ctx context.Context, what string, del func(context.Context) error) error {
	var last error
	err := poll(ctx, what+" to be free", func(ctx context.Context) (bool, string, error) {
		last = del(ctx)
		switch {
		case last == nil || Gone(last):
			return true, "", nil
		case busy(last):
			return false, last.Error(), nil
		}
		return false, "", last
	})
	if busy(last) {
		return failed(err, "waiting for %s to be free", what)
	}
	return failed(err, "delete %s", what)
}
