package hostconfig_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// restarted is a managed node with a systemd of the test's own: a release with the
// variable BROKEN crashes, any other one comes up.
type restarted struct {
	managed
	node hostconfig.Node
}

const systemd = `cd "${0%/*}/.."
case "$1" in
show)
  case "$*" in
  *--value*) cat state ;;
  *) printf 'ActiveState=%s\nExecMainCode=1\nExecMainStatus=1\n' "$(cat state)" ;;
  esac ;;
stop | disable)
  echo "$*" >>calls
  echo inactive >state
  rm -f run/beam/nodes ;;
start)
  echo "$*" >>calls
  if grep -q BROKEN etc/beam/env; then
    echo activating >state
  else
    echo active >state
    echo chat@127.0.0.3 >run/beam/nodes
  fi ;;
esac`

const journald = `cd "${0%/*}/.."
case "$*" in
*MESSAGE_ID*) grep -q BROKEN etc/beam/env && printf 'again\nagain\nagain\n' ;;
*) echo 'the key TOPSECRET does not fit' ;;
esac`

func newRestarted(t *testing.T) restarted {
	t.Helper()
	n := managedNode()
	n.HTTPPort = closedPort(t)
	r := restarted{newManaged(t, n), n}
	r.program(t, "systemctl", systemd)
	r.program(t, "journalctl", journald)
	r.steps(t)
	r.write(t, "/opt/chat/bin/chat", "")
	r.write(t, "/etc/beam/node.env", "RELEASE_NODE=chat@127.0.0.1\n")
	r.write(t, "/run/beam/nodes", "chat@127.0.0.3\n")
	r.write(t, "/state", "active\n")
	r.write(t, "/calls", "")
	return r
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// environment is the bundle of a node with one more variable, which restarts it.
func (r restarted) environment(t *testing.T, name string, restart hostconfig.Restart) string {
	t.Helper()
	n := r.node
	n.Environment = map[string]string{name: "TOPSECRET"}
	bundle, err := n.Bundle(hostconfig.PartEnvironment)
	bundle.Restart = &restart
	return r.told(t)(bundle, err)
}

func TestANodeRestartsWithAnotherEnvironment(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	r.apply(t, r.environment(t, "API_KEY", hostconfig.Restart{PatienceSeconds: 30, Rollback: true}))
	if env := r.read(t, "/etc/beam/env"); !strings.Contains(env, `API_KEY="TOPSECRET"`) || !strings.Contains(env, `LANG="en_US.UTF-8"`) {
		t.Errorf("the environment is\n%s", env)
	}
	if got, want := r.read(t, "/calls"), "stop beam.service\nstart --no-block beam.service\n"; got != want {
		t.Errorf("systemd was asked for\n%swant\n%s", got, want)
	}
	if _, err := os.Stat(r.root + "/var/lib/beam/change.json"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is left over: %v", err)
	}
}

func TestANodeFillsItsAddressIntoWhatTheVMIsTold(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	n := r.node
	n.Sync, n.SyncTimeoutMS = "mandatory", 5000
	r.apply(t, r.told(t)(n.Bundle(hostconfig.PartVM)))
	config := r.read(t, "/etc/beam/cluster.config")
	if !strings.Contains(config, "{inet_dist_use_interface, {127,0,0,1}}") || !strings.Contains(config, "sync_nodes_mandatory") {
		t.Errorf("the configuration is\n%s", config)
	}
	if got := r.read(t, "/etc/beam/sync.env"); got != "BEAM_SYNC_TIMEOUT_MS=\"5000\"\n" {
		t.Errorf("sync.env is %q", got)
	}
	if got := r.read(t, "/calls"); got != "" {
		t.Errorf("without a word of it systemd was asked for\n%s", got)
	}
	r.write(t, "/etc/beam/node.env", "RELEASE_NODE=chat@@ADDRESS@\n")
	r.expectRefused(t, r.told(t)(r.node.Bundle(hostconfig.PartVM)), "this node does not know its address yet")
}

// A crash loop ends the wait long before patience does.
func TestANodeThatDoesNotComeUpRunsWhatItRanBefore(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	before := r.read(t, "/etc/beam/env")
	r.expectRefused(t, r.environment(t, "BROKEN", hostconfig.Restart{PatienceSeconds: 500, Rollback: true}),
		"beamctl: did not come up with what it was told (it crashed 3 times, last with exit status 1, last log lines below) and runs what it ran before\n"+
			"the key [hidden] does not fit\n")
	if got := r.read(t, "/etc/beam/env"); got != before || r.read(t, "/state") != "active\n" {
		t.Errorf("the environment is %s, the release is %s", got, r.read(t, "/state"))
	}
}

func TestANodeThatDoesNotComeUpStaysSoWhenToldTo(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	_, messages, status := r.ask(t, hostconfig.CommandApply, r.environment(t, "BROKEN", hostconfig.Restart{PatienceSeconds: 500}))
	want := "beamctl: did not come up with what it was told: it crashed 3 times, last with exit status 1\nthe key [hidden] does not fit\n"
	if status != 1 || messages != want {
		t.Errorf("exit status %d, %q, want %q", status, messages, want)
	}
	if env := r.read(t, "/etc/beam/env"); !strings.Contains(env, "BROKEN") {
		t.Errorf("the environment is\n%s", env)
	}
}

func TestANodeIsWellWhenItAnswersAndSeesItsPeers(t *testing.T) {
	t.Parallel()
	epmd, _ := newEPMD(t)
	for _, tt := range []struct {
		story, peers, answer, want string
	}{
		{"well", "chat@127.0.0.3", "HTTP/1.1 301 Moved Permanently\r\n\r\n", ""},
		{"a peer that is gone", "chat@127.0.0.3\ngone@127.0.0.1", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"a peer that is there", "chat@127.0.0.3\nanswers@127.0.0.1", "HTTP/1.1 200 OK\r\n\r\n", "(it is not connected with answers@127.0.0.1, "},
		{"unwell", "chat@127.0.0.3", "HTTP/1.1 503 Service Unavailable\r\n\r\n", "is answered with 503, "},
		{"silent", "chat@127.0.0.3", "", "is not answered: "},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			r := newRestarted(t)
			r.write(t, "/etc/beam/management.json", strings.Replace(r.read(t, "/etc/beam/management.json"), `"epmd_port":4369`, fmt.Sprintf(`"epmd_port":%d`, epmd), 1))
			r.write(t, "/run/beam/nodes", tt.peers+"\n")
			port := listen(t, func(c net.Conn) {
				request := make([]byte, 1000)
				n, _ := c.Read(request)
				asked := string(request[:n])
				if strings.HasPrefix(asked, "GET /health?deep=1 HTTP/1.1\r\n") && strings.Contains(asked, "\r\nHost: chat.example.com\r\n") {
					_, _ = c.Write([]byte(tt.answer))
				}
			})
			restart := hostconfig.Restart{Rollback: true, Check: &hostconfig.RestartCheck{Port: port, Path: "/health?deep=1", Host: "chat.example.com"}}
			_, messages, status := r.ask(t, hostconfig.CommandApply, r.environment(t, "A", restart))
			if (status != 0) != (tt.want != "") || !strings.Contains(messages, tt.want) {
				t.Errorf("exit status %d, %q, want %q", status, messages, tt.want)
			}
		})
	}
}

func TestANodeWithoutAReleaseTakesFilesWithoutWaiting(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	if err := os.Remove(r.root + "/opt/chat/bin/chat"); err != nil {
		t.Fatal(err)
	}
	r.apply(t, r.environment(t, "BROKEN", hostconfig.Restart{PatienceSeconds: 500, Rollback: true}))
	if env := r.read(t, "/etc/beam/env"); !strings.Contains(env, "BROKEN") {
		t.Errorf("the environment is\n%s", env)
	}
}

// What does not come up is put back with its files: the release, and the settings
// that say whether it may write below its own folder.
func TestAReleaseComesAndGoesWithTheFiles(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	must(t, os.RemoveAll(r.root+"/opt/chat"))
	first, second := tarball(t, "bin/chat", "first"), tarball(t, "bin/chat", "second")
	for _, archive := range [][]byte{first, second} {
		r.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	}
	deploy := func(archive []byte, readOnly bool, variable string) string {
		n := r.node
		release := *n.Release
		release.SHA256, release.ReadOnly, release.Keep = digest(archive), readOnly, hostconfig.DefaultKeep
		n.Release, n.Environment = &release, map[string]string{variable: "x"}
		bundle, err := n.Bundle(hostconfig.PartEnvironment, hostconfig.PartRelease)
		bundle.Restart = &hostconfig.Restart{PatienceSeconds: 500, Rollback: true}
		return strings.ReplaceAll(r.told(t)(bundle, err), `"user\":\"deploy\"`, `"user\":\"`+myGroup(t)+`\"`)
	}
	expect := func(runs string, readOnly bool) {
		t.Helper()
		if got := r.read(t, "/opt/chat/bin/chat"); got != runs {
			t.Errorf("the %s release runs, want the %s", got, runs)
		}
		settings := r.read(t, "/etc/beam/release.json")
		if got := strings.Contains(settings, `"read_only":true`); got != readOnly {
			t.Errorf("read_only is %t in\n%s", got, settings)
		}
	}
	r.apply(t, deploy(first, false, "A"))
	expect("first", false)
	r.write(t, "/calls", "")
	r.expectRefused(t, deploy(second, true, "BROKEN"), "and runs what it ran before")
	expect("first", false)
	if got := r.read(t, "/calls"); strings.Count(got, "start --no-block beam.service\n") != 2 {
		t.Errorf("systemd was asked for\n%swant two starts", got)
	}
	r.apply(t, deploy(second, true, "A"))
	expect("second", true)
}

// Root reads where the releases of a node are, and acts on it: whoever has the key
// must not lead it elsewhere.
func TestSettingsOfReleasesThatAHostKeepsForLifeAreNotTold(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	bundle, err := r.node.Bundle(hostconfig.PartRelease)
	bundle.Release = nil // its files alone
	input := strings.ReplaceAll(r.told(t)(bundle, err), `"user\":\"deploy\"`, `"user\":\"`+myGroup(t)+`\"`)
	r.apply(t, strings.Replace(input, `keep\":`, `keep\":1`, 1))
	for setting, other := range map[string]string{`root\":\"`: "/etc", `user\":\"`: "x", `name\":\"`: "x", `share_port\":`: "1"} {
		tampered := strings.Replace(input, setting, setting+other, 1)
		name, _, _ := strings.Cut(setting, `\`)
		r.expectRefused(t, tampered, name+" of the settings of releases cannot change on a host that runs")
	}
}

// Somebody on the host may have given a file to another user.
func TestAFileThatIsPutBackBelongsToWhomItDid(t *testing.T) {
	t.Parallel()
	r := newRestarted(t)
	r.as = testtool.AsRoot(t)
	must(t, r.command(t, "chown", "daemon:daemon", r.root+"/etc/beam/env").Run())
	r.expectRefused(t, r.environment(t, "BROKEN", hostconfig.Restart{PatienceSeconds: 500, Rollback: true}), "and runs what it ran before")
	if got := r.ownerOf(t, "/etc/beam/env"); got != "daemon:daemon" {
		t.Errorf("the file belongs to %s, want daemon:daemon", got)
	}
}

// Whether a release is shut goes back with the release.
func TestAReleaseIsOpenAgainWithWhatRanBefore(t *testing.T) {
	t.Parallel()
	r := newManagedStore(t, freePort(t))
	archive := tarball(t, "bin/chat", "first")
	r.must(t, hostconfig.CommandStore(digest(archive)), string(archive))
	r.as = testtool.AsRoot(t)
	settings := r.read(t, "/etc/beam/release.json")
	open := strings.Replace(settings, `"user":"`+myGroup(t)+`"`, `"user":"daemon"`, 1)
	shut := strings.Replace(open, `"read_only":false`, `"read_only":true`, 1)
	for _, step := range []struct{ settings, call, want string }{
		{open, fmt.Sprintf("releases.activate(%q, 3)", digest(archive)), "daemon:daemon"},
		{shut, fmt.Sprintf("releases.activate(%q, 3)", digest(archive)), "root:daemon"},
		{open, fmt.Sprintf("releases.restore(%q)", digest(archive)[:16]), "daemon:daemon"},
	} {
		r.write(t, "/etc/beam/release.json", step.settings)
		r.python(t, step.call)
		if got := r.ownerOf(t, "/var/lib/beam/releases/"+digest(archive)[:16]); got != step.want {
			t.Errorf("after %s the release is %s's, want %s's", step.call, got, step.want)
		}
	}
}
