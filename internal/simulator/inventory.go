package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Inventory is everything an account has, by kind, name and id. Two of them
// are equal when nothing changed in between.
type Inventory []Object

// Object is one thing in an account.
type Object struct {
	Kind        string    `json:"kind"` // such as droplet, vpc or reserved_ip
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Status      string    `json:"status,omitempty"`
	Region      string    `json:"region,omitempty"`
	Description string    `json:"description,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Bindings    []string  `json:"bindings,omitempty"` // what it is tied to, as kind:id; members of VPCs and projects as URNs
	Details     []string  `json:"details,omitempty"`  // what else can change, in words
	Project     string    `json:"project,omitempty"`  // id; empty for what is in no project
	CreatedAt   time.Time `json:"created_at,omitzero"`
}

// Of is the part of an inventory that is of one kind.
func (i Inventory) Of(kind string) Inventory {
	return slices.DeleteFunc(slices.Clone(i), func(o Object) bool { return o.Kind != kind })
}

// Inventory lists everything that exists now. No fault hides anything from it.
func (s *Simulator) Inventory() Inventory {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(time.Now())
	all := slices.Concat(
		convert(s.droplets.all(), s.dropletObject), convert(s.volumes.all(), s.volumeObject),
		convert(s.reservedIPs.all(), s.reservedIPObject), convert(s.firewalls.all(), firewallObject),
		convert(s.vpcs.all(), vpcObject), convert(s.peerings.all(), peeringObject),
		convert(s.tags.all(), s.tagObject), convert(s.projects.all(), s.projectObject),
		convert(s.loadBalancers.all(), s.loadBalancerObject), convert(s.databases.all(), s.databaseObject),
		convert(s.domains.all(), s.domainObject), convert(s.keys.all(), keyObject),
		convert(s.allSnapshots(), snapshotObject),
	)
	for _, o := range all {
		slices.Sort(o.Bindings)
	}
	slices.SortFunc(all, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (s *Simulator) inventoryRoutes() {
	s.mux.HandleFunc("GET /inventory", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(s.Inventory()) // the client is gone: there is nobody to tell
	})
}

func (s *Simulator) dropletObject(d *droplet) Object {
	o := Object{
		Kind: "droplet", ID: strconv.Itoa(d.id), Name: d.name, Status: s.dropletStatus(d), Region: d.region.Slug,
		Tags: sorted(d.tags), Project: s.projectOf(d.urn()), CreatedAt: d.created,
		Bindings: append([]string{"vpc:" + d.vpcID}, bound("volume", convert(s.volumesOn(d.id), (*volume).id))...),
		Details:  []string{"size " + d.size.Slug, "image " + imageTitle(d.image), "private " + d.privateIPv4.String()},
	}
	if d.publicIPv4.IsValid() {
		o.Details = append(o.Details, "public "+d.publicIPv4.String())
	}
	return o
}

func (v *volume) id() string { return v.ID }

func (s *Simulator) volumeObject(v *volume) Object {
	return Object{
		Kind: "volume", ID: v.ID, Name: v.Name, Region: v.Region.Slug, Description: v.Description,
		Tags: sorted(v.Tags), Bindings: bound("droplet", convert(v.DropletIDs, strconv.Itoa)),
		Details: []string{fmt.Sprintf("%d GiB", v.SizeGigabytes)},
		Project: s.projectOf(v.urn()), CreatedAt: v.CreatedAt,
	}
}

func (s *Simulator) reservedIPObject(ip *reservedIP) Object {
	o := Object{
		Kind: "reserved_ip", ID: ip.IP, Name: ip.IP, Region: ip.region.Slug,
		Project: s.projectOf(ip.urn()), CreatedAt: ip.created,
	}
	if ip.locked {
		o.Status = "locked"
	}
	if ip.dropletID != 0 {
		o.Bindings = bound("droplet", []string{strconv.Itoa(ip.dropletID)})
	}
	return o
}

func firewallObject(f *firewall) Object {
	return Object{
		Kind: "firewall", ID: f.ID, Name: f.Name, Status: f.Status, CreatedAt: f.CreatedAt,
		Bindings: slices.Concat(bound("droplet", convert(f.DropletIDs, strconv.Itoa)), bound("tag", sorted(f.Tags))),
		Details: slices.Concat(
			convert(f.InboundRules, func(r inboundRule) string { return "in " + r.text() + " from " + r.Sources.text() }),
			convert(f.OutboundRules, func(r outboundRule) string { return "out " + r.text() + " to " + r.Destinations.text() }),
		),
	}
}

func vpcObject(v *vpc) Object {
	o := Object{
		Kind: "vpc", ID: v.ID, Name: v.Name, Region: v.Region, Description: v.Description, CreatedAt: v.CreatedAt,
		Bindings: convert(v.members.all(), func(m vpcMember) string { return m.URN }),
		Details:  []string{"range " + v.IPRange.String()},
	}
	if v.Default {
		o.Details = append(o.Details, "default of its region")
	}
	return o
}

func peeringObject(p *vpcPeering) Object {
	return Object{
		Kind: "vpc_peering", ID: p.ID, Name: p.Name, Status: p.Status, CreatedAt: p.CreatedAt,
		Bindings: bound("vpc", p.VPCIDs),
	}
}

// tagObject binds a tag to whatever carries it.
func (s *Simulator) tagObject(t *tag) Object {
	o := Object{Kind: "tag", ID: t.name, Name: t.name}
	for _, kind := range slices.Sorted(maps.Keys(s.taggables)) {
		s.taggables[kind].each(func(carrier taggedObject) {
			if hasTag(*carrier.tags, t.name) {
				o.Bindings = append(o.Bindings, kind+":"+carrier.id)
			}
		})
	}
	return o
}

func (s *Simulator) projectObject(p *project) Object {
	o := Object{
		Kind: "project", ID: p.ID, Name: p.Name, Description: p.Description, CreatedAt: p.CreatedAt,
		Bindings: convert(s.resourcesOf(p), func(o owned) string { return canonicalURN(o.urn) }),
	}
	if p.IsDefault {
		o.Details = []string{"default"}
	}
	return o
}

func (s *Simulator) loadBalancerObject(lb *loadBalancer) Object {
	view := s.viewLoadBalancer(lb)
	o := Object{
		Kind: "load_balancer", ID: lb.ID, Name: lb.Name, Status: lb.Status, CreatedAt: lb.CreatedAt,
		Bindings: bound("droplet", convert(view.DropletIDs, strconv.Itoa)), Project: s.projectOf(lb.urn()),
	}
	if lb.Region != nil {
		o.Region = lb.Region.Slug
	}
	return o
}

func (s *Simulator) databaseObject(d *database) Object {
	return Object{
		Kind: "database", ID: d.ID, Name: d.Name, Status: d.Status, Region: d.Region, Tags: sorted(d.Tags),
		Bindings: []string{"vpc:" + d.PrivateNetworkUUID}, Project: s.projectOf(d.urn()), CreatedAt: d.CreatedAt,
		Details: []string{"version " + d.Version, "size " + d.Size, fmt.Sprintf("%d nodes", d.NumNodes)},
	}
}

func (s *Simulator) domainObject(d *domain) Object {
	return Object{
		Kind: "domain", ID: d.name, Name: d.name, Project: s.projectOf(d.urn()), CreatedAt: d.created,
		Details: convert(d.records.all(), func(r *record) string {
			return strings.Join([]string{r.fqdn(d.name), r.Type, r.zoneData()}, " ")
		}),
	}
}

func keyObject(k *sshKey) Object {
	return Object{Kind: "ssh_key", ID: strconv.Itoa(k.ID), Name: k.Name, Details: []string{k.Fingerprint}}
}

func snapshotObject(shot snapshot) Object {
	return Object{
		Kind: "snapshot", ID: shot.ID, Name: shot.Name, CreatedAt: shot.CreatedAt, Tags: sorted(shot.Tags),
		Bindings: []string{shot.ResourceType + ":" + shot.ResourceID},
	}
}

// bound writes references to objects of one kind.
func bound(kind string, ids []string) []string {
	return convert(ids, func(id string) string { return kind + ":" + id })
}

// sorted is a sorted copy.
func sorted(items []string) []string { return slices.Sorted(slices.Values(items)) }
