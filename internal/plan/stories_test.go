package plan

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

var update = flag.Bool("update", false, "write the stories of testdata anew")

// Each story is a plan, in a file of its own for whoever reviews a change of it.
func TestStories(t *testing.T) {
	t.Parallel()
	for name, story := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Diff(story.Input)
			got := text(p)
			if summary := p.Summary(); summary != "" {
				got += "\nSummary:\n" + summary + "\n"
			}
			if drift := p.Drift(); len(drift) > 0 {
				got += "\nDrift:\n" + strings.Join(drift, "\n") + "\n"
			}
			got = toldTag.ReplaceAllString(got, ":told:…") // it changes with every template
			path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-update writes it anew):\n%s", path, diff)
			}
		})
	}
}

func stories() map[string]*simulation {
	told, scaled, bigger := managed(chat(2)), chat(3), managed(chat(2))
	bigger.Pools = []cluster.Pool{bigger.Pools[0]}
	bigger.Pools[0].Size = "large"
	return map[string]*simulation{
		"create":                              creating(begun(twoRegions())),
		"scale up":                            asked(made(chat(2)), scaled),
		"scale up with a told load balancer":  asked(made(told), managed(scaled)),
		"scale down":                          asked(made(chat(2)), chat(1)),
		"scale down with a told balancer":     asked(made(told), managed(chat(1))),
		"larger nodes":                        asked(made(chat(2)), unmanaged(bigger)),
		"larger nodes behind a told balancer": asked(made(told), bigger),
		"database lost":                       lost(made(chat(2)), cluster.RoleDatabase),
		"load balancer lost":                  lost(made(chat(2)), cluster.RoleLoadBalancer),
		"node lost":                           lost(made(chat(2)), cluster.RoleNode),
		"drift":                               drifted(made(chat(2))),
		"volume detached":                     detached(made(managed(chat(2)))),
		"volume gone":                         withoutVolume(made(managed(chat(2)))),
		"imported without its volume":         withoutVolume(imported(made(chat(2)))),
		"imported without its database host":  lost(imported(made(chat(2))), cluster.RoleDatabase),
		"imported with a larger database":     asked(imported(made(chat(2))), other(chat(2), func(s *cluster.Spec) { s.Database.Size = "large" })),
		"imported and to get a database":      asked(imported(made(nodesOnly())), chat(2)),
		"strays":                              forgotten(made(chat(2))),
		"before ids":                          beforeIDs(made(nodesOnly())),
		"another environment":                 asked(made(managed(chat(3))), other(managed(chat(3)), func(s *cluster.Spec) { s.Environment = map[string]string{"A": "b"} })),
		"another release":                     asked(made(managed(chat(3))), other(managed(chat(3)), newRelease)),
		"another release from a file":         asked(made(managed(chat(3))), other(managed(chat(3)), pushedRelease)),
		"another cookie":                      asked(made(managed(chat(2))), other(managed(chat(2)), func(s *cluster.Spec) { s.Cookie = "NEWCOOKIE" })),
		"another cookie with a node beside":   asked(withWorker(made(managed(chat(2)))), other(managed(chat(2)), func(s *cluster.Spec) { s.Cookie = "NEWCOOKIE" })),
		"another cookie without a channel":    asked(made(chat(2)), other(chat(2), func(s *cluster.Spec) { s.Cookie = "NEWCOOKIE" })),
		"another image two at a time":         asked(made(managed(chat(3))), other(managed(chat(3)), newImage)),
		"another user of a told cluster":      asked(made(managed(chat(2))), other(managed(chat(2)), func(s *cluster.Spec) { s.Host.User = "app" })),
		"another environment all at once":     asked(made(managed(chat(2))), other(managed(chat(2)), allAtOnce)),
		"without the load balancer":           asked(made(managed(chat(2))), other(managed(chat(2)), func(s *cluster.Spec) { s.LoadBalancer = nil })),
		"files of one pool":                   asked(made(managed(twoPools())), other(managed(twoPools()), filesOfAPool)),
		"files of the database":               asked(made(managed(chat(1))), other(managed(chat(1)), filesOfTheDatabase)),
		"other packages":                      asked(made(managed(chat(2))), other(managed(chat(2)), func(s *cluster.Spec) { s.Host.Packages = []string{"htop"} })),
		"other SSH keys":                      asked(made(managed(chat(2))), other(managed(chat(2)), otherKeys)),
		"SSH keys and an environment":         asked(made(managed(chat(2))), other(managed(chat(2)), otherKeysAndEnvironment)),
		"SSH keys without a channel":          asked(made(chat(2)), other(chat(2), otherKeys)),
		"SSH keys of an earlier cluster":      asked(beforeKeys(made(managed(chat(2)))), other(managed(chat(2)), otherKeys)),
		"another VPC":                         asked(beside(made(managed(withoutDatabase(2)))), other(managed(withoutDatabase(2)), anotherVPC)),
		"another VPC without a channel":       asked(beside(made(withoutDatabase(2))), other(withoutDatabase(2), anotherVPC)),
		"another VPC with a database":         asked(beside(made(managed(chat(2)))), other(managed(chat(2)), anotherVPC)),
		"another VPC with a node beside":      asked(beside(withWorker(made(managed(nodesOnly())))), other(managed(nodesOnly()), anotherVPC)),
		"public network":                      asked(made(managed(withoutDatabase(2))), other(managed(withoutDatabase(2)), func(s *cluster.Spec) { s.Network.Mode = cluster.NetworkPublic })),
		"another port of epmd":                asked(made(managed(chat(2))), other(managed(chat(2)), func(s *cluster.Spec) { s.Distribution.EPMDPort = 4370 })),
		"removal":                             asked(made(chat(2)), cluster.Spec{Name: "chat"}),
	}
}

var toldTag = regexp.MustCompile(`:told:[0-9a-f]+`)

func nodesOnly() cluster.Spec {
	spec := chat(2)
	spec.LoadBalancer, spec.Database = nil, nil
	return spec
}

func withoutDatabase(nodes int) cluster.Spec {
	spec := chat(nodes)
	spec.Database = nil
	return spec
}

// beside has a VPC of the user's beside the cluster's.
func beside(s *simulation) *simulation {
	s.Observed.VPCs = append(s.Observed.VPCs, cluster.VPC{ID: "vpc-9", Name: "mine", Region: "nyc3"})
	return s
}

func anotherVPC(s *cluster.Spec) { s.Network.VPCUUID = "vpc-9" }

// withWorker has a node outside the pools.
func withWorker(s *simulation) *simulation {
	worker := cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small"}}
	d := cluster.Droplet{ID: 7, Name: "worker", Region: "nyc3", Status: cluster.StatusActive, Tags: worker.WantedTags(), CreatedAt: time.Unix(9, 0)}
	addressed(&d)
	s.Observed.Droplets = append(s.Observed.Droplets, d)
	return s
}

func other(spec cluster.Spec, change func(*cluster.Spec)) cluster.Spec {
	spec.Update = cluster.DefaultUpdate
	change(&spec)
	return spec
}

func newRelease(s *cluster.Spec) {
	r := *s.Release
	r.SHA256, r.Migrate = strings.Repeat("cd", 32), "Chat.Release.migrate()"
	s.Release = &r
}

func pushedRelease(s *cluster.Spec) {
	newRelease(s)
	s.Release.URL, s.Release.Path = "", "chat.tar.gz"
}

func newImage(s *cluster.Spec) {
	s.Update.MaxSurge = 2
	s.Pools = slices.Clone(s.Pools)
	s.Pools[0].Image = "debian-13-x64"
}

func allAtOnce(s *cluster.Spec) {
	s.Update.Strategy, s.Environment = cluster.UpdateAllAtOnce, map[string]string{"A": "b"}
}

func creating(s *simulation) *simulation {
	s.Creating = true
	return s
}

func twoRegions() cluster.Spec {
	spec := chat(1)
	uk := spec.Pools[0]
	uk.Name, uk.Region, uk.Count = "uk", "lon1", 2
	spec.Pools = []cluster.Pool{uk, spec.Pools[0]}
	return spec
}

func asked(s *simulation, spec cluster.Spec) *simulation {
	s.Spec = spec
	return s
}

func unmanaged(spec cluster.Spec) cluster.Spec {
	spec.Management, spec.WaitFor = cluster.Management{}, cluster.WaitActive
	return spec
}

// lost is a cluster of which somebody deleted the first host of the role.
func lost(s *simulation, role string) *simulation {
	gone := s.Observed.Known(role, s.Memory)[0].ID
	hosts := s.Memory.Clone().Hosts
	s.delete(gone)
	s.Memory.Hosts = hosts
	return s
}

// detached is a cluster whose database somebody took the volume from.
func detached(s *simulation) *simulation {
	s.holders(nil)
	return s
}

// withoutVolume is a cluster whose volume somebody deleted.
func withoutVolume(s *simulation) *simulation {
	s.Observed.Volume = nil
	return s
}

// imported is a cluster that was imported, and of whose secrets nobody knows more
// than the configuration says.
func imported(s *simulation) *simulation {
	id := s.Memory.ID
	s.Memory = cluster.Memory{ID: id}
	s.Memory.Adopt(s.Observed)
	s.Spec.Environment = map[string]string{"SECRET_KEY_BASE": strings.Repeat("k", 64), "DATABASE_URL": "ecto://chat@db/chat"}
	return s
}

// drifted is a cluster that somebody has changed all over.
func drifted(s *simulation) *simulation {
	nodes := s.Observed.Known(cluster.RoleNode, s.Memory)
	s.droplet(nodes[0].ID, func(d *cluster.Droplet) {
		d.Name, d.Status = "pet", cluster.StatusOff
		d.Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(tag string) bool { return tag == cluster.RoleTag("chat", cluster.RoleNode) })
	})
	s.holders(nil)
	s.Observed.ReservedIP = &cluster.ReservedIP{IP: s.Observed.ReservedIP.IP}
	s.Observed.Firewalls[0].Inbound = nil
	s.Observed.Firewalls = s.Observed.Firewalls[:2]
	s.Observed.VPCs[0].Name = "mine"
	return s
}

// forgotten is a cluster whose state is from before some of its hosts: one was
// told what it would be told today, the other something else.
func forgotten(s *simulation) *simulation {
	for i, d := range s.Observed.Known(cluster.RoleNode, s.Memory) {
		delete(s.Memory.Hosts, d.ID)
		if i == 1 {
			s.droplet(d.ID, func(d *cluster.Droplet) {
				d.Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(tag string) bool { return strings.Contains(tag, ":told:") })
			})
		}
	}
	return s
}

// beforeIDs is a cluster that was made before clusters had ids.
func beforeIDs(s *simulation) *simulation {
	s.Memory.Unmarked = true
	unmarked := func(tags []string) []string {
		return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
			return strings.HasPrefix(tag, cluster.IDTag("chat", "")) || strings.Contains(tag, ":told:")
		})
	}
	for i := range s.Observed.Droplets {
		s.Observed.Droplets[i].Tags = unmarked(s.Observed.Droplets[i].Tags)
	}
	for i := range s.Observed.Firewalls {
		s.Observed.Firewalls[i].Tags = unmarked(s.Observed.Firewalls[i].Tags)
	}
	s.Observed.VPCs[0].Description = cluster.ClusterTag("chat")
	if s.Observed.Volume != nil {
		v := *s.Observed.Volume
		v.Tags = unmarked(v.Tags)
		s.Observed.Volume = &v
	}
	return s
}

// Such a cluster is taken over by the way: nothing of it is drift.
func TestTakingOverIsNoDrift(t *testing.T) {
	t.Parallel()
	s := beforeIDs(made(chat(2)))
	p := Diff(s.Input)
	if drift := p.Drift(); len(drift) > 0 || p.Changes() {
		t.Errorf("drift is %q", drift)
	}
	for _, step := range p.Steps {
		if !step.Quiet {
			t.Errorf("%s is not quiet", step.Key())
		}
	}
	if _, left := s.apply(first); !left.Done() || s.Memory.Unmarked {
		t.Errorf("there are left\n%s", text(left))
	}
}

// twoPools are nodes of two kinds.
func twoPools() cluster.Spec {
	spec := chat(2)
	spec.Pools = append(spec.Pools, cluster.Pool{Name: "workers", Count: 2, Place: spec.Pools[0].Place})
	return spec
}

func filesOfAPool(s *cluster.Spec) {
	s.Pools = slices.Clone(s.Pools)
	s.Pools[1].Brought.Files = map[string]hostconfig.BroughtFile{"/etc/chat/worker": {Content: "x", Owner: "root", Group: "root", Mode: "0644"}}
}

func filesOfTheDatabase(s *cluster.Spec) {
	database := *s.Database
	database.Brought.Files = map[string]hostconfig.BroughtFile{"/etc/chat/tuning": {Content: "x", Owner: "root", Group: "root", Mode: "0644"}}
	s.Database = &database
}
