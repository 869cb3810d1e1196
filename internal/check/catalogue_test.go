package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// exampleCatalogue is of an account that is nearly full.
func exampleCatalogue() cluster.Catalogue {
	return cluster.Catalogue{
		DropletLimit: 10, Droplets: 1,
		ReservedIPLimit: 3, ReservedIPs: 2,
		VolumeLimit: 10, Volumes: 9,
		Regions: map[string]cluster.Region{
			"nyc3": {Slug: "nyc3", Available: true, Sizes: []string{"s-1vcpu-1gb"}},
			"lon1": {Slug: "lon1", Available: true, Sizes: []string{"s-1vcpu-1gb", "s-8vcpu-16gb"}},
			"nyc2": {Slug: "nyc2"},
		},
		Sizes: map[string]cluster.Size{
			"s-1vcpu-1gb":  {Slug: "s-1vcpu-1gb", Available: true, DiskGiB: 25, MemoryMiB: 1024},
			"s-8vcpu-16gb": {Slug: "s-8vcpu-16gb", Available: true, DiskGiB: 320, MemoryMiB: 16 * 1024},
			"s-exotic":     {Slug: "s-exotic", Available: true, DiskGiB: 25},
			"512mb":        {Slug: "512mb", DiskGiB: 20},
		},
		Images: map[string]cluster.Image{
			"debian-13-x64": {Regions: []string{"lon1", "nyc3"}, MinDiskGiB: 10},
			"9001":          {Regions: []string{"lon1"}, MinDiskGiB: 10},
			"9002":          {Regions: []string{"lon1", "nyc3"}, MinDiskGiB: 160},
			"9003":          {Distribution: "Rocky Linux", Regions: []string{"lon1", "nyc3"}},
			"9004":          {Distribution: "Debian", Slug: "debian-11-x64", Regions: []string{"lon1", "nyc3"}},
			"9005":          {Distribution: "Unknown", Regions: []string{"lon1", "nyc3"}},
			"9006":          {Distribution: "Ubuntu", Slug: "ubuntu-24-04-x64", Regions: []string{"lon1", "nyc3"}},
		},
		SSHKeys:  map[string]string{"512189": "ann", "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45": "joe"},
		Projects: map[string]string{"4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679": "chat"},
	}
}

func TestCatalogueProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		demand Demand
		edit   func(*cluster.Spec)
	}{
		{"all there", Demand{Droplets: 4, ReservedIPs: 1, Volumes: 1}, func(*cluster.Spec) {}},
		{"unknown region", Demand{}, func(s *cluster.Spec) { s.Pools[0].Region = "mars1" }},
		{"closed region", Demand{}, func(s *cluster.Spec) { s.Database.Region = "nyc2" }},
		{"unknown size", Demand{}, func(s *cluster.Spec) { s.Pools[0].Size = "huge" }},
		{"retired size", Demand{}, func(s *cluster.Spec) { s.LoadBalancer.Size = "512mb" }},
		{"size that the region lacks", Demand{}, func(s *cluster.Spec) { s.Pools[1].Size = "s-8vcpu-16gb" }},
		{"size that every region lacks", Demand{}, func(s *cluster.Spec) { s.Pools[1].Size = "s-exotic" }},
		{"unknown image", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "debian-1" }},
		{"snapshot of another region", Demand{}, func(s *cluster.Spec) { s.Pools[1].Image = "9001" }},
		{"image larger than the disk", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "9002" }},
		{"snapshot of another distribution", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "9003" }},
		{"the id of a version before", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "9004" }},
		{"an image of which nothing is told", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "9005" }},
		{"the id of a version that will do", Demand{}, func(s *cluster.Spec) { s.Pools[0].Image = "9006" }},
		{"swap larger than the disk", Demand{}, func(s *cluster.Spec) { s.Host.SwapMiB = 32768 }},
		{"swap that leaves no room for the system", Demand{}, func(s *cluster.Spec) { s.Host.SwapMiB = 21*1024 + 1 }},
		{"swap that fits", Demand{}, func(s *cluster.Spec) { s.Host.SwapMiB = 21 * 1024 }},
		{"swap that a larger size has room for", Demand{}, func(s *cluster.Spec) {
			s.Host.SwapMiB = 32768
			s.Pools, s.Database, s.LoadBalancer = s.Pools[:1], nil, nil
			s.Pools[0].Size = "s-8vcpu-16gb"
		}},
		{"one droplet more than the limit", Demand{Droplets: 10}, func(s *cluster.Spec) {}},
		{"12 nodes where the limit is 10", Demand{Droplets: 14}, func(s *cluster.Spec) { s.Pools[0].Count = 11 }},
		{"no reserved IP left", Demand{Droplets: 4, ReservedIPs: 2, Volumes: 1}, func(*cluster.Spec) {}},
		{"no volume left", Demand{Droplets: 4, ReservedIPs: 1, Volumes: 2}, func(*cluster.Spec) {}},
		{"a full account that gets no more", Demand{}, func(*cluster.Spec) {}},
		{"unknown project", Demand{}, func(s *cluster.Spec) { s.ProjectID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4" }},
		{"no project", Demand{}, func(s *cluster.Spec) { s.ProjectID = "" }},
		{"unknown SSH key", Demand{}, func(s *cluster.Spec) { s.SSHKeys = []string{"512189", "512190"} }},
		{"empty places are the spec's problem", Demand{}, func(s *cluster.Spec) { s.Pools[0].Place = cluster.Place{} }},
	}
	var out strings.Builder
	for _, c := range cases {
		spec := validSpec()
		c.edit(&spec)
		fmt.Fprintf(&out, "%s\n%s", c.name, tell(Catalogue(exampleCatalogue(), spec, c.demand)))
	}
	testtool.Golden(t, "catalogue_problems.golden", out.String())
}

func TestAVPCThatIsNamedHasToBeThere(t *testing.T) {
	t.Parallel()
	found := cluster.Observed{VPCs: []cluster.VPC{{ID: "5a4981aa-9653-4bd1-bef5-d6bff52042e4", Name: "web", Region: "ams3"}}}
	for id, want := range map[string]string{
		"":                                     "",
		"4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679": "The account has no VPC 4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679. `doctl vpcs list` shows those it has.",
		"5a4981aa-9653-4bd1-bef5-d6bff52042e4": "The VPC web is in region ams3, and the hosts are in ",
	} {
		spec := validSpec()
		spec.Network.VPCUUID = id
		if got := tell(VPC(found, spec)); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("of %q is found %q, want %q", id, got, want)
		}
	}
}

func TestWhatTheAccountDoesNotTellIsNoProblem(t *testing.T) {
	t.Parallel()
	spec := cluster.Spec{ProjectID: "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679"}
	untold := cluster.Catalogue{DropletLimit: 10, ReservedIPs: 5, Volumes: 5}
	if found := Catalogue(untold, spec, Demand{Droplets: 4, ReservedIPs: 1, Volumes: 1}); len(found) > 0 {
		t.Errorf("problems:\n%s", tell(found))
	}
}

func TestCatalogueWarnings(t *testing.T) {
	t.Parallel()
	pooled := func(nodes int, size string) cluster.Spec {
		spec := validSpec()
		spec.Pools = spec.Pools[1:]
		spec.Pools[0].Count, spec.Database.Size = nodes, size
		return spec
	}
	with := func(spec cluster.Spec, name, value string) cluster.Spec {
		spec.Environment = map[string]string{name: value}
		return spec
	}
	none := pooled(40, "s-1vcpu-1gb")
	none.Database = nil
	var out strings.Builder
	for _, c := range []struct {
		name string
		spec cluster.Spec
	}{
		{"6 nodes with 40 connections each", with(pooled(6, "s-1vcpu-1gb"), "POOL_SIZE", "40")},
		{"the same and a larger database", with(pooled(6, "s-8vcpu-16gb"), "POOL_SIZE", "40")},
		{"one node", with(pooled(1, "s-1vcpu-1gb"), "POOL_SIZE", "118")},
		{"12 nodes with the default", pooled(12, "s-1vcpu-1gb")},
		{"11 nodes with the default", pooled(11, "s-1vcpu-1gb")},
		{"no database", none},
		{"another database", with(pooled(40, "s-1vcpu-1gb"), "DATABASE_URL", "postgresql://elsewhere")},
		{"a size that nobody knows", pooled(40, "huge")},
		{"a pool that is no number", with(pooled(40, "s-1vcpu-1gb"), "POOL_SIZE", "many")},
		{"a pool of none", with(pooled(1, "s-1vcpu-1gb"), "POOL_SIZE", "0")},
		{"an empty pool", with(pooled(1, "s-1vcpu-1gb"), "POOL_SIZE", "")},
		{"a pool beyond all bounds", with(pooled(2, "s-1vcpu-1gb"), "POOL_SIZE", "99999999999999999999")},
	} {
		fmt.Fprintf(&out, "%s\n%s", c.name, tell(CatalogueWarnings(exampleCatalogue(), c.spec)))
	}
	testtool.Golden(t, "catalogue_warnings.golden", out.String())
}
