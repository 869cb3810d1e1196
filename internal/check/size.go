package check

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// sizeProblems renders what users can make large, from a spec without other
// problems, to find out whether it fits into user data. Secrets are not drawn
// yet: what they add, some 2 KiB, shows when the host is made.
func sizeProblems(s cluster.Spec) []Problem {
	found := nodeSizeProblems(s.NodeHost(cluster.Memory{}, examplePeers(s)))
	if s.LoadBalancer != nil {
		memory := cluster.Memory{Secrets: cluster.Secrets{StatsPassword: "example"}}
		_, err := s.LoadBalancerHost(memory, exampleNodes(s)).Render()
		found = append(found, tooLarge(err, "load_balancer", "Use fewer nodes, or a shorter chain of certificates.")...)
	}
	return found
}

// nodeSizeProblems takes a cookie that is generated or not known yet for one of
// usual length.
func nodeSizeProblems(host hostconfig.Node) []Problem {
	host.Cookie = cmp.Or(host.Cookie, strings.Repeat("c", cookie.DefaultLength(cookie.Alphanumeric)))
	_, err := host.Render()
	return tooLarge(err, "environment", "Shorten the environment's values, or let the app fetch them.")
}

// tooLarge leaves other errors to the moment when the host is made.
func tooLarge(err error, attribute, remedy string) []Problem {
	var size *hostconfig.TooLargeError
	if !errors.As(err, &size) {
		return nil
	}
	return []Problem{{Path: []string{attribute}, Summary: "Host's configuration too large", Detail: sentence(err) + " " + remedy}}
}

// exampleNodes are as many nodes as the spec asks for, with addresses of usual
// length.
func exampleNodes(s cluster.Spec) []cluster.Droplet {
	var nodes []cluster.Droplet
	for _, p := range s.Pools {
		for n := range p.Count {
			address := fmt.Sprintf("10.%d.%d.%d", 100+len(nodes)/65536%100, len(nodes)/256%256, len(nodes)%256)
			nodes = append(nodes, cluster.Droplet{Name: cluster.NodeHostName(s.Name, p.Name, n+1), PrivateIPv4: address, PublicIPv4: address})
		}
	}
	return nodes
}

// examplePeers are the long names that the youngest node is told.
func examplePeers(s cluster.Spec) []string {
	var peers []string
	for _, d := range exampleNodes(s) {
		peers = append(peers, s.NodeName(d))
	}
	return peers
}
