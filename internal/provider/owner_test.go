package provider

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Two folders with one configuration are two states: what the one made is not
// the other's.

// withData is a cluster that has something to lose.
func withData() object {
	return object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 1}}, "load_balancer": object{}, "database": object{}}
}

// once lets something happen just after the first call of a route was answered.
func once(route string, do func()) func(simulator.Request) {
	var first sync.Once
	return func(r simulator.Request) {
		if r.Route == route {
			first.Do(do)
		}
	}
}

// Whatever became of the create in one folder, a plan in another is refused and
// changes nothing; a destroy deletes what is its own and no more.
func TestAnotherFolderIsRefused(t *testing.T) {
	t.Parallel()
	silent := func(o object) object {
		o["management"], o["timeouts"] = object{"enabled": true, "from": []string{"203.0.113.7/32"}}, object{"create": "15s"}
		return o
	}
	for name, tt := range map[string]struct {
		arguments object
		stopAfter string // route of the call
		told      string
	}{
		"interrupted":     {withData(), "POST /v2/volumes", "It was interrupted."},
		"hosts are quiet": {silent(withData()), "", "The cluster is not formed yet"},
		"complete":        {withData(), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				var a *core
				c := newAccount(t, simulator.Options{Observe: once(tt.stopAfter, func() { a.stop() })})
				a, b := newCore(t, c, tt.arguments), newCore(t, c, withData())
				if told := a.apply(); !strings.Contains(told, tt.told) || (told == "") != (tt.told == "") {
					t.Fatalf("the first folder is told %q, want %q", told, tt.told)
				}
				before := c.Inventory()
				if refused, _ := b.plan(); !strings.Contains(refused, `The account has a cluster named "chat"`) {
					t.Errorf("the second folder is told %q", refused)
				}
				if diff := cmp.Diff(before, c.Inventory()); diff != "" {
					t.Errorf("the second folder changed the account:\n%s", diff)
				}
				kept := a.state
				a.must(a.destroy())
				c.nothingLeft(t)
				a.must(b.apply())
				second := c.Inventory()
				a.state = kept
				a.must(a.destroy())
				if diff := cmp.Diff(second, c.Inventory()); diff != "" {
					t.Errorf("an old state's destroy changed the second folder's cluster:\n%s", diff)
				}
			})
		})
	}
}

// While a create runs, another one is told of it.
func TestACreateThatRunsIsNotJoined(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		var b *core
		refused := ""
		c := newAccount(t, simulator.Options{Observe: once("POST /v2/volumes", func() { refused, _ = b.plan() })})
		b = newCore(t, c, withData())
		a := newCore(t, c, withData())
		a.must(a.apply())
		if !strings.Contains(refused, `Another apply is creating a cluster named "chat"`) {
			t.Errorf("the second folder is told %q", refused)
		}
		if drift := a.refresh(); len(drift) > 0 {
			t.Errorf("the first folder's cluster drifted: %q", drift)
		}
		a.must(a.destroy())
		c.nothingLeft(t)
	})
}

// A destroy under the hosts of somebody else's beam_node is refused at once.
func TestDestroyUnderANodeOfAnotherState(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		a := newCore(t, c, withData())
		a.must(a.apply())
		node := newCoreOf(t, c, "beam_node", nodeSchema(t), object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"})
		a.must(node.apply())
		before := c.Inventory()
		if told := a.destroy(); !strings.Contains(told, "worker-1 (droplet ") || !strings.Contains(told, "Nothing was deleted.") {
			t.Errorf("the destroy says %q", told)
		}
		if diff := cmp.Diff(before, c.Inventory()); diff != "" {
			t.Errorf("the refused destroy changed the account:\n%s", diff)
		}
		if a.state.IsNull() {
			t.Error("the refused destroy lost the state")
		}
		a.must(node.destroy())
		a.must(a.destroy())
		c.nothingLeft(t)
	})
}

// A plan is refused that would take what is somebody else's, or that the account
// has no room for.
func TestPlanRefusesWhatTheAccountCannotHave(t *testing.T) {
	t.Parallel()
	many := make([]string, 1757)
	for i := range many {
		many[i] = fmt.Sprintf("203.%d.%d.0/24", i/256, i%256)
	}
	for name, tt := range map[string]struct {
		options simulator.Options
		prepare func(*cloud) error
		with    object
		want    string
	}{
		"a volume of the name": {prepare: func(c *cloud) error {
			_, _, err := c.godo.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Region: "nyc3", Name: "chat-database", SizeGigaBytes: 5})
			return err
		}, want: "The account has a volume named chat-database"},
		"no reserved IP left": {options: simulator.Options{ReservedIPLimit: 1}, prepare: func(c *cloud) error {
			_, _, err := c.godo.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{Region: "nyc3"})
			return err
		}, want: "This needs 1 reserved IP more at a time, the account has 1 and its limit is 1."},
		"no volume left": {options: simulator.Options{VolumeLimit: 1}, prepare: func(c *cloud) error {
			_, _, err := c.godo.Storage.CreateVolume(t.Context(), &godo.VolumeCreateRequest{Region: "nyc3", Name: "other", SizeGigaBytes: 5})
			return err
		}, want: "This needs 1 volume more at a time, the account has 1 and its limit is 1."},
		"too many ranges": {with: object{"management": object{"from": many}}, want: "a firewall of DigitalOcean takes 1000"},
		"no such project": {with: object{"project_id": "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679"}, want: "The account has no project 4e1bfbc3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				c := newAccount(t, tt.options)
				if tt.prepare != nil {
					if err := tt.prepare(c); err != nil {
						t.Fatal(err)
					}
				}
				arguments := withData()
				for name, value := range tt.with {
					arguments[name] = value
				}
				before := c.Inventory()
				known := newCore(t, c, arguments)
				unknown := newCore(t, c, arguments)
				unknown.config = withUnknown(t, configOf(t, clusterSchema(t), arguments), path.Root("cookie")).Raw
				for _, p := range []*core{known, unknown} {
					if refused, _ := p.plan(); !strings.Contains(refused, tt.want) {
						t.Errorf("the plan says %q, want %q", refused, tt.want)
					}
				}
				if diff := cmp.Diff(before, c.Inventory()); diff != "" {
					t.Errorf("the plan changed the account:\n%s", diff)
				}
			})
		})
	}
}

// A project that is gone keeps a cluster neither from being read, nor changed,
// nor destroyed.
func TestClusterOfAProjectThatIsGone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		project, _, err := c.godo.Projects.Create(t.Context(), &godo.CreateProjectRequest{Name: "chat", Purpose: "chat", Environment: "Production"})
		if err != nil {
			t.Fatal(err)
		}
		arguments := withData()
		arguments["project_id"] = project.ID
		p := newCore(t, c, arguments)
		p.must(p.apply())
		standard, _, err := c.godo.Projects.GetDefault(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held, _, err := c.godo.Projects.ListResources(t.Context(), project.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range held {
			if _, _, err := c.godo.Projects.AssignResources(t.Context(), standard.ID, r.URN); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.godo.Projects.Delete(t.Context(), project.ID); err != nil {
			t.Fatal(err)
		}
		p.refresh()
		arguments["tags"] = []string{"team:chat"}
		arguments["node_pools"] = object{"us": object{"count": 2}}
		p.configure(arguments)
		p.must(p.apply())
		p.refresh()
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}

// A state of before the last apply, whose provider died before it was written,
// takes over what serves by then.
func TestStateOfBeforeTheLastApply(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		var deleted sync.Map
		c := newAccount(t, simulator.Options{Observe: func(r simulator.Request) {
			if r.Method == http.MethodDelete {
				deleted.Store(r.Path, true)
			}
		}})
		arguments := withData()
		p := newCore(t, c, arguments)
		p.must(p.apply())
		before := p.state
		arguments["node_pools"] = object{"us": object{"count": 2}}
		p.configure(arguments)
		p.must(p.apply())
		hosts := c.Inventory().Of("droplet")
		p.state = before
		p.refresh()
		p.must(p.apply())
		if diff := cmp.Diff(hosts, c.Inventory().Of("droplet")); diff != "" {
			t.Errorf("hosts after the first (-) and the second (+) apply:\n%s", diff)
		}
		for _, host := range hosts {
			if _, gone := deleted.Load("/v2/droplets/" + host.ID); gone {
				t.Errorf("%s was deleted although it served", host.Name)
			}
		}
	})
}

// A destroy keeps the database's data, unless the last apply was told not to.
func TestFinalSnapshot(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		for want, database := range []object{{"final_snapshot": false}, {}} {
			c := newAccount(t, simulator.Options{})
			arguments := withData()
			arguments["database"] = database
			p := newCore(t, c, arguments)
			p.must(p.apply())
			p.must(p.destroy())
			if kept := c.Inventory().Of("snapshot"); len(kept) != want {
				t.Errorf("with database = %v the destroy keeps %d snapshots, want %d", database, len(kept), want)
			}
			c.nothingLeft(t)
		}
	})
}

// A create that failed keeps what its database may hold as well. A volume that no
// host has used holds nothing.
func TestFinalSnapshotOfAClusterThatIsHalfMade(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		for _, tt := range []struct {
			fails    int // the create of droplets that is refused, and all after it
			database object
			kept     int
			warned   string
		}{
			{1, object{}, 0, "no snapshot of it is kept: no host has used it yet"},
			{2, object{}, 1, "a snapshot of it, chat-database-final-"},
			{2, object{"final_snapshot": false}, 0, "no snapshot of it is kept: database.final_snapshot is false"},
		} {
			c := newAccount(t, simulator.Options{})
			c.SetFaults([]simulator.Fault{{Kind: simulator.Quota, Call: "POST /v2/droplets", Nth: tt.fails}})
			arguments := withData()
			arguments["database"] = tt.database
			p := newCore(t, c, arguments)
			inOrder(t, p.apply(), "limit", "To continue")
			planned := p.planFrom(p.state, p.nothing())
			inOrder(t, warnings(planned.Diagnostics), "The database's volume is deleted", tt.warned)
			p.must(p.destroy())
			if kept := c.Inventory().Of("snapshot"); len(kept) != tt.kept {
				t.Errorf("a create that failed at droplets %d, with database = %v: %d snapshots are kept, want %d", tt.fails, tt.database, len(kept), tt.kept)
			}
			c.nothingLeft(t)
		}
	})
}
