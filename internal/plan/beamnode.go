package plan

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// NodeInput is what the plan of a beam_node is made from: it is a small cluster.
type NodeInput struct {
	Spec      cluster.NodeSpec
	DropletID int              // 0 while nothing is remembered
	Observed  cluster.Observed // the cluster that the node joins
	Wanted    bool             // false to destroy it
	Failed    bool             // its droplet did not come up
}

// labelNode is the request for the droplet of a beam_node.
const labelNode = "node"

// DiffNode says what leads from what is there of a beam_node to what is wanted.
func DiffNode(in NodeInput) Plan {
	d := &differ{Input: Input{Observed: in.Observed}}
	host, exists := in.host()
	switch {
	case !in.Wanted && exists:
		d.do(DeleteHost{Droplet: host, Name: in.Spec.Name, Role: cluster.RoleNode}, "")
	case !in.Wanted:
	case exists && in.Failed:
		d.do(DeleteHost{Droplet: host, Name: in.Spec.Name, Role: cluster.RoleNode}, describe(in.Spec.Name, host.ID)+" did not come up: it is made anew")
	case !exists:
		d.do(CreateHosts{Label: labelNode, Role: cluster.RoleNode, Place: in.Spec.Place, Names: []string{in.Spec.Name}}, "")
	default:
		d.mendNode(in, host)
	}
	p := Plan{Steps: d.steps}
	if in.Wanted && !exists {
		p.Refusals = in.refusals()
	}
	return p
}

// host finds the node's droplet: the remembered one or, where none is, the one
// that a create made which died before it was written down.
func (in NodeInput) host() (cluster.Droplet, bool) {
	if in.DropletID != 0 {
		return in.Observed.Droplet(in.DropletID)
	}
	i := slices.IndexFunc(in.Observed.BeamNodes(cluster.Memory{}), func(d cluster.Droplet) bool {
		return d.Name == in.Spec.Name && d.HasTag(in.Spec.MakingTag()) && d.HasTag(in.Spec.ToldTag())
	})
	if i < 0 {
		return cluster.Droplet{}, false
	}
	return in.Observed.BeamNodes(cluster.Memory{})[i], true
}

// FoundNode is the node's droplet, if there is one.
func FoundNode(in NodeInput) (cluster.Droplet, bool) { return in.host() }

func (d *differ) mendNode(in NodeInput, host cluster.Droplet) {
	about := describe(in.Spec.Name, host.ID)
	ready := Active(host) && (in.Spec.Public || host.PrivateIPv4 != "")
	if host.Status == cluster.StatusOff {
		d.do(PowerOn{Droplet: host}, "the droplet is switched off")
	}
	if !ready {
		d.do(AwaitActive{Host: in.Spec.Name}, "", PowerOn{Droplet: host}.Key())
	}
	if host.Name != in.Spec.Name {
		d.do(RenameHost{Droplet: host, Name: in.Spec.Name}, "the droplet is called "+host.Name)
	}
	wanted := in.Spec.WantedTags()
	for _, tag := range wanted {
		if !host.HasTag(tag) {
			d.do(TagHosts{Tag: tag, IDs: []int{host.ID}}, "tag "+tag+" is missing")
		}
	}
	for _, tag := range host.Tags {
		switch {
		case tag == in.Spec.MakingTag():
			d.add(Step{Action: DeleteTag{Tag: tag}, Quiet: true, After: []string{AwaitActive{Host: in.Spec.Name}.Key()}})
		case !cluster.HasTag(wanted, tag) && !cluster.KeepsTag(in.Spec.Cluster, tag):
			d.do(UntagHosts{Tag: tag, IDs: []int{host.ID}}, about+" carries the tag "+tag)
		}
	}
}

func (in NodeInput) refusals() []check.Problem {
	var found []check.Problem
	if len(in.Observed.Hosts()) == 0 {
		found = append(found, check.Problem{Path: []string{"cluster"}, Summary: "Cluster not found", Detail: fmt.Sprintf(
			"The account has no cluster named %q. Create it first, or let `cluster` refer to beam_cluster.<name>.name.", in.Spec.Cluster)})
		return found
	}
	for _, host := range in.Observed.Droplets {
		// A finished beam_node of the name may be the one that this one replaces: with
		// create_before_destroy both exist for a while. One that was told the same was
		// made by a create that died when it was done.
		if host.Name == in.Spec.Name && (host.Role(in.Spec.Cluster) != "" || host.HasTag(in.Spec.MakingTag()) || host.HasTag(in.Spec.ToldTag())) {
			found = append(found, check.Problem{Path: []string{"name"}, Summary: "Node exists", Detail: fmt.Sprintf(
				"Droplet %d of cluster %s has the name %q. To manage it here run `terraform import <address> %d`, else choose another name.",
				host.ID, in.Spec.Cluster, host.Name, host.ID)})
		}
	}
	if _, problem := in.VPC(); problem != "" {
		found = append(found, check.Problem{Path: []string{"region"}, Summary: "No network in the region", Detail: problem})
	}
	return append(found, check.Meshes(in.Spec, cluster.SpecOf(in.Spec.Cluster, in.Observed).Distribution)...)
}

// VPC finds the VPC that the cluster's hosts of the node's region are in; none
// for a cluster of public addresses. The problem says why there is none; it is
// empty for none.
func (in NodeInput) VPC() (id, problem string) {
	if in.Spec.Public {
		return "", ""
	}
	var regions []string
	for _, host := range in.Observed.Hosts() {
		if host.Region == in.Spec.Region && host.VPCUUID != "" {
			return host.VPCUUID, ""
		}
		if !slices.Contains(regions, host.Region) {
			regions = append(regions, host.Region)
		}
	}
	return "", fmt.Sprintf("Cluster %s has no private network in region %s. Choose a region of its hosts: %s.", in.Spec.Cluster, in.Spec.Region, list(regions))
}
