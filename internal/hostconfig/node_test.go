package hostconfig_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestNodesRenderAsTheGoldenFilesShow(t *testing.T) {
	t.Parallel()
	for name, node := range nodes() {
		testtool.Golden(t, name+".txt", readable(t, renderNode(t, node)))
	}
}

func TestSystemdAcceptsTheUnitsOfANode(t *testing.T) {
	t.Parallel()
	analyze := testtool.Require(t, "systemd-analyze")
	all := nodes()
	maps.Copy(all, services())
	for name, node := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			userData := renderNode(t, node)
			for _, unit := range []string{"beam.service", "beam-migrate@.service"} {
				path := "/etc/systemd/system/" + unit
				if !hasFile(t, userData, path) {
					continue
				}
				verifyUnit(t, analyze, unit, fileOf(t, userData, path))
			}
		})
	}
}

// verifyUnit checks a unit whose programs are not installed here. systemd also
// speaks of units of this machine; only what it says of this one counts.
func verifyUnit(t *testing.T, analyze, name, content string) {
	t.Helper()
	for _, program := range []string{"/opt/chat_app/bin/chat_app", "/opt/chat/bin/chat", "/usr/local/lib/beam/hold-env", "/usr/local/lib/beam/join-vm-args", "/usr/local/lib/beam/migrate"} {
		content = strings.ReplaceAll(content, "="+program, "=/bin/true")
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), name) {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

func TestSecretsOfANodeAreForRootAndItsUserAlone(t *testing.T) {
	t.Parallel()
	secrets := []string{"COOKIECOOKIE", "SECRETKEYBASE", "PASSWORD", "URLTOKEN"}
	for _, f := range filesOf(t, renderNode(t, exampleNode())) {
		for _, secret := range secrets {
			if strings.Contains(f.Content, secret) && !strings.HasSuffix(f.Permissions, "00") {
				t.Errorf("%s has mode %s and holds %s", f.Path, f.Permissions, secret)
			}
		}
	}
}

func TestFingerprintOfANodeLeavesOutItsPeers(t *testing.T) {
	t.Parallel()
	original := exampleNode().Fingerprint()
	younger := exampleNode()
	younger.Peers = append(younger.Peers, "chat@10.108.0.4")
	if younger.Fingerprint() != original {
		t.Error("another peer changes what the host was told")
	}
	changes := map[string]func(*hostconfig.Node){
		"cookie":      func(n *hostconfig.Node) { n.Cookie = "OTHER" },
		"release":     func(n *hostconfig.Node) { n.Release.SHA256 = "other" },
		"environment": func(n *hostconfig.Node) { n.Environment = map[string]string{"PHX_HOST": "other"} },
		"database":    func(n *hostconfig.Node) { n.DatabaseAddress = "10.108.0.10" },
		"swap":        func(n *hostconfig.Node) { n.SwapMiB = 0 },
	}
	for name, change := range changes {
		node := exampleNode()
		change(&node)
		if node.Fingerprint() == original {
			t.Errorf("another %s does not change the fingerprint", name)
		}
	}
}

func TestANodeThatCannotBeCarriedIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*hostconfig.Node)
		want   string
	}{
		"cookie":   {func(n *hostconfig.Node) { n.Cookie = "secret " }, "the cookie ends with a space"},
		"basename": {func(n *hostconfig.Node) { n.Basename = "chat app" }, "basename"},
		"environment": {
			func(n *hostconfig.Node) { n.Environment = map[string]string{"A": "a\x00b"} },
			"the value of A holds a NUL character",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := exampleNode()
			test.change(&node)
			if _, err := node.Render(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// An app that has a name of its own goes on when the load balancer gets a certificate.
func TestAPublicNameThatTheUserOverridesChangesNothing(t *testing.T) {
	t.Parallel()
	node := exampleNode()
	node.Environment = map[string]string{"PHX_HOST": "chat.example.com"}
	before := node.Parts()
	node.PublicHost = "www.example.com"
	if changed := before.Changed(node.Parts()); len(changed) > 0 {
		t.Errorf("the parts %v change", changed)
	}
	node.Environment = nil
	if changed := before.Changed(node.Parts()); !slices.Equal(changed, []hostconfig.Part{hostconfig.PartEnvironment}) {
		t.Errorf("the parts %v change once the name counts, want the environment alone", changed)
	}
}

// The app makes its URLs with the public name, unless the user says otherwise. A
// host that was made before it was told is not outdated for that.
func TestPhoenixIsToldThePublicName(t *testing.T) {
	t.Parallel()
	node := exampleNode()
	node.Environment = nil
	untold := node.Fingerprint()
	node.PublicHost = "chat.example.com"
	if env := fileOf(t, renderNode(t, node), "/etc/beam/env"); !strings.Contains(env, "PHX_HOST=\"chat.example.com\"\n") {
		t.Errorf("the release is told:\n%s", env)
	}
	if node.Fingerprint() != untold {
		t.Error("hosts of earlier versions would be made anew")
	}
	node.Environment = map[string]string{"PHX_HOST": "www.example.com"}
	if env := fileOf(t, renderNode(t, node), "/etc/beam/env"); !strings.Contains(env, "PHX_HOST=\"www.example.com\"\n") {
		t.Errorf("the user's own does not win:\n%s", env)
	}
}

func renderNode(t testing.TB, node hostconfig.Node) []byte {
	t.Helper()
	userData, err := node.Render()
	if err != nil {
		t.Fatal(err)
	}
	return userData
}

func hasFile(t testing.TB, userData []byte, path string) bool {
	t.Helper()
	for _, f := range filesOf(t, userData) {
		if f.Path == path {
			return true
		}
	}
	return false
}
