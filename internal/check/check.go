// Package check finds what is wrong with what a user asks for, each finding a
// Problem on the attribute to change. It is pure: no API, no clock, no Terraform.
package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Limits of names, in characters.
const (
	maxClusterName = 32
	// A host name is one DNS label (RFC 1035, section 2.3.4).
	maxHostName = 63
	maxTag      = 255
)

var (
	clusterName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	poolName    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	hostName    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	tagName     = regexp.MustCompile(`^[A-Za-z0-9_:-]+$`)
	uuid        = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// The API takes a key's id or its MD5 fingerprint, not the SHA-256 one
	// (API description, droplet_create.ssh_keys).
	sshKey = regexp.MustCompile(`^([0-9]+|[0-9a-f]{2}(:[0-9a-f]{2}){15})$`)
)

// Spec returns everything that is wrong with the spec by itself, whatever
// the account holds. What is empty because it is not known yet is reported
// too; the caller drops what rests on an unknown value, by Path and Needs.
func Spec(s cluster.Spec) []Problem {
	found := slices.Concat(
		clusterNameProblems("name", s.Name),
		cookieProblems(s.Cookie),
		sshKeyProblems(s.SSHKeys),
		poolProblems(s),
		hostNameProblems(s),
		releaseProblems(s.Release, s.Host.User),
		pushProblems(s, "Name the addresses that Terraform runs at, in access.ssh_from or management.from, which sets it up"),
		environmentProblems(s.Environment, s.Release),
		loadBalancerProblems(s.LoadBalancer),
		databaseProblems(s.Database),
		accessProblems(s.Access),
		managementProblems(s),
		updateProblems(s.Update),
		sourceLimitProblems(s),
		networkProblems(s),
		Distribution(s.Distribution),
		portProblems(s),
		hostProblems(s.Host),
		broughtProblems(s),
		tagProblems(s.Tags),
		projectProblems(s.ProjectID),
	)
	if len(found) > 0 {
		return found
	}
	return sizeProblems(s)
}

func clusterNameProblems(attribute, name string) []Problem {
	if clusterName.MatchString(name) && len(name) <= maxClusterName {
		return nil
	}
	return []Problem{{
		Path:    []string{attribute},
		Summary: "Invalid cluster name",
		Detail: fmt.Sprintf("%q is not a cluster's name. Use 1 to %d of the characters a-z, 0-9 and -, "+
			"beginning with a letter and not ending with -.", name, maxClusterName),
	}}
}

// cookieProblems takes an empty cookie for one that will be generated.
func cookieProblems(value string) []Problem {
	if value == "" {
		return nil
	}
	if err := cookie.Check(value); err != nil {
		return []Problem{{
			Path:    []string{"cookie"},
			Summary: "Invalid cookie",
			Detail:  sentence(err.Error()) + " Use another cookie, or take the value of an erlang_cookie resource.",
		}}
	}
	return nil
}

func sshKeyProblems(keys []string) []Problem {
	var found []Problem
	for _, key := range keys {
		if !sshKey.MatchString(key) {
			found = append(found, Problem{
				Path:    []string{"ssh_keys"},
				Summary: "Invalid SSH key",
				Detail: fmt.Sprintf("%q is neither the id of an SSH key of the account, such as 512189, nor its MD5 fingerprint, "+
					"16 pairs of the digits 0-9 and a-f with colons between them. `doctl compute ssh-key list` shows both.", key),
			})
		}
	}
	return found
}

// placeProblems checks what every host needs; path leads to what holds the place.
func placeProblems(path []string, p cluster.Place) []Problem {
	var found []Problem
	for _, field := range []struct{ name, value, remedy string }{
		{"region", p.Region, "Set region here, or at the top as the default for every host, such as \"nyc3\"."},
		{"size", p.Size, "Set size to a droplet size such as \"s-1vcpu-1gb\"."},
		{"image", p.Image, "Set image to the slug of an image, such as \"debian-13-x64\", or to the id of a snapshot."},
	} {
		if field.value == "" {
			found = append(found, Problem{
				Path:    at(path, field.name),
				Summary: "Missing " + field.name,
				Detail:  fmt.Sprintf("A host has no %s. %s", field.name, field.remedy),
			})
		}
	}
	if p.Image != "" {
		found = append(found, formed(at(path, "image"), p.Image, hostconfig.Image)...)
	}
	return found
}

// tagProblems also keeps the provider's own tags apart from the user's: which
// firewall a host is behind hangs on them.
func tagProblems(tags []string) []Problem {
	var found []Problem
	for _, tag := range tags {
		var detail string
		switch lower := strings.ToLower(tag); {
		case !tagName.MatchString(tag) || len(tag) > maxTag:
			detail = fmt.Sprintf("%q is not a tag. Use 1 to %d of the characters A-Z, a-z, 0-9, _, : and -.", tag, maxTag)
		case lower == cluster.TagAll || strings.HasPrefix(lower, cluster.TagAll+":"):
			detail = fmt.Sprintf("%q is one of the tags that the provider sets itself: %q and all that begin with %q. "+
				"Use another tag.", tag, cluster.TagAll, cluster.TagAll+":")
		default:
			continue
		}
		found = append(found, Problem{Path: []string{"tags"}, Summary: "Invalid tag", Detail: detail})
	}
	return found
}

func projectProblems(id string) []Problem {
	if id == "" || uuid.MatchString(id) {
		return nil
	}
	return []Problem{{
		Path:    []string{"project_id"},
		Summary: "Invalid project",
		Detail: fmt.Sprintf("%q is not the id of a project, which is a UUID in small letters such as "+
			"4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679. `doctl projects list` shows them.", id),
	}}
}
