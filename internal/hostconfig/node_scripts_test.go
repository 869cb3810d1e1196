package hostconfig_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// script writes a script of the example node into a folder of the test.
func script(t *testing.T, path string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(path))
	must(t, os.WriteFile(file, []byte(fileOf(t, renderNode(t, exampleNode()), path)), 0o700))
	return file
}

// fetchHost has the folders and the curl configuration that fetch-release uses.
type fetchHost struct {
	dir, script, group string
}

func newFetchHost(t *testing.T) *fetchHost {
	t.Helper()
	testtool.Require(t, "curl")
	h := &fetchHost{dir: t.TempDir(), script: script(t, "/usr/local/lib/beam/fetch-release"), group: myGroup(t)}
	must(t, os.Mkdir(filepath.Join(h.dir, "store"), 0o755))
	return h
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

// fetch serves the body and fetches it, expecting the SHA-256 given.
func (h *fetchHost) fetch(t *testing.T, handler http.HandlerFunc, sha256 string) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	config := filepath.Join(h.dir, "curl")
	must(t, os.WriteFile(config, fmt.Appendf(nil, "url = \"%s/chat.tar.gz?token=a\\\\b\\\"c\"\n", server.URL), 0o600))
	return h.run(t, config, sha256)
}

func (h *fetchHost) run(t *testing.T, config, sha256 string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), h.script, config, sha256, "chat", h.group,
		filepath.Join(h.dir, "store"), filepath.Join(h.dir, "chat"))
	cmd.Env = append(os.Environ(), "BEAM_RETRIES=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (h *fetchHost) released(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(h.dir, "chat/bin/chat"))
	if err != nil {
		return ""
	}
	return string(content)
}

func TestFetchReleaseUnpacksWhatItChecked(t *testing.T) {
	t.Parallel()
	h := newFetchHost(t)
	first := tarball(t, "bin/chat", "first")
	if out, err := h.fetch(t, serve(first), digest(first)); err != nil || h.released(t) != "first" {
		t.Fatalf("%v\n%s", err, out)
	}
	// Another version takes the first one's place; here it lies in a folder.
	second := tarball(t, "chat/bin/chat", "second")
	if out, err := h.fetch(t, serve(second), strings.ToUpper(digest(second))); err != nil || h.released(t) != "second" {
		t.Fatalf("%v\n%s", err, out)
	}
	// The first one is still there and needs no server.
	if out, err := h.fetch(t, http.NotFound, digest(first)); err != nil || h.released(t) != "first" {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(filepath.Join(h.dir, "chat/bin/chat"))
	must(t, err)
	if mode := info.Mode().Perm(); mode != 0o750 {
		t.Errorf("the release's program has mode %o, want 750", mode)
	}
}

// curl takes brackets and braces for a pattern of several URLs unless it is told
// not to.
func TestFetchReleaseAsksForTheURLAsItStands(t *testing.T) {
	t.Parallel()
	release := tarball(t, "bin/chat", "release")
	for _, path := range []string{"/[RELEASE]/chat.tar.gz", "/{1,2}.tar.gz", "/chat[1-3].tar.gz?sig=%5B{x}"} {
		var asked string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.RequestURI
			serve(release)(w, r)
		}))
		defer server.Close()
		node := exampleNode()
		node.Release.URL = server.URL + path
		h := newFetchHost(t)
		config := filepath.Join(h.dir, "curl")
		must(t, os.WriteFile(config, []byte(fileOf(t, renderNode(t, node), "/etc/beam/release.curl")), 0o600))
		if out, err := h.run(t, config, digest(release)); err != nil || asked != path {
			t.Errorf("%s: asked for %q (%v)\n%s", path, asked, err, out)
		}
	}
}

func TestFetchReleaseRefusesWhatIsNotTheRelease(t *testing.T) {
	t.Parallel()
	good := tarball(t, "bin/chat", "good")
	other := tarball(t, "bin/other", "other")
	built := tarball(t, "_build/prod/rel/chat/bin/chat", "built")
	flat := tarballOf(t, tar.Header{Name: "bin/chat", Mode: 0o644}, "flat")
	folder := tarballOf(t, tar.Header{Name: "chat/bin/chat", Mode: 0o600}, "flat")
	source := tarball(t, "chat-main/mix.exs", "source")
	text := tarball(t, "README.md", "text")
	tests := map[string]struct {
		handler http.HandlerFunc
		sha256  string
		want    string
	}{
		"wrong SHA-256":     {serve(good), digest(other), "it is not used"},
		"404":               {http.NotFound, digest(good), "404"},
		"cut short":         {cutShort(good), digest(good), "curl"},
		"not a tarball":     {serve([]byte("hello")), digest([]byte("hello")), "tar"},
		"another program":   {serve(other), digest(other), "no program bin/chat, but ./bin/other: set release.name"},
		"folder of a build": {serve(built), digest(built), "has ./_build/prod/rel/chat/bin/chat, not bin/chat: pack what is in that folder (tar -czf chat.tar.gz -C ./_build/prod/rel/chat .)"},
		"no execute bit":    {serve(flat), digest(flat), "./bin/chat of the archive is not executable"},
		"nor in a folder":   {serve(folder), digest(folder), "./chat/bin/chat of the archive is not executable"},
		"sources":           {serve(source), digest(source), "holds sources"},
		"something else":    {serve(text), digest(text), "at its top are: ./README.md"},
		"redirect to files": {redirect("file:///etc/passwd"), digest(good), "curl"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFetchHost(t)
			out, err := h.fetch(t, test.handler, test.sha256)
			if err == nil || !strings.Contains(out, test.want) {
				t.Errorf("got %v, want a failure that says %q\n%s", err, test.want, out)
			}
			if _, err := os.Lstat(filepath.Join(h.dir, "chat")); err == nil {
				t.Error("something was released")
			}
			left, err := os.ReadDir(filepath.Join(h.dir, "store"))
			must(t, err)
			if len(left) > 0 {
				t.Errorf("%s was left behind", left[0].Name())
			}
		})
	}
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

// tarball holds one program.
func tarball(t *testing.T, path, content string) []byte {
	t.Helper()
	return tarballOf(t, tar.Header{Name: path, Mode: 0o777}, content)
}

func tarballOf(t *testing.T, header tar.Header, content string) []byte {
	t.Helper()
	header.Size = int64(len(content))
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	must(t, archive.WriteHeader(&header))
	_, err := archive.Write([]byte(content))
	must(t, err)
	must(t, archive.Close())
	must(t, compressed.Close())
	return out.Bytes()
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
