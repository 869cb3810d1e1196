package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	own     = IDTag("chat", "own")
	foreign = IDTag("chat", "foreign")
)

func node(id int, marks ...string) Droplet {
	return Droplet{ID: id, Name: fmt.Sprint("chat-us-", id), Tags: append([]string{"beam", "beam:chat", "beam:chat:node", "beam:chat:pool:us"}, marks...)}
}

// owned lists what an observation holds, a word each.
func owned(o Observed) []string {
	var found []string
	for _, d := range o.Hosts() {
		found = append(found, fmt.Sprint("droplet ", d.ID))
	}
	for _, f := range o.Firewalls {
		found = append(found, "firewall "+f.ID)
	}
	for _, v := range o.OwnVPCs() {
		found = append(found, "VPC "+v.ID)
	}
	if o.Volume != nil {
		found = append(found, "volume "+o.Volume.ID)
	}
	if o.ReservedIP != nil {
		found = append(found, "address "+o.ReservedIP.IP)
	}
	return found
}

// Only what carries the id, or is remembered by its own id, is the cluster's.
func TestWhoseAnObjectIs(t *testing.T) {
	t.Parallel()
	withoutID := Memory{ID: "own", Unmarked: true}
	for _, tt := range []struct {
		name    string
		account Account
		memory  Memory
		want    string // own objects
		others  string // objects of other clusters of the name
	}{
		{"droplet with the id", Account{Droplets: []Droplet{node(1, own)}}, Memory{ID: "own"}, "droplet 1", ""},
		{"droplet with another id", Account{Droplets: []Droplet{node(1, foreign)}}, Memory{ID: "own"}, "", "droplet 1"},
		{"droplet without an id", Account{Droplets: []Droplet{node(1)}}, Memory{ID: "own"}, "", "droplet 1"},
		{"droplet without an id, of a cluster from before ids", Account{Droplets: []Droplet{node(1)}}, withoutID, "droplet 1", ""},
		{"droplet with another id beside a cluster from before ids", Account{Droplets: []Droplet{node(1, foreign)}}, withoutID, "", "droplet 1"},
		{
			"remembered droplet that has lost its tags", Account{Droplets: []Droplet{{ID: 1}}},
			Memory{ID: "own", Hosts: map[int]HostRecord{1: {Name: "chat-us-1"}}}, "droplet 1", "",
		},
		{
			"remembered droplet with another id", Account{Droplets: []Droplet{node(1, foreign)}},
			Memory{ID: "own", Hosts: map[int]HostRecord{1: {Name: "chat-us-1"}}}, "droplet 1", "",
		},
		{
			"droplet that has lost the tag of its pool", Account{Droplets: []Droplet{{ID: 1, Tags: []string{"beam:chat", "beam:chat:node", own}}}},
			Memory{ID: "own"}, "droplet 1", "",
		},
		{"host of a beam_node", Account{Droplets: []Droplet{{ID: 1, Tags: NodeSpec{Cluster: "chat"}.WantedTags()}}}, Memory{ID: "own"}, "", ""},
		{"firewall with the id", Account{Firewalls: []Firewall{{ID: "f", Name: "pet", Tags: []string{FirewallTag("chat", "own")}}}}, Memory{ID: "own"}, "firewall f", ""},
		{"firewall of a name", Account{Firewalls: []Firewall{{ID: "f", Name: "chat-node"}}}, withoutID, "", ""},
		{"remembered firewall", Account{Firewalls: []Firewall{{ID: "f", Name: "pet"}}}, Memory{ID: "own", Firewalls: []string{"f"}}, "firewall f", ""},
		{
			"firewall bound to the role, of a cluster from before ids",
			Account{Firewalls: []Firewall{{ID: "f", Name: "chat-node", Tags: []string{"beam:chat:node"}}}}, withoutID, "firewall f", "",
		},
		{"VPC with the id", Account{VPCs: []VPC{{ID: "v", Description: own}}}, Memory{ID: "own"}, "VPC v", ""},
		{"VPC of the cluster's name", Account{VPCs: []VPC{{ID: "v", Name: "chat-nyc3"}}}, withoutID, "", ""},
		{"remembered VPC that was described anew", Account{VPCs: []VPC{{ID: "v", Description: "mine"}}}, Memory{ID: "own", OwnVPCs: []string{"v"}}, "VPC v", ""},
		{"volume with the id", Account{Volumes: []Volume{{ID: "d", Name: "chat-database", Tags: []string{own}}}}, Memory{ID: "own"}, "volume d", ""},
		{"volume of a name", Account{Volumes: []Volume{{ID: "d", Name: "chat-database"}}}, withoutID, "", ""},
		{"remembered volume", Account{Volumes: []Volume{{ID: "d"}}}, Memory{ID: "own", VolumeID: "d"}, "volume d", ""},
		{"remembered address", Account{ReservedIPs: []ReservedIP{{IP: "a"}, {IP: "b"}}}, Memory{ID: "own", ReservedIP: "b"}, "address b", ""},
		{
			"address that leads to a load balancer", Account{
				Droplets:    []Droplet{{ID: 1, Tags: []string{"beam:chat:load-balancer", own}}},
				ReservedIPs: []ReservedIP{{IP: "a"}, {IP: "b", DropletID: 1}},
			}, Memory{ID: "own"}, "droplet 1, address b", "",
		},
		{
			"address that took the place of the remembered one", Account{
				Droplets:    []Droplet{{ID: 1, Tags: []string{"beam:chat:load-balancer", own}}},
				ReservedIPs: []ReservedIP{{IP: "b", DropletID: 1}},
			}, Memory{ID: "own", ReservedIP: "a"}, "droplet 1, address b", "",
		},
		{
			"address that leads to a node", Account{Droplets: []Droplet{node(1, own)}, ReservedIPs: []ReservedIP{{IP: "a", DropletID: 1}}},
			Memory{ID: "own"}, "droplet 1", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := tt.account.Of("chat", tt.memory)
			var others []string
			for _, other := range o.Others {
				others = append(others, owned(other)...)
			}
			if got := strings.Join(owned(o), ", "); got != tt.want {
				t.Errorf("own are %q, want %q", got, tt.want)
			}
			if got := strings.Join(others, ", "); got != tt.others {
				t.Errorf("others' are %q, want %q", got, tt.others)
			}
		})
	}
}

// A name that something else has is told before it is needed.
func TestNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	a := Account{
		Firewalls: []Firewall{{ID: "f", Name: "chat-node"}, {ID: "g", Name: "chat-worker"}},
		VPCs:      []VPC{{ID: "v", Name: "chat-nyc3", Region: "nyc3"}, {ID: "w", Name: "chat-lon1", Region: "lon1", Description: own}},
		Volumes:   []Volume{{ID: "d", Name: "chat-database", Region: "nyc3"}},
	}
	want := []Taken{
		{Kind: "firewall", Name: "chat-node", ID: "f"}, {Kind: "VPC", Name: "chat-nyc3", ID: "v"},
		{Kind: "volume", Name: "chat-database", ID: "d", Region: "nyc3"},
	}
	if diff := cmp.Diff(want, a.Of("chat", Memory{ID: "own"}).Taken); diff != "" {
		t.Error(diff)
	}
}

// A lease tells of a create by its cluster's id, and for how long it is believed.
func TestLeasesTellOfCreates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	a := Account{Tags: []string{
		LeaseTag("chat", "own", now), LeaseTag("chat", "foreign", now.Add(-LeaseTerm)), LeaseTag("chat", "foreign", now.Add(-time.Hour)),
		LeaseTag("chatter", "own", now), "beam:chat:lease:own:soon",
	}}
	o := a.Of("chat", Memory{ID: "own"})
	if len(o.Leases) != 1 || !o.Leases[0].At.Equal(now) || !o.Leases[0].Fresh(now.Add(LeaseTerm-time.Second)) || o.Leases[0].Fresh(now.Add(LeaseTerm)) {
		t.Errorf("own leases are %v", o.Leases)
	}
	if len(o.Others) != 1 || len(o.Others[0].Leases) != 2 || slices.ContainsFunc(o.Others[0].Leases, func(l Lease) bool { return l.Fresh(now) }) {
		t.Errorf("others are %+v, want one with two stale leases", o.Others)
	}
	if ids := a.IDs("chat"); len(ids) > 0 {
		t.Errorf("clusters %v can be imported, of which nothing exists", ids)
	}
}

// Whoever imports is told of each cluster of the name.
func TestClustersOfAName(t *testing.T) {
	t.Parallel()
	a := Account{Droplets: []Droplet{node(1, own), node(2, foreign), node(3)}}
	if diff := cmp.Diff([]string{"", "foreign", "own"}, a.IDs("chat")); diff != "" {
		t.Error(diff)
	}
	if ids := a.IDs("chatter"); len(ids) > 0 {
		t.Errorf("clusters %v of another name", ids)
	}
}

// The common tag goes with the last cluster of the account.
func TestTheLastClusterIsKnown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		carriers int
		tags     []string
		want     bool
	}{
		{"alone", 1, []string{"beam", "beam:chat"}, true},
		{"another cluster has tags", 1, []string{"beam", "beam:chat", "beam:chatter"}, false},
		{"something else carries the tag", 2, []string{"beam", "beam:chat"}, false},
		{"the tag is gone", 0, []string{"beam:chat"}, false},
	} {
		a := Account{Droplets: []Droplet{node(1, own)}, Carriers: tt.carriers, Tags: tt.tags}
		if got := a.Of("chat", Memory{ID: "own"}).LastCluster; got != tt.want {
			t.Errorf("%s: the last is %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A load balancer that no state knows, and whose role's tag somebody took off, is known
// by its name: an address carries no mark of its own.
func TestAnAddressIsKnownByTheNameOfItsHost(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"chat-lb-2": true, "chat-us-1": false} {
		a := Account{
			Droplets:    []Droplet{{ID: 7, Name: name, Tags: []string{ClusterTag("chat"), IDTag("chat", "own")}}},
			ReservedIPs: []ReservedIP{{IP: "192.0.2.1", DropletID: 7}},
		}
		if o := a.Of("chat", Memory{ID: "own"}); (o.ReservedIP != nil) != want {
			t.Errorf("%s: the address is %v", name, o.ReservedIP)
		}
	}
}
