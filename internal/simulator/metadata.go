package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// nameservers are those that DigitalOcean's hosts are given.
var nameservers = []string{"67.207.67.2", "67.207.67.3"}

// metadata is what a droplet learns of itself at 169.254.169.254, in the form
// of /metadata/v1.json.
type metadata struct {
	DropletID  int                            `json:"droplet_id"`
	Hostname   string                         `json:"hostname"`
	UserData   string                         `json:"user_data"`
	VendorData string                         `json:"vendor_data"`
	PublicKeys []string                       `json:"public_keys"`
	Region     string                         `json:"region"`
	Interfaces map[string][]metadataInterface `json:"interfaces"` // public and private
	FloatingIP metadataReservedIP             `json:"floating_ip"`
	ReservedIP metadataReservedIP             `json:"reserved_ip"`
	DNS        metadataDNS                    `json:"dns"`
	Features   map[string]bool                `json:"features"`
	Tags       []string                       `json:"tags"`
}

type metadataInterface struct {
	IPv4 *metadataIPv4 `json:"ipv4,omitempty"`
	IPv6 *metadataIPv6 `json:"ipv6,omitempty"`
	MAC  string        `json:"mac"`
	Type string        `json:"type"`
}

type metadataIPv4 struct {
	IPAddress netip.Addr `json:"ip_address"`
	Netmask   string     `json:"netmask"`
	Gateway   string     `json:"gateway"`
}

type metadataIPv6 struct {
	IPAddress netip.Addr `json:"ip_address"`
	CIDR      int        `json:"cidr"`
	Gateway   string     `json:"gateway"`
}

type metadataReservedIP struct {
	IPv4 struct {
		Active    bool   `json:"active"`
		IPAddress string `json:"ip_address,omitempty"`
	} `json:"ipv4"`
}

type metadataDNS struct {
	Nameservers []string `json:"nameservers"`
}

// MetadataHandler is the metadata service as one droplet sees it: the object
// /metadata/v1.json, and its parts as text below /metadata/v1/. Once the
// droplet is gone everything is 404.
func (s *Simulator) MetadataHandler(dropletID int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := s.metadata(dropletID)
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.URL.Path == "/metadata/v1.json":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(data) // the client is gone: there is nobody to tell
		default:
			serveMetadataText(w, r, metadataTree(data))
		}
	})
}

func (s *Simulator) metadata(dropletID int) (metadata, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	d, ok := s.droplets.get(dropletID)
	if !ok {
		return metadata{}, false
	}
	reserved := s.metadataReservedIP(d)
	return metadata{
		DropletID: d.id, Hostname: d.name, UserData: d.userData, Region: d.region.Slug,
		PublicKeys: convert(d.keys, func(key *sshKey) string { return key.PublicKey }),
		Interfaces: s.metadataInterfaces(d),
		FloatingIP: reserved, ReservedIP: reserved,
		DNS:      metadataDNS{nameservers},
		Features: map[string]bool{"dhcp_enabled": false}, Tags: listOf(d.tags),
	}, true
}

func (s *Simulator) metadataReservedIP(d *droplet) metadataReservedIP {
	var reserved metadataReservedIP
	for _, ip := range s.reservedIPs.all() {
		if ip.dropletID == d.id {
			reserved.IPv4.Active, reserved.IPv4.IPAddress = true, ip.IP
		}
	}
	return reserved
}

func (s *Simulator) metadataInterfaces(d *droplet) map[string][]metadataInterface {
	network := s.vpcRange(d.vpcID)
	interfaces := map[string][]metadataInterface{"private": {{
		IPv4: &metadataIPv4{d.privateIPv4, netmask(network), hostAt(network, 1).String()},
		MAC:  macOf(d.id, 1), Type: "private",
	}}}
	public := metadataInterface{MAC: macOf(d.id, 0), Type: "public"}
	if d.publicIPv4.IsValid() {
		public.IPv4 = &metadataIPv4{
			d.publicIPv4, netmask(netip.PrefixFrom(d.publicIPv4, publicBits)), d.gateway.String(),
		}
	}
	if d.ipv6.IsValid() {
		public.IPv6 = &metadataIPv6{d.ipv6, ipv6Bits, ipv6Gateway(d.ipv6).String()}
	}
	if public.IPv4 != nil || public.IPv6 != nil {
		interfaces["public"] = []metadataInterface{public}
	}
	return interfaces
}

// macOf is a locally administered address, one for each interface.
func macOf(dropletID, number int) string {
	id := fmt.Sprintf("%08x", dropletID)
	return fmt.Sprintf("02:%02x:%s:%s:%s:%s", number, id[:2], id[2:4], id[4:6], id[6:8])
}

// metadataNode is a text, or an index of others.
type metadataNode struct {
	name     string
	text     string
	children []metadataNode // nil for texts
}

func textNode(name, text string) metadataNode { return metadataNode{name: name, text: text} }

// metadataTree is the metadata below /metadata/v1/, whose names differ from
// those in the JSON.
func metadataTree(data metadata) metadataNode {
	interfaces := metadataNode{name: "interfaces", children: []metadataNode{}}
	for _, kind := range []string{"private", "public"} {
		if len(data.Interfaces[kind]) > 0 {
			interfaces.children = append(interfaces.children, interfacesNode(kind, data.Interfaces[kind]))
		}
	}
	return metadataNode{children: []metadataNode{
		textNode("id", strconv.Itoa(data.DropletID)),
		textNode("hostname", data.Hostname),
		textNode("user-data", data.UserData),
		textNode("vendor-data", data.VendorData),
		textNode("public-keys", strings.Join(data.PublicKeys, "\n")),
		textNode("region", data.Region),
		interfaces,
		{name: "dns", children: []metadataNode{textNode("nameservers", strings.Join(data.DNS.Nameservers, "\n"))}},
		reservedIPNode("floating_ip", data.FloatingIP),
		reservedIPNode("reserved_ip", data.ReservedIP),
		textNode("tags", strings.Join(data.Tags, "\n")),
		{name: "features", children: []metadataNode{textNode("dhcp_enabled", strconv.FormatBool(data.Features["dhcp_enabled"]))}},
	}}
}

func interfacesNode(kind string, interfaces []metadataInterface) metadataNode {
	node := metadataNode{name: kind, children: []metadataNode{}}
	for i, one := range interfaces {
		parts := []metadataNode{textNode("mac", one.MAC), textNode("type", one.Type)}
		if one.IPv4 != nil {
			parts = append(parts, metadataNode{name: "ipv4", children: []metadataNode{
				textNode("address", one.IPv4.IPAddress.String()),
				textNode("netmask", one.IPv4.Netmask),
				textNode("gateway", one.IPv4.Gateway),
			}})
		}
		if one.IPv6 != nil {
			parts = append(parts, metadataNode{name: "ipv6", children: []metadataNode{
				textNode("address", one.IPv6.IPAddress.String()),
				textNode("cidr", strconv.Itoa(one.IPv6.CIDR)),
				textNode("gateway", one.IPv6.Gateway),
			}})
		}
		node.children = append(node.children, metadataNode{name: strconv.Itoa(i), children: parts})
	}
	return node
}

func reservedIPNode(name string, reserved metadataReservedIP) metadataNode {
	parts := []metadataNode{textNode("active", strconv.FormatBool(reserved.IPv4.Active))}
	if reserved.IPv4.Active {
		parts = append(parts, textNode("ip_address", reserved.IPv4.IPAddress))
	}
	return metadataNode{name: name, children: []metadataNode{{name: "ipv4", children: parts}}}
}

// serveMetadataText writes a text or an index. An index whose path lacks the
// slash at its end is redirected to the path that has it.
func serveMetadataText(w http.ResponseWriter, r *http.Request, node metadataNode) {
	path, ok := strings.CutPrefix(r.URL.Path, "/metadata/v1")
	if !ok || (path != "" && path[0] != '/') {
		http.NotFound(w, r)
		return
	}
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name == "" {
			continue
		}
		if node, ok = node.child(name); !ok {
			http.NotFound(w, r)
			return
		}
	}
	if node.children != nil && !strings.HasSuffix(path, "/") {
		w.Header().Set("Location", r.URL.Path+"/")
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, node.String()) // the client is gone: there is nobody to tell
}

func (n metadataNode) child(name string) (metadataNode, bool) {
	for _, child := range n.children {
		if child.name == name {
			return child, true
		}
	}
	return metadataNode{}, false
}

// String is the text, or one line for each name of the index.
func (n metadataNode) String() string {
	if n.children == nil {
		return n.text
	}
	var lines []string
	for _, child := range n.children {
		if child.children != nil {
			child.name += "/"
		}
		lines = append(lines, child.name)
	}
	return strings.Join(lines, "\n")
}
