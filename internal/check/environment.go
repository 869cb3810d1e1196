package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// environmentProblems finds variables that no host can be told, and those that
// contradict the cluster. Details never show a value: it may be a secret.
func environmentProblems(environment map[string]string, release *cluster.Release) []Problem {
	var found []Problem
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		if err := beam.CheckEnvironment(name, environment[name]); err != nil {
			found = append(found, Problem{
				Path:    []string{"environment", name},
				Summary: "Invalid environment variable",
				Detail:  sentence(err.Error()),
			})
		}
	}
	return append(found, portVariableProblems(environment, release)...)
}

// portVariableProblems keeps the app on the port that the load balancer and the
// firewalls lead to.
func portVariableProblems(environment map[string]string, release *cluster.Release) []Problem {
	port := cluster.DefaultHTTPPort
	if release != nil {
		port = release.Port
	}
	value, set := environment["PORT"]
	if number, err := strconv.Atoi(value); !set || err == nil && number == port {
		return nil
	}
	return []Problem{{
		Path: []string{"environment", "PORT"}, Needs: [][]string{{"release"}, {"release", "port"}},
		Summary: "Two ports for the release",
		Detail: fmt.Sprintf("PORT is another port than release.port, which is %d: the load balancer and the firewalls lead to that one. "+
			"Remove PORT from the environment, and set release.port to the port that the release serves HTTP on.", port),
	}}
}
