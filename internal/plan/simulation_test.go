package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// simulation carries steps out on what a plan is made from, and on nothing else.
type simulation struct {
	Input
	last    int // number of what was made last
	created int // droplets beyond those that there were
	peak    int
	leads   map[int][]string // addresses that each load balancer leads to, by its id
	mesh    map[int]int      // which mesh each node came to be in that ever was, by its id
	madeBy  map[int]cluster.Spec
}

func (s *simulation) next() int {
	s.last++
	return 1000 + s.last
}

// apply carries the plan out, one step after another; choose says which of those
// that are ready. It returns the steps that it took, and what is left when there
// are too many.
func (s *simulation) apply(choose func([]Step) Step) (taken []Step, left Plan) {
	const most = 400
	for range most {
		p := Diff(s.Input)
		if p.Done() || len(p.Refusals) > 0 || len(p.Ready()) == 0 {
			return taken, p
		}
		step := choose(p.Ready())
		s.do(step.Action)
		taken = append(taken, step)
	}
	return taken, Diff(s.Input)
}

func first(ready []Step) Step { return ready[0] }

func (s *simulation) do(a Action) {
	switch a := a.(type) {
	case CreateHosts, DeleteHost, AdoptHost, ForgetHost, AwaitAddress, AwaitActive, PowerOn, RenameHost, SetBackups, TagHosts, UntagHosts:
		s.doHosts(a)
	case Tell:
		record := s.Memory.Hosts[a.Delivery.Droplet.ID]
		record.Delivered = a.Delivery.ID
		if record.Role == cluster.RoleLoadBalancer {
			s.lead(a.Delivery.Droplet.ID, serversIn(a.Delivery.Stdin))
		}
		s.Memory.Hosts[a.Delivery.Droplet.ID] = record
	case Apply:
		record := s.Memory.Hosts[a.Droplet.ID]
		record.Parts = record.Parts.With((&differ{Input: s.Input}).partsOf(a.Droplet.ID), a.Parts...)
		s.Memory.Hosts[a.Droplet.ID] = record
	case FetchRelease:
		s.stores(a.Droplet, a.SHA256)
	case PushRelease:
		s.stores(a.Droplet, a.SHA256)
	case SpreadRelease:
		for _, host := range a.To {
			s.stores(host, a.SHA256)
		}
	case CarryCertificate:
		record := s.Memory.Hosts[a.To.ID]
		record.Carried = true
		s.Memory.Hosts[a.To.ID] = record
	case Migrate:
		s.Memory.Migrated = a.SHA256
	case AwaitBooted:
		s.Reports = s.wellReports()
	case Retire:
		record := s.Memory.Hosts[a.Droplet.ID]
		record.Stopped = true
		s.Memory.Hosts[a.Droplet.ID] = record
	case RotateCookie:
		s.rotate()
	case TakeOver:
		s.Memory.Remember(a.ID, a.Record)
	case AwaitNodes, AwaitFormed:
		s.Reports = s.wellReports()
	case CreateVPC, UseVPC, MarkVPC, UnmarkVPC, DeleteVPC, CreatePeering, AwaitPeering, DeletePeering:
		s.doNetwork(a)
	default:
		s.doOthers(a)
	}
	s.Memory.Note(s.Observed)
}

func (s *simulation) stores(host cluster.Droplet, sha256 string) {
	record := s.Memory.Hosts[host.ID]
	record.Stored = sha256
	s.Memory.Hosts[host.ID] = record
}

// rotate gives all nodes the spec's cookie.
func (s *simulation) rotate() {
	wanted := s.Spec.NodeHost(s.Memory, "", nil).Parts()
	for id, record := range s.Memory.Hosts {
		if record.Role == cluster.RoleNode {
			record.Parts = record.Parts.With(wanted, hostconfig.PartCookie)
			s.Memory.Hosts[id] = record
			s.droplet(id, func(d *cluster.Droplet) {
				d.Tags = filter(d.Tags, func(tag string) bool { return !cluster.IsCookieTag(s.Spec.Name, tag) })
				d.Tags = append(d.Tags, cluster.CookieTag(s.Spec.Name, s.Spec.CookieFingerprint(s.Memory)))
			})
		}
	}
}

func (s *simulation) doHosts(a Action) {
	switch a := a.(type) {
	case CreateHosts:
		s.create(a)
	case DeleteHost:
		s.delete(a.Droplet.ID)
	case AdoptHost:
		s.Memory.Remember(a.Droplet.ID, a.Record)
	case ForgetHost:
		delete(s.Memory.Hosts, a.ID)
	case AwaitAddress:
		s.named(a.Host, func(d *cluster.Droplet) { addressed(d) })
	case AwaitActive:
		s.named(a.Host, func(d *cluster.Droplet) {
			addressed(d)
			d.Status = cluster.StatusActive
		})
	case PowerOn:
		s.droplet(a.Droplet.ID, func(d *cluster.Droplet) { d.Status = cluster.StatusActive })
	case RenameHost:
		s.droplet(a.Droplet.ID, func(d *cluster.Droplet) { d.Name = a.Name })
	case SetBackups:
		s.droplet(a.Droplet.ID, func(d *cluster.Droplet) { d.Backups = a.On })
	case TagHosts:
		for _, id := range a.IDs {
			s.droplet(id, func(d *cluster.Droplet) { d.Tags = append(slices.Clone(d.Tags), a.Tag) })
		}
	case UntagHosts:
		for _, id := range a.IDs {
			s.droplet(id, func(d *cluster.Droplet) { d.Tags = filter(d.Tags, func(tag string) bool { return tag != a.Tag }) })
		}
	}
}

func (s *simulation) lead(balancer int, nodes []string) {
	if s.leads == nil {
		s.leads = map[int][]string{}
	}
	s.leads[balancer] = nodes
}

func addresses(spec cluster.Spec, nodes []cluster.Droplet) []string {
	var found []string
	for _, d := range nodes {
		found = append(found, spec.Address(d))
	}
	return found
}

// serversIn are the addresses that a load balancer is told.
func serversIn(stdin []byte) []string {
	var told struct{ Servers []struct{ Address string } }
	if err := json.Unmarshal(stdin, &told); err != nil {
		panic(err) // SetNodesInput wrote it
	}
	var found []string
	for _, server := range told.Servers {
		found = append(found, server.Address)
	}
	return found
}

func addressed(d *cluster.Droplet) {
	d.PublicIPv4, d.PrivateIPv4 = fmt.Sprintf("203.0.113.%d", d.ID%250), fmt.Sprintf("10.0.%d.%d", d.ID/250, d.ID%250)
}

func (s *simulation) droplet(id int, change func(*cluster.Droplet)) {
	for i := range s.Observed.Droplets {
		if s.Observed.Droplets[i].ID == id {
			change(&s.Observed.Droplets[i])
		}
	}
}

// named changes the youngest known host of the name.
func (s *simulation) named(name string, change func(*cluster.Droplet)) {
	id := 0
	for _, d := range s.Observed.Droplets {
		if record, known := s.Memory.Hosts[d.ID]; known && record.Name == name {
			id = d.ID
		}
	}
	s.droplet(id, change)
}

func (s *simulation) create(a CreateHosts) {
	record := NewRecord(s.Input, a)
	serving, peers := addresses(s.Spec, Serving(s.Input)), Peers(s.Input)
	for _, name := range a.Names {
		record.Name = name
		d := cluster.Droplet{
			ID: s.next(), Name: name, Region: a.Place.Region, Size: a.Place.Size, Status: cluster.StatusNew,
			Tags: HostTags(s.Spec, s.Memory, record), VPCUUID: s.Memory.VPCs[a.Place.Region],
			CreatedAt: time.Unix(int64(s.last), 0), Backups: a.Role == cluster.RoleDatabase && s.Spec.Database.Backups,
		}
		if a.Role == cluster.RoleDatabase && s.Observed.Volume != nil {
			v := *s.Observed.Volume
			v.DropletIDs = []int{d.ID}
			s.Observed.Volume = &v
		}
		if a.Role == cluster.RoleNode {
			s.join(d.ID, peers)
		}
		s.Observed.Droplets = append(s.Observed.Droplets, d)
		s.Memory.Remember(d.ID, record)
		if s.madeBy == nil {
			s.madeBy = map[int]cluster.Spec{}
		}
		s.madeBy[d.ID] = s.Spec
		if a.Role == cluster.RoleLoadBalancer {
			s.lead(d.ID, serving)
		}
		s.created++
	}
	s.peak = max(s.peak, s.created)
}

// join lets a node that is made now meet those that it is told of, and whom they
// met.
func (s *simulation) join(id int, peers []cluster.Droplet) {
	if s.mesh == nil {
		s.mesh = map[int]int{}
	}
	s.mesh[id] = id
	for _, peer := range peers {
		met := s.mesh[peer.ID]
		for other, mesh := range s.mesh {
			if mesh == met {
				s.mesh[other] = id
			}
		}
	}
}

func (s *simulation) delete(id int) {
	s.Observed.Droplets = filter(s.Observed.Droplets, func(d cluster.Droplet) bool { return d.ID != id })
	delete(s.Memory.Hosts, id)
	s.created--
	if v := s.Observed.Volume; v != nil {
		free := *v
		free.DropletIDs = filter(v.DropletIDs, func(holder int) bool { return holder != id })
		s.Observed.Volume = &free
	}
	if ip := s.Observed.ReservedIP; ip != nil && ip.DropletID == id {
		s.Observed.ReservedIP = &cluster.ReservedIP{IP: ip.IP}
	}
}

func (s *simulation) doNetwork(a Action) {
	if s.Memory.VPCs == nil {
		s.Memory.VPCs = map[string]string{}
	}
	switch a := a.(type) {
	case CreateVPC:
		v := a.VPC
		v.ID, v.Own = fmt.Sprint("vpc-", s.next()), true
		s.Observed.VPCs = append(s.Observed.VPCs, v)
		s.Memory.VPCs[v.Region] = v.ID
	case UseVPC:
		s.Memory.VPCs[a.Region] = a.ID
		if a.ID == "" {
			delete(s.Memory.VPCs, a.Region)
		}
	case MarkVPC:
		for i, v := range s.Observed.VPCs {
			if v.ID == a.VPC.ID {
				s.Observed.VPCs[i] = a.VPC
			}
		}
	case UnmarkVPC:
		s.dropVPC(a.VPC)
	case DeleteVPC:
		s.dropVPC(a.VPC)
	case CreatePeering:
		ids := [2]string{s.Memory.VPCs[a.Regions[0]], s.Memory.VPCs[a.Regions[1]]}
		s.Observed.Peerings = append(s.Observed.Peerings, cluster.Peering{ID: fmt.Sprint("peering-", s.next()), Name: a.Name, VPCs: ids})
	case AwaitPeering:
		for i := range s.Observed.Peerings {
			s.Observed.Peerings[i].Status = "ACTIVE"
		}
	case DeletePeering:
		s.Observed.Peerings = filter(s.Observed.Peerings, func(p cluster.Peering) bool { return p.ID != a.Peering.ID })
	}
}

func (s *simulation) dropVPC(gone cluster.VPC) {
	s.Observed.VPCs = filter(s.Observed.VPCs, func(v cluster.VPC) bool { return v.ID != gone.ID })
	if s.Memory.VPCs[gone.Region] == gone.ID {
		delete(s.Memory.VPCs, gone.Region)
	}
}

func (s *simulation) doOthers(a Action) {
	o := &s.Observed
	switch a := a.(type) {
	case HoldLease:
		o.Leases = []cluster.Lease{{ID: s.Memory.ID, At: s.Now, Tag: a.Tag}}
	case CreateTag:
		o.Tags = append(o.Tags, a.Tag)
	case MarkTelling:
		o.Tags = append(filter(o.Tags, func(tag string) bool { return !slices.Contains(a.Old, tag) }), a.Tag)
		s.Telling, s.Memory.Tellings = true, a.Number
	case ForgetTold:
		ForgetAllTold(s.Input, &s.Memory, a.Tellings)
	case DeleteTag:
		o.Tags = filter(o.Tags, func(tag string) bool { return tag != a.Tag })
		o.Leases = filter(o.Leases, func(l cluster.Lease) bool { return l.Tag != a.Tag })
		o.LastCluster = o.LastCluster && a.Tag != cluster.TagAll
	case TagVolume:
		v := *o.Volume
		v.Tags = append(slices.Clone(v.Tags), a.Tag)
		o.Volume = &v
	case Claim:
		s.Memory.Unmarked = false
	case CreateFirewall:
		a.Firewall.ID = fmt.Sprint("firewall-", s.next())
		o.Firewalls = append(o.Firewalls, a.Firewall)
	case UpdateFirewall:
		for i, f := range o.Firewalls {
			if f.ID == a.Firewall.ID {
				o.Firewalls[i] = a.Firewall
			}
		}
	case DeleteFirewall:
		o.Firewalls = filter(o.Firewalls, func(f cluster.Firewall) bool { return f.ID != a.Firewall.ID })
	case CreateVolume:
		v := a.Volume
		v.ID = fmt.Sprint("volume-", s.next())
		o.Volume = &v
	case AwaitVolume:
		s.holders(filter(o.Volume.DropletIDs, func(id int) bool { _, ours := o.Droplet(id); return ours }))
	case AttachVolume:
		s.holders([]int{a.Host.ID})
	case DeleteVolume:
		o.Volume = nil
	case NoteDatabase:
		s.Memory.DatabaseAddress = a.Address
	case ReserveAddress:
		o.ReservedIP = &cluster.ReservedIP{IP: "198.51.100.7", DropletID: s.idOf(a.Host)}
	case MoveAddress:
		o.ReservedIP = &cluster.ReservedIP{IP: a.IP, DropletID: s.idOf(a.Host)}
	case DeleteAddress:
		o.ReservedIP = nil
	case AssignProject:
		o.ProjectURNs = append(o.ProjectURNs, a.URNs...)
	}
}

func (s *simulation) holders(ids []int) {
	v := *s.Observed.Volume
	v.DropletIDs = ids
	s.Observed.Volume = &v
}

func (s *simulation) idOf(name string) (id int) {
	s.named(name, func(d *cluster.Droplet) { id = d.ID })
	return id
}

// wellReports are what hosts say that are as they should be.
func (s *simulation) wellReports() []health.HostReport {
	var reports []health.HostReport
	nodes := []string{}
	var servers []health.ServerReport
	for _, d := range Members(s.Input) {
		if s.Memory.Hosts[d.ID].Role == cluster.RoleNode {
			nodes = append(nodes, s.Spec.NodeName(s.Memory, d))
			servers = append(servers, health.ServerReport{Name: s.Memory.Hosts[d.ID].Name, Up: true})
		}
	}
	for _, d := range Members(s.Input) {
		record := s.Memory.Hosts[d.ID]
		h := health.HostReport{DropletID: d.ID, Host: record.Name, Role: record.Role, Report: &health.Report{
			Version: 1, Role: record.Role, Boot: health.BootReport{Status: health.BootDone},
			Service: health.ServiceReport{Unit: "beam.service", State: "active"},
		}}
		switch record.Role {
		case cluster.RoleNode:
			h.NodeName = s.Spec.NodeName(s.Memory, d)
			h.Report.Node = &health.NodeReport{
				Name: h.NodeName, Started: true, Nodes: nodes, CookieFingerprint: cookie.Fingerprint(s.Spec.EffectiveCookie(s.Memory)),
			}
			h.Report.Database = &health.LoginReport{OK: true}
		case cluster.RoleDatabase:
			h.Report.Postgres = &health.PostgresReport{Mounted: true, Ready: true}
		case cluster.RoleLoadBalancer:
			h.Report.Servers = servers
		}
		reports = append(reports, h)
	}
	return reports
}
