package engine

import (
	"context"
	"maps"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// readKeys reads the public keys that running hosts are to be told, once and before
// any of them is: those that are made get theirs from DigitalOcean.
func (r *run) readKeys(ctx context.Context, p plan.Plan) error {
	if r.publicKeys != nil || !p.TellsKeys() {
		return nil
	}
	found := map[string]string{}
	if err := read(ctx, lookups(r.spec.SSHKeys, found, r.api.PublicKey)...); err != nil {
		return err
	}
	if missing := check.SSHKeys(cluster.Catalogue{SSHKeys: found}, r.spec.SSHKeys); len(missing) > 0 {
		return &RefusedError{missing}
	}
	r.publicKeys = []string{}
	for _, name := range r.spec.SSHKeys {
		r.publicKeys = append(r.publicKeys, found[name])
	}
	return nil
}

// MissingSSHKeys says which of the keys the account does not have.
func (e *Engine) MissingSSHKeys(ctx context.Context, keys []string) ([]check.Problem, error) {
	found := cluster.Catalogue{SSHKeys: map[string]string{}}
	err := read(ctx, lookups(keys, found.SSHKeys, e.api.SSHKey)...)
	if err != nil {
		return nil, err
	}
	return check.SSHKeys(found, keys), nil
}

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
