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

// deploy runs what edeliver runs on a host once it has unpacked the archive there,
// with the host's folders below root.
func deploy(t *testing.T, root string, files ...string) (string, error) {
	t.Helper()
	for _, file := range files {
		path := filepath.Join(root, "opt/chat", file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := beam.EdeliverConfig("chat", "deploy", []string{"203.0.113.10"})
	script := strings.ReplaceAll(config, "DELIVER_TO='/opt'", "DELIVER_TO='"+root+"/opt'") + `
sudo() { echo "sudo $*"; }
export -f sudo
__remote() { bash -c "$1"; }
post_extract_release_archive
`
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "bash"), "-eu")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestEdeliverBringsAReleaseWhereItIsStarted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	restarted := "sudo systemctl restart beam.service\n"
	for version := range 2 {
		// In a folder of its name; then again, over the version before.
		library := fmt.Sprintf("lib/chat-%d/ebin/chat.beam", version)
		out, err := deploy(t, root, "chat/bin/chat", "chat/releases/start_erl.data", "chat/"+library, "chat/erts-13.1/bin/erl")
		if err != nil || out != restarted {
			t.Fatalf("%v\n%s", err, out)
		}
		libraries, err := filepath.Glob(filepath.Join(root, "opt/chat/lib/*/ebin/chat.beam"))
		if err != nil || len(libraries) != 1 || libraries[0] != filepath.Join(root, "opt/chat", library) {
			t.Errorf("there is %v, want %s alone: %v", libraries, library, err)
		}
		if _, err := os.Stat(filepath.Join(root, "opt/chat/bin/chat")); err != nil {
			t.Error(err)
		}
	}
	// Without a folder.
	if out, err := deploy(t, t.TempDir(), "bin/chat", "releases/start_erl.data"); err != nil || out != restarted {
		t.Errorf("%v\n%s", err, out)
	}
	// Under another name.
	if out, err := deploy(t, t.TempDir(), "bin/talk", "releases/start_erl.data"); err == nil || !strings.Contains(out, "/opt/chat/bin/chat: the release must be called chat") {
		t.Errorf("got %v\n%s", err, out)
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
