package simulator

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// page is what GET / shows: everything the account has, as tables.
type page struct {
	Now      string
	Calls    int
	Sections []section
}

// section is a table of one kind of resource.
type section struct {
	Title   string
	Columns []string
	Rows    [][]string
}

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// shownCalls is how many of the latest API calls the page lists.
const shownCalls = 20

func (s *Simulator) pageRoutes() {
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var html bytes.Buffer
		if err := pageTemplate.Execute(&html, s.page()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = html.WriteTo(w) // the browser is gone: there is nobody to tell
	})
}

func (s *Simulator) page() page {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	return page{
		Now:   s.timestamp().Format(time.DateTime) + " UTC",
		Calls: len(s.requests),
		Sections: []section{
			s.dropletSection(), s.firewallSection(), s.networkSection(), s.peeringSection(), s.reservedIPSection(),
			s.volumeSection(), s.loadBalancerSection(), s.databaseSection(), s.domainSection(),
			s.projectSection(), s.tagSection(), s.keySection(), s.callSection(),
		},
	}
}

func (s *Simulator) dropletSection() section {
	return section{
		"Droplets",
		[]string{"ID", "Name", "Status", "Region", "Size", "Image", "Public IPv4", "Private IPv4", "Tags"},
		convert(s.droplets.all(), func(d *droplet) []string {
			view := s.viewDroplet(d)
			return []string{
				strconv.Itoa(d.id), d.name, view.Status, d.region.Slug, d.size.Slug, imageTitle(d.image),
				view.address("public"), view.address("private"), list(d.tags),
			}
		}),
	}
}

func imageTitle(i *image) string {
	if i.Slug != nil {
		return *i.Slug
	}
	return i.Name
}

// address is the first IPv4 address of a kind, empty until there is one.
func (v dropletView) address(kind string) string {
	for _, network := range v.Networks.V4 {
		if network.Type == kind {
			return network.IPAddress.String()
		}
	}
	return ""
}

func list(items []string) string { return strings.Join(items, ", ") }

func (s *Simulator) firewallSection() section {
	return section{
		"Firewalls",
		[]string{"Name", "Status", "Applies to", "Inbound", "Outbound"},
		convert(s.firewalls.all(), func(f *firewall) []string {
			in := convert(f.InboundRules, func(r inboundRule) string { return r.text() + " from " + r.Sources.text() })
			out := convert(f.OutboundRules, func(r outboundRule) string { return r.text() + " to " + r.Destinations.text() })
			ends := ruleEnds{DropletIDs: f.DropletIDs, Tags: f.Tags}
			return []string{f.Name, f.Status, ends.text(), strings.Join(in, "\n"), strings.Join(out, "\n")}
		}),
	}
}

func (r rule) text() string {
	switch {
	case r.Protocol == "icmp":
		return r.Protocol
	case r.Ports == allPorts:
		return r.Protocol + " all ports"
	default:
		return r.Protocol + " " + r.Ports
	}
}

func (e *ruleEnds) text() string {
	if e == nil {
		return ""
	}
	ends := append([]string{}, e.Addresses...)
	for _, id := range e.DropletIDs {
		ends = append(ends, fmt.Sprintf("droplet %d", id))
	}
	for _, name := range e.Tags {
		ends = append(ends, "tag "+name)
	}
	ends = append(ends, e.LoadBalancerUIDs...)
	return list(append(ends, e.KubernetesIDs...))
}

// networkSection leaves out the default VPCs, of which every region has one,
// as long as nothing is in them.
func (s *Simulator) networkSection() section {
	return section{
		"VPCs",
		[]string{"Name", "Region", "Range", "Default", "Members", "ID"},
		convert(s.vpcs.where(func(v *vpc) bool { return !v.Default || v.members.len() > 0 }), func(v *vpc) []string {
			members := convert(v.members.all(), func(m vpcMember) string { return m.Name })
			return []string{v.Name, v.Region, v.IPRange.String(), yesNo(v.Default), list(members), v.ID}
		}),
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (s *Simulator) peeringSection() section {
	return section{
		"VPC peerings",
		[]string{"Name", "Status", "Between"},
		convert(s.peerings.all(), func(p *vpcPeering) []string {
			names := convert(p.VPCIDs, func(id string) string {
				if v, ok := s.vpcs.get(id); ok {
					return v.Name
				}
				return id
			})
			return []string{p.Name, p.Status, strings.Join(names, " and ")}
		}),
	}
}

func (s *Simulator) reservedIPSection() section {
	return section{
		"Reserved IPs",
		[]string{"Address", "Region", "Droplet"},
		convert(s.reservedIPs.all(), func(ip *reservedIP) []string {
			return []string{ip.IP, ip.region.Slug, s.dropletName(ip.dropletID)}
		}),
	}
}

// dropletName is empty for a droplet that is not there.
func (s *Simulator) dropletName(id int) string {
	if d, ok := s.droplets.get(id); ok {
		return d.name
	}
	return ""
}

func (s *Simulator) volumeSection() section {
	return section{
		"Volumes",
		[]string{"Name", "Region", "GiB", "Attached to", "Tags"},
		convert(s.volumes.all(), func(v *volume) []string {
			return []string{
				v.Name, v.Region.Slug, strconv.Itoa(v.SizeGigabytes),
				list(convert(v.DropletIDs, s.dropletName)), list(v.Tags),
			}
		}),
	}
}

func (s *Simulator) loadBalancerSection() section {
	return section{
		"Load balancers",
		[]string{"Name", "Status", "Address", "Rules", "Droplets"},
		convert(s.loadBalancers.all(), func(lb *loadBalancer) []string {
			rules := convert(lb.ForwardingRules, func(r forwardingRule) string {
				return fmt.Sprintf("%s %d → %s %d", r.EntryProtocol, r.EntryPort, r.TargetProtocol, r.TargetPort)
			})
			view := s.viewLoadBalancer(lb)
			return []string{lb.Name, lb.Status, lb.IP, strings.Join(rules, "\n"), list(convert(view.DropletIDs, s.dropletName))}
		}),
	}
}

func (s *Simulator) databaseSection() section {
	return section{
		"Managed databases",
		[]string{"Name", "Status", "Engine", "Region", "Size", "Nodes", "Databases"},
		convert(s.databases.all(), func(d *database) []string {
			names := convert(d.names.all(), func(n *databaseName) string { return n.Name })
			return []string{d.Name, d.Status, d.Engine + " " + d.Version, d.Region, d.Size, strconv.Itoa(d.NumNodes), list(names)}
		}),
	}
}

func (s *Simulator) domainSection() section {
	return section{
		"Domains",
		[]string{"Name", "Records"},
		convert(s.domains.all(), func(d *domain) []string {
			records := convert(d.records.all(), func(r *record) string {
				return fmt.Sprintf("%s %s %s", r.fqdn(d.name), r.Type, r.zoneData())
			})
			return []string{d.name, strings.Join(records, "\n")}
		}),
	}
}

func (s *Simulator) projectSection() section {
	return section{
		"Projects",
		[]string{"Name", "Default", "Resources"},
		convert(s.projects.all(), func(p *project) []string {
			resources := convert(s.resourcesOf(p), func(o owned) string { return o.urn })
			return []string{p.Name, yesNo(p.IsDefault), list(resources)}
		}),
	}
}

func (s *Simulator) tagSection() section {
	return section{
		"Tags",
		[]string{"Name"},
		convert(s.tags.all(), func(t *tag) []string { return []string{t.name} }),
	}
}

func (s *Simulator) keySection() section {
	return section{
		"SSH keys",
		[]string{"ID", "Name", "Fingerprint"},
		convert(s.keys.all(), func(k *sshKey) []string {
			return []string{strconv.Itoa(k.ID), k.Name, k.Fingerprint}
		}),
	}
}

// callSection lists the latest API calls, newest first.
func (s *Simulator) callSection() section {
	calls := section{"Latest API calls", []string{"Time", "Call", "Status"}, nil}
	for i := len(s.requests) - 1; i >= max(0, len(s.requests)-shownCalls); i-- {
		call := s.requests[i]
		calls.Rows = append(calls.Rows, []string{
			call.Time.UTC().Format(time.TimeOnly), call.Method + " " + call.Path, strconv.Itoa(call.Status),
		})
	}
	return calls
}
