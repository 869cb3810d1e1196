package check

import (
	"fmt"
	"regexp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// minSecretKeyBase is what Plug wants of the key that it signs sessions with, in
// bytes (plug's lib/plug/session/cookie.ex).
const minSecretKeyBase = 64

// visitedHost is a host as a browser's address has it, without the rest of a URL.
var visitedHost = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)

// AppWarnings returns which variables an app, as those of Phoenix are, could not use.
// It may read them otherwise, so that none is refused. No detail shows a value of
// which the user might have made a secret.
func AppWarnings(environment map[string]string, release *cluster.Release) []Problem {
	if release != nil && release.Kind != cluster.KindMix {
		return nil
	}
	var found []Problem
	warn := func(name, summary, detail string) {
		found = append(found, Problem{Path: []string{"environment", name}, Needs: [][]string{{"release"}, {"release", "kind"}}, Summary: summary, Detail: detail})
	}
	if key, set := environment["SECRET_KEY_BASE"]; set && len(key) < minSecretKeyBase {
		warn("SECRET_KEY_BASE", "Secret too short", fmt.Sprintf("SECRET_KEY_BASE has %s, and Phoenix answers with errors where sessions are signed with fewer than %d. "+
			"Use what `mix phx.gen.secret` prints, or remove it: the provider draws one and keeps it.", plural(len(key), "byte"), minSecretKeyBase))
	}
	if host, set := environment["PHX_HOST"]; set && !visitedHost.MatchString(host) {
		warn("PHX_HOST", "Not a host name", "PHX_HOST is no plain host name, and Phoenix would make wrong links and refuse WebSockets. "+
			"Use one such as \"chat.example.com\", without a scheme, a port or a path.")
	}
	return found
}
