package hostconfig_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
)

// script writes a script of the example node into a folder of the test.
func script(t *testing.T, path string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(path))
	must(t, program.Write(file, fileOf(t, renderNode(t, exampleNode()), path)))
	return file
}

// myGroup is a group that the test may give files to.
func myGroup(t *testing.T) string {
	t.Helper()
	me, err := user.Current()
	must(t, err)
	group, err := user.LookupGroupId(me.Gid)
	must(t, err)
	return group.Name
}

func TestFillAddressTakesAddressesOnly(t *testing.T) {
	t.Parallel()
	fill := script(t, "/usr/local/lib/beam/fill-address")
	for address, want := range map[string]string{
		"10.0.0.5":         "chat@10.0.0.5 {10,0,0,5}",
		"":                 "chat@@ADDRESS@ @ADDRESS_TUPLE@",
		"<html>":           "chat@@ADDRESS@ @ADDRESS_TUPLE@",
		"10.0.0.1/g;e id;": "chat@@ADDRESS@ @ADDRESS_TUPLE@",
	} {
		file := filepath.Join(t.TempDir(), "node.env")
		must(t, os.WriteFile(file, []byte("chat@@ADDRESS@ @ADDRESS_TUPLE@"), 0o600))
		out, err := exec.CommandContext(t.Context(), fill, address, file).CombinedOutput()
		if failed := strings.Contains(want, "@ADDRESS@"); failed != (err != nil) {
			t.Errorf("%q: got %v, want a failure: %t\n%s", address, err, failed, out)
		}
		got, err := os.ReadFile(file)
		must(t, err)
		if string(got) != want {
			t.Errorf("%q: the file became %q, want %q", address, got, want)
		}
	}
}

func TestJoinVMArgsKeepsAllButNameAndCookie(t *testing.T) {
	t.Parallel()
	join := script(t, "/usr/local/lib/beam/join-vm-args")
	tests := map[string]struct{ file, own, joined, want string }{
		"mix": {
			"vm.args", "## -name is set elsewhere\n-setcookie secret +P 5\n-env A b\n",
			"vm.args", "##  set elsewhere\n +P 5\n-env A b\n",
		},
		"rebar3": {"vm.args.src", "-sname ${NAME}\n+Q ${PORTS}\n", "vm.args.src", "\n+Q ${PORTS}\n"},
		"none":   {"sys.config", "[].", "vm.args", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, out := t.TempDir(), t.TempDir()
			version := filepath.Join(root, "releases/0.1.0")
			must(t, os.MkdirAll(version, 0o755))
			must(t, os.WriteFile(filepath.Join(root, "releases/start_erl.data"), []byte("13.1 0.1.0\n"), 0o600))
			must(t, os.WriteFile(filepath.Join(version, test.file), []byte(test.own), 0o600))
			cluster := filepath.Join(root, "cluster")
			must(t, os.WriteFile(cluster, []byte("-cluster\n"), 0o600))
			if printed, err := exec.CommandContext(t.Context(), join, root, cluster, out).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, printed)
			}
			got, err := os.ReadFile(filepath.Join(out, test.joined))
			must(t, err)
			if want := test.want + "\n-cluster\n"; string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func serve(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
}

// cutShort promises the whole body and sends half of it.
func cutShort(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func sha256Of(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return digest(content)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
