//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// showMesh asks each node whom it sees.
func (d *demo) showMesh(ctx context.Context, state e2e.State) error {
	d.title("The nodes, and whom each of them sees")
	for _, name := range slices.Sorted(maps.Keys(state.Nodes)) {
		node := state.Nodes[name]
		seen, err := d.Hosts.Exec(ctx, node.DropletID, "cat", "/run/beam/nodes")
		if err != nil {
			return err
		}
		d.printf("  %s  %s sees %s\n", name, node.NodeName, strings.Join(strings.Fields(seen), " "))
	}
	return nil
}

// showBalance counts which nodes answer, to a visitor who shows the sticky
// cookie and to visitors who have none.
func (d *demo) showBalance(ctx context.Context, state e2e.State) error {
	d.title("Through the load balancer at " + state.URL)
	counts := map[string]int{}
	var cookie string
	for range 30 {
		node, set, err := d.ask(ctx, state.URL, "")
		if err != nil {
			return err
		}
		counts[node]++
		cookie = set
	}
	d.printf("  30 visitors without a cookie: %s\n", tally(counts))
	clear(counts)
	for range 100 {
		node, _, err := d.ask(ctx, state.URL, cookie)
		if err != nil {
			return err
		}
		counts[node]++
	}
	d.printf("  100 requests with %s: %s\n", cookie, tally(counts))
	return nil
}

// tally says how many of the answers came from each node.
func tally(counts map[string]int) string {
	var parts []string
	for _, node := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d from %s", counts[node], node))
	}
	return strings.Join(parts, ", ")
}

// ask returns the node that answers and the cookie that the load balancer sets.
func (d *demo) ask(ctx context.Context, url, cookie string) (node, set string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", "", err
	}
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	response, err := d.HTTP.Do(request)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	node, _, _ = strings.Cut(string(body), "\n")
	set, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	return node, set, err
}

// ports are those that a cluster's hosts listen on.
var ports = []int{22, 80, 443, 4369, 5432, 8080, 8404, 9100}

// showPorts tries them from two places on the internet.
func (d *demo) showPorts(ctx context.Context, state e2e.State) error {
	d.title("What answers from the internet")
	droplets, err := d.API.DropletsByTag(ctx, "beam:chat")
	if err != nil {
		return err
	}
	addresses := map[string]string{"reserved IP": state.LoadBalancerIPv4}
	for _, droplet := range droplets {
		addresses[droplet.Name] = droplet.PublicIPv4
	}
	for _, place := range []struct {
		who  string
		from netip.Addr
	}{{"ssh_from", e2e.Operator}, {"anyone else", e2e.Stranger}} {
		for _, name := range slices.Sorted(maps.Keys(addresses)) {
			d.printf("  %-12s %-14s %s\n", place.who, name, d.answering(ctx, place.from, addresses[name]))
		}
	}
	return nil
}

// answering tries all ports at once: what a firewall drops takes its time.
func (d *demo) answering(ctx context.Context, from netip.Addr, address string) string {
	open := make([]bool, len(ports))
	var tries sync.WaitGroup
	for i, port := range ports {
		tries.Go(func() {
			if connection, err := d.DialFrom(ctx, from, fmt.Sprintf("%s:%d", address, port)); err == nil {
				open[i] = connection.Close() == nil
			}
		})
	}
	tries.Wait()
	var found []string
	for i, port := range ports {
		if open[i] {
			found = append(found, fmt.Sprint(port))
		}
	}
	if len(found) == 0 {
		return "-"
	}
	return strings.Join(found, " ")
}
