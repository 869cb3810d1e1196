package check

import (
	"regexp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

var (
	// releaseName is what both mix and relx take: the name is an atom and the
	// name of a folder and of a script.
	releaseName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	sha256Hex   = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

func releaseProblems(r *cluster.Release) []Problem {
	if r == nil {
		return nil
	}
	path := []string{"release"}
	found := matches(at(path, "name"), r.Name, releaseName,
		"Use the characters a-z, 0-9 and _, beginning with a letter, as in the release's folder.")
	found = append(found, oneOf(at(path, "kind"), r.Kind, cluster.KindMix, cluster.KindRebar3)...)
	found = append(found, within(at(path, "port"), r.Port, unprivilegedPorts, "")...)
	found = append(found, formed(at(path, "migrate"), r.Migrate, hostconfig.Migration)...)
	return append(found, sourceProblems(path, r)...)
}

// sourceProblems checks where the release comes from: an archive that cannot
// be checked is not fetched.
func sourceProblems(path []string, r *cluster.Release) []Problem {
	var found []Problem
	urlPath, sumPath := at(path, "url"), at(path, "sha256")
	switch {
	case r.URL != "" && r.SHA256 == "":
		found = append(found, Problem{
			Path:    sumPath,
			Needs:   [][]string{urlPath},
			Summary: "Missing sha256",
			Detail:  "url comes together with sha256, so that a host can check what it fetched. Set sha256 to what `sha256sum` prints for the archive.",
		})
	case r.URL == "" && r.SHA256 != "":
		found = append(found, Problem{
			Path:    urlPath,
			Needs:   [][]string{sumPath},
			Summary: "Missing url",
			Detail:  "sha256 comes together with url. Set url to where the archive can be fetched, or leave both out to deploy over SSH later.",
		})
	}
	if r.URL != "" {
		found = append(found, formed(urlPath, r.URL, hostconfig.ArchiveURL)...)
	}
	if r.SHA256 != "" {
		found = append(found, matches(sumPath, r.SHA256, sha256Hex, "It must have 64 hex digits, as `sha256sum` prints them.")...)
	}
	return found
}
