package check

import (
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// Ports that something on a host listens on. Nodes run without privileges, and
// Linux lets only root listen below 1024.
var (
	ports             = hostconfig.Range{Min: 1, Max: 65535}
	unprivilegedPorts = hostconfig.Range{Min: 1024, Max: 65535}
)

// portACME is where ACME's client answers challenges, behind HAProxy.
const portACME = 54321

// syncMS is how long a node may wait for others. Without an end, a node that
// waits at boot cannot even be stopped (lib/kernel/src/kernel_config.erl waits
// before init handles signals).
var syncMS = hostconfig.Range{Min: 1000, Max: 3_600_000}

// Distribution returns what is wrong with the settings of Erlang's distribution.
func Distribution(d cluster.Distribution) []Problem {
	path := []string{"distribution"}
	found := within(at(path, "epmd_port"), d.EPMDPort, unprivilegedPorts, "")
	found = append(found, within(at(path, "port_min"), d.PortMin, unprivilegedPorts, "")...)
	found = append(found, within(at(path, "port_max"), d.PortMax, unprivilegedPorts, "")...)
	if d.PortMax < d.PortMin {
		found = append(found, Problem{
			Path:    at(path, "port_max"),
			Needs:   [][]string{at(path, "port_min")},
			Summary: "Empty range of ports",
			Detail: fmt.Sprintf("port_max (%d) is below port_min (%d). "+
				"Erlang's distribution listens on one of the ports from port_min to port_max: set port_max to %d or more.",
				d.PortMax, d.PortMin, d.PortMin),
		})
	}
	if err := beam.CheckBasename(d.Basename); err != nil {
		found = append(found, Problem{
			Path:    at(path, "basename"),
			Summary: "Invalid basename",
			Detail:  sentence(err.Error()) + " It is the part of a node's name before the @.",
		})
	}
	found = append(found, oneOf(at(path, "sync"), d.Sync, cluster.SyncOptional, cluster.SyncMandatory, cluster.SyncNone)...)
	return append(found, within(at(path, "sync_timeout_ms"), d.SyncTimeoutMS, syncMS, " milliseconds")...)
}

// listener is one thing that listens on a host, with its attribute.
type listener struct {
	what     string
	path     []string // empty for a port that cannot be chosen
	from, to int
	allowed  hostconfig.Range // of a port that can be chosen
	usual    hostconfig.Range // the default of those
	rests    []string         // what else the port rests on; empty for nothing
}

// chosen says that the user wrote the ports: they are not the default ones.
func (l listener) chosen() bool {
	return l.path != nil && (hostconfig.Range{Min: l.from, Max: l.to}) != l.usual
}

// port is the range of one port.
func port(number int) hostconfig.Range { return hostconfig.Range{Min: number, Max: number} }

// valid says that the ports are allowed; else they are reported as such.
func (l listener) valid() bool {
	return l.path == nil || l.allowed.Min <= l.from && l.from <= l.to && l.to <= l.allowed.Max
}

// portProblems finds two listeners of one host that want one port.
func portProblems(s cluster.Spec) []Problem {
	found := overlaps(nodeListeners(s.Distribution, s.Release, s.Host))
	ssh := sshListener(s.Host)
	if lb := s.LoadBalancer; lb != nil {
		listeners := []listener{{what: "HTTP", from: cluster.PortHTTP, to: cluster.PortHTTP}, {what: "HTTPS", from: cluster.PortHTTPS, to: cluster.PortHTTPS}, ssh}
		if lb.Stats.Enabled {
			listeners = append(listeners, listener{"the stats page", []string{"load_balancer", "stats", "port"}, lb.Stats.Port, lb.Stats.Port, ports, port(cluster.DefaultStatsPort), nil})
		}
		if lb.TLS != nil && lb.TLS.ACME != nil {
			listeners = append(listeners, listener{what: "the ACME client", from: portACME, to: portACME})
		}
		found = append(found, overlaps(listeners)...)
	}
	if s.Database != nil {
		found = append(found, overlaps([]listener{{what: "Postgres", from: cluster.PortPostgres, to: cluster.PortPostgres}, ssh})...)
	}
	return found
}

// nodeListeners has the release of a later deploy as well: it is told the default port.
func nodeListeners(d cluster.Distribution, release *cluster.Release, host cluster.Host) []listener {
	listeners := []listener{
		sshListener(host),
		{"epmd", []string{"distribution", "epmd_port"}, d.EPMDPort, d.EPMDPort, unprivilegedPorts, port(cluster.DefaultEPMDPort), nil},
		{"Erlang's distribution", []string{"distribution", "port_min"}, d.PortMin, d.PortMax, unprivilegedPorts, hostconfig.Range{Min: cluster.DefaultPortMin, Max: cluster.DefaultPortMax}, nil},
	}
	if release == nil {
		return append(listeners, listener{what: "the release", from: cluster.DefaultHTTPPort, to: cluster.DefaultHTTPPort, rests: []string{"release"}})
	}
	return append(listeners, listener{"the release", []string{"release", "port"}, release.Port, release.Port, unprivilegedPorts, port(cluster.DefaultHTTPPort), nil})
}

func sshListener(h cluster.Host) listener {
	return listener{"SSH", []string{"host", "ssh_port"}, h.SSHPort, h.SSHPort, hostconfig.SSHPorts, port(cluster.DefaultSSHPort), nil}
}

// overlaps compares every pair and reports on the later one, or on the one
// that can be changed, or that the user wrote.
func overlaps(listeners []listener) []Problem {
	var found []Problem
	for i, b := range listeners {
		for _, a := range listeners[:i] {
			if a.valid() && b.valid() && a.from <= b.to && b.from <= a.to && (a.path != nil || b.path != nil) {
				found = append(found, overlap(a, b))
			}
		}
	}
	return found
}

func overlap(a, b listener) Problem {
	if b.path == nil || a.chosen() && !b.chosen() {
		a, b = b, a
	}
	p := Problem{
		Path:    b.path,
		Summary: "Ports overlap",
		Detail: fmt.Sprintf("On one host both %s (%s) and %s (%s) would listen. Choose ports that do not overlap.",
			b.what, b.ports(), a.what, a.ports()),
	}
	for _, l := range []listener{a, b} {
		if l.path != nil {
			p.Needs = append(p.Needs, l.path)
		}
		if l.rests != nil {
			p.Needs = append(p.Needs, l.rests)
		}
		if l.from != l.to {
			p.Needs = append(p.Needs, []string{"distribution", "port_max"})
		}
	}
	return p
}

func (l listener) ports() string {
	if l.from == l.to {
		return fmt.Sprintf("port %d", l.from)
	}
	return fmt.Sprintf("ports %d to %d", l.from, l.to)
}

// webServers are packages of Debian that listen on the ports of HTTP as soon as
// they are installed.
var webServers = []string{"apache2", "caddy", "lighttpd", "nginx", "nginx-core", "nginx-extras", "nginx-full", "nginx-light"}

// webServerWarnings finds what takes HAProxy's ports on the load balancer: packages
// go to every host. A file of the user's may give them other ports.
func webServerWarnings(s cluster.Spec) []Problem {
	if s.LoadBalancer == nil {
		return nil
	}
	var found []Problem
	for _, name := range s.Host.Packages {
		if slices.Contains(webServers, name) {
			found = append(found, Problem{
				Path: []string{"host", "packages"}, Needs: [][]string{{"load_balancer"}}, Summary: "Two web servers on one host",
				Detail: fmt.Sprintf("packages has %q, which is installed on the load balancer's host as well, where it listens on port %d, and HAProxy could not start. "+
					"Leave it out: HAProxy answers there. Where nodes alone need it, let host.run of their node_pools install it.", name, cluster.PortHTTP),
			})
		}
	}
	return found
}
