package simulator

import (
	"math"
	"net/http"
	"slices"
)

// region is one data centre, as the API description's schema "region" has it.
type region struct {
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	Features  []string `json:"features"`
	Available bool     `json:"available"`
	Sizes     []string `json:"sizes"`
}

// size is one kind of droplet, as the API description's schema "size" has it.
type size struct {
	Slug         string     `json:"slug"`
	Memory       int        `json:"memory"` // MiB
	VCPUs        int        `json:"vcpus"`
	Disk         int        `json:"disk"`     // GiB
	Transfer     float64    `json:"transfer"` // TB a month
	PriceMonthly float64    `json:"price_monthly"`
	PriceHourly  float64    `json:"price_hourly"`
	Regions      []string   `json:"regions"`
	Available    bool       `json:"available"`
	Description  string     `json:"description"`
	DiskInfo     []diskInfo `json:"disk_info"`
}

// hoursBilled is how many hours make a month: DigitalOcean charges no droplet
// for more than 672 hours a month.
const hoursBilled = 672

// catalogueRegions are the data centres, in the order the API lists them.
// Regions that take no new droplets are listed as unavailable.
var catalogueRegions = []struct {
	slug, name string
	open       bool
}{
	{"nyc1", "New York 1", true},
	{"sgp1", "Singapore 1", true},
	{"lon1", "London 1", true},
	{"nyc2", "New York 2", true},
	{"nyc3", "New York 3", true},
	{"ams2", "Amsterdam 2", false},
	{"ams3", "Amsterdam 3", true},
	{"fra1", "Frankfurt 1", true},
	{"tor1", "Toronto 1", true},
	{"sfo1", "San Francisco 1", false},
	{"sfo2", "San Francisco 2", true},
	{"blr1", "Bangalore 1", true},
	{"sfo3", "San Francisco 3", true},
	{"syd1", "Sydney 1", true},
}

// regionFeatures are what every open region offers.
var regionFeatures = []string{
	"backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer",
	"server_id", "management_networking",
}

// Where a family of sizes cannot be had. Older data centres lack newer
// hardware, and the smallest droplets are offered in few.
var (
	withoutDedicated = []string{"nyc2", "sfo2"}
	withoutPremium   = []string{"nyc2", "sfo2"}
	withoutLarge     = []string{"nyc2", "sfo2", "blr1"}
	withoutSmallest  = []string{"nyc2", "nyc3", "lon1", "tor1", "sfo2", "blr1"}
)

// catalogueSizes are droplet sizes with DigitalOcean's prices in USD a month.
var catalogueSizes = []struct {
	slug             string
	memory           int // MiB
	vcpus, disk      int
	transfer, price  float64
	family           string
	missingInRegions []string
}{
	{"s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4, "Basic", withoutSmallest},
	{"s-1vcpu-1gb", 1024, 1, 25, 1, 6, "Basic", nil},
	{"s-1vcpu-1gb-amd", 1024, 1, 25, 1, 7, "Basic AMD", withoutPremium},
	{"s-1vcpu-1gb-intel", 1024, 1, 25, 1, 7, "Basic Intel", withoutPremium},
	{"s-1vcpu-1gb-35gb-intel", 1024, 1, 35, 1, 8, "Basic Intel", withoutPremium},
	{"s-1vcpu-2gb", 2048, 1, 50, 2, 12, "Basic", nil},
	{"s-1vcpu-2gb-amd", 2048, 1, 50, 2, 14, "Basic AMD", withoutPremium},
	{"s-1vcpu-2gb-intel", 2048, 1, 50, 2, 14, "Basic Intel", withoutPremium},
	{"s-1vcpu-2gb-70gb-intel", 2048, 1, 70, 2, 16, "Basic Intel", withoutPremium},
	{"s-2vcpu-2gb", 2048, 2, 60, 3, 18, "Basic", nil},
	{"s-2vcpu-2gb-amd", 2048, 2, 60, 3, 21, "Basic AMD", withoutPremium},
	{"s-2vcpu-2gb-intel", 2048, 2, 60, 3, 21, "Basic Intel", withoutPremium},
	{"s-2vcpu-2gb-90gb-intel", 2048, 2, 90, 3, 24, "Basic Intel", withoutPremium},
	{"s-2vcpu-4gb", 4096, 2, 80, 4, 24, "Basic", nil},
	{"s-2vcpu-4gb-amd", 4096, 2, 80, 4, 28, "Basic AMD", withoutPremium},
	{"s-2vcpu-4gb-intel", 4096, 2, 80, 4, 28, "Basic Intel", withoutPremium},
	{"s-2vcpu-4gb-120gb-intel", 4096, 2, 120, 4, 32, "Basic Intel", withoutPremium},
	{"s-2vcpu-8gb-amd", 8192, 2, 100, 5, 42, "Basic AMD", withoutPremium},
	{"s-2vcpu-8gb-160gb-intel", 8192, 2, 160, 5, 48, "Basic Intel", withoutPremium},
	{"s-4vcpu-8gb", 8192, 4, 160, 5, 48, "Basic", nil},
	{"s-4vcpu-8gb-amd", 8192, 4, 160, 5, 56, "Basic AMD", withoutPremium},
	{"s-4vcpu-8gb-intel", 8192, 4, 160, 5, 56, "Basic Intel", withoutPremium},
	{"s-4vcpu-8gb-240gb-intel", 8192, 4, 240, 6, 64, "Basic Intel", withoutPremium},
	{"s-4vcpu-16gb-amd", 16384, 4, 200, 8, 84, "Basic AMD", withoutPremium},
	{"s-4vcpu-16gb-320gb-intel", 16384, 4, 320, 8, 96, "Basic Intel", withoutPremium},
	{"s-8vcpu-16gb", 16384, 8, 320, 6, 96, "Basic", withoutLarge},
	{"s-8vcpu-16gb-amd", 16384, 8, 320, 6, 112, "Basic AMD", withoutLarge},
	{"s-8vcpu-16gb-intel", 16384, 8, 320, 6, 112, "Basic Intel", withoutLarge},
	{"s-8vcpu-16gb-480gb-intel", 16384, 8, 480, 9, 128, "Basic Intel", withoutLarge},
	{"s-8vcpu-32gb-amd", 32768, 8, 400, 10, 168, "Basic AMD", withoutLarge},
	{"s-8vcpu-32gb-640gb-intel", 32768, 8, 640, 10, 192, "Basic Intel", withoutLarge},
	{"c-2", 4096, 2, 25, 4, 42, "CPU-Optimized", withoutDedicated},
	{"c2-2vcpu-4gb", 4096, 2, 50, 4, 47, "CPU-Optimized 2x SSD", withoutDedicated},
	{"c-4", 8192, 4, 50, 5, 84, "CPU-Optimized", withoutDedicated},
	{"c2-4vcpu-8gb", 8192, 4, 100, 5, 94, "CPU-Optimized 2x SSD", withoutDedicated},
	{"c-8", 16384, 8, 100, 6, 168, "CPU-Optimized", withoutDedicated},
	{"c2-8vcpu-16gb", 16384, 8, 200, 6, 188, "CPU-Optimized 2x SSD", withoutDedicated},
	{"c-16", 32768, 16, 200, 7, 336, "CPU-Optimized", withoutDedicated},
	{"c-32", 65536, 32, 400, 9, 672, "CPU-Optimized", withoutLarge},
	{"g-2vcpu-8gb", 8192, 2, 25, 4, 63, "General Purpose", withoutDedicated},
	{"gd-2vcpu-8gb", 8192, 2, 50, 4, 68, "General Purpose 2x SSD", withoutDedicated},
	{"g-4vcpu-16gb", 16384, 4, 50, 5, 126, "General Purpose", withoutDedicated},
	{"gd-4vcpu-16gb", 16384, 4, 100, 5, 136, "General Purpose 2x SSD", withoutDedicated},
	{"g-8vcpu-32gb", 32768, 8, 100, 6, 252, "General Purpose", withoutDedicated},
	{"gd-8vcpu-32gb", 32768, 8, 200, 6, 272, "General Purpose 2x SSD", withoutDedicated},
	{"g-16vcpu-64gb", 65536, 16, 200, 7, 504, "General Purpose", withoutDedicated},
	{"g-32vcpu-128gb", 131072, 32, 400, 8, 1008, "General Purpose", withoutLarge},
	{"m-2vcpu-16gb", 16384, 2, 50, 4, 84, "Memory-Optimized", withoutDedicated},
	{"m3-2vcpu-16gb", 16384, 2, 150, 4, 104, "Memory-Optimized 3x SSD", withoutDedicated},
	{"m-4vcpu-32gb", 32768, 4, 100, 6, 168, "Memory-Optimized", withoutDedicated},
	{"m-8vcpu-64gb", 65536, 8, 200, 7, 336, "Memory-Optimized", withoutDedicated},
	{"m-16vcpu-128gb", 131072, 16, 400, 8, 672, "Memory-Optimized", withoutLarge},
	{"so-2vcpu-16gb", 16384, 2, 300, 4, 131, "Storage-Optimized", withoutLarge},
	{"so-4vcpu-32gb", 32768, 4, 600, 6, 262, "Storage-Optimized", withoutLarge},
}

// newSizes builds the sizes as the API lists them: cheapest of a family first.
func newSizes() []*size {
	var sizes []*size
	for _, c := range catalogueSizes {
		sizes = append(sizes, &size{
			Slug: c.slug, Memory: c.memory, VCPUs: c.vcpus, Disk: c.disk,
			Transfer: c.transfer, PriceMonthly: c.price,
			PriceHourly: math.Round(c.price/hoursBilled*1e5) / 1e5,
			Regions:     regionsExcept(c.missingInRegions),
			Available:   true, Description: c.family,
			DiskInfo: []diskInfo{{Type: "local", Size: diskSize{c.disk, "gib"}}},
		})
	}
	return sizes
}

// newRegions builds the regions, each with the sizes that can be had there.
func newRegions(sizes []*size) []*region {
	var regions []*region
	for _, c := range catalogueRegions {
		r := &region{Slug: c.slug, Name: c.name, Available: c.open, Features: []string{}, Sizes: []string{}}
		if c.open {
			r.Features = regionFeatures
		}
		for _, s := range sizes {
			if slices.Contains(s.Regions, c.slug) {
				r.Sizes = append(r.Sizes, s.Slug)
			}
		}
		regions = append(regions, r)
	}
	return regions
}

// regionsExcept lists the open regions but those named.
func regionsExcept(missing []string) []string {
	regions := []string{}
	for _, r := range catalogueRegions {
		if r.open && !slices.Contains(missing, r.slug) {
			regions = append(regions, r.slug)
		}
	}
	slices.Sort(regions)
	return regions
}

func (s *Simulator) catalogueRoutes() {
	s.route("GET /v2/regions", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "regions", s.regions)
	})
	s.route("GET /v2/sizes", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "sizes", s.sizes)
	})
}

// openRegion is a region that takes new resources.
func (s *Simulator) openRegion(slug string) (*region, error) {
	found := s.region(slug)
	if found == nil || !found.Available {
		return nil, unprocessable("Region %q is not available", slug)
	}
	return found, nil
}
