package cluster

import (
	"maps"
	"slices"
)

// Catalogue is what the account may use, for checks at plan time.
type Catalogue struct {
	Regions      map[string]Region // by slug
	Sizes        map[string]Size   // by slug
	DropletLimit int
	Droplets     int // how many the account has now, this cluster's included
	// A limit of 0 is one that the account does not tell.
	ReservedIPLimit, ReservedIPs int
	VolumeLimit, Volumes         int
	Images                       map[string]Image  // those the spec names, by slug or id; a missing one does not exist
	SSHKeys                      map[string]string // names of those the spec names, by id or fingerprint; a missing one does not exist
	Projects                     map[string]string // the one that the spec names, by id; a missing one does not exist, and nil was not looked for
}

// Region is one data centre.
type Region struct {
	Slug      string
	Name      string
	Available bool
	Sizes     []string // slugs that can be created there
	Features  []string
}

// Size is one kind of droplet.
type Size struct {
	Slug         string
	Available    bool
	Regions      []string
	PriceMonthly float64 // USD
	DiskGiB      int
	MemoryMiB    int
}

// Image is what a droplet boots from.
type Image struct {
	Slug         string // empty for a snapshot
	Distribution string // such as "Debian"; of a snapshot what it was made from
	Regions      []string
	MinDiskGiB   int
}

// Images returns the images that the spec's hosts boot from, each once.
func (s Spec) Images() []string {
	set := map[string]bool{}
	for _, place := range s.Places() {
		set[place.Image] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// Places returns where and on what the kinds of hosts run: one a pool, one for
// the load balancer, one for the database.
func (s Spec) Places() []Place {
	var places []Place
	for _, p := range s.Pools {
		places = append(places, p.Place)
	}
	if s.LoadBalancer != nil {
		places = append(places, s.LoadBalancer.Place)
	}
	if s.Database != nil {
		places = append(places, s.Database.Place)
	}
	return places
}
