package provider_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// A state that lacks an attribute with a default is one of a version that did
// not know the attribute yet: its cluster was made as the default says.
func TestAccStateWithoutADefaultedAttribute(t *testing.T) {
	t.Parallel()
	k := openKept(t, filepath.Join("testdata", "states", "managed"))
	for _, lacking := range []string{
		"image monitoring node_pools.us.region release.kind load_balancer.algorithm database.user distribution.sync host.fail2ban management.port network.mode",
		"node_pools.us.image node_pools.us.size release.port load_balancer.sticky_cookie load_balancer.image database.volume_gib host.packages management.enabled",
		"load_balancer.health_check.interval_ms load_balancer.stats.port database.backups management.from",
		"load_balancer.stats distribution network",
		"host management",
		"management host network distribution load_balancer.stats monitoring",
	} {
		t.Run(lacking, func(t *testing.T) {
			k.putState(t, without(t, k.state, strings.Fields(lacking)))
			k.plansNothing(t)
		})
	}
}

// What a default was when the cluster was made stays, also when new clusters
// get another: here it was debian-12-x64.
func TestAccStateOfAnotherDefault(t *testing.T) {
	t.Parallel()
	k := openKept(t, filepath.Join("testdata", "defaults", "older-image"))
	k.plansNothing(t)
}
