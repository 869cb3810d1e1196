package engine

import (
	"context"
	"maps"
)

// SameSSHKeys says whether both name the same keys of the account: a key has an id
// and a fingerprint. A key that the account does not have is like no other.
func (e *Engine) SameSSHKeys(ctx context.Context, a, b []string) (bool, error) {
	one, err := e.sshKeyIDs(ctx, a)
	if err != nil {
		return false, err
	}
	other, err := e.sshKeyIDs(ctx, b)
	return maps.Equal(one, other), err
}

func (e *Engine) sshKeyIDs(ctx context.Context, keys []string) (map[any]bool, error) {
	ids := map[any]bool{}
	for _, key := range keys {
		id, err := e.api.SSHKeyID(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case id == 0:
			ids[key] = true
		default:
			ids[id] = true
		}
	}
	return ids, nil
}
