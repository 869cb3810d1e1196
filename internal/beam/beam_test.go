package beam_test

import (
	"os/exec"
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
__remote() { echo "remote: $1"; }
post_extract_release_archive
for host in $PRODUCTION_HOSTS; do echo "$PRODUCTION_USER@$host:$DELIVER_TO/$APP"; done
`
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "bash"), "-eu")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "remote: sudo systemctl restart beam.service\ndeploy@203.0.113.10:/opt/chat\ndeploy@203.0.113.11:/opt/chat\n"
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
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
