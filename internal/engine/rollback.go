package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// rollBack deletes the successors of nodes that this apply made and that will
// never be well, where that is asked for: their predecessors serve on. A successor
// that cannot be deleted now is remembered, and the next apply makes it anew.
func (r *run) rollBack(ctx context.Context) error {
	if r.forming == nil || r.spec.Update.OnFailure != cluster.OnFailureRollback {
		return nil
	}
	ctx, cancel := parting(ctx)
	defer cancel()
	for _, d := range slices.Clone(r.obs.Droplets) {
		if !r.made[d.ID] || !r.hopeless(d.ID) || !r.hasPredecessor(d.ID) {
			continue
		}
		tflog.Info(ctx, "removing a node that did not come up in place of another", map[string]any{"droplet": d.Name, "id": d.ID})
		r.mem.RememberFailure(d.ID)
		if err := r.api.DeleteDroplet(ctx, d); err != nil {
			return fmt.Errorf("remove %s (%d), which did not come up; its predecessor serves on, and the next apply removes it: %w", d.Name, d.ID, err)
		}
		r.lose(d.ID)
	}
	r.mem.Note(r.obs)
	return nil
}

// hopeless says that the host will not become well by itself.
func (r *run) hopeless(id int) bool {
	name := r.mem.Hosts[id].Name
	return r.mem.Hosts[id].SetUpFailed || slices.ContainsFunc(r.forming.last.Findings, func(f health.Finding) bool { return f.Final && f.Host == name })
}

// hasPredecessor says that a node which still runs has a node's name.
func (r *run) hasPredecessor(id int) bool {
	own := r.mem.Hosts[id]
	return own.Role == cluster.RoleNode && slices.ContainsFunc(r.obs.Droplets, func(d cluster.Droplet) bool {
		other := r.mem.Hosts[d.ID]
		return d.ID != id && other.Role == own.Role && other.Name == own.Name && !other.Stopped && !other.SetUpFailed
	})
}
