package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
)

// clusterName is what the example calls its cluster.
const clusterName = "chat"

// report shows what was built: as the API has it, and as the hosts were told.
func (d *demo) report(ctx context.Context) error {
	droplets, err := d.API.DropletsByTag(ctx, cluster.ClusterTag(clusterName))
	if err != nil {
		return err
	}
	firewalls, err := d.API.Firewalls(ctx)
	if err != nil {
		return err
	}
	names, err := d.nodeNames(ctx)
	if err != nil {
		return err
	}
	d.printHosts(droplets, names)
	d.printFirewalls(firewalls)
	return d.printWiring(droplets)
}

// nodeNames reads the example's output "nodes".
func (d *demo) nodeNames(ctx context.Context) (map[string]string, error) {
	outputs, err := d.Terraform.Output(ctx)
	if err != nil {
		return nil, err
	}
	var nodes map[string]struct {
		NodeName string `json:"node_name"`
	}
	if err := json.Unmarshal(outputs["nodes"].Value, &nodes); err != nil {
		return nil, fmt.Errorf("read the output nodes: %w", err)
	}
	names := map[string]string{}
	for host, node := range nodes {
		names[host] = node.NodeName
	}
	return names, nil
}

func (d *demo) printHosts(droplets []cluster.Droplet, names map[string]string) {
	d.title("The hosts")
	d.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "HOST\tROLE\tREGION\tSIZE\tPUBLIC\tPRIVATE\tNODE NAME")
		for _, droplet := range droplets {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", droplet.Name, droplet.Role(clusterName), droplet.Region,
				droplet.Size, droplet.PublicIPv4, droplet.PrivateIPv4, names[droplet.Name])
		}
	})
}

func (d *demo) printFirewalls(firewalls []cluster.Firewall) {
	d.title("The firewalls")
	slices.SortFunc(firewalls, func(a, b cluster.Firewall) int { return strings.Compare(a.Name, b.Name) })
	d.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "FIREWALL\tHOSTS TAGGED\tPORTS\tFROM")
		for _, firewall := range firewalls {
			for _, rule := range firewall.Inbound {
				fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", firewall.Name, strings.Join(firewall.Tags, " "),
					rule.Protocol, rule.Ports, strings.Join(append(rule.Addresses, rule.Tags...), " "))
			}
		}
	})
}

// printWiring shows who talks to whom, read from each host's own user data.
func (d *demo) printWiring(droplets []cluster.Droplet) error {
	d.title("The wiring")
	told := d.Hosts.UserData()
	for _, droplet := range droplets {
		files, err := playground.Files(told[droplet.ID])
		if err != nil {
			return fmt.Errorf("%s: %w", droplet.Name, err)
		}
		d.printf("%s\n", droplet.Name)
		for _, line := range wiring(files) {
			d.printf("  %s\n", line)
		}
	}
	return nil
}

// A link is a line in a file of a host that says whom it talks to.
type link struct {
	file  string
	line  *regexp.Regexp
	means string // with the line's groups filled in
}

var links = []link{
	{path.Join(beam.ConfigDir, beam.PeersFile), regexp.MustCompile(`(?m)^'(.+)'\.$`), "dials %s"},
	{"-database-name", regexp.MustCompile(`'([0-9.]+) (database\.\S+)'`), "finds %[2]s at %[1]s"},
	{"/etc/haproxy/beam/nodes.cfg", regexp.MustCompile(`(?m)^\s*server (\S+) (\S+:\d+)`), "sends requests to %s at %s"},
	{"pg_hba.conf", regexp.MustCompile(`(?m)^hostssl "(\S+)" "(\S+)"`), "serves the database %s to the role %s"},
}

// wiring says in lines what a host with these files talks to.
func wiring(files map[string]string) []string {
	var lines []string
	for _, link := range links {
		for name, content := range files {
			if !strings.HasSuffix(name, link.file) {
				continue
			}
			for _, groups := range link.line.FindAllStringSubmatch(content, -1) {
				lines = append(lines, link.describe(groups[1:]))
			}
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(lines)))
}

func (l link) describe(groups []string) string {
	args := make([]any, len(groups))
	for i, group := range groups {
		args[i] = group
	}
	return fmt.Sprintf(l.means, args...)
}

// summary tells what each step cost.
func (d *demo) summary() {
	d.title("The cost of it")
	d.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "STEP\tTIME\tAPI CALLS")
		for _, s := range d.steps {
			fmt.Fprintf(w, "%s\t%s\t%d\n", s.name, s.took.Round(100*time.Millisecond), s.calls)
		}
	})
}
