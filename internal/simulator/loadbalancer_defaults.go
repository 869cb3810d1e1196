package simulator

import "cmp"

// lbSizeUnits are the former sizes in today's units (API description, "size").
var lbSizeUnits = map[string]int{"lb-small": 1, "lb-medium": 3, "lb-large": 6}

// fillDefaults sets what a request leaves out to the API description's defaults.
func (l *loadBalancerSettings) fillDefaults() {
	l.fillSize()
	l.Algorithm = cmp.Or(l.Algorithm, "round_robin")
	l.HTTPIdleTimeoutSeconds = cmp.Or(l.HTTPIdleTimeoutSeconds, 60)
	l.Network = cmp.Or(l.Network, "EXTERNAL")
	l.NetworkStack = cmp.Or(l.NetworkStack, "IPV4")
	l.Type = cmp.Or(l.Type, "REGIONAL")
	l.TLSCipherPolicy = cmp.Or(l.TLSCipherPolicy, "DEFAULT")
	if l.ForwardingRules == nil {
		l.ForwardingRules = []forwardingRule{}
	}
	if l.StickySessions == nil {
		l.StickySessions = &stickySessions{Type: "none"}
	}
	if l.Firewall == nil {
		l.Firewall = &lbFirewall{}
	}
	l.Firewall.Allow = listOf(l.Firewall.Allow)
	l.Firewall.Deny = listOf(l.Firewall.Deny)
	if l.HealthCheck == nil {
		l.HealthCheck = &healthCheck{}
	}
	l.HealthCheck.fillDefaults()
}

// fillSize answers both ways to tell the size, whichever was asked for.
func (l *loadBalancerSettings) fillSize() {
	if l.SizeUnit == 0 {
		l.SizeUnit = cmp.Or(lbSizeUnits[l.Size], 1)
	}
	l.Size = ""
	for slug, units := range lbSizeUnits {
		if units == l.SizeUnit {
			l.Size = slug
		}
	}
}

func (h *healthCheck) fillDefaults() {
	h.Protocol = cmp.Or(h.Protocol, "http")
	h.Port = cmp.Or(h.Port, 80)
	if h.Protocol != "tcp" {
		h.Path = cmp.Or(h.Path, "/")
	}
	h.CheckIntervalSeconds = cmp.Or(h.CheckIntervalSeconds, 10)
	h.ResponseTimeoutSeconds = cmp.Or(h.ResponseTimeoutSeconds, 5)
	h.UnhealthyThreshold = cmp.Or(h.UnhealthyThreshold, 5)
	h.HealthyThreshold = cmp.Or(h.HealthyThreshold, 3)
}
