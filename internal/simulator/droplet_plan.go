package simulator

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	maxDropletNames = 10 // in one create
	maxNameLength   = 255
	maxUserData     = 64 << 10 // bytes
)

var hostnamePattern = regexp.MustCompile(`^[a-zA-Z0-9]?[a-zA-Z0-9.-]*[a-zA-Z0-9]$`)

// dropletPlan is a checked create: everything it names was found.
type dropletPlan struct {
	dropletCreate
	names   []string
	region  *region
	size    *size
	image   *image
	keys    []*sshKey
	volumes []*volume
	vpc     *vpc
	private []netip.Addr // one for each name
}

// planDroplets checks a create as a whole: nothing is made when a part is wrong.
func (s *Simulator) planDroplets(wanted dropletCreate) (*dropletPlan, error) {
	plan := &dropletPlan{dropletCreate: wanted}
	checks := []func(*dropletPlan) error{
		checkNames, s.checkSizeAndRegion, s.checkImage, s.checkKeys, checkUserData,
		checkBackups, s.checkTags, s.checkVolumes, s.checkNetwork, s.checkDropletLimit,
	}
	for _, check := range checks {
		if err := check(plan); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func checkNames(plan *dropletPlan) error {
	switch {
	case plan.Name != "" && len(plan.Names) > 0:
		return unprocessable("Only one of name and names may be given.")
	case len(plan.Names) > maxDropletNames:
		return unprocessable("You can only create up to %d Droplets at once.", maxDropletNames)
	case len(plan.Names) > 0:
		plan.names = plan.Names
	default:
		plan.names = []string{plan.Name}
	}
	for _, name := range plan.names {
		if err := checkHostname(name); err != nil {
			return err
		}
	}
	return nil
}

func checkHostname(name string) error {
	switch {
	case name == "":
		return unprocessable("Name can't be blank")
	case len(name) > maxNameLength:
		return unprocessable("Name is too long (maximum is %d characters)", maxNameLength)
	case !hostnamePattern.MatchString(name):
		return unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
	}
	return nil
}

// checkSizeAndRegion also chooses a region when none is given: the first that
// has the size.
func (s *Simulator) checkSizeAndRegion(plan *dropletPlan) error {
	plan.size = s.size(plan.Size)
	if plan.size == nil {
		return unprocessable("You specified an invalid size for Droplet creation.")
	}
	if plan.Region == "" {
		plan.Region = plan.size.Regions[0]
	}
	plan.region = s.region(plan.Region)
	if plan.region == nil || !plan.region.Available {
		return unprocessable("You specified an invalid region for Droplet creation.")
	}
	if !slices.Contains(plan.region.Sizes, plan.Size) {
		return unprocessable("Size is not available in this region.")
	}
	return nil
}

func (s *Simulator) checkImage(plan *dropletPlan) error {
	plan.image = s.imageBy(plan.Image)
	if plan.image == nil {
		return unprocessable("You specified an invalid image for Droplet creation.")
	}
	if !slices.Contains(plan.image.Regions, plan.Region) {
		return unprocessable("Image is not available in this region.")
	}
	if plan.image.MinDiskSize > plan.size.Disk {
		return unprocessable("The image requires a disk of at least %d GB, but the size %s has %d GB.",
			plan.image.MinDiskSize, plan.Size, plan.size.Disk)
	}
	return s.checkHostImage(plan.image)
}

// imageBy finds an image by slug or id, nil when there is none.
func (s *Simulator) imageBy(ref reference) *image {
	for _, candidate := range s.images.all() {
		if candidate.Slug != nil && *candidate.Slug == string(ref) {
			return candidate
		}
		if strconv.Itoa(candidate.ID) == string(ref) {
			return candidate
		}
	}
	return nil
}

func (s *Simulator) checkKeys(plan *dropletPlan) error {
	var unknown []string
	for _, ref := range plan.SSHKeys {
		key := s.findKey(string(ref))
		if key == nil {
			unknown = append(unknown, string(ref))
			continue
		}
		plan.keys = append(plan.keys, key)
	}
	if len(unknown) > 0 {
		return unprocessable("%s are invalid key identifiers for Droplet creation.", strings.Join(unknown, ", "))
	}
	return nil
}

func checkUserData(plan *dropletPlan) error {
	if len(plan.UserData) > maxUserData {
		return unprocessable("User data is too long (maximum is %d bytes)", maxUserData)
	}
	return nil
}

func checkBackups(plan *dropletPlan) error {
	if !plan.Backups {
		plan.BackupPolicy = nil
		return nil
	}
	policy, err := newBackupPolicy(plan.BackupPolicy)
	plan.BackupPolicy = policy
	return err
}

func (s *Simulator) checkTags(plan *dropletPlan) error {
	for _, name := range plan.Tags {
		if err := checkTagName(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) checkVolumes(plan *dropletPlan) error {
	if len(plan.Volumes) > 0 && len(plan.names) > 1 {
		return unprocessable("Volumes can only be attached to one Droplet.")
	}
	if len(plan.Volumes) > maxVolumesPerDroplet {
		return unprocessable("A Droplet can have at most %d volumes.", maxVolumesPerDroplet)
	}
	for _, wanted := range plan.Volumes {
		v, ok := s.volumes.get(wanted.id)
		switch {
		case !ok:
			return unprocessable("Failed to resolve volume %s.", wanted.id)
		case v.Region.Slug != plan.Region:
			return unprocessable("Volume %s is not in the same region as the Droplet.", wanted.id)
		case len(v.DropletIDs) > 0:
			return unprocessable("Volume %s is already attached to a Droplet.", wanted.id)
		}
		plan.volumes = append(plan.volumes, v)
	}
	return nil
}

// checkNetwork finds the VPC: the one asked for, or the region's default; and
// addresses in it.
func (s *Simulator) checkNetwork(plan *dropletPlan) error {
	plan.vpc = s.defaultVPC(plan.Region)
	if plan.VPCUUID != "" {
		v, ok := s.vpcs.get(plan.VPCUUID)
		if !ok {
			return unprocessable("Failed to resolve VPC")
		}
		plan.vpc = v
	}
	if plan.vpc.Region != plan.Region {
		return unprocessable("VPC and Droplet must be in the same region.")
	}
	plan.private = s.freePrivateIPv4s(plan.vpc.ID, len(plan.names))
	if len(plan.private) < len(plan.names) {
		return unprocessable("There are no available IP addresses in the VPC.")
	}
	return nil
}

func (s *Simulator) checkDropletLimit(plan *dropletPlan) error {
	if s.droplets.len()+len(plan.names) <= s.options.DropletLimit {
		return nil
	}
	return errDropletLimit()
}

func errDropletLimit() *apiError {
	return unprocessable("creating this/these droplet(s) will exceed your droplet limit")
}
