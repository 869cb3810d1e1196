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
		releaseProblems(s.Release),
		environmentProblems(s.Environment),
		loadBalancerProblems(s.LoadBalancer),
		databaseProblems(s.Database),
		accessProblems(s.Access),
		managementProblems(s),
		networkProblems(s),
		distributionProblems(s.Distribution),
		portProblems(s),
		hostProblems(s.Host),
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
			Detail:  sentence(err) + " Use another cookie, or take the value of an erlang_cookie resource.",
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
					"16 pairs of hex digits with colons between them. `doctl compute ssh-key list` shows both.", key),
			})
		}
	}
	return found
}

func poolProblems(s cluster.Spec) []Problem {
	var found []Problem
	total, negative := 0, false
	var needs [][]string
	for _, p := range s.Pools {
		path := []string{"node_pools", p.Name}
		found = append(found, poolNameProblems(s, p)...)
		found = append(found, placeProblems(path, p.Place)...)
		if p.Count < 0 {
			found = append(found, Problem{
				Path:    at(path, "count"),
				Summary: "Invalid number of nodes",
				Detail:  fmt.Sprintf("count is %d. It must be 0 or more.", p.Count),
			})
		}
		total, negative = total+p.Count, negative || p.Count < 0
		needs = append(needs, at(path, "count"))
	}
	if total == 0 && !negative {
		found = append(found, Problem{
			Path:    []string{"node_pools"},
			Needs:   needs,
			Summary: "No nodes",
			Detail:  "The pools have no node together. A cluster needs at least one: set the count of a pool to 1 or more.",
		})
	}
	return found
}

func poolNameProblems(s cluster.Spec, p cluster.Pool) []Problem {
	path := []string{"node_pools", p.Name}
	if !poolName.MatchString(p.Name) {
		return []Problem{{
			Path:    path,
			Summary: "Invalid pool name",
			Detail:  fmt.Sprintf("%q is not a pool's name. Use the characters A-Z, a-z, 0-9, _ and -.", p.Name),
		}}
	}
	if name := cluster.NodeHostName(s.Name, p.Name, max(p.Count, 1)); len(name) > maxHostName {
		return []Problem{{
			Path:    path,
			Needs:   [][]string{{"name"}},
			Summary: "Host name too long",
			Detail: fmt.Sprintf("The pool's nodes would get host names such as %s, which has %d characters. "+
				"At most %d are allowed. Shorten the name of the pool or of the cluster.", name, len(name), maxHostName),
		}}
	}
	return nil
}

// hostNameProblems finds two things that would get one host name. Case and
// underscores of a pool's name are lost in it.
func hostNameProblems(s cluster.Spec) []Problem {
	var found []Problem
	owners := map[string]string{}
	needs := [][]string{{"name"}}
	if s.LoadBalancer != nil {
		owners[cluster.LoadBalancerHostName(s.Name, 1)] = "the load balancer"
		needs = append(needs, []string{"load_balancer"})
	}
	for _, p := range s.Pools {
		name := cluster.NodeHostName(s.Name, p.Name, 1)
		owner, taken := owners[name]
		if !taken {
			owners[name] = fmt.Sprintf("pool %q", p.Name)
			continue
		}
		found = append(found, Problem{
			Path:    []string{"node_pools", p.Name},
			Needs:   needs,
			Summary: "Two hosts with one name",
			Detail: fmt.Sprintf("Pool %q and %s would both have a host named %s. "+
				"Host names have no capitals and have - in place of _. Rename the pool.", p.Name, owner, name),
		})
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
		Detail: fmt.Sprintf("%q is not the id of a project, which is a UUID such as "+
			"4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679. `doctl projects list` shows them.", id),
	}}
}

// at returns path with steps added, never sharing memory with another path.
func at(path []string, steps ...string) []string {
	return slices.Concat(path, steps)
}

// sentence turns an error's text into a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// oneOf reports a value that is not among those allowed.
func oneOf(path []string, value string, allowed ...string) []Problem {
	if slices.Contains(allowed, value) {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %q. Use %s.", name, value, quoted(allowed)),
	}}
}

// quoted lists values for a sentence: "a", "b" or "c".
func quoted(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprintf("%q", v))
	}
	if last := len(out) - 1; last > 0 {
		return strings.Join(out[:last], ", ") + " or " + out[last]
	}
	return strings.Join(out, "")
}

// within reports a number outside from to to, both included.
func within(path []string, value, from, to int, unit string) []Problem {
	if value >= from && value <= to {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %d. Use %d to %d%s.", name, value, from, to, unit),
	}}
}

// matches reports a text that does not have the shape; allowed tells the shape
// in words.
func matches(path []string, value string, shape *regexp.Regexp, allowed string) []Problem {
	if shape.MatchString(value) {
		return nil
	}
	name := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid " + name,
		Detail:  fmt.Sprintf("%s is %q. %s", name, value, allowed),
	}}
}
