package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problems returns what the account cannot do of the spec. newDroplets is how
// many droplets would be created at most at a time; 0 leaves the limit out.
func (c Catalogue) Problems(s Spec, newDroplets int) []Problem {
	var found []Problem
	for _, p := range s.Pools {
		found = append(found, c.placeProblems([]string{"node_pools", p.Name}, p.Place)...)
	}
	if s.LoadBalancer != nil {
		found = append(found, c.placeProblems([]string{"load_balancer"}, s.LoadBalancer.Place)...)
	}
	if s.Database != nil {
		found = append(found, c.placeProblems([]string{"database"}, s.Database.Place)...)
	}
	found = append(found, c.sshKeyProblems(s.SSHKeys)...)
	found = append(found, c.vpcProblems(s)...)
	return append(found, c.limitProblems([]string{"node_pools"}, newDroplets)...)
}

// NodeProblems does the same for the one droplet of a beam_node.
func (c Catalogue) NodeProblems(n NodeSpec) []Problem {
	return slices.Concat(c.placeProblems(nil, n.Place), c.sshKeyProblems(n.SSHKeys), c.limitProblems([]string{"name"}, 1))
}

func (c Catalogue) sshKeyProblems(keys []string) []Problem {
	var found []Problem
	for _, key := range keys {
		if _, exists := c.SSHKeys[key]; !exists {
			found = append(found, Problem{
				Path:    []string{"ssh_keys"},
				Summary: "SSH key not found",
				Detail: fmt.Sprintf("The account has no SSH key %q. `doctl compute ssh-key list` shows those it has; "+
					"`doctl compute ssh-key import` adds one.", key),
			})
		}
	}
	return found
}

// vpcProblems looks for the VPC that the user named.
func (c Catalogue) vpcProblems(s Spec) []Problem {
	id := s.Network.VPCUUID
	if id == "" {
		return nil
	}
	report := func(detail string, needs ...[]string) []Problem {
		return []Problem{{Path: []string{"network", "vpc_uuid"}, Needs: needs, Summary: "VPC not usable", Detail: detail}}
	}
	switch vpc, exists := c.VPCs[id]; {
	case !exists:
		return report(fmt.Sprintf("The account has no VPC %s. `doctl vpcs list` shows those it has.", id))
	case !slices.Contains(s.Regions(), vpc.Region):
		return report(fmt.Sprintf("The VPC %s is in region %s, and the hosts are in %s. Use a VPC of that region, or place the hosts in %s.",
			vpc.Name, vpc.Region, strings.Join(s.Regions(), ", "), vpc.Region), s.regionPaths()...)
	}
	return nil
}

func (c Catalogue) limitProblems(path []string, newDroplets int) []Problem {
	if newDroplets == 0 || c.Droplets+newDroplets <= c.DropletLimit {
		return nil
	}
	return []Problem{{
		Path:    path,
		Summary: "Droplet limit exceeded",
		Detail: fmt.Sprintf("This needs %d more droplets at a time, the account has %d and its limit is %d. "+
			"Ask for fewer hosts, remove droplets, or ask DigitalOcean to raise the limit (in the control panel under Settings, Team).",
			newDroplets, c.Droplets, c.DropletLimit),
	}}
}

// placeProblems leaves out what is empty: Spec.Problems reports it.
func (c Catalogue) placeProblems(path []string, p Place) []Problem {
	found := c.regionProblems(at(path, "region"), p.Region)
	found = append(found, c.sizeProblems(path, p)...)
	if p.Image != "" {
		found = append(found, c.imageProblems(path, p)...)
	}
	return found
}

func (c Catalogue) regionProblems(path []string, region string) []Problem {
	known, exists := c.Regions[region]
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
		Detail:  fmt.Sprintf("Region %q %s. Use one of: %s.", region, problem, strings.Join(c.openRegions(), ", ")),
	}}
}

func (c Catalogue) openRegions() []string {
	var open []string
	for _, slug := range slices.Sorted(maps.Keys(c.Regions)) {
		if c.Regions[slug].Available {
			open = append(open, slug)
		}
	}
	return open
}

func (c Catalogue) sizeProblems(path []string, p Place) []Problem {
	size, exists := c.Sizes[p.Size]
	report := func(detail string) []Problem {
		return []Problem{{Path: at(path, "size"), Needs: [][]string{at(path, "region")}, Summary: "Size not available", Detail: detail}}
	}
	region, open := c.Regions[p.Region]
	switch {
	case p.Size == "":
		return nil
	case !exists:
		return report(fmt.Sprintf("Size %q does not exist. `doctl compute size list` shows those that do.", p.Size))
	case !size.Available:
		return report(fmt.Sprintf("Size %q cannot be created any more. `doctl compute size list` shows those that can.", p.Size))
	case open && region.Available && !slices.Contains(region.Sizes, p.Size):
		return report(fmt.Sprintf("Size %q cannot be created in region %q. %s", p.Size, p.Region, c.elsewhere(p.Size)))
	}
	return nil
}

// elsewhere says where the size can be created.
func (c Catalogue) elsewhere(size string) string {
	var where []string
	for _, slug := range c.openRegions() {
		if slices.Contains(c.Regions[slug].Sizes, size) {
			where = append(where, slug)
		}
	}
	if len(where) == 0 {
		return "No other region has it either: use another size."
	}
	return fmt.Sprintf("Use another size, or one of the regions that have it: %s.", strings.Join(where, ", "))
}

func (c Catalogue) imageProblems(path []string, p Place) []Problem {
	image, exists := c.Images[p.Image]
	size, sized := c.Sizes[p.Size]
	region := c.Regions[p.Region] // one that cannot be used is reported as such
	report := func(detail string, needs ...[]string) []Problem {
		return []Problem{{Path: at(path, "image"), Needs: needs, Summary: "Image not available", Detail: detail}}
	}
	switch {
	case !exists:
		return report(fmt.Sprintf("The account has no image %q. Use the slug of a distribution, such as \"debian-13-x64\", or the id of a "+
			"snapshot of the account. `doctl compute image list --public` shows the slugs.", p.Image))
	case region.Available && !slices.Contains(image.Regions, p.Region):
		return report(fmt.Sprintf("Image %q is not in region %q, but in %s. Transfer the snapshot there (`doctl compute image-action transfer`), "+
			"or use another image or region.", p.Image, p.Region, strings.Join(image.Regions, ", ")), at(path, "region"))
	case sized && size.DiskGiB < image.MinDiskGiB:
		return report(fmt.Sprintf("Image %q needs a disk of %d GiB, and size %q has %d. Use a larger size or another image.",
			p.Image, image.MinDiskGiB, p.Size, size.DiskGiB), at(path, "size"))
	}
	return nil
}
