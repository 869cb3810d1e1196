package hostconfig_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// Neither shells, args files nor YAML may change it. It is in no file of this
// machine and in no process list.
const awkwardCookie = `#7 $HOME 'a' "b" \n`

// testHost is a node whose files lie under a folder of the test instead of /.
type testHost struct {
	node hostconfig.Node
	root string
	user string              // whom the release runs as
	as   []string            // what the command line of fetch-release begins with, see testtool.AsRoot
	unit map[string][]string // the settings of beam.service
}

// kindOfRelease is what differs between releases of mix and of rebar3.
type kindOfRelease struct {
	files   map[string]string // beside the sources
	build   []string          // builds a tarball
	tarball string            // where it lies then
	migrate string            // an expression with %q for a file
	rpc     string            // command of the start script that evaluates on the node
	facts   string            // an expression that tells what the node was told
	want    string
	app     func(*testing.T, *testHost) // what apps do; nil for a release that does none of it
}

// The cookie as its characters in hex: no quoting of a shell gets in the way.
var releases = map[string]kindOfRelease{
	"mix": {
		// From an earlier host. It runs after what the unit sets.
		files: map[string]string{"rel/env.sh.eex": `
export RELEASE_NODE=chat@127.0.0.9 RELEASE_DISTRIBUTION=sname RELEASE_COOKIE=elsewhere
export RELEASE_VM_ARGS="$RELEASE_ROOT/releases/$RELEASE_VSN/vm.args" ERL_EPMD_PORT=1
export ERL_AFLAGS="-setcookie elsewhere -kernel shell_history enabled -name other@127.0.0.9"
export ERL_ZFLAGS="-kernel inet_dist_listen_min 1 -proto_dist inet6_tcp" OWN="it's \"kept\""
return 0
`},
		build:   []string{"env", "MIX_ENV=prod", "mix", "release", "--quiet"},
		tarball: "_build/prod/chat-0.1.0.tar.gz",
		migrate: "Chat.Release.migrate(%q)",
		rpc:     "rpc",
		facts: `{:ok, low} = :application.get_env(:kernel, :inet_dist_listen_min)
			leak? = Enum.any?(Path.wildcard("/proc/[0-9]*/cmdline"), fn file ->
				case File.read(file) do
					{:ok, line} -> String.contains?(line, Atom.to_string(Node.get_cookie()))
					_ -> false
				end
			end)
			IO.puts("#{Base.encode16(Atom.to_string(Node.get_cookie()))} #{low} #{:erlang.system_info(:process_limit)} leak: #{leak?} #{Application.get_env(:kernel, :shell_history)} #{System.get_env("OWN")}")`,
		want: fmt.Sprintf("%X 22000 262144 leak: false enabled it's \"kept\"", awkwardCookie),
		app:  drawsKeepsAndAnswers,
	},
	"rebar3": {
		build:   []string{"rebar3", "as", "prod", "tar"},
		tarball: "_build/prod/rel/chat/chat-0.1.0.tar.gz",
		migrate: "chat:migrate(%q)",
		rpc:     "eval",
		facts: `{ok, Low} = application:get_env(kernel, inet_dist_listen_min),
			{ok, Greeting} = application:get_env(chat, greeting),
			{binary_to_list(binary:encode_hex(atom_to_binary(erlang:get_cookie()))), Low, erlang:system_info(process_limit), Greeting}.`,
		want: fmt.Sprintf(`{"%X", 22000, 262144, "hello"}`, awkwardCookie),
	},
}

func TestReleasesRunAsTheirUnitSays(t *testing.T) {
	t.Parallel()
	for name, kind := range releases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := installNode(t, name, kind, buildRelease(t, name, kind))
			h.migrate(t)
			vm := h.start(t)
			if got, want := h.get(t, "/"), "chat@127.0.0.1\n"; got != want {
				t.Errorf("the release says %q, want %q", got, want)
			}
			if kind.app != nil {
				kind.app(t, h)
			}
			out := h.command(t, h.login(), filepath.Join(h.root, "opt/chat/bin/chat"), kind.rpc, kind.facts)
			if got := strings.TrimSpace(out); got != kind.want {
				t.Errorf("%s says %q, want %q", kind.rpc, got, kind.want)
			}
			h.openConsole(t)
			h.expectNoCookieInProcesses(t)
			if err := vm.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := vm.Wait(); err != nil {
				t.Errorf("the release did not stop as it should: %v", err)
			}
		})
	}
}

// drawsKeepsAndAnswers asks the release for what apps need a host for: another
// program, a folder of their own, and a port of UDP.
func drawsKeepsAndAnswers(t *testing.T, h *testHost) {
	t.Helper()
	if page := h.get(t, "/pdf"); !strings.HasPrefix(page, "%PDF-1.4\n") || !strings.HasSuffix(page, "%%EOF\n") {
		t.Errorf("the page is %q", page)
	}
	if kept := h.get(t, "/upload/b") + h.get(t, "/upload/a"); kept != "b\na\nb\n" {
		t.Errorf("kept are %q", kept)
	}
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "udp", "127.0.0.1:"+h.node.Environment["UDP_PORT"])
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = connection.Write([]byte("hello"))
	must(t, err)
	answer := make([]byte, 100)
	length, err := connection.Read(answer)
	if got := string(answer[:length]); err != nil || got != "hello from chat@127.0.0.1" {
		t.Errorf("over UDP it says %q (%v)", got, err)
	}
}

func freeUDPPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.LocalAddr().String())
	must(t, err)
	return port
}

// buildRelease builds a copy of the release's sources and returns the tarball.
func buildRelease(t *testing.T, name string, kind kindOfRelease) string {
	t.Helper()
	for _, tool := range []string{"mix", "rebar3", "erl"} {
		if tool == name || tool == "erl" {
			testtool.Require(t, tool)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "beam", "testdata", "releases", name))); err != nil {
		t.Fatal(err)
	}
	for name, content := range kind.files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), kind.build[0], kind.build[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", kind.build, err, out)
	}
	return filepath.Join(dir, kind.tarball)
}

// installNode does what the first boot does, as far as it concerns the release.
func installNode(t *testing.T, name string, kind kindOfRelease, tarball string) *testHost {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(tarball))))
	t.Cleanup(server.Close)

	h := newTestHost(t)
	var err error
	h.node.Cookie = awkwardCookie
	h.node.Peers = nil
	h.node.EPMDPort = erltest.StartEPMD(t, "127.0.0.1")
	h.node.PortMin, h.node.PortMax = 22000, 22999
	h.node.HTTPPort, err = strconv.Atoi(freePort(t))
	must(t, err)
	h.node.Environment = map[string]string{"UPLOADS": filepath.Join(h.root, "srv"), "UDP_PORT": freeUDPPort(t)}
	must(t, os.Mkdir(filepath.Join(h.root, "srv"), 0o700))
	h.node.Release = &hostconfig.Release{
		Name:    "chat",
		URL:     server.URL + "/" + filepath.Base(tarball),
		SHA256:  sha256Of(t, tarball),
		Kind:    name,
		Migrate: fmt.Sprintf(kind.migrate, filepath.Join(h.root, "migrated")),
	}
	h.writeFiles(t)
	h.fillAddress(t, "127.0.0.1")
	h.command(t, os.Environ(), filepath.Join(h.root, "usr/local/lib/beam/fetch-release"))
	return h
}

// newTestHost is a host whose release runs as whoever runs the test.
func newTestHost(t *testing.T) *testHost {
	t.Helper()
	h := &testHost{node: exampleNode(), root: t.TempDir(), user: myGroup(t)}
	must(t, os.MkdirAll(filepath.Join(h.root, "opt"), 0o755))
	must(t, os.MkdirAll(filepath.Join(h.root, "var/lib/beam"), 0o755))
	return h
}

// writeFiles puts the node's files under the test's folder; where a file names
// a path of the host, it names the one in that folder.
func (h *testHost) writeFiles(t *testing.T) {
	t.Helper()
	var replacements []string
	for _, path := range []string{"/home/", "/etc/beam", "/opt/", "/usr/local/", "/var/lib/beam", "/run"} {
		replacements = append(replacements, path, h.root+path)
	}
	moved := strings.NewReplacer(append(replacements,
		"%t", h.root+"/run", "%S", h.root+"/var/lib", "PAUSES_S = (1, 2, 4, 8, 16)", "PAUSES_S = (0, 0)")...)
	for _, f := range filesOf(t, renderNode(t, h.node)) {
		path := moved.Replace(f.Path)
		if path == f.Path && !strings.HasSuffix(path, "/beam.service") {
			continue
		}
		content := moved.Replace(f.Content)
		if strings.HasSuffix(f.Path, "/beam-console") {
			content = strings.Replace(content, "user='deploy'", "user=$(id -un)", 1)
		}
		if strings.HasSuffix(f.Path, "/release.json") {
			content = strings.Replace(content, `"deploy"`, `"`+h.user+`"`, 1)
		}
		if strings.HasSuffix(f.Path, "/beam.service") {
			h.unit = settingsOf(content)
			continue
		}
		if strings.HasSuffix(f.Path, ".erlang.cookie") {
			content = f.Content
		}
		var mode os.FileMode
		_, err := fmt.Sscanf(f.Permissions, "%o", &mode)
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.RemoveAll(path)) // one that may only be read, and is written anew
		must(t, os.WriteFile(path, []byte(content), mode))
	}
	for _, dir := range []string{"run/beam", "run/beam-migrate", "var/lib/beam-node"} {
		must(t, os.MkdirAll(filepath.Join(h.root, dir), 0o700))
	}
}

// settingsOf reads a unit: each line is a setting, and some come repeatedly.
func settingsOf(unit string) map[string][]string {
	settings := map[string][]string{}
	for line := range strings.Lines(unit) {
		if key, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(key, "#") {
			settings[key] = append(settings[key], value)
		}
	}
	return settings
}

// fillAddress runs the script that the first boot runs with the host's address.
func (h *testHost) fillAddress(t *testing.T, address string) {
	t.Helper()
	h.command(t, os.Environ(), filepath.Join(h.root, "usr/local/lib/beam/fill-address"), address,
		filepath.Join(h.root, "etc/beam/node.env"),
		filepath.Join(h.root, "etc/beam/vm.args"),
		filepath.Join(h.root, "etc/beam/cluster.config"))
}

// environment is what systemd would hand over: the unit's own variables, then
// those of the files, which here have plain values.
func (h *testHost) environment(t *testing.T, files ...string) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH")}
	for _, settings := range h.unit["Environment"] {
		env = append(env, strings.Fields(settings)...)
	}
	for _, path := range append(h.unit["EnvironmentFile"], files...) {
		file, err := os.Open(path)
		must(t, err)
		defer file.Close()
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			env = append(env, strings.ReplaceAll(scanner.Text(), `"`, ""))
		}
	}
	return env
}

// login is the environment of somebody who logged in as the node's user.
func (h *testHost) login() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(h.root, "home", h.node.User)}
	nodeEnv, _ := os.ReadFile(filepath.Join(h.root, "etc/beam/node.env"))
	env = append(env, strings.Fields(string(nodeEnv))...)
	return append(env,
		"RELEASE_VM_ARGS="+filepath.Join(h.root, "etc/beam/release.vm.args"),
		"VMARGS_PATH="+filepath.Join(h.root, "etc/beam/vm.args"),
		"RELEASE_CONFIG_DIR="+filepath.Join(h.root, "etc/beam"))
}

func (h *testHost) migrate(t *testing.T) {
	t.Helper()
	// The unit runs it in the release's folder of the store.
	h.command(t, h.environment(t, filepath.Join(h.root, "etc/beam/migrate.env")), "env",
		"--chdir="+filepath.Join(h.root, "var/lib/beam/releases", h.node.Release.SHA256[:16]),
		filepath.Join(h.root, "usr/local/lib/beam/migrate"))
	url, err := os.ReadFile(filepath.Join(h.root, "migrated"))
	must(t, err)
	if string(url) != h.node.MigrationDatabaseURL {
		t.Errorf("the migration got the database %q, want the owner's", url)
	}
}

// start runs ExecStartPre and ExecStart.
func (h *testHost) start(t *testing.T) *exec.Cmd {
	t.Helper()
	env := h.environment(t)
	variable := func(name string) string {
		value := ""
		for _, setting := range env {
			if set, is := strings.CutPrefix(setting, name+"="); is {
				value = set
			}
		}
		return value
	}
	for _, command := range h.unit["ExecStartPre"] {
		words := strings.Fields(os.Expand(command, variable))
		h.command(t, env, words[0], words[1:]...)
	}
	words := strings.Fields(h.unit["ExecStart"][0])
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Env = env
	cmd.Dir = h.unit["WorkingDirectory"][0]
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	erltest.Start(t, cmd)
	return cmd
}

// get asks the release by HTTP as soon as it listens.
func (h *testHost) get(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", h.node.HTTPPort, path), nil)
		must(t, err)
		if response, err := http.DefaultClient.Do(request); err == nil {
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			must(t, err)
			return string(body)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the release does not answer")
		}
	}
}

// openConsole runs beam-console in a terminal until its prompt, which in
// Erlang's and in Elixir's shell has the name of the node it belongs to.
func (h *testHost) openConsole(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	// The console ends with its terminal, also where who runs the tests ignores that.
	cmd := exec.CommandContext(ctx, testtool.Require(t, "env"), "--default-signal=HUP", testtool.Require(t, "script"), "--quiet",
		"--command", filepath.Join(h.root, "usr/local/bin/beam-console"), "/dev/null")
	cmd.Env = append(h.login(), "TERM=xterm", "SHELL=/bin/sh")
	stdin, err := cmd.StdinPipe() // open, so that the shell stays
	must(t, err)
	t.Cleanup(func() { _ = stdin.Close() })
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	erltest.Start(t, cmd)
	var shown strings.Builder
	for reader := bufio.NewReader(stdout); !strings.Contains(shown.String(), "(chat@127.0.0.1)1>"); {
		char, err := reader.ReadByte()
		if err != nil {
			t.Fatalf("the console ended: %v\n%s", err, shown.String())
		}
		shown.WriteByte(char)
	}
}

func (h *testHost) expectNoCookieInProcesses(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	placeholders := 0
	for _, file := range files {
		line, _ := os.ReadFile(file) // the process may be gone
		if strings.Contains(string(line), awkwardCookie) {
			t.Errorf("%s shows the cookie", file)
		}
		if regexp.MustCompile(`chat@127\.0\.0\.1|` + regexp.QuoteMeta(h.root)).Match(line) {
			placeholders++
		}
	}
	if placeholders == 0 {
		t.Error("the release is not among the processes")
	}
}

// command runs a program to its end and returns what it printed.
func (h *testHost) command(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}
