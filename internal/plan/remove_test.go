package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Two creates of one name have died: clearing the one away leaves the other its
// marks, by which it is found and cleared away next.
func TestAnotherClusterOfTheNameKeepsItsMarks(t *testing.T) {
	t.Parallel()
	other := cluster.IDTag("chat", "other")
	lease := cluster.LeaseTag("chat", "other", now)
	bound := cluster.Firewall{
		ID: "f", Name: "chat-database", Tags: []string{cluster.FirewallTag("chat", "other")},
		Inbound: []cluster.Rule{{Protocol: "tcp", Ports: "5432", Tags: []string{"beam:chat:node"}}},
	}
	p := Diff(Input{
		Spec: cluster.Spec{Name: "chat"}, Memory: cluster.Memory{ID: ownID}, Now: now,
		Observed: cluster.Observed{
			Cluster: "chat", Tags: []string{"beam:chat:pool:us", "beam:chat:node", cluster.IDTag("chat", ownID), other, lease, cluster.FirewallTag("chat", "other")},
			Others: []cluster.Observed{{
				Cluster: "chat", Volume: &cluster.Volume{ID: "v", Tags: []string{other}}, Firewalls: []cluster.Firewall{bound},
				Leases: []cluster.Lease{{ID: "other", At: now, Tag: lease}},
			}},
		},
	})
	var deleted []string
	for _, s := range p.Steps {
		if a, is := s.Action.(DeleteTag); is {
			deleted = append(deleted, a.Tag)
		}
	}
	if want := []string{"beam:chat:pool:us", cluster.IDTag("chat", ownID)}; !slices.Equal(deleted, want) {
		t.Errorf("the tags %v are deleted, want %v", deleted, want)
	}
}

// A create that died before it had made anything leaves its lease, which a destroy
// takes along once it has run out.
func TestALeaseThatRanOutGoesWithTheCluster(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]int{cluster.LeaseTerm - time.Second: 0, cluster.LeaseTerm: 1} {
		lease := cluster.LeaseTag("chat", "other", now.Add(-age))
		p := Diff(Input{
			Spec: cluster.Spec{Name: "chat"}, Memory: cluster.Memory{ID: ownID}, Now: now,
			Observed: cluster.Observed{
				Cluster: "chat", Tags: []string{lease},
				Others: []cluster.Observed{{Cluster: "chat", ID: "other", Leases: []cluster.Lease{{ID: "other", At: now.Add(-age), Tag: lease}}}},
			},
		})
		if len(p.Steps) != want {
			t.Errorf("a lease of %v: %s", age, text(p))
		}
	}
}

// A host of the database that no state knows, and that was told something else,
// has the volume that its successor needs, or may get it back at any time.
func TestAStrayDatabaseGoesBeforeItsSuccessorComes(t *testing.T) {
	t.Parallel()
	for name, befall := range map[string]func(*simulation) *simulation{
		"with its volume":           func(s *simulation) *simulation { return s },
		"whose volume was detached": detached,
		"whose volume is gone":      withoutVolume,
	} {
		s := befall(made(chat(1)))
		stray := s.Observed.Known(cluster.RoleDatabase, s.Memory)[0]
		delete(s.Memory.Hosts, stray.ID)
		other := *s.Spec.Database
		other.Name = "other"
		s.Spec.Database = &other
		p := Diff(s.Input)
		i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Key() == "create database" })
		if gone := (DeleteHost{Droplet: stray}).Key(); i < 0 || !slices.Contains(p.Steps[i].After, gone) {
			t.Errorf("%s: the database's host does not wait for %q:\n%s", name, gone, text(p))
		}
		if _, left := s.apply(first); !left.Done() {
			t.Errorf("%s: there are left\n%s", name, text(left))
		}
	}
}

// A host formats and mounts its volume once, in its first boot: one whose volume
// is gone is of no use to the next volume.
func TestADatabaseWhoseVolumeIsGoneIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, choose := range map[string]func([]Step) Step{
		"the first step that is ready": first,
		"the last step that is ready":  func(ready []Step) Step { return ready[len(ready)-1] },
	} {
		s := made(chat(1))
		old := s.Observed.Known(cluster.RoleDatabase, s.Memory)[0]
		s.Observed.Volume = nil
		s.droplet(old.ID, func(d *cluster.Droplet) { d.Status = cluster.StatusOff })
		p := Diff(s.Input)
		if slices.ContainsFunc(p.Steps, func(step Step) bool { return step.Key() == PowerOn{Droplet: old}.Key() }) {
			t.Errorf("%s: a host that goes is switched on", name)
		}
		if !strings.Contains(p.Summary(), "Down for 1m30s at least: chat-database.") {
			t.Errorf("the plan says %q", p.Summary())
		}
		taken, left := s.apply(choose)
		if !left.Done() {
			t.Errorf("%s: there are left\n%s", name, text(left))
		}
		for _, step := range taken {
			if _, attached := step.Action.(AttachVolume); attached {
				t.Errorf("%s: a new volume is attached to a host that has booted already", name)
			}
		}
		if now := s.Observed.Known(cluster.RoleDatabase, s.Memory)[0]; now.ID == old.ID || s.Observed.Volume == nil {
			t.Errorf("%s: the host is still %d, the volume %v", name, now.ID, s.Observed.Volume)
		}
	}
}
