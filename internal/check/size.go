package check

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// sizeProblems renders the hosts of a spec without other problems, to find out
// whether what they are told fits into user data. Secrets are not drawn yet:
// examples stand for them.
func sizeProblems(s cluster.Spec) []Problem {
	memory, nodes := exampleMemory(s), exampleNodes(s)
	found := poolSizeProblems(s, memory, nodes)
	if lb := s.LoadBalancer; lb != nil {
		found = append(found, loadBalancerSizeProblems(s.LoadBalancerHost(memory, nodes), lb.Brought)...)
	}
	if db := s.Database; db != nil {
		found = append(found, databaseSizeProblems(s.DatabaseHost(memory), db.Brought)...)
	}
	samePath := func(a, b Problem) bool { return slices.Equal(a.Path, b.Path) }
	return slices.CompactFunc(found, samePath)
}

// poolSizeProblems renders a node of each pool that differs from the others.
func poolSizeProblems(s cluster.Spec, memory cluster.Memory, nodes []cluster.Droplet) []Problem {
	var found []Problem
	alike := false
	for _, p := range s.Pools {
		if p.Brought.Empty() && alike {
			continue
		}
		alike = alike || p.Brought.Empty()
		host := s.NodeHost(memory, p.Name, s.PeersOf(memory, nodes))
		found = append(found, nodeSizeProblems(host, []string{"node_pools", p.Name}, p.Brought)...)
	}
	return found
}

// nodeSizeProblems takes a cookie that is not known yet for one of usual length.
func nodeSizeProblems(host hostconfig.Node, path []string, own hostconfig.Brought) []Problem {
	host.Cookie = cmp.Or(host.Cookie, strings.Repeat("c", cookie.DefaultLength(cookie.Alphanumeric)))
	parts := broughtParts(path, own, host.Base, func(b hostconfig.Base) ([]byte, error) {
		changed := host
		changed.Base = b
		return changed.Render()
	})
	bare := host
	bare.Brought, bare.Environment = hostconfig.Brought{}, nil
	slim := bare
	slim.Packages = nil
	return tooLarge(host.Render, append(parts,
		part{[]string{"environment"}, "Shorten the environment's values, or let the app fetch them.", bare.Render},
		packagesPart(slim.Render),
		part{[]string{"release"}, "Shorten the texts of the release.", nil})...)
}

func loadBalancerSizeProblems(host hostconfig.LoadBalancer, own hostconfig.Brought) []Problem {
	parts := broughtParts([]string{"load_balancer"}, own, host.Base, func(b hostconfig.Base) ([]byte, error) {
		changed := host
		changed.Base = b
		return changed.Render()
	})
	bare := host
	bare.Brought, bare.Servers, bare.TLS = hostconfig.Brought{}, nil, nil
	return tooLarge(host.Render, append(parts,
		part{[]string{"load_balancer"}, "Use fewer nodes, or a shorter chain of certificates.", bare.Render},
		packagesPart(nil))...)
}

func databaseSizeProblems(host hostconfig.Database, own hostconfig.Brought) []Problem {
	parts := broughtParts([]string{"database"}, own, host.Base, func(b hostconfig.Base) ([]byte, error) {
		changed := host
		changed.Base = b
		return changed.Render()
	})
	return tooLarge(host.Render, append(parts, packagesPart(nil))...)
}

// part is something that users can make large.
type part struct {
	path    []string
	remedy  string
	without func() ([]byte, error) // renders the host without this part and those before; nil for the last one
}

func packagesPart(without func() ([]byte, error)) part {
	return part{[]string{"host", "packages"}, "List fewer packages, or use an image that has them.", without}
}

// tooLarge names the first part without which the host would fit. Other errors
// are not about size; the forms that check and hostconfig share exclude them.
func tooLarge(render func() ([]byte, error), parts ...part) []Problem {
	size := sizeError(render)
	if size == nil {
		return nil
	}
	blamed := parts[slices.IndexFunc(parts, func(p part) bool { return p.without == nil || sizeError(p.without) == nil })]
	return []Problem{{
		Path:    blamed.path,
		Summary: "Host's configuration too large",
		Detail:  sentence(size.Error()) + " " + blamed.remedy,
	}}
}

func sizeError(render func() ([]byte, error)) error {
	_, err := render()
	if size := new(hostconfig.TooLargeError); errors.As(err, &size) {
		return size
	}
	return nil
}
