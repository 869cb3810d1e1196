package cluster

// Catalogue is what the account may use, for checks at plan time.
type Catalogue struct {
	Regions      map[string]Region // by slug
	Sizes        map[string]Size   // by slug
	DropletLimit int
	Droplets     int              // how many the account has now, this cluster's included
	Images       map[string]Image // those the spec names, by slug or id; a missing one does not exist
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
	Regions    []string
	MinDiskGiB int
}
