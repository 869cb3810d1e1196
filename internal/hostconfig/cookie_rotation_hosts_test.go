package hostconfig_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const oldCookie, newCookie = "OLDCOOKIEOLDCOOKIE", "NEWCOOKIENEWCOOKIE"

// observed prints the connected nodes and the cookie whenever they change, and
// keeps the names of nodes that went down in a file. It waits for global, which
// takes a node that goes amid its first exchange for a partition, and cuts
// others off for that (prevent_overlapping_partitions).
const observed = `
spawn(fun() ->
  net_kernel:monitor_nodes(true),
  Report = fun Report(Last) ->
    Now = io_lib:format("~0p ~s~n", [lists:sort(nodes()), erlang:get_cookie()]),
    Now =:= Last orelse begin global:sync(), io:put_chars(Now) end,
    receive {nodedown, Node} -> ok = file:write_file("DOWN", [atom_to_list(Node), $\n], [append]), Report(Now); _ -> Report(Now)
    after 50 -> Report(Now)
    end
  end,
  Report(none)
end).`

// member is a managed host on a loopback address whose node runs in a real VM,
// as the host's own files start it.
type member struct {
	managed
	name     string
	address  string
	epmdPort int
	vm       *erltest.VM // nil while the host is down
}

// rotation is a cluster of three whose cookie changes. It knows which nodes
// stayed up all the time.
type rotation struct {
	members []*member
	stopped map[*member]bool
}

// newRotation starts three nodes, each of which knows the older ones.
func newRotation(t *testing.T, subnet int) *rotation {
	t.Helper()
	testtool.Require(t, "erl")
	addresses := []string{"127.0.0.1"} // where VMs find epmd
	for i := range 3 {
		addresses = append(addresses, fmt.Sprintf("127.7.%d.%d", subnet, i+1))
	}
	port := erltest.StartEPMD(t, addresses...)
	r := &rotation{stopped: map[*member]bool{}}
	var peers []string
	for i, address := range addresses[1:] {
		m := newMember(t, fmt.Sprintf("chat%d", i+1), address, port, peers)
		r.members = append(r.members, m)
		peers = append(peers, m.name)
		m.start(t)
	}
	r.meshed(t, oldCookie)
	return r
}

func newMember(t *testing.T, basename, address string, epmdPort int, peers []string) *member {
	t.Helper()
	node := managedNode()
	node.Basename, node.EPMDPort, node.Peers, node.Cookie = basename, epmdPort, peers, oldCookie
	node.DatabaseName = ""
	m := &member{managed: newManaged(t, node), name: basename + "@" + address, address: address, epmdPort: epmdPort}
	for _, path := range []string{"/etc/beam/vm.args", "/etc/beam/cluster.config", "/etc/beam/dialer.eval"} {
		m.write(t, path, m.placed(m.read(t, path)))
	}
	m.write(t, "/etc/beam/node.env", "RELEASE_NODE="+m.name+"\n")
	m.boot(t)
	must(t, os.MkdirAll(m.root+"/var/lib/beam-node", 0o700))
	return m
}

// placed moves the paths in a file of the VM into the host's folder, fills the
// address in, and lets rounds follow each other as fast as is safe in a test.
func (m *member) placed(content string) string {
	for _, folder := range []string{"/etc/", "/run/", "/var/", "/home/"} {
		content = strings.ReplaceAll(content, `"`+folder, `"`+m.root+folder)
	}
	return strings.NewReplacer(
		"-config /etc/", "-config "+m.root+"/etc/",
		"@ADDRESS@", m.address,
		"@ADDRESS_TUPLE@", "{"+strings.ReplaceAll(m.address, ".", ",")+"}",
		"5000 + rand:uniform(5000 div 2)", "1000 + rand:uniform(500)",
	).Replace(content)
}

// start boots the node as its service does: with a new /run/beam.
func (m *member) start(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(m.root+"/run/beam"))
	must(t, os.MkdirAll(m.root+"/run/beam", 0o700))
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "vm.args"), []byte(m.read(t, "/etc/beam/vm.args")), 0o600))
	await := exec.CommandContext(t.Context(), testtool.Require(t, hostPython), "-I", m.root+"/usr/local/lib/beam/await-peers",
		m.root+"/etc/beam/peers", fmt.Sprint(m.epmdPort), "1000", folder, m.root+"/etc/beam/cookie.staged")
	if out, err := await.CombinedOutput(); err != nil {
		t.Fatalf("await-peers: %v\n%s", err, out)
	}
	erl := exec.CommandContext(t.Context(), testtool.Require(t, "erl"),
		"-noinput", "-kernel", "logger_level", "none", // refusals are logged to the same output
		"-args_file", filepath.Join(folder, "vm.args"), "-eval", observed)
	erl.Dir = m.root
	erl.Env = append(os.Environ(), "HOME="+m.root+"/home/deploy",
		fmt.Sprintf("ERL_EPMD_PORT=%d", m.epmdPort), "ERL_EPMD_ADDRESS="+m.address)
	m.vm = erltest.StartVM(t, erl)
}

// must runs a command that has to succeed, and returns what it printed.
func (m *member) must(t *testing.T, command, stdin string) string {
	t.Helper()
	out, messages, status := m.ask(t, command, stdin)
	if status != 0 {
		t.Fatalf("%s: %s exits with %d: %s", m.name, command, status, messages)
	}
	if strings.Contains(out+messages, oldCookie) || strings.Contains(out+messages, newCookie) {
		t.Errorf("%s shows a cookie", command)
	}
	return out
}

func (r *rotation) stop(t *testing.T, which ...int) {
	t.Helper()
	for _, i := range which {
		m := r.members[i]
		m.vm.Kill(t)
		m.vm = nil
		r.stopped[m] = true
	}
}

func (r *rotation) start(t *testing.T, which ...int) {
	t.Helper()
	for _, i := range which {
		r.members[i].start(t)
	}
}

func (r *rotation) restart(t *testing.T, which ...int) {
	t.Helper()
	r.stop(t, which...)
	r.start(t, which...)
}

func (r *rotation) stage(t *testing.T, which ...int) {
	t.Helper()
	input, err := hostconfig.StageCookieInput(newCookie)
	must(t, err)
	for _, i := range which {
		r.members[i].must(t, hostconfig.CommandStageCookie, string(input))
	}
}

// turn switches all nodes that are connected with one, and returns their names.
func (r *rotation) turn(t *testing.T, which int) []string {
	t.Helper()
	out := r.members[which].must(t, hostconfig.CommandSwitchCookie(cookie.Fingerprint(newCookie)), "")
	report, err := health.ParseSwitchReport([]byte(out))
	must(t, err)
	if len(report.Failed) > 0 {
		t.Errorf("nodes did not switch: %v", report.Failed)
	}
	slices.Sort(report.Nodes)
	return report.Nodes
}

func (r *rotation) adopt(t *testing.T, which ...int) {
	t.Helper()
	for _, i := range which {
		r.members[i].must(t, hostconfig.CommandAdoptCookie(cookie.Fingerprint(newCookie)), "")
	}
}

// meshed waits until all nodes that run see each other and use the cookie.
func (r *rotation) meshed(t *testing.T, value string) {
	t.Helper()
	for _, m := range r.members {
		var others []string
		for _, other := range r.members {
			if other != m && other.vm != nil {
				others = append(others, "'"+other.name+"'")
			}
		}
		if m.vm != nil {
			m.vm.Await(t, "["+strings.Join(others, ",")+"] "+value)
		}
	}
}

// undisturbed checks that no node that stayed up has lost another such one.
func (r *rotation) undisturbed(t *testing.T) {
	t.Helper()
	for _, m := range r.members {
		down, err := os.ReadFile(m.root + "/DOWN")
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, other := range r.members {
			if !r.stopped[m] && !r.stopped[other] && strings.Contains(string(down), other.name) {
				t.Errorf("%s lost %s: %s", m.name, other.name, strings.Fields(string(down)))
			}
		}
	}
}

// noticed checks that those who saw a node go have it in their files, without
// which undisturbed would say nothing.
func (r *rotation) noticed(t *testing.T, which int) {
	t.Helper()
	for i, m := range r.members {
		if down, err := os.ReadFile(m.root + "/DOWN"); i != which && !strings.Contains(string(down), r.members[which].name) {
			t.Errorf("%s did not notice the restart of %s: %s %v", m.name, r.members[which].name, down, err)
		}
	}
}

// stranger runs a VM with a cookie that is not of the cluster, and returns it.
// The names of all nodes are in Nodes.
func (r *rotation) stranger(t *testing.T, value, expression string) *erltest.VM {
	t.Helper()
	home := t.TempDir()
	must(t, os.WriteFile(filepath.Join(home, ".erlang.cookie"), []byte(value), 0o400))
	var names []string
	for _, m := range r.members {
		names = append(names, "'"+m.name+"'")
	}
	erl := exec.CommandContext(t.Context(), "erl", "-noinput", "-hidden", "-name", "stranger@127.0.0.1",
		"-eval", "Nodes = ["+strings.Join(names, ",")+"], "+expression)
	erl.Env = append(os.Environ(), "HOME="+home, fmt.Sprintf("ERL_EPMD_PORT=%d", r.members[0].epmdPort))
	return erltest.StartVM(t, erl)
}

func (m *member) cookies(t *testing.T) health.CookieReport {
	t.Helper()
	report, err := health.ParseCookieReport([]byte(m.must(t, hostconfig.CommandCookie, "")))
	must(t, err)
	return report
}

// status is the node's part of the host's report, as health reads it.
func (m *member) status(t *testing.T) health.NodeReport {
	t.Helper()
	report, err := health.ParseReport([]byte(m.must(t, hostconfig.CommandStatus, "")))
	must(t, err)
	if report.Node == nil {
		t.Fatalf("the report is not of a node that has booted: %+v", report)
	}
	return *report.Node
}
