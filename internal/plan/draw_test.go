package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const ownID = "abc123"

// chat is the cluster of the stories.
func chat(nodes int) cluster.Spec {
	small := cluster.Place{Region: "nyc3", Size: "small", Image: "debian-12-x64"}
	return cluster.Spec{
		Name: "chat", WaitFor: cluster.WaitActive,
		Pools:        []cluster.Pool{{Name: "us", Count: nodes, Place: small}},
		Release:      &cluster.Release{Name: "chat", URL: "https://example.com/chat.tar.gz", SHA256: strings.Repeat("ab", 32), Kind: cluster.KindMix, Port: 8080},
		LoadBalancer: &cluster.LoadBalancer{Place: small, Algorithm: "roundrobin", StickyCookie: "SERVERID"},
		Database:     &cluster.Database{Place: small, Name: "chat", User: "chat", VolumeGiB: 10},
		Network:      cluster.Network{Mode: cluster.NetworkAuto},
		Distribution: cluster.Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Basename: "chat"},
		Host:         cluster.Host{User: "deploy", SSHPort: 22},
	}
}

// managed is a cluster whose hosts can be told and are waited for.
func managed(spec cluster.Spec) cluster.Spec {
	spec.Management, spec.WaitFor = cluster.Management{Enabled: true, Port: 22}, cluster.WaitFormed
	return spec
}

func secrets() cluster.Secrets {
	return cluster.Secrets{
		Cookie: "COOKIE", SecretKeyBase: "base", StatsPassword: "statistics",
		Management: cluster.ManagementKeys{ClientKeyPEM: "key", AuthorizedKey: "authorized", HostKeyPEM: "host", HostPublicKey: "public"},
	}
}

// begun is a cluster of which nothing exists yet.
func begun(spec cluster.Spec) *simulation {
	return &simulation{Input: Input{
		Spec: spec, Now: now, Memory: cluster.Memory{Version: cluster.MemoryVersion, ID: ownID, Secrets: secrets()},
		Observed: cluster.Observed{Cluster: spec.Name},
	}}
}

// made is a cluster that an apply has made.
func made(spec cluster.Spec) *simulation {
	s := begun(spec)
	s.apply(first)
	s.Reports, s.created, s.peak = nil, 0, 0
	s.Memory.UserTags = spec.Tags
	return s
}

func drawSpec(t *rapid.T) cluster.Spec {
	s := chat(1)
	s.Pools = nil
	for _, name := range []string{"as", "b_c", "us"} {
		if n := rapid.IntRange(-1, 3).Draw(t, "nodes of "+name); n >= 0 {
			s.Pools = append(s.Pools, cluster.Pool{Name: name, Count: n, Place: drawPlace(t)})
		}
	}
	if !rapid.Bool().Draw(t, "load balancer") {
		s.LoadBalancer = nil
	} else {
		s.LoadBalancer.Place = drawPlace(t)
	}
	if !rapid.Bool().Draw(t, "database") {
		s.Database = nil
	} else {
		s.Database.Size = drawPlace(t).Size
	}
	if rapid.Bool().Draw(t, "managed") {
		s = managed(s)
		s.WaitFor = rapid.SampledFrom([]string{cluster.WaitFormed, cluster.WaitBooted, cluster.WaitActive}).Draw(t, "waits for")
	}
	if rapid.Bool().Draw(t, "public") {
		s.Network.Mode = cluster.NetworkPublic
	}
	s.Tags = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"prod", "web"}), 0, 2, rapid.ID).Draw(t, "tags")
	return s
}

func drawPlace(t *rapid.T) cluster.Place {
	return cluster.Place{
		Region: rapid.SampledFrom([]string{"nyc3", "lon1"}).Draw(t, "region"),
		Size:   rapid.SampledFrom([]string{"small", "large"}).Draw(t, "size"), Image: "debian-12-x64",
	}
}

// drawInput is anything: a spec, and memories and observations that have nothing
// to do with each other, but that ids are ids.
func drawInput(t *rapid.T) Input {
	in := Input{Spec: drawSpec(t), Now: now, Creating: rapid.Bool().Draw(t, "creating")}
	in.Memory = drawMemory(t)
	in.Observed = drawObserved(t)
	return in
}

var (
	someRoles = []string{cluster.RoleNode, cluster.RoleLoadBalancer, cluster.RoleDatabase, ""}
	somePools = []string{"as", "us", "gone", ""}
	someNames = []string{"chat-us-1", "chat-us-2", "chat-as-1", "chat-lb-1", "chat-database", "pet"}
)

// someRecords are hosts as an apply remembers them: the name follows from the role
// and the pool. A node and its successor have one name.
var someRecords = []cluster.HostRecord{
	{Name: "chat-us-1", Role: cluster.RoleNode, Pool: "us"}, {Name: "chat-us-2", Role: cluster.RoleNode, Pool: "us"},
	{Name: "chat-as-1", Role: cluster.RoleNode, Pool: "as"}, {Name: "chat-gone-1", Role: cluster.RoleNode, Pool: "gone"},
	{Name: "chat-lb-1", Role: cluster.RoleLoadBalancer}, {Name: "chat-lb-2", Role: cluster.RoleLoadBalancer},
}

func drawMemory(t *rapid.T) cluster.Memory {
	m := cluster.Memory{Unmarked: rapid.Bool().Draw(t, "unmarked"), Unformed: rapid.Bool().Draw(t, "unformed")}
	if rapid.Bool().Draw(t, "has an id") {
		m.ID = ownID
	}
	if rapid.Bool().Draw(t, "has secrets") {
		m.Secrets = secrets()
	}
	for id := range 6 {
		if rapid.Bool().Draw(t, "remembered") {
			record := rapid.SampledFrom(someRecords).Draw(t, "record")
			record.Told = rapid.SampledFrom([]string{"", "0123456789abcdef0123"}).Draw(t, "told")
			record.SetUpFailed = rapid.IntRange(0, 5).Draw(t, "failed") == 0
			m.Remember(id+1, record)
		}
	}
	if rapid.Bool().Draw(t, "database remembered") {
		m.Remember(7, cluster.HostRecord{Name: "chat-database", Role: cluster.RoleDatabase})
	}
	if rapid.Bool().Draw(t, "knows a VPC") {
		m.VPCs = map[string]string{"nyc3": rapid.SampledFrom([]string{"vpc-1", "vpc-9"}).Draw(t, "VPC")}
	}
	m.VolumeID = rapid.SampledFrom([]string{"", "volume-1"}).Draw(t, "remembered volume")
	m.ReservedIP = rapid.SampledFrom([]string{"", "198.51.100.7"}).Draw(t, "remembered address")
	m.UserTags = rapid.SliceOfN(rapid.SampledFrom([]string{"prod", "old"}), 0, 2).Draw(t, "remembered tags")
	return m
}

func drawObserved(t *rapid.T) cluster.Observed {
	o := cluster.Observed{Cluster: "chat", LastCluster: rapid.Bool().Draw(t, "last")}
	for id := range 7 {
		if rapid.Bool().Draw(t, "exists") {
			o.Droplets = append(o.Droplets, drawDroplet(t, id+1))
		}
	}
	slices.SortFunc(o.Droplets, cluster.ByAge)
	for i, region := range []string{"nyc3", "lon1", "nyc3"} {
		if rapid.Bool().Draw(t, "VPC exists") {
			o.VPCs = append(o.VPCs, cluster.VPC{
				ID: fmt.Sprint("vpc-", i+1), Name: rapid.SampledFrom([]string{"chat-" + region, "mine"}).Draw(t, "VPC's name"), Region: region,
				Own: rapid.Bool().Draw(t, "own"), Default: rapid.Bool().Draw(t, "default"),
			})
		}
	}
	if rapid.Bool().Draw(t, "peered") {
		o.Peerings = []cluster.Peering{{ID: "peering-1", Name: "chat-lon1-nyc3", VPCs: [2]string{"vpc-1", "vpc-2"}, Status: "ACTIVE"}}
	}
	for i, role := range someRoles {
		if rapid.Bool().Draw(t, "firewall") {
			o.Firewalls = append(o.Firewalls, cluster.Firewall{ID: fmt.Sprint("firewall-", i), Name: "chat-" + role, Tags: []string{"beam:chat:" + role}})
		}
	}
	if rapid.Bool().Draw(t, "volume") {
		o.Volume = &cluster.Volume{ID: "volume-1", Name: "chat-database", DropletIDs: rapid.SliceOfN(rapid.IntRange(1, 9), 0, 1).Draw(t, "holders")}
	}
	if rapid.Bool().Draw(t, "address") {
		o.ReservedIP = &cluster.ReservedIP{IP: "198.51.100.7", DropletID: rapid.IntRange(0, 7).Draw(t, "leads to")}
	}
	o.Tags = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"beam:chat", "beam:chat:node", "beam:chat:id:" + ownID}), 0, 3, rapid.ID).Draw(t, "tags that exist")
	return o
}

func drawDroplet(t *rapid.T, id int) cluster.Droplet {
	d := cluster.Droplet{
		ID: id, Name: rapid.SampledFrom(someNames).Draw(t, "name"), Region: "nyc3", VPCUUID: "vpc-1",
		Size:      rapid.SampledFrom([]string{"small", "large"}).Draw(t, "droplet's size"),
		Status:    rapid.SampledFrom([]string{cluster.StatusActive, cluster.StatusNew, cluster.StatusOff}).Draw(t, "status"),
		CreatedAt: time.Unix(int64(id), 0),
	}
	if d.Status != cluster.StatusNew {
		addressed(&d)
	}
	role := rapid.SampledFrom(someRoles).Draw(t, "role")
	d.Tags = []string{"beam:chat", "beam:chat:" + role}
	if pool := rapid.SampledFrom(somePools).Draw(t, "pool"); role == cluster.RoleNode && pool != "" {
		d.Tags = append(d.Tags, "beam:chat:pool:"+pool)
	}
	if rapid.Bool().Draw(t, "marked") {
		d.Tags = append(d.Tags, cluster.IDTag("chat", ownID))
	}
	return d
}
