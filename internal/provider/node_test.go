package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

const worker = "beam_node.worker"

// workerConfig is a node with further arguments beside a cluster.
func workerConfig(c *cloud, arguments ...string) string {
	return clusterConfig(c, 1, `cookie = "monster"`) + workerBeside(`"monster"`, arguments...)
}

// workerBeside is a node beside the cluster, with its cookie.
func workerBeside(cookie string, arguments ...string) string {
	return fmt.Sprintf(`
resource "beam_node" "worker" {
  name    = "worker-1"
  cluster = beam_cluster.chat.name
  cookie  = %s
  peers   = beam_cluster.chat.node_names
  region  = "nyc3"
  %s
}
`, cookie, strings.Join(arguments, "\n  "))
}

func nodeSchema(t *testing.T) schema.Schema {
	t.Helper()
	var resp fwresource.SchemaResponse
	(&nodeResource{}).Schema(t.Context(), fwresource.SchemaRequest{}, &resp)
	return resp.Schema
}

func TestNodeDefaults(t *testing.T) {
	t.Parallel()
	var model nodeModel
	config := configOf(t, nodeSchema(t), object{
		"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3", "peers": []string{"chat@10.0.0.5"},
		"release": object{"name": "jobs"}, "tags": []string{"b", "a"},
	})
	diags := config.Get(t.Context(), &model)
	diags.Append(model.resolve(t.Context())...)
	got, more := model.spec(t.Context())
	diags.Append(more...)
	if diags.HasError() {
		t.Fatal(say(diags))
	}
	service := hostconfig.DefaultService
	want := cluster.NodeSpec{
		Name: "worker-1", Cluster: "chat", Cookie: "monster", Peers: []string{"chat@10.0.0.5"},
		Place:        cluster.Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-13-x64"},
		Release:      &cluster.Release{Name: "jobs", Kind: "mix", Port: 8080, Keep: 3, Service: &service},
		Distribution: cluster.Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Basename: "jobs", Sync: "optional", SyncTimeoutMS: 30000},
		Host:         cluster.Host{User: "deploy", Locale: "en_US.UTF-8", SwapMiB: 2048, UnattendedUpgrades: true, Fail2ban: true, SSHPort: 22},
		Tags:         []string{"a", "b"}, WaitFor: "active",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spec differs (-want +got):\n%s", diff)
	}
}

// besideChat is a cluster that exists, and a node beside it that is to come, with
// its arguments.
func besideChat(t *testing.T, c *cloud) (chat, node *core, arguments object) {
	t.Helper()
	chat = newCore(t, c, object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}})
	chat.must(chat.apply())
	arguments = object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"}
	return chat, newCoreServing(t, c, chat.server, "beam_node", nodeSchema(t), arguments), arguments
}

// What somebody did to a node is repaired in place; another host is made only where
// the one that there is cannot become what is asked for.
func TestANodeIsRepairedOrMadeAnew(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		chat, p, arguments := besideChat(t, c)
		ctx := t.Context()
		droplet := func() int { return c.droplet(ctx, t, "worker-1") }
		must := func(_ any, err error) {
			if err != nil {
				t.Error(err)
			}
		}
		was := 0
		for _, change := range []struct {
			when    string
			outside func() // what somebody does behind Terraform's back
			set     object
			want    string
		}{
			{"at first", nil, nil, created},
			{"a default, written down", nil, object{"size": "s-1vcpu-1gb"}, stays},
			{"a tag", nil, object{"tags": []string{"role:worker"}}, updated},
			{"a mark that is gone", func() {
				must(c.godo.Tags.UntagResources(ctx, "beam:chat:node", &godo.UntagResourcesRequest{
					Resources: []godo.Resource{{ID: fmt.Sprint(droplet()), Type: godo.DropletResourceType}},
				}))
			}, nil, updated},
			{"no power", func() {
				_, _, err := c.godo.DropletActions.PowerOff(ctx, droplet())
				must(nil, err)
			}, nil, updated},
			{"other swap", nil, object{"host": object{"swap_mib": 512}}, replaced},
			{"no droplet", func() { must(c.godo.Droplets.Delete(ctx, droplet())) }, nil, created},
		} {
			if change.outside != nil {
				change.outside()
			}
			p.becomes(change.want, change.when, with(arguments, change.set))
			is := droplet()
			if anew := change.want == created || change.want == replaced; (is != was) != anew {
				t.Errorf("%s: the droplet was %d and is %d", change.when, was, is)
			}
			was = is
		}
		p.must(p.destroy())
		chat.must(chat.destroy())
		c.nothingLeft(t)
	})
}

func TestNodeImportRefusesOtherDroplets(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		_, p, _ := besideChat(t, newAccount(t, simulator.Options{}))
		inOrder(t, p.imports("chat-us-1"), "is no beam_node")
		inOrder(t, p.imports("nobody"), `The account has no droplet named "nobody". Check the name, and that the provider's token is one of the account in which the node is.`)
	})
}

// A replacement does not count against the account's limit, another node does.
func TestNodeReplacedAtTheLimit(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{DropletLimit: 2})
		_, p, arguments := besideChat(t, c)
		p.becomes(created, "at first", arguments)
		p.becomes(replaced, "other swap", with(arguments, object{"host": object{"swap_mib": 512}}))
		second := newCoreServing(t, c, p.server, "beam_node", nodeSchema(t), with(arguments, object{"name": "worker-2"}))
		inOrder(t, second.apply(), "This needs 1 droplet more at a time, the account has 2 and its limit is 2")
	})
}

// Where a release is fetched from makes no node anew.
func TestNodeWhoseReleaseComesFromElsewhere(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		_, p, arguments := besideChat(t, newAccount(t, simulator.Options{}))
		release := func(url string) object {
			return with(arguments, object{"release": object{"name": "jobs", "url": url, "sha256": strings.Repeat("a", 64)}})
		}
		p.becomes(created, "at first", release("https://example.com/1?signature=1"))
		p.becomes(updated, "another signature", release("https://example.com/1?signature=2"))
	})
}

// Whether a node can join is found out when it is planned: in a cluster that
// exists, and in one that the same run makes.
func TestNodeThatCannotJoinIsRefusedInThePlan(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		chat := newCore(t, c, object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}})
		node := newCoreServing(t, c, chat.server, "beam_node", nodeSchema(t), object{})
		for _, exists := range []bool{false, true} {
			if exists {
				chat.must(chat.apply())
			}
			for _, tt := range []struct {
				set  object
				want string
			}{
				{object{"cluster": "shoop"}, `The account has no cluster named "shoop"`},
				{object{"region": "ams3"}, "no private network"},
				{object{"name": "chat-us-1"}, "chat-us-1"},
				{object{"distribution": object{"epmd_port": 4370}}, "nodes of cluster chat ask each other at 4369"},
			} {
				if refused, _ := chat.plan(); refused != "" { // in the same run
					t.Fatal(refused)
				}
				node.configure(with(object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"}, tt.set))
				if refused, _ := node.plan(); !strings.Contains(refused, tt.want) {
					t.Errorf("%v: the plan says %q, want %q", tt.set, refused, tt.want)
				}
			}
		}
	})
}

func TestNodeRefusals(t *testing.T) {
	t.Parallel()
	c := newAccount(t, simulator.Options{})
	for _, d := range []diagnosticCase{
		{`The account has no cluster named "chat"`, "node", nil},
		{"is not a host name", "node", object{"name": "worker_1"}},
		{`Region "mars1" does not exist`, "node", object{"region": "mars1"}},
	} {
		inOrder(t, tell(d.diagnostics(t, c)), d.Case)
	}
}
