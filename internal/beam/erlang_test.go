package beam_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
)

// reportNodes prints the connected nodes, again whenever they change.
const reportNodes = `
spawn(fun() ->
  net_kernel:monitor_nodes(true),
  Report = fun Report() ->
    io:format("~p~n", [lists:sort(nodes())]),
    receive _ -> Report() end
  end,
  Report()
end).`

func TestErlangBootsWithTheRenderedFiles(t *testing.T) {
	t.Parallel()
	h := newHost(t, "127.0.0.1", erltest.StartEPMD(t, "127.0.0.1"))
	tests := map[string]struct{ expression, want string }{
		"name":      {`node()`, `'chat1@127.0.0.1'`},
		"cookie":    {`atom_to_list(erlang:get_cookie())`, `"a \"legal\" cookie: $HOME 'x' \\ #1"`},
		"ports":     {`[element(2, application:get_env(kernel, Key)) || Key <- [inet_dist_listen_min, inet_dist_listen_max]]`, `[21000,21999]`},
		"interface": {`element(2, application:get_env(kernel, inet_dist_use_interface))`, `{127,0,0,1}`},
		"listens there only": {
			`[begin {ok, {Address, Port}} = inet:sockname(S), {Address, Port >= 21000 andalso Port =< 21999} end || S <- erlang:ports(), erlang:port_info(S, name) =:= {name, "tcp_inet"}, {error, enotconn} =:= inet:peername(S)]`,
			`[{{127,0,0,1},true}]`,
		},
		"cookie in its flags": {`init:get_argument(setcookie)`, `error`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h.start(t, `io:format("~0p~n", [`+test.expression+`]).`).Await(t, test.want)
		})
	}
}

func TestErlangReadsTheSyncSettings(t *testing.T) {
	t.Parallel()
	h := newHost(t, "127.0.0.1", erltest.StartEPMD(t, "127.0.0.1"), "chat2@127.0.0.2", "chat3@127.0.0.3")
	for sync, want := range map[string]string{
		beam.SyncOptional: "{{ok,['chat2@127.0.0.2','chat3@127.0.0.3']},undefined,{ok,100}}",
		// A mandatory peer that is missing keeps a node from booting.
		beam.SyncMandatory: "{undefined,{ok,['chat2@127.0.0.2','chat3@127.0.0.3']},{ok,100}}",
		beam.SyncNone:      "{undefined,undefined,undefined}",
	} {
		t.Run(sync, func(t *testing.T) {
			node := h.node
			node.Sync = sync
			h.write(t, beam.SysConfigFile, node.SysConfig())
			// Read from the file: a VM that used it would wait for the peers.
			h.write(t, beam.VMArgsFile, "-noinput\n")
			h.start(t, `{ok, [[{kernel, Settings}]]} = file:consult("cluster.config"),
				Get = fun(Key) -> case lists:keyfind(Key, 1, Settings) of {_, Value} -> {ok, Value}; false -> undefined end end,
				io:format("~0p~n", [{Get(sync_nodes_optional), Get(sync_nodes_mandatory), Get(sync_nodes_timeout)}]).`).Await(t, want)
		})
	}
}

// The host waits for the peers before it starts the VM, and shortens the VM's own
// wait by a flag.
func TestTheFlagForTheSyncTimeoutBeatsTheConfiguration(t *testing.T) {
	t.Parallel()
	h := newHost(t, "127.0.0.1", erltest.StartEPMD(t, "127.0.0.1"), "chat2@127.0.0.2")
	h.node.SyncTimeoutMS = int(2 * erltest.Patience.Milliseconds())
	h.write(t, beam.SysConfigFile, h.node.SysConfig())
	h.write(t, beam.VMArgsFile, h.node.VMArgs()+"-kernel sync_nodes_timeout 1\n")
	h.start(t, `io:format("booted~n").`).Await(t, "booted")
}

// Nor does it wait for any while a cookie is staged.
func TestFlagsWithoutPeersBeatTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, sync := range []string{beam.SyncOptional, beam.SyncMandatory} {
		h := newHost(t, "127.0.0.1", erltest.StartEPMD(t, "127.0.0.1"), "chat2@127.0.0.2")
		h.node.Sync, h.node.SyncTimeoutMS = sync, int(2*erltest.Patience.Milliseconds())
		h.write(t, beam.SysConfigFile, h.node.SysConfig())
		h.write(t, beam.VMArgsFile, h.node.VMArgs()+"-kernel sync_nodes_optional [] -kernel sync_nodes_mandatory []\n")
		h.start(t, `io:format("booted~n").`).Await(t, "booted")
	}
}

// Each node knows the older ones only. Whichever restarts, all meet again.
func TestThreeNodesMeshAndHealAfterEveryRestart(t *testing.T) {
	t.Parallel()
	addresses := []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}
	port := erltest.StartEPMD(t, addresses...)
	hosts := []*host{
		newHost(t, addresses[0], port),
		newHost(t, addresses[1], port, "chat1@127.0.0.1"),
		newHost(t, addresses[2], port, "chat1@127.0.0.1", "chat2@127.0.0.2"),
	}
	others := []string{
		"['chat2@127.0.0.2','chat3@127.0.0.3']",
		"['chat1@127.0.0.1','chat3@127.0.0.3']",
		"['chat1@127.0.0.1','chat2@127.0.0.2']",
	}
	vms := make([]*erltest.VM, len(hosts))
	for i, h := range hosts {
		vms[i] = h.start(t, reportNodes)
	}
	meshed := func() {
		for i := range vms {
			vms[i].Await(t, others[i])
		}
	}
	meshed()
	for i, h := range hosts {
		vms[i].Kill(t)
		vms[i] = h.start(t, reportNodes)
		meshed()
	}
}

func TestANodeRemembersWhomItHasMet(t *testing.T) {
	t.Parallel()
	port := erltest.StartEPMD(t, "127.0.0.1", "127.0.0.2")
	older := newHost(t, "127.0.0.1", port)
	younger := newHost(t, "127.0.0.2", port, older.name())
	vm := older.start(t, reportNodes)
	younger.start(t, reportNodes).Await(t, "['chat1@127.0.0.1']")
	vm.Await(t, "['chat2@127.0.0.2']")

	// The peers file of the younger is empty from here on, so only the older
	// can dial, and it was never told of the younger.
	younger.write(t, beam.PeersFile, "")
	older.awaitLearned(t)
	vm.Kill(t)
	older.start(t, reportNodes).Await(t, "['chat2@127.0.0.2']")
}

func TestABootSurvivesMissingAndBrokenFiles(t *testing.T) {
	t.Parallel()
	port := erltest.StartEPMD(t, "127.0.0.1", "127.0.0.2")
	other := newHost(t, "127.0.0.2", port)
	other.start(t, reportNodes).Await(t, "[]")
	for name, damage := range map[string]func(t *testing.T, h *host){
		"no peers file":   func(t *testing.T, h *host) { h.remove(t, beam.PeersFile) },
		"no dialer":       func(t *testing.T, h *host) { h.remove(t, beam.DialerFile) },
		"broken peers":    func(t *testing.T, h *host) { h.write(t, beam.PeersFile, "'chat2@127") },
		"broken dialer":   func(t *testing.T, h *host) { h.write(t, beam.DialerFile, "fun(") },
		"strange peers":   func(t *testing.T, h *host) { h.write(t, beam.PeersFile, "1.\n{a}.\n") },
		"strange learned": func(t *testing.T, h *host) { h.write(t, "learned", "x.\n{1, 2, 3}.\n") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, "127.0.0.1", port)
			damage(t, h)
			h.start(t, reportNodes).Await(t, "[]")
		})
	}
}

// A peers file may be written again while the node runs.
func TestTheDialerReadsThePeersAnew(t *testing.T) {
	t.Parallel()
	port := erltest.StartEPMD(t, "127.0.0.1", "127.0.0.2")
	newHost(t, "127.0.0.2", port).start(t, reportNodes).Await(t, "[]")
	h := newHost(t, "127.0.0.1", port)
	vm := h.start(t, reportNodes)
	vm.Await(t, "[]")
	h.node.Peers = []string{h.name(), "chat2@127.0.0.2"}
	h.write(t, beam.PeersFile, h.node.PeersFileContent())
	vm.Await(t, "['chat2@127.0.0.2']")
}

// The rounds of the dialer are an hour apart here, so that the file can only
// follow what the VM says of its nodes.
func TestTheFileOfNodesFollowsEachChangeAtOnce(t *testing.T) {
	t.Parallel()
	port := erltest.StartEPMD(t, "127.0.0.1", "127.0.0.2")
	older := newHost(t, "127.0.0.1", port)
	older.write(t, beam.DialerFile, older.node.DialerEvery(time.Hour, 500*time.Millisecond))
	older.start(t, reportNodes).Await(t, "[]")
	shown := older.watchNodes(t)
	shown.Await(t, `<<>>`)
	younger := newHost(t, "127.0.0.2", port, older.name()).start(t, reportNodes)
	shown.Await(t, `<<"chat2@127.0.0.2\n">>`)
	younger.Kill(t)
	shown.Await(t, `<<>>`)
}

// A node that restarts amid a rotation meets one that has the new cookie, whose
// nodes call it a moment later: by then it has the new cookie for all of them. One
// that could not call would be cut off from the others for it
// (prevent_overlapping_partitions). Here the dialer looks around each five seconds.
func TestANodeThatFollowsASwitchedOneTakesTheCookieForAll(t *testing.T) {
	t.Parallel()
	port := erltest.StartEPMD(t, "127.0.0.1", "127.0.0.2")
	switched := newHost(t, "127.0.0.2", port)
	switched.write(t, ".erlang.cookie", "SWITCHED")
	switched.start(t, reportNodes).Await(t, "[]")
	h := newHost(t, "127.0.0.1", port, switched.name(), "chat3@127.0.0.3")
	h.write(t, beam.DialerFile, h.node.DialerEvery(5*time.Second, 5*time.Second))
	h.write(t, "staged", "SWITCHED")
	h.start(t, `
		Once = fun Once(Holds) -> Holds() orelse begin timer:sleep(10), Once(Holds) end end,
		Once(fun() -> erlang:get_cookie() =:= 'SWITCHED' end),
		Moved = erlang:monotonic_time(millisecond),
		Once(fun() -> erlang:get_cookie('chat3@127.0.0.3') =:= 'SWITCHED' end),
		io:format("at once: ~p~n", [erlang:monotonic_time(millisecond) - Moved < 2500]).`).Await(t, "at once: true")
}

// watchNodes starts a VM of its own that prints the host's file of nodes.
func (h *host) watchNodes(t *testing.T) *erltest.VM {
	t.Helper()
	watcher := *h
	watcher.dir = t.TempDir()
	watcher.write(t, beam.VMArgsFile, "-noinput\n")
	return watcher.start(t, `
		Watch = fun Watch(Last) -> case file:read_file("`+h.node.NodesFile+`") of
			{ok, Text} when Text =/= Last -> io:format("~0p~n", [Text]), Watch(Text);
			_ -> timer:sleep(50), Watch(Last)
		end end,
		Watch(none).`)
}

func (h *host) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
		t.Fatal(err)
	}
}

// awaitLearned returns once the host's dialer has written what it learned. A VM
// of its own watches the file.
func (h *host) awaitLearned(t *testing.T) {
	t.Helper()
	watcher := *h
	watcher.dir = t.TempDir()
	watcher.write(t, beam.VMArgsFile, "-noinput\n")
	watcher.start(t, `
		Wait = fun Wait() -> case file:consult("`+h.node.LearnedFile+`") of
			{ok, [_ | _] = Terms} -> io:format("~0p~n", [[Node || {Node, _} <- Terms]]);
			_ -> timer:sleep(50), Wait()
		end end,
		Wait().`).Await(t, "['chat2@127.0.0.2']")
}
