package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func TestScalingKeepsTheAddressAndTakesTheYoungestFirst(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		three := w.converge(chat(3), mem)
		five := w.converge(chat(5), mem)
		for _, name := range []string{"chat-us-1", "chat-us-2", "chat-us-3"} {
			if w.id(three, name) != w.id(five, name) {
				w.Errorf("%s was replaced by growing", name)
			}
		}
		if w.id(five, "chat-lb-2") == 0 || five.ReservedIP.IP != three.ReservedIP.IP {
			w.Errorf("address moved from %s to %s", three.ReservedIP.IP, five.ReservedIP.IP)
		}
		two := w.converge(chat(2), mem)
		if got := cluster.OutputsOf(chat(2), *mem, two).NodeNames; len(got) != 2 {
			w.Errorf("nodes %v, want two", got)
		}
		w.id(two, "chat-us-1")
		if two.ReservedIP.IP != three.ReservedIP.IP {
			w.Errorf("address moved from %s to %s", three.ReservedIP.IP, two.ReservedIP.IP)
		}
	})
}

// A node that was repaired is the youngest of its pool, whatever its number.
func TestRepairedNodeIsTheFirstToGo(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		o := w.converge(chat(2), mem)
		if err := w.deleteDroplet(w.Context(), o, "chat-us-1"); err != nil {
			w.Fatal(err)
		}
		w.converge(chat(2), mem)
		o = w.converge(chat(1), mem)
		w.id(o, "chat-us-2")
	})
}

func TestLostDatabaseComesBackWithItsVolumeAndNodesAreToldOneByOne(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		mem := &cluster.Memory{}
		before := w.converge(chat(3), mem)
		secrets := mem.Secrets
		if err := w.deleteDroplet(w.Context(), before, "chat-database"); err != nil {
			w.Fatal(err)
		}
		w.occupy(mem.VPCs["nyc3"]) // so that the address is another one
		after := w.converge(chat(3), mem)
		if after.Volume.ID != before.Volume.ID {
			w.Errorf("the volume %s was replaced by %s", before.Volume.ID, after.Volume.ID)
		}
		if mem.Secrets != secrets {
			w.Error("secrets changed")
		}
		for _, name := range []string{"chat-us-1", "chat-us-2", "chat-us-3"} {
			if w.id(before, name) == w.id(after, name) {
				w.Errorf("%s was not told of the database's new address", name)
			}
		}
		if after.ReservedIP.IP != before.ReservedIP.IP {
			w.Error("the public address changed")
		}
	})
}

// occupy takes the address that a deleted droplet left free.
func (w *world) occupy(vpc string) {
	w.Helper()
	_, _, err := w.godo.Droplets.Create(w.Context(), &godo.DropletCreateRequest{
		Name: "occupier", Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"}, VPCUUID: vpc,
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestTwoRegionsArePeered(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		spec, mem := chat(1), &cluster.Memory{}
		uk := spec.Pools[0]
		uk.Name, uk.Region = "uk", "lon1"
		spec.Pools = append(spec.Pools, uk)
		o := w.converge(spec, mem)
		out := cluster.OutputsOf(spec, *mem, o)
		if len(out.VPCUUIDs) != 2 || len(o.Peerings) != 1 || !o.Peerings[0].Active() {
			w.Errorf("VPCs %v, peerings %v", out.VPCUUIDs, o.Peerings)
		}
		if _, err := w.godo.VPCs.DeleteVPCPeering(w.Context(), o.Peerings[0].ID); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Minute)
		if again := w.converge(spec, mem); len(again.Peerings) != 1 || again.Peerings[0].ID == o.Peerings[0].ID || !again.Peerings[0].Active() {
			w.Errorf("the peerings are %v after one was deleted by hand", again.Peerings)
		}
		spec.Pools = slices.DeleteFunc(spec.Pools, func(p cluster.Pool) bool { return p.Name == "uk" })
		o = w.converge(spec, mem)
		if len(o.OwnVPCs()) != 1 {
			w.Errorf("VPCs %v, want the one of nyc3 only", o.OwnVPCs())
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Fatal(err)
		}
		w.empty()
	})
}

func TestSettingsOfObjectsChangeInPlace(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		spec, mem := chat(2), &cluster.Memory{}
		before := w.converge(spec, mem)
		spec.Access.SSHFrom = []string{"198.51.100.0/24"}
		spec.Tags = []string{"prod"}
		spec.Database.Backups = true
		after := w.converge(spec, mem)
		for _, d := range before.Hosts() {
			now, ok := after.Droplet(d.ID)
			if !ok || !now.HasTag("prod") {
				w.Errorf("%s was replaced or lacks the tag: %v", d.Name, now.Tags)
			}
		}
		spec.Tags = nil
		after = w.converge(spec, mem)
		if d := after.Hosts()[0]; d.HasTag("prod") {
			w.Errorf("%s still has the tag", d.Name)
		}
	})
}

// Whatever is done to a droplet that goes is done before.
func TestHostsGoWithASettingThatChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*cluster.Spec){
		"a node less":        func(s *cluster.Spec) { s.Pools = poolsOf(s, 1) },
		"no load balancer":   func(s *cluster.Spec) { s.LoadBalancer = nil },
		"another database's": func(s *cluster.Spec) { s.Host.SwapMiB = 512 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, slow, func(w *world) {
				spec, mem := chat(3), &cluster.Memory{}
				w.converge(spec, mem)
				spec.Tags, spec.Database.Backups = []string{"prod"}, true
				change(&spec)
				w.converge(spec, mem)
			})
		})
	}
}

// Destroy removes what was made and nothing else.
func TestDestroyLeavesWhatIsNotTheClusters(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		ctx := w.Context()
		if _, _, err := w.godo.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "first-is-default", RegionSlug: "nyc3"}); err != nil {
			w.Fatal(err)
		}
		own, _, err := w.godo.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "own", RegionSlug: "nyc3"})
		if err != nil {
			w.Fatal(err)
		}
		stranger, _, err := w.godo.Droplets.Create(ctx, &godo.DropletCreateRequest{
			Name: "stranger", Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"}, VPCUUID: own.ID, Tags: []string{"beam"},
		})
		if err != nil {
			w.Fatal(err)
		}
		spec, mem := chat(2), &cluster.Memory{}
		spec.Network.VPCUUID = own.ID
		w.converge(spec, mem)
		if err := w.engine.Destroy(ctx, "chat", mem); err != nil {
			w.Fatal(err)
		}
		if _, _, err := w.godo.Droplets.Get(ctx, stranger.ID); err != nil {
			w.Errorf("the stranger is gone: %v", err)
		}
		if _, _, err := w.godo.VPCs.Get(ctx, own.ID); err != nil {
			w.Errorf("the user's VPC is gone: %v", err)
		}
		droplets, _, err := w.godo.Droplets.List(ctx, &godo.ListOptions{PerPage: 200})
		if err != nil || len(droplets) != 1 {
			w.Errorf("%d droplets are left (%v), want the stranger alone", len(droplets), err)
		}
	})
}

// A VPC is known by its id: names and descriptions are for people to change.
func TestDestroyDeletesAVPCThatLostItsMark(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		if _, _, err := w.godo.VPCs.Create(w.Context(), &godo.VPCCreateRequest{Name: "first-is-default", RegionSlug: "nyc3"}); err != nil {
			w.Fatal(err)
		}
		mem := &cluster.Memory{}
		w.converge(chat(1), mem)
		id := mem.VPCs["nyc3"]
		if _, _, err := w.godo.VPCs.Set(w.Context(), id, godo.VPCSetName("web"), godo.VPCSetDescription("of the web team")); err != nil {
			w.Fatal(err)
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Fatal(err)
		}
		if left, _, err := w.godo.VPCs.Get(w.Context(), id); err == nil {
			w.Errorf("left is %v", left)
		}
	})
}

// A VPC that became its region's default cannot be deleted.
func TestDestroyLeavesADefaultVPCWithoutTheMark(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		mem := &cluster.Memory{}
		w.converge(chat(1), mem)
		id := mem.VPCs["nyc3"]
		if _, _, err := w.godo.VPCs.Set(w.Context(), id, godo.VPCSetDefault()); err != nil {
			w.Fatal(err)
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Fatal(err)
		}
		left, _, err := w.godo.VPCs.Get(w.Context(), id)
		if err != nil || left.Description != "" {
			w.Errorf("left is %v (%v)", left, err)
		}
	})
}

// imported is the memory that an import of the cluster starts with.
func (w *world) imported(spec cluster.Spec) *cluster.Memory {
	w.Helper()
	_, ids, err := w.engine.Find(w.Context(), spec.Name)
	if err != nil || len(ids) != 1 {
		w.Fatalf("clusters of the name: %q (%v), want one", ids, err)
	}
	mem := &cluster.Memory{ID: ids[0]}
	mem.Adopt(w.observe(spec, *mem))
	return mem
}

func TestImportedClusterIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	inWorld(t, instant, func(w *world) {
		spec := chat(2)
		w.converge(spec, &cluster.Memory{})
		before := w.sim.Inventory()
		imported := w.imported(spec)
		w.converge(spec, imported)
		if diff := cmp.Diff(before, w.sim.Inventory()); diff != "" {
			t.Errorf("the import changed the account:\n%s", diff)
		}
		if err := w.engine.Destroy(w.Context(), "chat", imported); err != nil {
			w.Fatal(err)
		}
		w.empty()
	})
}

func TestNodeJoinsTheClustersNetwork(t *testing.T) {
	t.Parallel()
	inWorld(t, slow, func(w *world) {
		spec, mem := chat(2), &cluster.Memory{}
		o := w.converge(spec, mem)
		node := cluster.NodeSpec{
			Name: "worker", Cluster: "chat", Place: spec.Pools[0].Place, Cookie: "secret-of-chat",
			Peers: cluster.OutputsOf(spec, *mem, o).NodeNames, Distribution: spec.Distribution, Host: spec.Host, Tags: []string{"jobs"},
		}
		d, err := w.engine.ConvergeNode(w.Context(), &node, 0, &cluster.Memory{})
		if err != nil {
			w.Fatal(err)
		}
		if d.VPCUUID != mem.VPCs["nyc3"] || !d.HasTag("beam:chat:node") || !d.HasTag("jobs") {
			w.Errorf("worker is in VPC %s with tags %v", d.VPCUUID, d.Tags)
		}
		w.settled(spec, *mem)
		node.Region = "lon1"
		node.Name = "far"
		if _, err := w.engine.ConvergeNode(w.Context(), &node, 0, &cluster.Memory{}); err == nil {
			w.Error("a node in a region without the cluster's network was made")
		}
		if err := w.engine.DestroyNode(w.Context(), node, d.ID); err != nil {
			w.Fatal(err)
		}
		if err := w.engine.Destroy(w.Context(), "chat", mem); err != nil {
			w.Fatal(err)
		}
		w.empty()
	})
}
