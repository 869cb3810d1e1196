//go:build linux

package e2e_test

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// openPort is a line of nmap's -oG format: an address and its open ports.
var openPort = regexp.MustCompile(`(?m)^Host: (\S+) .*Ports: (.*)$`)

// The ports that scans try: all below 10000 that hosts may have something to
// do with, and a choice that has those of every service in it.
const (
	allPorts  = "1-10000"
	somePorts = "1-1024,4369,5432,8080,8404,9100-9155"
)

// place runs a program somewhere, and returns what it printed.
type place func(ctx context.Context, name string, args ...string) (string, error)

// scan lists what answers of the addresses' ports, such as "198.18.0.4 80".
func scan(t *testing.T, at place, from netip.Addr, ports string, addresses []string) []string {
	t.Helper()
	arguments := []string{
		"-n", "-Pn", "-sS", "-p" + ports, "--open", "-oG", "-",
		"--min-rate", "8000", "--max-retries", "2", "--min-hostgroup", "16",
	}
	if from.IsValid() {
		arguments = append(arguments, "-e", "eth0", "-S", from.String())
	}
	output, err := at(t.Context(), testtool.Require(t, "nmap"), append(arguments, addresses...)...)
	if err != nil {
		t.Fatalf("nmap: %v\n%s", err, output)
	}
	var found []string
	for _, match := range openPort.FindAllStringSubmatch(output, -1) {
		for port := range strings.SplitSeq(match[2], ", ") {
			if number, rest, _ := strings.Cut(port, "/"); strings.HasPrefix(rest, "open") {
				found = append(found, match[1]+" "+number)
			}
		}
	}
	slices.Sort(found)
	return found
}

// publicAddresses are those of the droplets, and the reserved IP.
func (w *world) publicAddresses(t *testing.T) []string {
	t.Helper()
	addresses := []string{w.state.LoadBalancerIPv4}
	for _, d := range w.droplets(t) {
		addresses = append(addresses, d.PublicIPv4)
	}
	return addresses
}

// balancer is ports at the load balancer's public addresses.
func (w *world) balancer(t *testing.T, ports ...string) []string {
	t.Helper()
	return at([]string{w.state.LoadBalancerIPv4, w.droplet(t, "chat-lb-1").PublicIPv4}, ports...)
}

func at(addresses []string, ports ...string) []string {
	var lines []string
	for _, address := range addresses {
		for _, port := range ports {
			lines = append(lines, address+" "+port)
		}
	}
	return lines
}

// sees scans every public address from one of the client's.
func (w *world) sees(t *testing.T, from netip.Addr, ports string, want []string) {
	t.Helper()
	slices.Sort(want)
	found := scan(t, w.Hosts.Client().Exec, from, ports, w.publicAddresses(t))
	if !slices.Equal(found, want) {
		t.Errorf("%s reaches %v, want %v", from, found, want)
	}
}

func strangersReachTheWebOnly(t *testing.T, w *world) {
	w.sees(t, e2e.Stranger, allPorts, w.balancer(t, "80"))
}

func strangersReachHTTPAndHTTPSOnly(t *testing.T, w *world) {
	w.sees(t, e2e.Stranger, somePorts, w.balancer(t, "80", "443"))
}

const statsPort = "8404"

func theOperatorReachesSSHAndStatsToo(t *testing.T, w *world) {
	w.sees(t, e2e.Operator, allPorts, append(at(w.publicAddresses(t), "22"), w.balancer(t, "80", statsPort)...))
}

// newNeighbour makes a droplet of the same account that is in the cluster's own
// VPC, but not in the cluster. It is gone when the test ends.
func (w *world) newNeighbour(t *testing.T) int {
	t.Helper()
	id, err := w.CreateDroplet(t.Context(), map[string]any{
		"name": "neighbour", "region": "nyc3", "size": "s-1vcpu-1gb", "image": debian12, "vpc_uuid": w.droplet(t, "chat-us-1").VPCUUID,
	})
	must(t, err)
	t.Cleanup(func() { must(t, w.DeleteDroplet(context.WithoutCancel(t.Context()), id)) })
	within(t, patience, "the neighbour is switched on", func() bool { return w.Hosts.Running(id) })
	return id
}

func neighboursReachTheWebOnly(t *testing.T, w *world) {
	id := w.newNeighbour(t)
	addresses := w.publicAddresses(t)
	for _, d := range w.droplets(t) {
		addresses = append(addresses, d.PrivateIPv4)
	}
	beside := func(ctx context.Context, name string, args ...string) (string, error) {
		return w.Hosts.ExecBeside(ctx, id, name, args...)
	}
	found := scan(t, beside, netip.Addr{}, allPorts, addresses)
	want := append(w.balancer(t, "80"), w.droplet(t, "chat-lb-1").PrivateIPv4+" 80")
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("a neighbour reaches %v, want %v", found, want)
	}
}
