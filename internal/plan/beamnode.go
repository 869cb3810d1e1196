package plan

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// NodeInput is what the plan of a beam_node is made from: it is a small cluster.
type NodeInput struct {
	Spec     cluster.NodeSpec
	Memory   cluster.Memory   // of the node alone: without a host while none is remembered
	Observed cluster.Observed // the cluster that the node joins
	Reports  []health.HostReport
	Wanted   bool // false to destroy it
	Telling  bool // as that of Input
}

// labelNode is the request for the droplet of a beam_node.
const labelNode = "node"

// DiffNode says what leads from what is there of a beam_node to what is wanted.
func DiffNode(in NodeInput) Plan {
	host, exists := in.host()
	d := in.differ(host)
	switch fault := in.fault(host); {
	case !in.Wanted && exists:
		d.deleteNode(in, host, "")
	case !in.Wanted:
	case exists && fault != "":
		d.deleteNode(in, host, describe(in.Spec.Name, host.ID)+" "+fault+": it is made anew")
	case !exists:
		d.do(CreateHosts{Label: labelNode, Role: cluster.RoleNode, Pool: in.Spec.Name, Place: in.Spec.Place, Names: []string{in.Spec.Name}}, "")
	default:
		d.mendNode(in, host)
		d.follow()
		d.unmark(in, host)
		d.markTelling()
	}
	p := Plan{Steps: ordered(d.steps), Nodes: 1, Turn: 1, Restarting: len(d.pools.restart)}
	switch {
	case in.Wanted && !exists:
		p.Refusals = in.refusals()
	case in.Wanted:
		p.Refusals = slices.Concat(in.madeTwice(host), d.unfollowed(), d.otherCookieThere())
	}
	return p
}

// differ compares the node as a cluster of its own. Where it is and on what it runs
// stays: Terraform makes the droplet anew for another place.
func (in NodeInput) differ(host cluster.Droplet) *differ {
	d := &differ{Input: Input{Spec: in.Spec.Alone(), Memory: in.Memory.Clone(), Observed: in.Observed, Reports: in.Reports, Telling: in.Telling}}
	d.Spec.Pools[0].Place = cluster.Place{Region: host.Region, Size: host.Size, Image: in.Memory.Hosts[host.ID].Image}
	d.forgetTold()
	d.pools = d.nodes()
	return d
}

// deleteNode deletes the marks that are the droplet's own, and then the droplet.
func (d *differ) deleteNode(in NodeInput, host cluster.Droplet, why string) {
	marks, _ := host.Tellings(in.Spec.Cluster)
	var before []string
	for _, tag := range marks {
		unmark := DeleteTag{Tag: tag}
		d.do(unmark, "")
		before = append(before, unmark.Key())
	}
	d.do(DeleteHost{Droplet: host, Name: in.Spec.Name, Role: cluster.RoleNode}, why, before...)
}

// id is that of the node's droplet; 0 while nothing is remembered.
func (in NodeInput) id() int {
	for id := range in.Memory.Hosts {
		return id
	}
	return 0
}

// host finds the node's droplet: the remembered one or, where none is, the one
// that a create made which died before it was written down.
func (in NodeInput) host() (cluster.Droplet, bool) {
	if id := in.id(); id != 0 {
		return in.Observed.Droplet(id)
	}
	i := slices.IndexFunc(in.Observed.BeamNodes(cluster.Memory{}), func(d cluster.Droplet) bool {
		return d.Name == in.Spec.Name && d.HasTag(in.Spec.MakingTag()) && in.madeSo(d)
	})
	if i < 0 {
		return cluster.Droplet{}, false
	}
	return in.Observed.BeamNodes(cluster.Memory{})[i], true
}

// madeSo says that a droplet was made as one would be today.
func (in NodeInput) madeSo(host cluster.Droplet) bool {
	return host.HasTag(in.Spec.ToldTag()) && in.Spec.Place == cluster.Place{Region: host.Region, Size: host.Size, Image: host.Image}
}

// madeTwice refuses to call a create done that made another droplet beside the node's:
// a request may have been carried out twice, and nobody would ever delete the second.
// Which of them another apply has, nobody can tell.
func (in NodeInput) madeTwice(host cluster.Droplet) []check.Problem {
	for _, other := range in.Observed.BeamNodes(cluster.Memory{}) {
		if other.ID == host.ID || other.Name != in.Spec.Name || !host.HasTag(in.Spec.MakingTag()) || !other.HasTag(in.Spec.MakingTag()) || !in.madeSo(other) {
			continue
		}
		return []check.Problem{{Path: []string{"name"}, Summary: "Node made twice", Detail: fmt.Sprintf(
			"The droplets %d and %d were both made as this node, at DigitalOcean or by another apply that makes a node of the name. "+
				"Where no other apply does, delete the second (`doctl compute droplet delete %d`), and apply again.", host.ID, other.ID, other.ID)}}
	}
	return nil
}

// FoundNode is the node's droplet, if there is one.
func FoundNode(in NodeInput) (cluster.Droplet, bool) { return in.host() }

// fault says why the droplet will never be what it should; empty where it may.
func (in NodeInput) fault(host cluster.Droplet) string {
	switch record := in.Memory.Hosts[host.ID]; {
	case record.SetUpFailed:
		return "did not come up"
	case record.Unmanaged && in.Spec.Management.Enabled:
		return "takes keys that were lost with the apply that made it"
	}
	return ""
}

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
		if tag != in.Spec.MakingTag() && !cluster.HasTag(wanted, tag) && !cluster.KeepsTag(in.Spec.Cluster, tag) {
			d.do(UntagHosts{Tag: tag, IDs: []int{host.ID}}, about+" carries the tag "+tag)
		}
	}
}

// follow tells a node that can be told what has changed of it.
func (d *differ) follow() {
	if d.rotates() {
		host := d.otherCookie()[0]
		d.do(RotateCookie{Follows: true}, describe(host.Name, host.ID)+" has another cookie", AwaitActive{Host: host.Name}.Key())
	}
	d.tell()
	d.restartNodes()
	d.form()
}

// unmark takes the tag off that says that the node's create has not ended.
func (d *differ) unmark(in NodeInput, host cluster.Droplet) {
	if host.HasTag(in.Spec.MakingTag()) {
		d.add(Step{Action: DeleteTag{Tag: in.Spec.MakingTag()}, Quiet: true, After: []string{AwaitActive{Host: in.Spec.Name}.Key(), AwaitFormed{}.Key()}})
	}
}

// unfollowed refuses what a running node cannot be told. Terraform has its droplet
// made anew for all of it that it knows of.
func (d *differ) unfollowed() []check.Problem {
	var found []check.Problem
	for _, host := range d.pools.outdated {
		found = append(found, check.Problem{Path: []string{"name"}, Summary: "Node cannot be told", Detail: fmt.Sprintf(
			"%s. Have it replaced: `terraform apply -replace=<address>`.", d.pools.changes[host.ID].why)})
	}
	return found
}

// otherCookieThere refuses a cookie that the cluster has not: the two would refuse
// each other. Nodes that were made before they carried a mark tell nothing.
func (d *differ) otherCookieThere() []check.Problem {
	wanted := d.Spec.CookieFingerprint(d.Memory)
	if wanted == "" || !d.rotates() {
		return nil
	}
	for _, host := range d.Observed.Hosts() {
		have := host.CookieFingerprint(d.Spec.Name)
		if have == "" || have == wanted {
			continue
		}
		return []check.Problem{{Path: []string{"cookie"}, Summary: "Not the cluster's cookie", Detail: fmt.Sprintf(
			"The nodes of cluster %s have the cookie with the fingerprint %s, and this one has the fingerprint %s: they would refuse each other. "+
				"Give both the same. Where the cluster is to get this one in the same apply, let `cluster` refer to beam_cluster.<name>.name, so that it gets it first.",
			d.Spec.Name, have, wanted)}}
	}
	return nil
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
		// create_before_destroy both exist for a while. One that was made just so was
		// made by a create that died when it was done.
		if host.Name == in.Spec.Name && (host.Role(in.Spec.Cluster) != "" || host.HasTag(in.Spec.MakingTag()) || in.madeSo(host)) {
			found = append(found, check.Problem{Path: []string{"name"}, Summary: "Node exists", Detail: fmt.Sprintf(
				"Droplet %d of cluster %s has the name %q. To manage it here run `terraform import <address> %d`, else choose another name.",
				host.ID, in.Spec.Cluster, host.Name, host.ID)})
		}
	}
	if in.Spec.Management.Enabled && !in.Observed.OpensSSH(in.Spec.Host.SSHPort) {
		found = append(found, check.ManagementFromNowhere(in.Spec))
	}
	if _, problem := in.VPC(); problem != "" {
		found = append(found, check.Problem{Path: []string{"region"}, Summary: "No network in the region", Detail: problem})
	}
	return append(found, in.unmeshed()...)
}

// unmeshed says why the cluster's nodes could not reach the node, whichever of the
// ports it uses that their firewall opens.
func (in NodeInput) unmeshed() (found []check.Problem) {
	for _, open := range in.Observed.Distributions() {
		if found = check.Meshes(in.Spec, open); len(found) == 0 {
			return nil
		}
	}
	return found
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
