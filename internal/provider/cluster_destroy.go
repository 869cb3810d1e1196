package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// warnOfDestroy says what a destroy takes with it. It needs no look at anything.
func warnOfDestroy(ctx context.Context, from tfsdk.State) diag.Diagnostics {
	var state clusterModel
	diags := from.Get(ctx, &state)
	mem, _, errs := state.recall()
	diags.Append(errs...)
	if text := losses(state.Name.ValueString(), mem.Memory); text != "" && !diags.HasError() {
		diags.AddWarning("Destroying cluster "+state.Name.ValueString(), text)
	}
	return diags
}

// losses says what goes with the cluster and cannot be had again; empty for
// nothing of that kind.
func losses(name string, mem cluster.Memory) string {
	var goes []string
	if mem.VolumeID != "" {
		kept := "no snapshot of it is kept: database.final_snapshot is false."
		switch {
		case mem.FinalSnapshot:
			kept = fmt.Sprintf("a snapshot of it, %s, is kept and goes on costing money until you delete it.", cluster.FinalSnapshotName(name, mem.ID))
		case !mem.Runs(cluster.RoleDatabase):
			kept = "no snapshot of it is kept: no host has used it yet."
		}
		goes = append(goes, "The database's volume is deleted, and "+kept)
	}
	if mem.ReservedIP != "" {
		goes = append(goes, fmt.Sprintf("The public address %s is given back and cannot be had again.", mem.ReservedIP))
	}
	return strings.Join(goes, "\n")
}

// seenClusters are the clusters that this run of Terraform has in its state. One
// that is to be replaced is planned as a new one, and the old one is not in its way.
type seenClusters struct {
	mu     sync.Mutex
	byName map[string]map[string]cluster.Memory // then by id
}

func (s *seenClusters) add(name string, mem cluster.Memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byName == nil {
		s.byName = map[string]map[string]cluster.Memory{}
	}
	if s.byName[name] == nil {
		s.byName[name] = map[string]cluster.Memory{}
	}
	s.byName[name][mem.ID] = mem
}

func (s *seenClusters) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byName = nil
}

func (s *seenClusters) of(name string) []cluster.Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []cluster.Memory
	for _, id := range slices.Sorted(maps.Keys(s.byName[name])) {
		found = append(found, s.byName[name][id])
	}
	return found
}

// show takes note of the state.
func (m clusterModel) show(seen *seenClusters) diag.Diagnostics {
	mem, exists, diags := m.recall()
	if exists {
		seen.add(m.Name.ValueString(), mem.Memory)
	}
	return diags
}

// warnOfReplacement says what the new cluster costs: those in its place that
// this run of Terraform has seen go first. Terraform shows it of a tainted cluster;
// with -replace it asks for this plan as well, and drops what is said of it.
func warnOfReplacement(name string, others []cluster.Observed, seen []cluster.Memory) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, mem := range seen {
		exists := slices.ContainsFunc(others, func(o cluster.Observed) bool { return o.ID == mem.ID })
		if exists {
			diags.AddWarning("Replacing cluster "+name, strings.TrimSpace("The cluster is destroyed, and nothing serves until the new one is up.\n"+losses(name, mem)))
		}
	}
	return diags
}
