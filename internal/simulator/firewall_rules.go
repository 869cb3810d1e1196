package simulator

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// inboundRule and outboundRule differ in the name of their other end only.
type inboundRule struct {
	rule
	Sources *ruleEnds `json:"sources"`
}

type outboundRule struct {
	rule
	Destinations *ruleEnds `json:"destinations"`
}

type rule struct {
	Protocol string `json:"protocol"`         // tcp, udp or icmp
	Ports    string `json:"ports"`            // "80", "8000-9000", or "0" for all
	Action   string `json:"action,omitempty"` // allow, the default, or deny
}

// ruleEnds is where traffic comes from or goes to.
type ruleEnds struct {
	Addresses        []string `json:"addresses,omitempty"`
	DropletIDs       []int    `json:"droplet_ids,omitempty"`
	LoadBalancerUIDs []string `json:"load_balancer_uids,omitempty"`
	KubernetesIDs    []string `json:"kubernetes_ids,omitempty"`
	Tags             []string `json:"tags,omitempty"`
}

// allPorts is how the API shows a rule for every port.
const allPorts = "0"

// normalizeRules checks what a rule says of itself, and writes ports as the
// API shows them.
func normalizeRules(wanted *firewallRequest) error {
	for i := range wanted.InboundRules {
		if err := wanted.InboundRules[i].normalize(); err != nil {
			return err
		}
	}
	for i := range wanted.OutboundRules {
		if err := wanted.OutboundRules[i].normalize(); err != nil {
			return err
		}
	}
	return nil
}

// normalize: ICMP has no ports, and is shown with all of them.
func (r *rule) normalize() error {
	switch r.Protocol {
	case "icmp":
		r.Ports = allPorts
		return nil
	case "tcp", "udp":
	default:
		return unprocessable("invalid rule protocol %q: must be tcp, udp or icmp", r.Protocol)
	}
	if r.Ports == "all" {
		r.Ports = allPorts
	}
	if !validPorts(r.Ports) {
		return unprocessable("invalid rule ports %q: must be a port, a range of ports or all", r.Ports)
	}
	return nil
}

func validPorts(text string) bool {
	if text == allPorts {
		return true
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	low, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return false
	}
	high, err := strconv.ParseUint(last, 10, 16)
	return err == nil && 1 <= low && low <= high
}

// checkRules checks all rules, and that what they name exists.
func (s *Simulator) checkRules(wanted *firewallRequest) error {
	rules := len(wanted.InboundRules) + len(wanted.OutboundRules)
	switch {
	case rules == 0:
		return unprocessable("At least one inbound or outbound rule must be specified")
	case rules > maxFirewallRules:
		return unprocessable("A firewall can have at most %d rules", maxFirewallRules)
	}
	if err := normalizeRules(wanted); err != nil {
		return err
	}
	for _, rule := range wanted.InboundRules {
		if err := s.checkEnds(rule.Sources, "sources"); err != nil {
			return err
		}
	}
	for _, rule := range wanted.OutboundRules {
		if err := s.checkEnds(rule.Destinations, "destinations"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) checkEnds(ends *ruleEnds, side string) error {
	if ends == nil {
		return unprocessable("A rule must specify %s", side)
	}
	count := len(ends.Addresses) + len(ends.DropletIDs) + len(ends.LoadBalancerUIDs) + len(ends.KubernetesIDs) + len(ends.Tags)
	if count > maxRuleEnds {
		return unprocessable("A rule can have at most %d %s", maxRuleEnds, side)
	}
	for _, address := range ends.Addresses {
		if !validAddress(address) {
			return unprocessable("invalid address %q in %s", address, side)
		}
	}
	return s.checkTargets(ends.DropletIDs, ends.Tags)
}

// validAddress takes an IPv4 or IPv6 address or network.
func validAddress(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

func addFirewallRules(have, change *firewallRequest) {
	have.InboundRules = append(have.InboundRules, change.InboundRules...)
	have.OutboundRules = append(have.OutboundRules, change.OutboundRules...)
}

func removeFirewallRules(have, change *firewallRequest) {
	have.InboundRules = slices.DeleteFunc(have.InboundRules, func(rule inboundRule) bool {
		return containsEqual(change.InboundRules, rule)
	})
	have.OutboundRules = slices.DeleteFunc(have.OutboundRules, func(rule outboundRule) bool {
		return containsEqual(change.OutboundRules, rule)
	})
}

func containsEqual[T any](items []T, wanted T) bool {
	return slices.ContainsFunc(items, func(item T) bool { return reflect.DeepEqual(item, wanted) })
}

// removeDroplet forgets a droplet that is gone.
func (f *firewall) removeDroplet(id int) {
	f.DropletIDs = slices.DeleteFunc(f.DropletIDs, func(other int) bool { return other == id })
	for _, ends := range f.ends() {
		ends.DropletIDs = slices.DeleteFunc(ends.DropletIDs, func(other int) bool { return other == id })
	}
}

// forgetTag forgets a tag that is gone.
func (f *firewall) forgetTag(name string) {
	removeTag(&f.Tags, name)
	for _, ends := range f.ends() {
		removeTag(&ends.Tags, name)
	}
}

func (f *firewall) ends() []*ruleEnds {
	var ends []*ruleEnds
	for _, rule := range f.InboundRules {
		ends = append(ends, rule.Sources)
	}
	for _, rule := range f.OutboundRules {
		ends = append(ends, rule.Destinations)
	}
	return ends
}
