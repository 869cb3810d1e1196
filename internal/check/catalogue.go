package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Demand is what an apply adds to the account, at most at a time.
type Demand struct{ Droplets, ReservedIPs, Volumes int }

// Catalogue returns what the account cannot do of the spec, of which the demand
// is to be made.
func Catalogue(c cluster.Catalogue, s cluster.Spec, d Demand) []Problem {
	a := account{c}
	var found []Problem
	for _, p := range s.Pools {
		found = append(found, a.placeProblems([]string{"node_pools", p.Name}, p.Place)...)
	}
	if s.LoadBalancer != nil {
		found = append(found, a.placeProblems([]string{"load_balancer"}, s.LoadBalancer.Place)...)
	}
	if s.Database != nil {
		found = append(found, a.placeProblems([]string{"database"}, s.Database.Place)...)
	}
	found = append(found, a.swapProblems(s.Host, s.Places()...)...)
	found = append(found, SSHKeys(c, s.SSHKeys)...)
	found = append(found, a.projectProblems(s.ProjectID)...)
	return append(found, a.demandProblems(d)...)
}

// NodeCatalogue does the same for the one droplet of a beam_node.
func NodeCatalogue(c cluster.Catalogue, n cluster.NodeSpec) []Problem {
	a := account{c}
	return slices.Concat(a.placeProblems(nil, n.Place), a.swapProblems(n.Host, n.Place), SSHKeys(c, n.SSHKeys), a.dropletLimit(1).problems([]string{"name"}))
}

// account checks against what an account may use.
type account struct{ cluster.Catalogue }

// SSHKeys finds keys that are named and that the account does not have.
func SSHKeys(c cluster.Catalogue, keys []string) []Problem {
	var found []Problem
	for _, key := range keys {
		if _, exists := c.SSHKeys[key]; !exists {
			found = append(found, Problem{
				Path:    []string{"ssh_keys"},
				Summary: "SSH key not found",
				Detail: fmt.Sprintf("The account has no SSH key %q. Leave it out, or name another: `doctl compute ssh-key list` shows those it has; "+
					"`doctl compute ssh-key import` adds one.", key),
			})
		}
	}
	return found
}

// VPC says why the VPC that the spec names, of those that were found, cannot be used.
func VPC(o cluster.Observed, s cluster.Spec) []Problem {
	id := s.Network.VPCUUID
	if id == "" {
		return nil
	}
	report := func(detail string, needs ...[]string) []Problem {
		return []Problem{{Path: []string{"network", "vpc_uuid"}, Needs: needs, Summary: "VPC not usable", Detail: detail}}
	}
	switch vpc, exists := o.VPC(id); {
	case !exists:
		return report(fmt.Sprintf("The account has no VPC %s. `doctl vpcs list` shows those it has.", id))
	case !slices.Contains(s.Regions(), vpc.Region):
		return report(fmt.Sprintf("The VPC %s is in region %s, and the hosts are in %s. Use a VPC of that region, or place the hosts in %s.",
			vpc.Name, vpc.Region, strings.Join(s.Regions(), ", "), vpc.Region), regionPaths(s)...)
	}
	return nil
}

// projectProblems looks for the project that the user named.
func (a account) projectProblems(id string) []Problem {
	if _, exists := a.Projects[id]; id == "" || exists || a.Projects == nil {
		return nil
	}
	return []Problem{{
		Path:    []string{"project_id"},
		Summary: "Project not found",
		Detail:  fmt.Sprintf("The account has no project %s. `doctl projects list` shows those it has.", id),
	}}
}

// demandProblems reports each limit that leaves less than is needed. An account
// that does not tell a limit of reserved IPs or of volumes gives 0 for it.
func (a account) demandProblems(d Demand) []Problem {
	found := a.dropletLimit(d.Droplets).problems([]string{"node_pools"})
	if a.ReservedIPLimit > 0 {
		found = append(found, limit{"reserved IP", d.ReservedIPs, a.ReservedIPs, a.ReservedIPLimit}.problems([]string{"load_balancer"})...)
	}
	if a.VolumeLimit > 0 {
		found = append(found, limit{"volume", d.Volumes, a.Volumes, a.VolumeLimit}.problems([]string{"database"})...)
	}
	return found
}

func (a account) dropletLimit(more int) limit {
	return limit{"droplet", more, a.Droplets, a.DropletLimit}
}

// limit is how many objects of a kind an account may have.
type limit struct {
	kind               string
	more, has, allowed int
}

func (l limit) problems(path []string) []Problem {
	if l.more == 0 || l.more <= l.allowed-l.has {
		return nil
	}
	return []Problem{{
		Path:    path,
		Summary: strings.ToUpper(l.kind[:1]) + l.kind[1:] + " limit exceeded",
		Detail: fmt.Sprintf("This needs %s more at a time, the account has %d and its limit is %d. "+
			"Ask for fewer, remove %ss that nothing needs, or ask DigitalOcean to raise the limit (in the control panel under Settings, Team).",
			plural(l.more, l.kind), l.has, l.allowed, l.kind),
	}}
}

// placeProblems leaves out what is empty: Spec reports it.
func (a account) placeProblems(path []string, p cluster.Place) []Problem {
	found := a.regionProblems(at(path, "region"), p.Region)
	found = append(found, a.sizeProblems(path, p)...)
	if p.Image != "" {
		found = append(found, a.imageProblems(path, p)...)
	}
	return found
}

func (a account) regionProblems(path []string, region string) []Problem {
	known, exists := a.Regions[region]
	if region == "" || exists && known.Available {
		return nil
	}
	problem := "does not exist"
	if exists {
		problem = "takes no new droplets"
	}
	return []Problem{{
		Path:    path,
		Summary: "Region not available",
		Detail:  fmt.Sprintf("Region %q %s. Use one of: %s.", region, problem, strings.Join(a.openRegions(), ", ")),
	}}
}

func (a account) openRegions() []string {
	var open []string
	for _, slug := range slices.Sorted(maps.Keys(a.Regions)) {
		if a.Regions[slug].Available {
			open = append(open, slug)
		}
	}
	return open
}

func (a account) sizeProblems(path []string, p cluster.Place) []Problem {
	size, exists := a.Sizes[p.Size]
	report := func(detail string) []Problem {
		return []Problem{{Path: at(path, "size"), Needs: [][]string{at(path, "region")}, Summary: "Size not available", Detail: detail}}
	}
	region, open := a.Regions[p.Region]
	switch {
	case p.Size == "":
		return nil
	case !exists:
		return report(fmt.Sprintf("Size %q does not exist. `doctl compute size list` shows those that do.", p.Size))
	case !size.Available:
		return report(fmt.Sprintf("Size %q cannot be created any more. `doctl compute size list` shows those that can.", p.Size))
	case open && region.Available && !slices.Contains(region.Sizes, p.Size):
		return report(fmt.Sprintf("Size %q cannot be created in region %q. %s", p.Size, p.Region, a.elsewhere(p.Size)))
	}
	return nil
}

// elsewhere says where the size can be created.
func (a account) elsewhere(size string) string {
	var where []string
	for _, slug := range a.openRegions() {
		if slices.Contains(a.Regions[slug].Sizes, size) {
			where = append(where, slug)
		}
	}
	if len(where) == 0 {
		return "No other region has it either: use another size."
	}
	return fmt.Sprintf("Use another size, or one of the regions that have it: %s.", strings.Join(where, ", "))
}

func (a account) imageProblems(path []string, p cluster.Place) []Problem {
	image, exists := a.Images[p.Image]
	size, sized := a.Sizes[p.Size]
	region := a.Regions[p.Region] // one that cannot be used is reported as such
	report := func(detail string, needs ...[]string) []Problem {
		return []Problem{{Path: at(path, "image"), Needs: needs, Summary: "Image not available", Detail: detail}}
	}
	switch {
	case !exists:
		return report(fmt.Sprintf("The account has no image %q. Use the slug of a distribution, such as \"debian-13-x64\", or the id of a "+
			"snapshot of the account. `doctl compute image list --public` shows the slugs.", p.Image))
	case !supported(image):
		return report(fmt.Sprintf("Image %q is of %s, which hosts are not set up on. %s", p.Image, cmp.Or(image.Slug, image.Distribution), sentence(hostconfig.Image.Fault(""))))
	case region.Available && !slices.Contains(image.Regions, p.Region):
		return report(fmt.Sprintf("Image %q is not in region %q, but in %s. Transfer the snapshot there (`doctl compute image-action transfer`), "+
			"or use another image or region.", p.Image, p.Region, cmp.Or(strings.Join(image.Regions, ", "), "none that is told")), at(path, "region"))
	case sized && size.DiskGiB < image.MinDiskGiB:
		return report(fmt.Sprintf("Image %q needs a disk of %d GiB, and size %q has %d. Use a larger size or another image.",
			p.Image, image.MinDiskGiB, p.Size, size.DiskGiB), at(path, "size"))
	}
	return nil
}

// supported says whether hosts can be set up on the image, as far as the account
// tells: what an image of the user's own holds it may not know.
func supported(image cluster.Image) bool {
	if image.Slug != "" {
		return hostconfig.Image.Fault(image.Slug) == ""
	}
	return slices.Contains([]string{"Debian", "Ubuntu", "Unknown", "Unknown OS", ""}, image.Distribution)
}
