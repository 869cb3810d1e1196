package provider

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// changed is a cluster of records that exists, and whose configuration changes.
// Nobody answers there, so that nothing is waited for.
type changed struct {
	*core
	cloud     *cloud
	arguments object
}

func newChanged(t *testing.T, arguments object) *changed {
	t.Helper()
	c := newAccount(t, simulator.Options{})
	base := object{"name": "chat", "region": "nyc3", "wait_for": "active", "node_pools": object{"us": object{"count": 1}}}
	p := &changed{core: newCore(t, c, with(base, arguments)), cloud: c, arguments: base}
	p.must(p.apply())
	return p
}

// set changes one argument; nil leaves it out.
func (p *changed) set(name string, value any) {
	p.Helper()
	if value == nil {
		delete(p.arguments, name)
	} else {
		p.arguments[name] = value
	}
	p.configure(p.arguments)
}

// idle expects that nothing is planned.
func (p *changed) idle(when string) {
	p.Helper()
	p.must(p.read())
	planned := p.planFrom(p.state, p.config)
	p.must(tell(planned.Diagnostics))
	if diffs, err := p.value(planned.PlannedState).Diff(p.state); err != nil || len(diffs) > 0 {
		p.Errorf("%s: planned are %v (%v)", when, diffs, err)
	}
}

// applies expects that the change goes well, leaves nothing to do, and that a refresh
// finds what the plan said of outputs.
func (p *changed) applies(when string) {
	p.Helper()
	planned := p.planFrom(p.state, p.config)
	told := tell(planned.Diagnostics)
	if told == "" {
		told = p.carryOut(p.config, planned)
	}
	if told != "" {
		p.Fatalf("%s: %s", when, told)
	}
	p.idle("after " + when)
	var said clusterModel
	p.decode(planned.PlannedState, &said)
	outputs := p.model().clusterOutputs
	for _, broken := range outputs.keepPromises(said.clusterOutputs) {
		p.Errorf("%s: the plan was wrong: %s", when, broken.Detail())
	}
}

// refused expects that the plan says so.
func (p *changed) refused(when, want string) {
	p.Helper()
	if told, _ := p.plan(); !strings.Contains(told, want) {
		p.Errorf("%s: the plan says %q, want %q", when, told, want)
	}
}

// droplet is the id of the only node.
func (p *changed) node() attr.Value {
	p.Helper()
	node, is := p.model().Nodes.Elements()["chat-us-1"].(types.Object)
	if !is {
		p.Fatalf("the nodes are %s", p.model().Nodes)
	}
	return node.Attributes()["droplet_id"]
}

// volume is the id of the only volume of the account.
func (p *changed) volume() string {
	p.Helper()
	volumes, _, err := p.cloud.godo.Storage.ListVolumes(p.Context(), nil)
	if err != nil || len(volumes) != 1 {
		p.Fatalf("the account has %d volumes (%v)", len(volumes), err)
	}
	return volumes[0].ID
}

var theRelease = object{"name": "chat", "url": "https://example.com/chat.tar.gz?signature=1", "sha256": strings.Repeat("ab", 32)}

// As the README has it: nodes, then a release, then access.
func TestReleaseAndAccessAreAddedLater(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"load_balancer": object{}})
		p.set("release", theRelease)
		p.applies("a release")
		p.set("access", object{"ssh_from": []string{somewhere}})
		p.applies("access")
		if management := managementOf(t, p.model()); !management.Enabled.ValueBool() {
			t.Error("management is off where Terraform's address is named")
		}
		p.set("access", nil)
		p.refused("no address any more", "Management is on, and the firewalls let nobody reach SSH")
		p.set("management", object{"enabled": false})
		p.applies("no management")
		p.set("load_balancer", nil)
		p.applies("no load balancer")
		p.set("release", nil)
		p.applies("no release")
	})
}

// What an existing cluster names of the account has to be there, whether or not a
// host is made with it now.
func TestAnExistingClusterNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		elsewhere, _, err := c.godo.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "elsewhere", RegionSlug: "lon1"})
		if err != nil {
			t.Fatal(err)
		}
		arguments := with(smallest(), object{"name": "chat"})
		p := &changed{core: newCore(t, c, arguments), cloud: c, arguments: arguments}
		p.must(p.apply())
		for _, tt := range []struct {
			name, want string
			value      any
		}{
			{"network", "The account has no VPC 5a4981aa-9653-4bd1-bef5-d6bff52042e4.", object{"vpc_uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4"}},
			{"network", "The VPC elsewhere is in region lon1, and the hosts are in nyc3.", object{"vpc_uuid": elsewhere.ID}},
			{"ssh_keys", `The account has no SSH key "999".`, []string{"999"}},
		} {
			p.set(tt.name, tt.value)
			p.refused(tt.name, tt.want)
			p.set(tt.name, nil)
		}
	})
}

// A key has an id and a fingerprint: which of them is written down is no change.
func TestTheSameSSHKeyInAnotherSpelling(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		key, _, err := c.godo.Keys.Create(t.Context(), &godo.KeyCreateRequest{
			Name: "office", PublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlS4R8Zw0GfQpXQ0FZ3xpt0qg0Xl0J4Q2sU0mXh9v5h office",
		})
		if err != nil {
			t.Fatal(err)
		}
		arguments := with(smallest(), object{"name": "chat", "ssh_keys": []string{key.Fingerprint}})
		p := &changed{core: newCore(t, c, arguments), cloud: c, arguments: arguments}
		p.must(p.apply())
		p.set("ssh_keys", []int{key.ID})
		p.idle("the id of the key")
		p.set("ssh_keys", []any{key.ID, key.Fingerprint})
		p.idle("both")
		p.set("ssh_keys", []string{key.Fingerprint})
		if _, err := c.godo.Keys.DeleteByID(t.Context(), key.ID); err != nil {
			t.Fatal(err)
		}
		project, _, err := c.godo.Projects.Create(t.Context(), &godo.CreateProjectRequest{Name: "talk", Purpose: "Web Application"})
		if err != nil {
			t.Fatal(err)
		}
		p.set("project_id", project.ID)
		p.applies("a key that is gone, and no new host that would need it")
	})
}

// An account spells a tag as it was first made.
func TestTagsInTheAccountsSpelling(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		if _, _, err := c.godo.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: "PROD"}); err != nil {
			t.Fatal(err)
		}
		arguments := with(smallest(), object{"name": "chat"})
		p := &changed{core: newCore(t, c, arguments), cloud: c, arguments: arguments}
		p.must(p.apply())
		p.set("tags", []string{"prod"})
		p.applies("a tag that the account has in capitals")
		p.set("tags", []string{"Prod"})
		p.idle("another case")
		p.set("tags", nil)
		p.applies("no tag")
		droplets, _, err := c.godo.Droplets.ListByTag(t.Context(), "PROD", nil)
		if err != nil || len(droplets) > 0 {
			t.Errorf("%d droplets still carry the tag (%v)", len(droplets), err)
		}
	})
}

// Where the same release is fetched from is written down and touches no host.
func TestAnotherAddressOfTheSameRelease(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"release": theRelease})
		before := p.node()
		p.set("release", with(object{"headers": object{"Authorization": "token"}}, with(object{}, theRelease)))
		p.arguments["release"].(object)["url"] = "https://example.com/chat.tar.gz?signature=2"
		p.configure(p.arguments)
		p.applies("another signature")
		if !p.node().Equal(before) {
			t.Error("the node was made anew")
		}
		p.set("node_pools", object{"us": object{"count": 2}})
		p.applies("one node more")
		if !p.node().Equal(before) {
			t.Error("the older node was made anew")
		}
	})
}

// What replaces a node says so, and the node is another one.
func TestNodesThatCannotBeToldAreReplaced(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		for _, change := range []struct {
			argument string
			value    any
		}{
			{"environment", object{"PHX_HOST": "chat.example.com"}},
			{"image", "debian-12-x64"},
			{"node_pools", object{"us": object{"count": 1, "size": "s-1vcpu-2gb"}}},
			{"region", "lon1"},
			{"host", object{"user": "ops"}},
		} {
			before := p.node()
			p.set(change.argument, change.value)
			if _, warned := p.plan(); !strings.Contains(warned, "chat-us-1") {
				t.Errorf("%s: the plan warns %q", change.argument, warned)
			}
			p.applies(change.argument)
			if p.node().Equal(before) {
				t.Errorf("%s: the node is the same", change.argument)
			}
		}
	})
}

// What a database's host cannot be told makes the host anew, on the same data: the
// plan says that the database is away meanwhile.
func TestDatabaseThatIsAwayIsSaidBefore(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"database": object{}})
		volume := p.volume()
		for _, change := range []struct {
			argument string
			value    any
		}{
			{"host", object{"ssh_port": 2222}},
			{"host", object{"ssh_port": 2222, "user": "ops"}},
			{"access", object{"ssh_from": []string{somewhere}}}, // the channel is set up
			{"management", object{"enabled": false}},
		} {
			p.set(change.argument, change.value)
			if _, warned := p.plan(); !strings.Contains(warned, "Down for 1m30s at least: chat-database.") {
				t.Errorf("%s = %v: the plan warns %q", change.argument, change.value, warned)
			}
			p.applies(change.argument)
			if p.volume() != volume {
				t.Fatalf("%s = %v: the volume is another one", change.argument, change.value)
			}
		}
	})
}

// What only a new host can be given says so.
func TestWhatRunningHostsKeep(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{})
		before := p.node()
		p.set("monitoring", true)
		if _, warned := p.plan(); !strings.Contains(warned, "Hosts that run keep their agent") {
			t.Errorf("the plan warns %q", warned)
		}
		p.applies("monitoring")
		if !p.node().Equal(before) {
			t.Error("the node was made anew")
		}
	})
}

// The archive's SHA-256 is taken in the plan; what changes meanwhile is refused,
// and what the nodes have may be gone.
func TestReleaseFromAFile(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "chat.tar.gz")
		write := func(content string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		release := object{"name": "chat", "path": file}
		base := object{"name": "chat", "region": "nyc3", "wait_for": "active", "node_pools": object{"us": object{}}, "release": release, "management": object{"from": []string{somewhere}}}
		c := newAccount(t, simulator.Options{})
		p := &changed{core: newCore(t, c, base), cloud: c, arguments: base}
		p.refused("no file", "cannot be read: no such file or directory")
		write("no archive")
		p.refused("another file", "is not what gzip packed")
		write("")
		p.refused("an empty file", "is not what gzip packed")
		write(gzipMagic + "one")
		planned := p.planFrom(p.state, p.config)
		p.must(tell(planned.Diagnostics))
		write(gzipMagic + "two")
		writes := c.writes()
		if told := p.carryOut(p.config, planned); !strings.Contains(told, "had the SHA-256 "+fmt.Sprintf("%x", sha256.Sum256([]byte(gzipMagic+"one")))+" when") || c.writes() != writes {
			t.Errorf("a file that changed after the plan: %q, and %d calls that write", told, c.writes()-writes)
		}
		release["sha256"] = strings.Repeat("0", 64)
		p.configure(base)
		p.refused("another SHA-256", "sha256 is 000")
		delete(release, "sha256")
		base["management"] = object{}
		p.configure(base)
		p.refused("no channel", "carried to the nodes over the management channel")
	})
}

// A file that is gone is what the state says of it.
func TestArchiveThatIsGone(t *testing.T) {
	t.Parallel()
	sum, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	of := func(path, sha256 any) clusterModel {
		release := object{"name": "chat", "path": path, "sha256": sha256}
		return modelOf(t, configOf(t, clusterSchema(t), with(smallest(), object{"release": release})))
	}
	for name, tt := range map[string]struct {
		now, state clusterModel
		want       string // SHA-256; empty for an error
	}{
		"as before":              {of("/gone/a.tar.gz", nil), of("/gone/a.tar.gz", sum), sum},
		"told what it was":       {of("/gone/a.tar.gz", sum), of("/gone/a.tar.gz", sum), sum},
		"moved":                  {of("/gone/b.tar.gz", sum), of("/gone/a.tar.gz", sum), sum},
		"another file":           {of("/gone/b.tar.gz", nil), of("/gone/a.tar.gz", sum), ""},
		"another one's":          {of("/gone/a.tar.gz", other), of("/gone/a.tar.gz", sum), ""},
		"never there":            {of("/gone/a.tar.gz", nil), clusterModel{}, ""},
		"fetched from elsewhere": {of(nil, sum), clusterModel{}, sum},
	} {
		diags := sumArchive(t.Context(), &tt.now.Release, tt.state.Release)
		got, _ := tt.now.Release.Attributes()["sha256"].(types.String)
		if diags.HasError() != (tt.want == "") || tt.want != "" && got.ValueString() != tt.want {
			t.Errorf("%s: the SHA-256 is %s (%s)", name, got, say(diags))
		}
	}
}

// Headers may hold a token.
func TestHeadersAreSensitive(t *testing.T) {
	t.Parallel()
	if !releaseAttributes()["headers"].IsSensitive() {
		t.Error("the headers of a release are shown")
	}
}
