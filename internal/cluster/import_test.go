package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What an import reads back is what the API shows of the spec.
func TestSpecOfReadsBackWhatTheAPIShows(t *testing.T) {
	t.Parallel()
	place := Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-12-x64"}
	far := Place{Region: "lon1", Size: "s-2vcpu-2gb", Image: "debian-12-x64"}
	want := Spec{
		Name:         "chat",
		Pools:        []Pool{{Name: "uk", Count: 1, Place: far}, {Name: "us", Count: 2, Place: place}},
		LoadBalancer: &LoadBalancer{Place: place},
		Database:     &Database{Place: place, VolumeGiB: 20, Backups: true},
		Access:       Access{SSHFrom: []string{"203.0.113.7/32"}},
		Network:      Network{Mode: NetworkPrivate, VPCUUID: "users-own"},
		Distribution: Distribution{EPMDPort: 4370, PortMin: 9200, PortMax: 9255},
		Host:         Host{SSHPort: 2222},
		Tags:         []string{"prod"},
		Monitoring:   true,
	}
	running := want
	running.Release = &Release{Name: "chat", Port: 8080, UDPPorts: []string{"5060", "10000-10099"}} // which the API shows nothing of
	o := Observed{
		Cluster:   "chat",
		Firewalls: running.WantedFirewalls(Memory{}),
		Volume:    &Volume{SizeGiB: 20},
		VPCs:      []VPC{{ID: "users-own", Region: "nyc3"}, {ID: "made", Region: "lon1", Own: true}},
	}
	host := func(role, pool string, p Place, vpc string) {
		o.Droplets = append(o.Droplets, Droplet{
			ID: len(o.Droplets) + 1, Region: p.Region, Size: p.Size, Image: p.Image, VPCUUID: vpc,
			Tags: want.WantedTags(role, pool), MonitoringOn: true, Backups: role == RoleDatabase,
		})
	}
	host(RoleDatabase, "", place, "users-own")
	host(RoleNode, "us", place, "users-own")
	host(RoleNode, "us", place, "users-own")
	host(RoleNode, "uk", far, "made")
	host(RoleLoadBalancer, "", place, "users-own")
	if diff := cmp.Diff(want, SpecOf("chat", o)); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// The memory of an import is of today's form: it must not be taken for one from
// before there were ids, whose owner claims what carries none.
func TestAdoptedClusterClaimsNothingWithoutItsID(t *testing.T) {
	t.Parallel()
	mem := Memory{ID: "k3"}
	mem.Adopt(Observed{Cluster: "chat", ID: "k3", Volume: &Volume{ID: "v", Name: "chat-database"}})
	if err := mem.Upgrade(); err != nil {
		t.Fatal(err)
	}
	if mem.Unmarked {
		t.Error("the cluster claims objects that carry no id")
	}
	if !mem.FinalSnapshot {
		t.Error("a destroy right after the import would keep no snapshot of the database")
	}
}
