package engine_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// kept is what Terraform's state holds: of a cluster its memory, of a beam_node
// its droplet and its memory.
type kept struct {
	mem    cluster.Memory
	node   int
	worker cluster.Memory // of the beam_node
}

func (k kept) clone() kept {
	return kept{mem: k.mem.Clone(), node: k.node, worker: k.worker.Clone()}
}

// operation is something that Terraform has the engine do.
type operation struct {
	name   string
	before *cluster.Spec // of the cluster that exists before; nil for none
	spec   cluster.Spec  // what is wanted
	drift  func(context.Context, *world, cluster.Observed) error
	do     func(ctx context.Context, e *engine.Engine, op operation, k *kept) error
	// A cluster that lost its load balancer does not serve, whatever the
	// operation does; one that makes nodes anew has two of a name for a while, and one
	// that makes all hosts anew two sets.
	lost, twins, sets bool
	// vpc names a VPC of the user's that the hosts shall be in.
	vpc string
	// joined says that a beam_node exists before, reached that it has a channel, and
	// becomes what is made of it.
	joined, reached bool
	becomes         func(*cluster.NodeSpec)
}

// creates says that the state knows nothing of the cluster before.
func (op operation) creates() bool { return op.before == nil }

// operations are all that there are.
func operations() []operation {
	return slices.Concat(everyOperation(), changes(), networkChanges(), repairs())
}

// everyOperation is how clusters and nodes come, change and go.
func everyOperation() []operation {
	one, two, three, four := chat(1), chat(2), chat(3), formed(3)
	one.Cookie = "secret-of-chat" // that of the nodes beside it
	formedTwo, larger, formedLarger := formed(2), resized(chat(2)), resized(formed(2))
	return []operation{
		{name: "create", spec: two, do: converge},
		{name: "create in two regions", spec: inTwoRegions(one), do: converge},
		{name: "create and wait for hosts", spec: formedTwo, do: converge},
		{name: "create in two regions and wait for hosts", spec: inTwoRegions(formed(1)), do: converge},
		{name: "refresh", before: &two, spec: two, do: refresh},
		{name: "scale up", before: &two, spec: three, do: converge},
		{name: "scale up and wait for hosts", before: &formedTwo, spec: four, do: converge},
		{name: "scale down", before: &three, spec: two, do: converge},
		{name: "scale down and wait for hosts", before: &four, spec: formedTwo, do: converge},
		{name: "replace the load balancer", before: &two, spec: larger, do: converge},
		{name: "replace the load balancer and wait for hosts", before: &formedTwo, spec: formedLarger, do: converge},
		{name: "destroy", before: &two, spec: two, do: destroy},
		keepsData(),
		{name: "destroy in two regions", before: ptr(inTwoRegions(one)), spec: inTwoRegions(one), do: destroy},
		{name: "create a node", before: &one, spec: one, do: createNode},
		{name: "refresh a node", before: &one, spec: one, do: refreshNode, joined: true},
		{name: "repair a node", before: &one, spec: one, drift: driftOfNode, do: repairNode, joined: true},
		{name: "replace a node", before: &one, spec: one, do: replaceNode, joined: true},
		{name: "destroy a node", before: &one, spec: one, do: destroyNode, joined: true},
		{name: "create a node with a channel", before: &one, spec: one, do: createNode, reached: true},
		{name: "tell a node", before: &one, spec: one, do: changeNode, joined: true, reached: true, becomes: func(n *cluster.NodeSpec) {
			n.Host.Packages, n.Tags = []string{"htop"}, []string{"mail"}
		}},
		{name: "restart a node", before: &one, spec: one, do: changeNode, joined: true, reached: true, becomes: func(n *cluster.NodeSpec) {
			n.Environment, n.Tags = map[string]string{"QUEUE": "mail"}, []string{"mail"}
		}},
	}
}

// changes are those of a cluster that runs and can be told.
func changes() []operation {
	two := formed(2)
	with := func(change func(*cluster.Spec)) cluster.Spec {
		spec := formed(2)
		spec.Pools = slices.Clone(spec.Pools)
		spec.Update = cluster.Update{Strategy: cluster.UpdateRolling, MaxSurge: 1, OnFailure: cluster.OnFailureRollback}
		change(&spec)
		return spec
	}
	return []operation{
		{name: "another environment", before: &two, spec: with(func(s *cluster.Spec) { s.Environment = map[string]string{"GREETING": "hello"} }), do: converge},
		{name: "another release", before: &two, spec: with(func(s *cluster.Spec) {
			release := *s.Release
			release.SHA256, release.Migrate = strings.Repeat("cd", 32), "Chat.migrate()"
			s.Release = &release
		}), do: converge},
		{name: "another cookie", before: &two, spec: with(func(s *cluster.Spec) { s.Cookie = "another-secret" }), do: converge},
		{name: "another SSH key", before: &two, spec: with(func(s *cluster.Spec) { s.SSHKeys = []string{annsFingerprint} }), do: converge},
		{name: "another image of nodes", before: &two, spec: with(func(s *cluster.Spec) { s.Pools[0].Image = "debian-13-x64" }), do: converge, twins: true},
		{name: "no channel to hosts any more", before: &two, spec: with(func(s *cluster.Spec) {
			s.Management.Enabled, s.WaitFor = false, cluster.WaitActive
		}), do: converge, twins: true, sets: true},
	}
}

// networkChanges make a whole second set of nodes.
func networkChanges() []operation {
	two, told, unwatched := formed(2), formed(2), chat(2)
	told.Database, unwatched.Database = nil, nil
	public, ported := unwatched, two
	public.Network.Mode, ported.Distribution.EPMDPort = cluster.NetworkPublic, 4370
	return []operation{
		{name: "another VPC", before: &told, spec: told, vpc: "web", do: converge, twins: true, sets: true},
		{name: "public addresses", before: &unwatched, spec: public, do: converge, twins: true, sets: true},
		{name: "another port of epmd", before: &two, spec: ported, do: converge, twins: true},
	}
}

// repairs are what drift calls for.
func repairs() []operation {
	var all []operation
	three := chat(3)
	for _, d := range drifts {
		op := operation{name: "repair: " + d.name, before: &three, spec: three, drift: d.change, do: converge}
		switch d.name {
		case "load balancer deleted", "reserved IP deleted", "reserved IP taken off":
			op.lost = true
		case "database deleted":
			op.twins = true
		}
		all = append(all, op)
	}
	return all
}

func ptr(s cluster.Spec) *cluster.Spec { return &s }

// formed is a cluster whose hosts are waited for. Its cookie is the user's, so
// that hosts can tell it whatever memory was lost.
func formed(nodes int) cluster.Spec {
	spec := managed(nodes)
	spec.Cookie = "secret-of-chat"
	return spec
}

func inTwoRegions(spec cluster.Spec) cluster.Spec {
	uk := spec.Pools[0]
	uk.Name, uk.Region = "uk", "lon1"
	spec.Pools = append([]cluster.Pool{spec.Pools[0]}, uk)
	return spec
}

func resized(spec cluster.Spec) cluster.Spec {
	balancer := *spec.LoadBalancer
	balancer.Size = "s-2vcpu-2gb"
	spec.LoadBalancer = &balancer
	return spec
}

func converge(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	o, err := e.Converge(ctx, op.spec, &k.mem)
	if err != nil && op.creates() && o.Empty() && !k.mem.Holds() {
		k.mem = cluster.Memory{} // Terraform writes no state
	}
	return err
}

func refresh(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	_, err := e.Observe(ctx, op.spec.Name, "", k.mem)
	return err
}

func destroy(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	err := e.Destroy(ctx, op.spec.Name, &k.mem)
	if err == nil {
		k.mem = cluster.Memory{}
	}
	return err
}

// worker is a beam_node of the cluster.
func worker(op operation) *cluster.NodeSpec {
	if op.reached {
		spec := managedWorker(op.spec)
		return &spec
	}
	return &cluster.NodeSpec{
		Name: "worker", Cluster: "chat", Place: op.spec.Pools[0].Place, Cookie: "secret-of-chat",
		Distribution: op.spec.Distribution, Host: op.spec.Host, Tags: []string{"jobs"},
	}
}

// changed is what the operation makes of the worker.
func changed(op operation) *cluster.NodeSpec {
	spec := worker(op)
	op.becomes(spec)
	return spec
}

func changeNode(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	_, err := e.ConvergeNode(ctx, changed(op), k.node, &k.worker)
	return err
}

// createNode makes the node. One whose create failed Terraform destroys first.
func createNode(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	if k.node != 0 {
		if err := destroyNode(ctx, e, op, k); err != nil {
			return err
		}
	}
	d, err := e.ConvergeNode(ctx, worker(op), k.node, &k.worker)
	k.node = d.ID
	return err
}

func destroyNode(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	err := e.DestroyNode(ctx, *worker(op), k.node)
	if err == nil {
		k.node, k.worker = 0, cluster.Memory{}
	}
	return err
}

func refreshNode(ctx context.Context, e *engine.Engine, _ operation, k *kept) error {
	_, err := e.ObserveNode(ctx, "worker", k.node)
	return err
}

// driftOfNode switches the node off, calls it otherwise and takes a tag off it.
func driftOfNode(ctx context.Context, w *world, _ cluster.Observed) error {
	d, err := w.engine.FindNode(ctx, "worker")
	if err != nil {
		return err
	}
	_, err = w.godo.Tags.UntagResources(ctx, "jobs", &godo.UntagResourcesRequest{Resources: []godo.Resource{{ID: strconv.Itoa(d.ID), Type: godo.DropletResourceType}}})
	if err != nil {
		return err
	}
	if _, _, err := w.godo.DropletActions.Rename(ctx, d.ID, "pet"); err != nil {
		return err
	}
	w.pass(brisk.BootTime)
	_, _, err = w.godo.DropletActions.PowerOff(ctx, d.ID)
	return err
}

func repairNode(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	_, err := e.ConvergeNode(ctx, worker(op), k.node, &k.worker)
	return err
}

// replaceNode is what Terraform does with a node that is to be told something else.
func replaceNode(ctx context.Context, e *engine.Engine, op operation, k *kept) error {
	if k.node != 0 {
		if err := destroyNode(ctx, e, op, k); err != nil {
			return err
		}
	}
	spec := worker(op)
	spec.Environment = map[string]string{"QUEUE": "mail"}
	d, err := e.ConvergeNode(ctx, spec, 0, &k.worker)
	k.node = d.ID
	return err
}

// occupied fills the account with what is somebody else's: some of it has names
// as the cluster's, and another cluster of the provider's is there, too.
func (w *world) occupied(ctx context.Context) error {
	vpc, _, err := w.godo.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "web", RegionSlug: "nyc3", Description: "beam:chatter:id:1"})
	if err != nil {
		return err
	}
	var errs []error
	var last *godo.Droplet
	for name, tags := range map[string][]string{
		"web":            {"web"},
		"chat-us-1":      nil,
		"chatter-us-1":   {"beam", "beam:chatter", "beam:chatter:node", "beam:chatter:pool:us", "beam:chatter:id:1"},
		"other-database": {"beam", "beam:other", "beam:other:database", "beam:other:id:2"},
	} {
		d, _, err := w.godo.Droplets.Create(ctx, &godo.DropletCreateRequest{
			Name: name, Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"}, VPCUUID: vpc.ID, Tags: tags,
		})
		last = d
		errs = append(errs, err)
	}
	w.pass(brisk.BootTime)
	_, _, err = w.godo.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{Name: "other-database", Region: "nyc3", SizeGigaBytes: 1, Tags: []string{"beam", "beam:other"}})
	errs = append(errs, err)
	_, _, err = w.godo.Firewalls.Create(ctx, &godo.FirewallRequest{
		Name: "chatter-node", Tags: []string{"beam:chatter:node", "web"},
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"203.0.113.7/32"}}}},
	})
	errs = append(errs, err)
	_, _, err = w.godo.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: last.ID})
	errs = append(errs, err)
	_, _, err = w.godo.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "nyc3"})
	w.pass(brisk.BootTime)
	return errors.Join(append(errs, err, w.addAnn(ctx))...)
}
