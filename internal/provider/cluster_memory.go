package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// clusterMemory is what the private state of a beam_cluster holds.
type clusterMemory struct {
	cluster.Memory
	// Adopting says that the cluster was imported and that no apply has taken
	// the configuration over yet: it may tell what the API cannot.
	Adopting bool `json:"adopting,omitempty"`
}

// memoryKey is where the private state holds it.
const memoryKey = "memory"

// privateWriter and privateReader are the framework's private state, whose own
// type cannot be named outside of it.
type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

func remember(ctx context.Context, private privateWriter, mem clusterMemory) diag.Diagnostics {
	data, err := json.Marshal(mem)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot keep the state of the cluster", asSentence(err.Error()))}
	}
	return private.SetKey(ctx, memoryKey, data)
}

// recall returns the memory and whether there is one: an import starts
// without.
func recall(ctx context.Context, private privateReader) (mem clusterMemory, exists bool, diags diag.Diagnostics) {
	data, diags := private.GetKey(ctx, memoryKey)
	if diags.HasError() || data == nil {
		return mem, false, diags
	}
	if err := json.Unmarshal(data, &mem); err != nil {
		diags.AddError("Cannot read the state of the cluster", asSentence(err.Error()))
	}
	return mem, true, diags
}
