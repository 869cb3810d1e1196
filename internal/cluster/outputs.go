package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// Outputs are the computed attributes of beam_cluster. What does not exist is
// empty.
type Outputs struct {
	Nodes                map[string]NodeOutput // by host name
	NodeNames            []string              // long names, oldest node first
	CookieFingerprint    string
	URL                  string
	LoadBalancerIPv4     string
	StatsPassword        string
	DatabaseHost         string
	DatabaseURL          string
	MigrationDatabaseURL string
	DatabaseCAPEM        string
	SecretKeyBase        string
	VPCUUIDs             map[string]string // by region
	FirewallIDs          map[string]string // by "node", "load_balancer", "database"
	EstimatedMonthlyCost Cents
	EdeliverConfig       string
	RemoteConsole        map[string]string // by host name
}

// markedCookie is the fingerprint of the cookie by the marks of the nodes; empty
// where they have none, or do not agree.
func markedCookie(o Observed) string {
	found := map[string]bool{}
	for _, d := range o.Hosts() {
		if d.Role(o.Cluster) == RoleNode {
			found[d.CookieFingerprint(o.Cluster)] = true
		}
	}
	if len(found) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(found))[0]
}

// NodeOutput is what users see of one node.
type NodeOutput struct {
	DropletID   int
	Pool        string
	Region      string
	NodeName    string
	PublicIPv4  string
	PrivateIPv4 string
}

// OutputsOf works out what users see of the cluster.
func OutputsOf(s Spec, m Memory, o Observed) Outputs {
	out := Outputs{
		Nodes:         map[string]NodeOutput{},
		NodeNames:     []string{},
		StatsPassword: "",
		SecretKeyBase: m.Secrets.SecretKeyBase,
		VPCUUIDs:      map[string]string{},
		FirewallIDs:   map[string]string{},
		RemoteConsole: map[string]string{},
	}
	out.CookieFingerprint = cmp.Or(m.Secrets.RunningFingerprint, markedCookie(o))
	if c := s.EffectiveCookie(m); c != "" {
		out.CookieFingerprint = cookie.Fingerprint(c)
	}
	s.nodeOutputs(&out, m, o)
	s.loadBalancerOutputs(&out, m, o)
	s.databaseOutputs(&out, m)
	s.networkOutputs(&out, m, o)
	out.EstimatedMonthlyCost = costOf(m, o)
	return out
}

func (s Spec) nodeOutputs(out *Outputs, m Memory, o Observed) {
	var hosts []string
	for _, d := range o.Known(RoleNode, m) {
		d.Name = m.Hosts[d.ID].Name
		out.Nodes[d.Name] = NodeOutput{
			DropletID: d.ID, Pool: m.Hosts[d.ID].Pool, Region: d.Region,
			NodeName: s.NodeName(m, d), PublicIPv4: d.PublicIPv4, PrivateIPv4: d.PrivateIPv4,
		}
		if name := s.NodeName(m, d); name != "" {
			out.NodeNames = append(out.NodeNames, name)
		}
		out.RemoteConsole[d.Name] = s.remoteConsole(d)
		hosts = append(hosts, d.PublicIPv4)
	}
	if !s.Release.Fetched() { // it would write into the store of nodes that get theirs
		out.EdeliverConfig = beam.EdeliverConfig(s.App(), s.Host.User, hosts)
	}
}

// remoteConsole is the command that opens a shell on the running node.
func (s Spec) remoteConsole(d Droplet) string {
	return fmt.Sprintf("ssh -t -p %d %s@%s %s", s.Host.SSHPort, s.Host.User, d.PublicIPv4, "beam-console")
}

func (s Spec) loadBalancerOutputs(out *Outputs, m Memory, o Observed) {
	if s.LoadBalancer == nil {
		return
	}
	if s.LoadBalancer.Stats.Enabled {
		out.StatsPassword = m.Secrets.StatsPassword
	}
	if o.ReservedIP == nil {
		return
	}
	out.LoadBalancerIPv4 = o.ReservedIP.IP
	out.URL = s.url(o.ReservedIP.IP)
}

// url is where users of the app go.
func (s Spec) url(address string) string {
	if s.LoadBalancer.TLS == nil {
		return "http://" + address
	}
	return cmp.Or(s.NamedURL(), "https://"+address)
}

// NamedURL is where users of the app go whatever its address: by a name that the
// certificate is for. It is empty where none is known.
func (s Spec) NamedURL() string {
	if s.LoadBalancer == nil || s.LoadBalancer.TLS == nil {
		return ""
	}
	if name := cmp.Or(s.publicHost(), s.Environment["PHX_HOST"]); name != "" {
		return "https://" + name
	}
	return ""
}

func (s Spec) databaseOutputs(out *Outputs, m Memory) {
	if s.Database == nil {
		return
	}
	out.DatabaseHost = DatabaseDNSName(s.Name)
	out.DatabaseURL = s.databaseURL(s.Database.User, m.Secrets.UserPassword)
	out.DatabaseCAPEM = m.Secrets.DatabaseCAPEM
	out.MigrationDatabaseURL = s.databaseURL(s.Database.Owner(), m.Secrets.OwnerPassword)
}

func (s Spec) networkOutputs(out *Outputs, m Memory, o Observed) {
	for _, region := range s.Regions() {
		if v, ok := o.VPCIn(region, m); ok {
			out.VPCUUIDs[region] = v.ID
		}
	}
	for _, role := range s.Roles() {
		if f, ok := o.Firewall(FirewallName(s.Name, role)); ok {
			out.FirewallIDs[FirewallKey(s.Name, f.Name)] = f.ID
		}
	}
}
