//go:build linux

package e2e_test

import (
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// openPort is a line of nmap's -oG format: an address and its open ports.
var openPort = regexp.MustCompile(`(?m)^Host: (\S+) .*Ports: (.*)$`)

// scan lists what answers of the addresses' ports, such as "198.18.0.4 80". It
// runs in a network namespace.
func scan(t *testing.T, namespace string, from netip.Addr, addresses []string) []string {
	t.Helper()
	arguments := []string{
		"netns", "exec", namespace, testtool.Require(t, "nmap"), "-n", "-Pn", "-sS", "-p1-10000", "--open", "-oG", "-",
		"--min-rate", "8000", "--max-retries", "2", "--min-hostgroup", "16",
	}
	if from.IsValid() {
		arguments = append(arguments, "-e", "eth0", "-S", from.String())
	}
	output, err := exec.CommandContext(t.Context(), "ip", append(arguments, addresses...)...).Output()
	if err != nil {
		t.Fatalf("nmap: %v\n%s", err, output)
	}
	var found []string
	for _, match := range openPort.FindAllStringSubmatch(string(output), -1) {
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

// web is what everyone may reach: HTTP at the load balancer.
func (w *world) web(t *testing.T) []string {
	t.Helper()
	open := []string{w.state.LoadBalancerIPv4 + " 80", w.droplet(t, "chat-lb-1").PublicIPv4 + " 80"}
	slices.Sort(open)
	return open
}

func strangersReachTheWebOnly(t *testing.T, w *world) {
	found := scan(t, w.Hosts.Client().Namespace(), e2e.Stranger, w.publicAddresses(t))
	if want := w.web(t); !slices.Equal(found, want) {
		t.Errorf("a stranger reaches %v, want %v", found, want)
	}
}

func theOperatorReachesSSH(t *testing.T, w *world) {
	for _, address := range w.publicAddresses(t) {
		connection, err := w.DialFrom(t.Context(), e2e.Operator, address+":22")
		if err != nil {
			t.Errorf("the operator does not reach SSH: %v", err)
			continue
		}
		connection.Close()
	}
}

// neighboursReachTheWebOnly scans from a droplet of the same account that is in
// the cluster's own VPC, but not in the cluster.
func neighboursReachTheWebOnly(t *testing.T, w *world) {
	member := w.droplet(t, "chat-us-1")
	id, err := w.CreateDroplet(t.Context(), map[string]any{
		"name": "neighbour", "region": "nyc3", "size": "s-1vcpu-1gb", "image": debian12, "vpc_uuid": member.VPCUUID,
	})
	must(t, err)
	defer func() { must(t, w.DeleteDroplet(t.Context(), id)) }()
	within(t, patience, "the neighbour is switched on", func() bool { return w.Hosts.Running(id) })
	addresses := w.publicAddresses(t)
	for _, d := range w.droplets(t) {
		addresses = append(addresses, d.PrivateIPv4)
	}
	found := scan(t, fmt.Sprintf("%s%d", strings.TrimSuffix(w.Hosts.Client().Namespace(), "client"), id), netip.Addr{}, addresses)
	want := append(w.web(t), w.droplet(t, "chat-lb-1").PrivateIPv4+" 80")
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("a neighbour reaches %v, want %v", found, want)
	}
}
