package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Some values can be written in several ways. What the configuration has in
// another spelling than the state is no change, and stays in the state as it is.

// keepTags keeps tags that differ in case only: an account spells a tag as it was
// first made.
func keepTags(tags *types.Set, state types.Set) {
	whole := func(s types.Set) bool { return known(s) && len(texts(s)) == len(s.Elements()) }
	if whole(*tags) && whole(state) && cluster.SameTags(texts(*tags), texts(state)) {
		*tags = state
	}
}

// keepSSHKeys keeps keys that are named by id instead of fingerprint, or the other
// way round. The account is asked only where the lists differ.
func (a account) keepSSHKeys(ctx context.Context, keys *types.List, state types.List) diag.Diagnostics {
	if a.unknown || a.engine == nil || !known(*keys) || !known(state) || partlyUnknown(*keys) || keys.Equal(state) {
		return nil
	}
	same, err := a.engine.SameSSHKeys(ctx, texts(*keys), texts(state))
	if err != nil {
		return diag.Diagnostics{failure("Cannot compare the SSH keys", err)}
	}
	if same {
		*keys = state
	}
	return nil
}
