package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// answering are the hosts of an account, all of which are well and do what they
// are told.
type answering struct {
	*cloud
	mu    sync.Mutex
	heard []string // the first words of commands that tell, each after its host
	fails bool     // no host carries out what it is told
}

// Run implements engine.Channel.
func (a *answering) Run(_ context.Context, address string, _ int, command string, _ io.Reader) ([]byte, error) {
	word, _, _ := strings.Cut(command, " ")
	switch word {
	case "status", "await":
		return json.Marshal(health.Report{
			Version: 1, Role: cluster.RoleNode, Boot: health.BootReport{Status: health.BootDone},
			Service: health.ServiceReport{State: "active"}, Node: &health.NodeReport{Started: true},
		})
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = append(a.heard, a.named(address)+": "+word)
	if a.fails {
		return nil, errors.New("no space left on device")
	}
	return json.Marshal(health.SwitchReport{Version: 1})
}

func (a *answering) named(address string) string {
	for _, d := range a.Inventory().Of("droplet") {
		if slices.Contains(d.Details, "public "+address) {
			return d.Name
		}
	}
	return address
}

// hears expects what hosts were told since it was asked last.
func (a *answering) hears(t *testing.T, want ...string) func() {
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if diff := cmp.Diff(want, a.heard); diff != "" {
			t.Errorf("what hosts were told (-want +got):\n%s", diff)
		}
		a.heard = nil
	}
}

// server is a provider that reaches the hosts.
func (a *answering) server() tfprotov6.ProviderServer {
	return serve(&beamProvider{version: "test", getenv: os.Getenv, transport: a.transport, connect: func(cluster.ManagementKeys) engine.Channel { return a }})
}

// run runs the steps with hosts that answer.
func (a *answering) run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	serves := func() (tfprotov6.ProviderServer, error) { return a.server(), nil }
	runCase(t, resource.TestCase{ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"beam": serves}, Steps: steps})
}

// team is a cluster and a node beside it that share a cookie, as the documentation
// has it.
func team(c *cloud, rotated string, arguments ...string) string {
	return clusterConfig(c, 1, "cookie = beam_cookie.chat.value", opened, unattended) + fmt.Sprintf(`
resource "beam_cookie" "chat" {
  keepers = { rotated = %q }
}
`, rotated) + workerBeside("beam_cookie.chat.value", arguments...)
}

const hasChannel = "management = { enabled = true }"

// A channel of which nothing is said is none, as where it is left out.
func TestAnEmptyChannelIsNone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		made := newCore(t, c, object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}})
		made.must(made.apply())
		worker := object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"}
		node := newCoreOf(t, c, "beam_node", nodeSchema(t), worker)
		node.must(node.apply())
		node.configure(with(maps.Clone(worker), object{"management": object{}}))
		planned := node.planFrom(node.state, node.config)
		node.must(tell(planned.Diagnostics))
		if len(planned.RequiresReplace) > 0 {
			t.Errorf("made anew for %v", planned.RequiresReplace)
		}
		node.must(node.apply())
		var model nodeModel
		node.get(&model)
		if !model.hasChannel().Equal(types.BoolValue(false)) || model.WaitFor.ValueString() != "active" {
			t.Errorf("the channel is %s, and wait_for %s", model.hasChannel(), model.WaitFor)
		}
	})
}

// A node with a channel takes what it is told, and a rotated cookie, on the host that
// it has.
func TestAccNodeIsTold(t *testing.T) {
	t.Parallel()
	a := &answering{cloud: newCloud(t, simulator.Options{})}
	t.Cleanup(func() { a.nothingLeft(t) })
	same, cookies := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesDiffer())
	stays := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			same.AddStateValue(worker, at("droplet_id")), cookies.AddStateValue(worker, at("cookie_fingerprint")),
			attributeOf(worker, "wait_for", knownvalue.StringExact("formed")), attributeOf(worker, "memory", knownvalue.NotNull()),
		}
	}
	a.run(t,
		resource.TestStep{Config: team(a.cloud, "1", hasChannel), ConfigStateChecks: stays()},
		resource.TestStep{
			PreConfig: a.hears(t), Config: team(a.cloud, "2", hasChannel, `environment = { GREETING = "hello" }`),
			ConfigPlanChecks: planned(worker, plancheck.ResourceActionUpdate), ConfigStateChecks: stays(),
			PostApplyFunc: a.hears(t, "chat-us-1: stage-cookie", "chat-us-1: switch-cookie", "chat-us-1: adopt-cookie",
				"worker-1: stage-cookie", "worker-1: adopt-cookie", "worker-1: apply"),
		},
	)
}

// The channel itself comes with a new host, and goes without one.
func TestTheChannelOfANodeComesAndGoes(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		a := &answering{cloud: newAccount(t, simulator.Options{})}
		_, p := chatWithWorker(t, a)
		arguments := toldWorker()
		channel := func(has bool) object { return object{"enabled": has} }
		hello, bye, htop := object{"GREETING": "hello"}, object{"GREETING": "bye"}, object{"packages": []string{"htop"}}
		for _, change := range []struct {
			when, want string
			set        object
			heard      []string
		}{
			{"at first", created, nil, nil},
			{"an environment", updated, object{"environment": hello}, []string{"worker-1: apply"}},
			{"a package", updated, object{"host": htop}, []string{"worker-1: apply"}},
			{"no channel", updated, object{"management": channel(false)}, nil},
			{"another environment, without a channel", replaced, object{"environment": bye}, nil},
			{"a channel", replaced, object{"management": channel(true)}, nil},
		} {
			p.becomes(change.want, change.when, with(arguments, change.set))
			a.hears(t, change.heard...)()
			var is nodeModel
			p.get(&is)
			if has := is.hasChannel().ValueBool(); is.Memory.IsNull() == has {
				t.Errorf("%s: the node has a channel: %t; the state remembers %s", change.when, has, is.Memory)
			}
		}
	})
}

// What is only known after apply leaves the host of a node with a channel where any
// value of it would.
func TestUnknownsOfANodeThatIsTold(t *testing.T) {
	t.Parallel()
	for at, anew := range map[string]bool{
		"cookie": false, "environment": false, "release.sha256": false, "host.packages": false, "peers": false, "tags": false, "ssh_keys": false,
		"release.name": true, "release": true, "host": true, "size": true, "host.user": true,
	} {
		raw, state := nodeThatChanges(t, true)
		config := withUnknown(t, tfsdk.Config(raw), pathTo(at))
		model := resolvedNode(t, tfsdk.Plan(config))
		replace, diags := model.planOutputs(t.Context(), state)
		if diags.HasError() || (len(replace) > 0) != anew {
			t.Errorf("%s is unknown: %v make the droplet anew, want that: %v (%s)", at, replace, anew, say(diags))
		}
	}
}

func pathTo(at string) path.Path {
	to := path.Empty()
	for _, name := range strings.Split(at, ".") {
		to = to.AtName(name)
	}
	return to
}

// A host whose first boot failed never becomes what it should be: the next plan
// makes it anew.
func TestANodeThatFailedToSetUpIsMadeAnew(t *testing.T) {
	t.Parallel()
	_, state := nodeThatChanges(t, true)
	mem := cluster.Memory{Version: cluster.MemoryVersion}
	for _, failed := range []bool{false, true} {
		mem.Remember(7, cluster.HostRecord{Name: "worker", SetUpFailed: failed})
		state.DropletID = types.Int64Value(7)
		if diags := state.remember(mem); diags.HasError() {
			t.Fatal(say(diags))
		}
		model := state
		replace, diags := model.planOutputs(t.Context(), state)
		if diags.HasError() || (len(replace) > 0) != failed {
			t.Errorf("the set-up failed: %v; %v make the droplet anew (%s)", failed, replace, say(diags))
		}
	}
}

// toldWorker is the configuration of a node with a channel.
func toldWorker() object {
	return object{"name": "worker-1", "cluster": "chat", "cookie": "MONSTER", "region": "nyc3", "management": object{"enabled": true}}
}

// chatWithWorker is a cluster that exists, and a node beside it that is to come.
func chatWithWorker(t *testing.T, a *answering) (chat, node *core) {
	t.Helper()
	chat = newCore(t, a.cloud, object{
		"name": "chat", "region": "nyc3", "node_pools": object{"us": object{}}, "cookie": "MONSTER", "wait_for": "active", "access": object{"ssh_from": []string{somewhere}},
	})
	chat.must(chat.apply())
	return chat, newCoreServing(t, a.cloud, a.server(), "beam_node", nodeSchema(t), toldWorker())
}

// driftOfNode is what the state of a node says.
func (p *core) driftOfNode() []string {
	p.Helper()
	var model nodeModel
	p.get(&model)
	return texts(model.Drift)
}

// The plan says what becomes of the node, and the next one what an apply that failed
// has left to do.
func TestThePlanOfANodeTellsWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		a := &answering{cloud: newAccount(t, simulator.Options{})}
		_, p := chatWithWorker(t, a)
		p.must(p.apply())
		says := func(arguments object, want string) {
			t.Helper()
			p.configure(with(toldWorker(), arguments))
			if refused, warned := p.plan(); refused != "" || warned != want {
				t.Errorf("%v: the plan says %q and %q, want %q", arguments, refused, warned, want)
			}
		}
		says(nil, "")
		says(object{"tags": []string{"jobs"}}, "")
		says(object{"host": object{"packages": []string{"htop"}}}, "What becomes of node worker-1: Told, running on: worker-1.\n")
		says(object{"environment": object{"A": "b"}}, "What becomes of node worker-1: The node is down for 5s at least.\nRestarted: worker-1.\n")
		a.fails = true
		if told := p.apply(); !strings.Contains(told, "no space left on device") {
			t.Errorf("the apply says %q", told)
		}
		for range 2 {
			if drift := p.driftOfNode(); len(drift) != 1 || !strings.Contains(drift[0], "has another environment: its release restarts") {
				t.Errorf("drift is %q", drift)
			}
			p.must(p.read())
		}
		a.fails = false
		p.must(p.apply())
		p.must(p.read())
		if drift := p.driftOfNode(); len(drift) > 0 {
			t.Errorf("drift is %q", drift)
		}
	})
}

func TestThePlanOfANodeRefusesWhatCouldNotWork(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		a := &answering{cloud: newAccount(t, simulator.Options{})}
		chat, p := chatWithWorker(t, a)
		refuses := func(arguments object, want string) {
			t.Helper()
			p.configure(with(toldWorker(), arguments))
			if refused, _ := p.plan(); !strings.Contains(refused, want) {
				t.Errorf("%v: the plan says %q, want %q", arguments, refused, want)
			}
		}
		refuses(object{"host": object{"ssh_port": 2222}}, "Management from nowhere: management.enabled: Management is on, and the firewall of cluster chat lets nobody reach port 2222")
		refuses(object{"management": nil, "wait_for": "formed"}, "Nothing to ask the hosts with: wait_for is \"formed\"")
		refuses(object{"management": nil, "release": object{"name": "jobs", "path": "jobs.tar.gz"}}, "The file jobs.tar.gz cannot be read")
		p.configure(toldWorker())
		p.must(p.apply())
		refuses(object{"ssh_keys": []string{"512190"}}, `SSH key not found: The account has no SSH key "512190". Leave it out`)
		refuses(object{"cookie": "ANOTHER"}, "Not the cluster's cookie: The nodes of cluster chat have the cookie")
		p.configure(toldWorker())
		p.must(p.destroy())
		chat.must(chat.destroy())
	})
}
