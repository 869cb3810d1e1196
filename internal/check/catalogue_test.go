package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestCatalogueProblems(t *testing.T) {
	t.Parallel()
	catalogue := cluster.Catalogue{
		DropletLimit: 10, Droplets: 1,
		ReservedIPLimit: 3, ReservedIPs: 2,
		VolumeLimit: 10, Volumes: 9,
		Regions: map[string]cluster.Region{
			"nyc3": {Slug: "nyc3", Available: true, Sizes: []string{"s-1vcpu-1gb"}},
			"lon1": {Slug: "lon1", Available: true, Sizes: []string{"s-1vcpu-1gb", "s-8vcpu-16gb"}},
			"nyc2": {Slug: "nyc2"},
		},
		Sizes: map[string]cluster.Size{
			"s-1vcpu-1gb":  {Slug: "s-1vcpu-1gb", Available: true, DiskGiB: 25},
			"s-8vcpu-16gb": {Slug: "s-8vcpu-16gb", Available: true, DiskGiB: 320},
			"s-exotic":     {Slug: "s-exotic", Available: true, DiskGiB: 25},
			"512mb":        {Slug: "512mb", DiskGiB: 20},
		},
		Images: map[string]cluster.Image{
			"debian-13-x64": {Regions: []string{"lon1", "nyc3"}, MinDiskGiB: 10},
			"9001":          {Regions: []string{"lon1"}, MinDiskGiB: 10},
			"9002":          {Regions: []string{"lon1", "nyc3"}, MinDiskGiB: 160},
		},
		SSHKeys:  map[string]string{"512189": "ann", "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45": "joe"},
		VPCs:     map[string]cluster.VPC{"5a4981aa-9653-4bd1-bef5-d6bff52042e4": {Name: "web", Region: "ams3"}},
		Projects: map[string]string{"4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679": "chat"},
	}
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
		{"12 nodes where the limit is 10", Demand{Droplets: 14}, func(s *cluster.Spec) { s.Pools[0].Count = 11 }},
		{"no reserved IP left", Demand{Droplets: 4, ReservedIPs: 2, Volumes: 1}, func(*cluster.Spec) {}},
		{"no volume left", Demand{Droplets: 4, ReservedIPs: 1, Volumes: 2}, func(*cluster.Spec) {}},
		{"a full account that gets no more", Demand{}, func(*cluster.Spec) {}},
		{"unknown project", Demand{}, func(s *cluster.Spec) { s.ProjectID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4" }},
		{"no project", Demand{}, func(s *cluster.Spec) { s.ProjectID = "" }},
		{"unknown SSH key", Demand{}, func(s *cluster.Spec) { s.SSHKeys = []string{"512189", "512190"} }},
		{"unknown VPC", Demand{}, func(s *cluster.Spec) { s.Network.VPCUUID = "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679" }},
		{"VPC of another region", Demand{}, func(s *cluster.Spec) { s.Network.VPCUUID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4" }},
		{"empty places are the spec's problem", Demand{}, func(s *cluster.Spec) { s.Pools[0].Place = cluster.Place{} }},
	}
	var out strings.Builder
	for _, c := range cases {
		spec := validSpec()
		c.edit(&spec)
		fmt.Fprintf(&out, "%s\n%s", c.name, tell(Catalogue(catalogue, spec, c.demand)))
	}
	testtool.Golden(t, "catalogue_problems.golden", out.String())
}

func TestWhatTheAccountDoesNotTellIsNoProblem(t *testing.T) {
	t.Parallel()
	spec := cluster.Spec{ProjectID: "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679"}
	untold := cluster.Catalogue{DropletLimit: 10, ReservedIPs: 5, Volumes: 5}
	if found := Catalogue(untold, spec, Demand{Droplets: 4, ReservedIPs: 1, Volumes: 1}); len(found) > 0 {
		t.Errorf("problems:\n%s", tell(found))
	}
}
