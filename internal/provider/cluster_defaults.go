package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// keepDefaults takes from the state of a cluster that exists what the
// configuration leaves open: a default that a later version of the provider
// changes does not change clusters that were made before. What takes its default
// from another argument follows that argument. Lists and sets are not kept: one
// that is left out is empty.
func (m *clusterModel) keepDefaults(ctx context.Context, state clusterModel, diags *diag.Diagnostics) {
	if state.ID.IsNull() {
		return
	}
	keepText(&m.Image, state.Image)
	keepBool(&m.Monitoring, state.Monitoring)
	m.keepPools(ctx, state, diags)
	place := func(v *placeModel, was placeModel) { m.keepPlace(v, was, state) }
	keepIn(ctx, &m.LoadBalancer, state.LoadBalancer, diags, func(v, was *loadBalancerModel) {
		place(&v.placeModel, was.placeModel)
		keepText(&v.Algorithm, was.Algorithm)
		keepText(&v.StickyCookie, was.StickyCookie)
		keepScalars(ctx, &v.HealthCheck, was.HealthCheck, diags)
		keepScalars(ctx, &v.Stats, was.Stats, diags)
	})
	keepIn(ctx, &m.Database, state.Database, diags, func(v, was *databaseModel) {
		place(&v.placeModel, was.placeModel)
		keepText(&v.Name, was.Name)
		keepText(&v.User, was.User)
		keepInt(&v.VolumeGiB, was.VolumeGiB)
		keepBool(&v.Backups, was.Backups)
		// Not final_snapshot: data is given up only while the configuration says so.
	})
	keepRelease(ctx, &m.Release, state.Release, diags)
	keepScalars(ctx, &m.Update, state.Update, diags)
	keepScalars(ctx, &m.Host, state.Host, diags)
	keepNetwork(ctx, &m.Network, state.Network, diags)
	keepDistribution(ctx, &m.Distribution, state.Distribution, releaseName(m.Release).Equal(releaseName(state.Release)), diags)
}

// keepPlace keeps region and image of a host unless the cluster's own change.
func (m *clusterModel) keepPlace(v *placeModel, was placeModel, state clusterModel) {
	if m.Region.Equal(state.Region) {
		keepText(&v.Region, was.Region)
	}
	if m.Image.Equal(state.Image) {
		keepText(&v.Image, was.Image)
	}
	keepText(&v.Size, was.Size)
}

func (m *clusterModel) keepPools(ctx context.Context, state clusterModel, diags *diag.Diagnostics) {
	if !known(m.NodePools) || !known(state.NodePools) {
		return
	}
	pools := map[string]attr.Value{}
	for name, value := range m.NodePools.Elements() {
		pools[name] = value
		pool, isObject := value.(types.Object)
		was, existed := state.NodePools.Elements()[name].(types.Object)
		if isObject && existed {
			keepIn(ctx, &pool, was, diags, func(v, was *poolModel) { m.keepPlace(&v.placeModel, was.placeModel, state) })
			pools[name] = pool
		}
	}
	keptPools, errs := types.MapValue(m.NodePools.ElementType(ctx), pools)
	diags.Append(errs...)
	m.NodePools = keptPools
}

func keepNetwork(ctx context.Context, network *types.Object, state types.Object, diags *diag.Diagnostics) {
	ensure(ctx, network)
	keepIn(ctx, network, state, diags, func(v, was *networkModel) { keepText(&v.Mode, was.Mode) })
}
