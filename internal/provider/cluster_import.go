package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// findCluster looks for a cluster that no state remembers. Without one the memory
// has no host.
func findCluster(ctx context.Context, eng *engine.Engine, name string) (cluster.Observed, cluster.Memory, diag.Diagnostics) {
	observed, ids, err := eng.Find(ctx, name)
	switch {
	case err != nil:
		return observed, cluster.Memory{}, diag.Diagnostics{failure("Cannot read the cluster", err)}
	case len(ids) > 1:
		return observed, cluster.Memory{}, diag.Diagnostics{diag.NewErrorDiagnostic("Several clusters of the name", severalClusters(name, ids))}
	case len(ids) == 0:
		return observed, cluster.Memory{}, nil
	}
	return observed, cluster.Memory{ID: ids[0], Unmarked: ids[0] == ""}, nil
}

// fill takes over what an import could read back and leaves the rest at its
// defaults, so that a configuration that says the same plans no change.
func (m *clusterModel) fill(ctx context.Context, spec cluster.Spec) diag.Diagnostics {
	var diags diag.Diagnostics
	places := placesOf(spec)
	m.Region = textOrNull(mostly(places, func(p cluster.Place) string { return p.Region }))
	m.Image = textOrNull(mostly(places, func(p cluster.Place) string { return p.Image }))
	m.fillPools(ctx, spec.Pools, &diags)
	if lb := spec.LoadBalancer; lb != nil {
		ensure(ctx, &m.LoadBalancer)
		edit(ctx, &m.LoadBalancer, &diags, func(v *loadBalancerModel) { v.placeModel = placeOf(lb.Place) })
	}
	if db := spec.Database; db != nil {
		ensure(ctx, &m.Database)
		edit(ctx, &m.Database, &diags, func(v *databaseModel) {
			v.placeModel, v.VolumeGiB, v.Backups = placeOf(db.Place), intOrNull(db.VolumeGiB), types.BoolValue(db.Backups)
		})
	}
	m.fillSettings(ctx, spec, &diags)
	diags.Append(m.resolve(ctx)...)
	return diags
}

func (m *clusterModel) fillPools(ctx context.Context, pools []cluster.Pool, diags *diag.Diagnostics) {
	elementType := m.NodePools.ElementType(ctx)
	objectType, ok := elementType.(types.ObjectType)
	if !ok {
		return
	}
	elements := map[string]attr.Value{}
	for _, p := range pools {
		pool := types.ObjectNull(objectType.AttrTypes)
		ensure(ctx, &pool)
		edit(ctx, &pool, diags, func(v *poolModel) {
			v.Count, v.placeModel = types.Int64Value(int64(p.Count)), placeOf(p.Place)
		})
		elements[p.Name] = pool
	}
	filled, errs := types.MapValue(elementType, elements)
	diags.Append(errs...)
	m.NodePools = filled
}

func (m *clusterModel) fillSettings(ctx context.Context, spec cluster.Spec, diags *diag.Diagnostics) {
	ensure(ctx, &m.Access)
	edit(ctx, &m.Access, diags, func(v *accessModel) { v.SSHFrom = listOf(spec.Access.SSHFrom) })
	ensure(ctx, &m.Network)
	edit(ctx, &m.Network, diags, func(v *networkModel) {
		v.VPCUUID = textOrNull(spec.Network.VPCUUID)
		if spec.Network.Mode == cluster.NetworkPublic {
			v.Mode = types.StringValue(cluster.NetworkPublic)
		}
	})
	ensure(ctx, &m.Distribution)
	edit(ctx, &m.Distribution, diags, func(v *distributionModel) {
		v.EPMDPort, v.PortMin, v.PortMax = intOrNull(spec.Distribution.EPMDPort), intOrNull(spec.Distribution.PortMin), intOrNull(spec.Distribution.PortMax)
	})
	ensure(ctx, &m.Host)
	edit(ctx, &m.Host, diags, func(v *hostModel) { v.SSHPort = intOrNull(spec.Host.SSHPort) })
	ensure(ctx, &m.Management)
	edit(ctx, &m.Management, diags, func(v *managementModel) { v.Enabled = types.BoolValue(false) }) // its keys cannot be read back
	if len(spec.Tags) > 0 {
		m.Tags = setOf(spec.Tags)
	}
	m.Monitoring = types.BoolValue(spec.Monitoring)
}

// placesOf lists where the hosts are, each node by itself.
func placesOf(spec cluster.Spec) []cluster.Place {
	var places []cluster.Place
	for _, p := range spec.Pools {
		places = append(places, slices.Repeat([]cluster.Place{p.Place}, p.Count)...)
	}
	if spec.LoadBalancer != nil {
		places = append(places, spec.LoadBalancer.Place)
	}
	if spec.Database != nil {
		places = append(places, spec.Database.Place)
	}
	return places
}

func intOrNull(n int) types.Int64 {
	if n == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(int64(n))
}

// severalClusters says what there is of a name that an import cannot mean all of.
// Objects without an id are those of one cluster.
func severalClusters(name string, ids []string) string {
	marked := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
	kinds := fmt.Sprintf("with the ids %s (tags %s<id>)", strings.Join(marked, ", "), cluster.IDTag(name, ""))
	if len(marked) == 1 {
		kinds = fmt.Sprintf("with the id %s (tag %s)", marked[0], cluster.IDTag(name, marked[0]))
	}
	if len(marked) < len(ids) {
		kinds += ", and one whose objects carry no id, as the first versions of this provider made them"
	}
	return fmt.Sprintf("The account has objects of %d clusters named %q: %s. Delete what belongs to all but one of them first.", len(ids), name, kinds)
}
