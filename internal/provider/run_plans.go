package provider

import (
	"sync"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// runPlans are what this run of Terraform has planned and read so far, for what is
// planned later: a node can join a cluster that does not exist yet, and the droplet
// of a node that is made anew is gone before the new one comes.
type runPlans struct {
	mu       sync.Mutex
	clusters map[string]plannedCluster // by name
	nodes    map[joined]bool
}

type plannedCluster struct {
	spec  cluster.Spec
	known bool // every argument is
}

// joined tells a beam_node from the others.
type joined struct{ cluster, name string }

func newRunPlans() *runPlans {
	return &runPlans{clusters: map[string]plannedCluster{}, nodes: map[joined]bool{}}
}

func (r *runPlans) planCluster(spec cluster.Spec, known bool) {
	if r == nil { // without an account nobody asks
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clusters[spec.Name] = plannedCluster{spec, known}
}

func (r *runPlans) cluster(name string) (plannedCluster, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	planned, exists := r.clusters[name]
	return planned, exists
}

func (r *runPlans) seeNode(clusterName, name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes[joined{clusterName, name}] = true
}

func (r *runPlans) hasNode(clusterName, name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nodes[joined{clusterName, name}]
}
