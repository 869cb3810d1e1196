package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// nodeRun is the run of a beam_node: a small cluster of one host beside another.
type nodeRun struct {
	*run
	spec *cluster.NodeSpec
}

// nodeRun is for the node with the memory, which may lack a droplet that is known.
func (e *Engine) nodeRun(spec *cluster.NodeSpec, dropletID int, mem *cluster.Memory, wanted bool) *nodeRun {
	if _, known := mem.Hosts[dropletID]; dropletID != 0 && !known {
		mem.Remember(dropletID, cluster.HostRecord{Name: spec.Name})
	}
	n := &nodeRun{run: e.run(spec.Alone(), mem), spec: spec}
	n.plan = func() plan.Plan {
		in := n.input(wanted)
		if host, found := plan.FoundNode(in); found && len(n.mem.Hosts) == 0 {
			n.mem.Remember(host.ID, cluster.HostRecord{Name: spec.Name, Unmanaged: true})
			in = n.input(wanted)
		}
		return plan.DiffNode(in)
	}
	n.request = n.nodeRequest
	n.adjust = n.see
	return n
}

func (n *nodeRun) input(wanted bool) plan.NodeInput {
	return plan.NodeInput{Spec: *n.spec, Memory: *n.mem, Observed: n.obs, Reports: n.reports, Wanted: wanted, Telling: n.telling}
}

// see takes from a look what the node has to know of the cluster. Of a database it
// can be told where that went, if it knew one by its name when it was made.
func (n *nodeRun) see() {
	n.obs = everybody(n.obs)
	n.spec.Public = isPublic(n.obs)
	n.run.spec = n.spec.Alone()
	if address, exists := databaseOf(n.obs); exists && (len(n.mem.Hosts) == 0 || n.mem.DatabaseAddress != "") {
		n.mem.DatabaseAddress = address
	}
}

// everybody takes the hosts of the cluster for known, whoever made it: a
// beam_node need not know its id.
func everybody(o cluster.Observed) cluster.Observed {
	for _, other := range o.Others {
		for _, d := range other.Droplets {
			if _, there := o.Droplet(d.ID); !there {
				o.Droplets = append(o.Droplets, d)
			}
		}
		o.Firewalls = append(o.Firewalls, other.Firewalls...)
		for i, v := range other.VPCs {
			o.VPCs[i].Own = o.VPCs[i].Own || v.Own
		}
	}
	return o
}

// ConvergeNode creates the droplet of a beam_node, or changes the one of the id
// in place; 0 is none yet. It sets spec.Public to what the cluster's network is,
// and returns the droplet that exists even when it fails. The memory is that of a
// node with a management channel; it is filled also when it fails.
func (e *Engine) ConvergeNode(ctx context.Context, spec *cluster.NodeSpec, dropletID int, mem *cluster.Memory) (cluster.Droplet, error) {
	mem.Version = cluster.MemoryVersion
	if err := drawMissing(spec.Alone(), mem); err != nil {
		return cluster.Droplet{}, err
	}
	n := e.nodeRun(spec, dropletID, mem, true)
	defer func() { mem.Note(cluster.Observed{}) }() // what else there is belongs to the cluster
	if err := n.look(ctx); err != nil {
		return n.droplet(), err
	}
	if _, exists := n.obs.Droplet(dropletID); dropletID != 0 && !exists {
		return cluster.Droplet{ID: dropletID}, fmt.Errorf("droplet %d was deleted meanwhile; apply again to replace it", dropletID)
	}
	if err := n.lookAgain(ctx); err != nil {
		return n.droplet(), err
	}
	if spec.Cookie != "" {
		mem.Secrets.WantedCookie = hostconfig.CookiePart(spec.Cookie)
	}
	err := n.toEnd(ctx)
	return n.droplet(), err
}

// lookAgain looks once more before it is believed that the node must not be made: lists
// may be behind.
func (n *nodeRun) lookAgain(ctx context.Context) error {
	if len(n.plan().Refusals) == 0 {
		return nil
	}
	if err := digitalocean.Pause(ctx, settleTime); err != nil {
		return err
	}
	return n.look(ctx)
}

// droplet is the node's, as far as it is known.
func (n *nodeRun) droplet() cluster.Droplet {
	for id := range n.mem.Hosts {
		if d, exists := n.obs.Droplet(id); exists {
			return d
		}
		return cluster.Droplet{ID: id}
	}
	return cluster.Droplet{}
}

func (n *nodeRun) nodeRequest(a plan.CreateHosts) (digitalocean.DropletRequest, cluster.HostRecord, error) {
	spec := *n.spec
	vpc, _ := n.input(true).VPC() // the plan refuses where there is none
	host := n.run.spec.NodeHost(*n.mem, a.Pool, nil)
	userData, err := named("configuration of node " + spec.Name)(host.Render())
	return digitalocean.DropletRequest{
		Names: a.Names, Place: a.Place, SSHKeys: spec.SSHKeys, UserData: string(userData),
		Tags: slices.Concat(spec.WantedTags(), []string{spec.ToldTag(), spec.MakingTag()}, spec.NodeMarks()), VPCUUID: vpc, Monitoring: spec.Monitoring,
		LookupTag: spec.MakingTag(), Known: n.dropletIDs(),
	}, plan.NewRecord(n.run.input(), a), err
}

func databaseOf(o cluster.Observed) (address string, exists bool) {
	for _, d := range o.Hosts() {
		if d.Role(o.Cluster) == cluster.RoleDatabase {
			return d.PrivateIPv4, d.PrivateIPv4 != ""
		}
	}
	return "", false
}

// DiffNode says what ConvergeNode would do now.
func (e *Engine) DiffNode(ctx context.Context, spec cluster.NodeSpec, dropletID int, mem cluster.Memory) (plan.Plan, error) {
	fresh := mem.Clone()
	n := e.nodeRun(&spec, dropletID, &fresh, true)
	if err := n.look(ctx); err != nil {
		return plan.Plan{}, err
	}
	return n.plan(), nil
}

// NodeDrift says, a sentence each, what differs from what a ConvergeNode made.
func NodeDrift(spec cluster.NodeSpec, d cluster.Droplet, mem cluster.Memory) []string {
	known := mem.Clone()
	if _, remembered := known.Hosts[d.ID]; !remembered {
		known.Remember(d.ID, cluster.HostRecord{Name: spec.Name})
	}
	return plan.DiffNode(plan.NodeInput{
		Spec: spec, Memory: known, Wanted: true,
		Observed: cluster.Observed{Cluster: spec.Cluster, Droplets: []cluster.Droplet{d}},
	}).Drift()
}

// ObserveNode looks at the droplet of the beam_node of the name, which is empty for
// one that is being imported; nil when it is gone.
func (e *Engine) ObserveNode(ctx context.Context, name string, dropletID int) (*cluster.Droplet, error) {
	d, err := e.api.Droplet(ctx, dropletID)
	if err == nil && d == nil {
		// A droplet that was made just now may be too new.
		if err = digitalocean.Pause(ctx, recheckPause); err == nil {
			d, err = e.api.Droplet(ctx, dropletID)
		}
	}
	if err != nil {
		return nil, lookFor(strings.TrimSpace("droplet "+name), err)
	}
	return d, nil
}

// ErrNotFound says that what was to be imported does not exist.
var ErrNotFound = errors.New("not found")

// FindNode finds a droplet by its id or by its name, which must be the name of
// one droplet only.
func (e *Engine) FindNode(ctx context.Context, nameOrID string) (cluster.Droplet, error) {
	if id, err := strconv.Atoi(nameOrID); err == nil {
		d, err := e.api.Droplet(ctx, id)
		if err != nil {
			return cluster.Droplet{}, err
		}
		if d == nil {
			return cluster.Droplet{}, fmt.Errorf("%w: the account has no droplet %d", ErrNotFound, id)
		}
		return *d, nil
	}
	named, err := e.api.DropletsByName(ctx, nameOrID)
	if err != nil {
		return cluster.Droplet{}, err
	}
	switch len(named) {
	case 0:
		return cluster.Droplet{}, fmt.Errorf("%w: the account has no droplet named %q", ErrNotFound, nameOrID)
	case 1:
		return named[0], nil
	}
	return cluster.Droplet{}, fmt.Errorf("%d droplets are named %q; give the id of one instead", len(named), nameOrID)
}

// All lists every host that the provider made in the account, whatever its cluster.
func (e *Engine) All(ctx context.Context) ([]cluster.Droplet, error) {
	return e.api.DropletsByTag(ctx, cluster.TagAll)
}

// ReadNode reads back from the droplet, and from the cluster that it is in, as much
// of a beam_node as the API shows.
func (e *Engine) ReadNode(ctx context.Context, d cluster.Droplet) (cluster.NodeSpec, error) {
	spec, is := cluster.NodeSpecOf(d)
	if !is {
		return spec, fmt.Errorf("droplet %d (%s) is no beam_node: it has not the tags %q and %q of a cluster, or it belongs to a pool",
			d.ID, d.Name, cluster.ClusterTag("<cluster>"), cluster.RoleTag("<cluster>", cluster.RoleNode))
	}
	a, err := e.lists(ctx, spec.Cluster, "")
	if err != nil {
		return spec, err
	}
	spec.Public = isPublic(everybody(a.Of(spec.Cluster, cluster.Memory{})))
	return spec, nil
}

// isPublic says that the cluster's nodes know each other by public addresses.
func isPublic(o cluster.Observed) bool {
	return cluster.SpecOf(o.Cluster, o).Network.Mode == cluster.NetworkPublic
}

// DestroyNode deletes the droplet; one that is gone is no error.
func (e *Engine) DestroyNode(ctx context.Context, spec cluster.NodeSpec, dropletID int) error {
	return e.nodeRun(&spec, dropletID, &cluster.Memory{}, false).destroy(ctx)
}

func (n *nodeRun) destroy(ctx context.Context) error {
	if err := n.look(ctx); err != nil {
		return err
	}
	return n.toEnd(ctx)
}
