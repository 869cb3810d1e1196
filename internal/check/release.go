package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

var (
	// releaseName is what both mix and relx take: the name is an atom and the
	// name of a folder and of a script.
	releaseName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	sha256Hex   = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	headerName  = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_` + "`" + `|~-]+$`)
	headerValue = regexp.MustCompile(`^[\t -~]*$`)
)

// maxUDPPorts leaves the other rules room: a firewall of DigitalOcean takes 50.
const maxUDPPorts = 40

func releaseProblems(r *cluster.Release, user string) []Problem {
	if r == nil {
		return nil
	}
	path := []string{"release"}
	found := matches(at(path, "name"), r.Name, releaseName,
		"Use the characters a-z, 0-9 and _, beginning with a letter, as in the release's folder.")
	found = append(found, oneOf(at(path, "kind"), r.Kind, cluster.KindMix, cluster.KindRebar3)...)
	found = append(found, within(at(path, "port"), r.Port, unprivilegedPorts, "")...)
	found = append(found, within(at(path, "keep"), r.Keep, keptReleases, " releases")...)
	found = append(found, formed(at(path, "migrate"), r.Migrate, hostconfig.Migration)...)
	found = append(found, formedEach(at(path, "udp_ports"), r.UDPPorts, hostconfig.UDPPort)...)
	if len(r.UDPPorts) > maxUDPPorts {
		found = append(found, Problem{
			Path: at(path, "udp_ports"), Summary: "Invalid udp_ports",
			Detail: fmt.Sprintf("udp_ports has %d elements, each of which is a rule of the firewall, and there is room for %d. Use ranges.", len(r.UDPPorts), maxUDPPorts),
		})
	}
	found = append(found, serviceProblems(at(path, "service"), r, user)...)
	return append(found, sourceProblems(path, r)...)
}

func serviceProblems(path []string, r *cluster.Release, user string) []Problem {
	s := r.Service
	if s == nil {
		return nil
	}
	return slices.Concat(
		within(at(path, "limit_nofile"), s.LimitNOFILE, hostconfig.FileLimits, ""),
		within(at(path, "nice"), s.Nice, hostconfig.NiceLevels, ""),
		oneOf(at(path, "hardening"), s.Hardening, hostconfig.Hardenings...),
		formedEach(at(path, "environment_files"), s.EnvironmentFiles, hostconfig.EnvironmentFile),
		formedEach(at(path, "writable_paths"), s.WritablePaths, hostconfig.WritablePath(r.Name, user)),
	)
}

// sourceProblems checks where the release comes from: an archive that cannot
// be checked is not fetched. The SHA-256 of a file is taken in the plan.
func sourceProblems(path []string, r *cluster.Release) []Problem {
	var found []Problem
	urlPath, sumPath, filePath := at(path, "url"), at(path, "sha256"), at(path, "path")
	switch {
	case r.URL != "" && r.Path != "":
		found = append(found, Problem{
			Path: filePath, Needs: [][]string{urlPath}, Summary: "Two sources",
			Detail: "Both path and url are set. A release comes from one of them: remove the other.",
		})
	case r.URL != "" && r.SHA256 == "":
		found = append(found, Problem{
			Path: sumPath, Needs: [][]string{urlPath}, Summary: "Missing sha256",
			Detail: "url comes together with sha256, so that a host can check what it fetched. Set sha256 to what `sha256sum` prints for the archive.",
		})
	case r.URL == "" && r.Path == "" && r.SHA256 != "":
		found = append(found, Problem{
			Path: urlPath, Needs: [][]string{sumPath, filePath}, Summary: "Missing url",
			Detail: "sha256 comes together with url or path. Set url to where the archive can be fetched, or leave both out to deploy over SSH later.",
		})
	}
	if r.URL == "" && len(r.Headers) > 0 {
		found = append(found, Problem{
			Path: at(path, "headers"), Needs: [][]string{urlPath}, Summary: "Headers for nothing",
			Detail: "headers are sent when url is fetched, and there is none. Set url, or remove headers.",
		})
	}
	if r.URL != "" {
		found = append(found, formed(urlPath, r.URL, hostconfig.ArchiveURL)...)
	}
	if r.SHA256 != "" {
		found = append(found, matches(sumPath, r.SHA256, sha256Hex, "It must have 64 hex digits, as `sha256sum` prints them.")...)
	}
	return append(found, headerProblems(at(path, "headers"), r.Headers)...)
}

// headerProblems wants names and values that HTTP can carry (RFC 9110, section
// 5). Values are not shown: they may be secrets.
func headerProblems(path []string, headers map[string]string) []Problem {
	var found []Problem
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		switch {
		case !headerName.MatchString(name):
			found = append(found, Problem{
				Path: at(path, name), Summary: "Invalid header",
				Detail: fmt.Sprintf("%q is not the name of an HTTP header. Use letters, digits and -, such as \"Authorization\".", name),
			})
		case !headerValue.MatchString(headers[name]):
			found = append(found, Problem{
				Path: at(path, name), Summary: "Invalid header",
				Detail: fmt.Sprintf("The value of the header %s has a line break, or another character that HTTP cannot carry. Use printable characters of ASCII.", name),
			})
		}
	}
	return found
}

// pushProblems wants a way to the nodes for a file of Terraform's machine.
func pushProblems(s cluster.Spec, remedy string) []Problem {
	if s.Release == nil || s.Release.Path == "" || s.Management.Enabled {
		return nil
	}
	return []Problem{{
		Path: []string{"release", "path"}, Needs: [][]string{{"management", "enabled"}}, Summary: "No way to the nodes",
		Detail: "A file of this machine is carried to the nodes over the management channel, and management is off. " + remedy + ", or let the nodes fetch the release from a url.",
	}}
}
