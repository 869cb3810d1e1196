package beam_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestEdeliverConfigIsWhatTheGoldenFileShows(t *testing.T) {
	t.Parallel()
	got := beam.EdeliverConfig("chat", "deploy", []string{"203.0.113.10", "203.0.113.11"})
	testtool.Golden(t, "edeliver-config", got)
	if config := beam.EdeliverConfig("chat", "deploy", nil); config != "" {
		t.Errorf("a configuration without hosts: %s", config)
	}
}

// edeliver sources its configuration in bash.
func TestBashReadsTheEdeliverConfig(t *testing.T) {
	t.Parallel()
	script := beam.EdeliverConfig("chat", "deploy", []string{"203.0.113.10", "203.0.113.11"}) + `
for host in $PRODUCTION_HOSTS; do echo "$PRODUCTION_USER@$host:$DELIVER_TO/$APP"; done
`
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "bash"), "-eu")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "deploy@203.0.113.10:/opt/chat\ndeploy@203.0.113.11:/opt/chat\n"
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// delivery is what a deploy of edeliver finds: its folders are below root, and the
// service is active or not.
type delivery struct{ root, deliverTo, active string }

// deploy does on the host what edeliver does there after an upload: it unpacks the
// archive and then runs the hook, each as a command for ssh, to which it adds what
// keeps commands silent (edeliver 1.4.3 and later, libexec/erlang and libexec/core).
func (h delivery) deploy(t *testing.T, files ...string) (string, error) {
	t.Helper()
	source, to := t.TempDir(), filepath.Join(h.root, h.deliverTo, "chat")
	for _, file := range files {
		path := filepath.Join(source, file)
		makeFolders(t, filepath.Dir(path))
		if err := os.WriteFile(path, []byte(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	makeFolders(t, filepath.Join(h.root, "opt/chat"), to)
	archive := filepath.Join(to, "chat_1.tar.gz")
	if out, err := exec.CommandContext(t.Context(), "tar", "-czf", archive, "-C", source, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := strings.ReplaceAll(beam.EdeliverConfig("chat", "deploy", []string{"203.0.113.10"}), "'/opt", "'"+h.root+"/opt")
	script := config + `
DELIVER_TO='` + filepath.Join(h.root, h.deliverTo) + `'
sudo() { echo "sudo $*"; }
systemctl() { [ "$*" = 'is-active --quiet beam.service' ] && ` + h.active + `; }
export -f sudo systemctl
SILENCE='&> /dev/null'
__remote() { bash -c "$1 $SILENCE" || exit 1; }
__remote "
  set -e
  cd $DELIVER_TO/$APP $SILENCE
  tar -xzvf chat_1.tar.gz $SILENCE && rm chat_1.tar.gz $SILENCE"
post_extract_release_archive
`
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "bash"))
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func makeFolders(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEdeliverBringsAReleaseWhereItIsStarted(t *testing.T) {
	t.Parallel()
	h := delivery{root: t.TempDir(), deliverTo: "opt", active: "true"}
	restarted := "sudo systemctl restart beam.service\n"
	for version := range 2 {
		// In a folder of its name; then again, over the version before.
		library := fmt.Sprintf("lib/chat-%d/ebin/chat.beam", version)
		out, err := h.deploy(t, "chat/bin/chat", "chat/releases/start_erl.data", "chat/"+library, "chat/erts-13.1/bin/erl")
		if err != nil || out != restarted {
			t.Fatalf("%v\n%s", err, out)
		}
		libraries, err := filepath.Glob(filepath.Join(h.root, "opt/chat/lib/*/ebin/chat.beam"))
		if err != nil || len(libraries) != 1 || libraries[0] != filepath.Join(h.root, "opt/chat", library) {
			t.Errorf("there is %v, want %s alone: %v", libraries, library, err)
		}
		if _, err := os.Stat(filepath.Join(h.root, "opt/chat/bin/chat")); err != nil {
			t.Error(err)
		}
	}
	// Without a folder.
	h.root = t.TempDir()
	if out, err := h.deploy(t, "bin/chat", "releases/start_erl.data"); err != nil || out != restarted {
		t.Errorf("%v\n%s", err, out)
	}
}

// A deploy that does not end with the release running fails and says why.
func TestEdeliverSaysWhyAReleaseDoesNotRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		deliverTo, active, program, want string
	}{
		"another name":     {"opt", "true", "bin/talk", "/opt/chat/bin/chat: the release must be called chat"},
		"another place":    {"srv", "true", "bin/chat", "systemd runs what is in"},
		"it does not stay": {"opt", "false", "bin/chat", "the release does not run: journalctl -u beam.service"},
	} {
		h := delivery{root: t.TempDir(), deliverTo: tt.deliverTo, active: tt.active}
		if out, err := h.deploy(t, tt.program, "releases/start_erl.data"); err == nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: got %v\n%s", name, err, out)
		}
	}
}

func TestCheckBasename(t *testing.T) {
	t.Parallel()
	for name, legal := range map[string]bool{
		"chat": true, "Chat_2-a": true, "9": true, strings.Repeat("a", 63): true,
		"": false, "-chat": false, "chat app": false, "chat@host": false, "chät": false, "chat.": false,
		strings.Repeat("a", 64): false, "chat\n": false,
	} {
		if err := beam.CheckBasename(name); (err == nil) != legal {
			t.Errorf("%q: got %v, want legal: %t", name, err, legal)
		}
	}
}
