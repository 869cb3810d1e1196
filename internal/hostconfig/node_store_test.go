package hostconfig_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// newStoreHost is a host that fetches releases. Where root runs the test, the
// release runs as somebody else, who must be able to reach the programs.
func newStoreHost(t *testing.T) *testHost {
	t.Helper()
	h := newTestHost(t)
	h.root = t.TempDir()
	if os.Getuid() == 0 {
		h.user = "daemon"
		for dir := h.root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			must(t, os.Chmod(dir, 0o755))
		}
	}
	must(t, os.MkdirAll(filepath.Join(h.root, "opt"), 0o755))
	must(t, os.MkdirAll(filepath.Join(h.root, "var/lib/beam"), 0o755))
	return h
}

// fetch runs what the first boot runs for a release that is at the URL.
func (h *testHost) fetch(t *testing.T, url, sha256 string) (string, error) {
	t.Helper()
	release := *h.node.Release
	release.URL, release.SHA256 = url, sha256
	h.node.Release = &release
	h.writeFiles(t)
	line := append(slices.Clone(h.as), filepath.Join(h.root, "usr/local/lib/beam/fetch-release"))
	out, err := exec.CommandContext(t.Context(), line[0], line[1:]...).CombinedOutput()
	return string(out), err
}

// fetchFrom serves the release for as long as it takes to fetch it.
func (h *testHost) fetchFrom(t *testing.T, handler http.HandlerFunc, sha256 string) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return h.fetch(t, server.URL+"/chat.tar.gz?token=SECRET", sha256)
}

func (h *testHost) released(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(h.root, "opt/chat/bin/chat"))
	if err != nil {
		return ""
	}
	return string(content)
}

// stored lists the store, but for its lock.
func (h *testHost) stored(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.root, "var/lib/beam/releases"))
	must(t, err)
	var names []string
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestFetchReleaseUnpacksWhatItChecked(t *testing.T) {
	t.Parallel()
	h := newStoreHost(t)
	first := tarball(t, "bin/chat", "first")
	if out, err := h.fetchFrom(t, serve(first), digest(first)); err != nil || h.released(t) != "first" {
		t.Fatalf("%v\n%s", err, out)
	}
	// Another version takes the first one's place; here it lies in a folder.
	second := tarball(t, "chat/bin/chat", "second")
	if out, err := h.fetchFrom(t, serve(second), strings.ToUpper(digest(second))); err != nil || h.released(t) != "second" {
		t.Fatalf("%v\n%s", err, out)
	}
	// The first one is still there and needs no server.
	if out, err := h.fetchFrom(t, http.NotFound, digest(first)); err != nil || h.released(t) != "first" {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(filepath.Join(h.root, "opt/chat/bin/chat"))
	must(t, err)
	if mode := info.Mode().Perm(); mode&0o707 != 0o700 {
		t.Errorf("the release's program has mode %o, want it for its user and group alone", mode)
	}
}

func TestTheReleasesFolderIsItsOwnUnlessItIsShut(t *testing.T) {
	t.Parallel()
	h := newStoreHost(t)
	h.user, h.as = "daemon", testtool.AsRoot(t)
	archive := tarball(t, "bin/chat", "first")
	owner := func(readOnly bool) string {
		h.node.Release.ReadOnly = readOnly
		if out, err := h.fetchFrom(t, serve(archive), digest(archive)); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		line := append(slices.Clone(h.as), "stat", "--format=%U:%G %a", filepath.Join(h.root, "opt/chat/bin/chat"))
		return strings.TrimSpace(h.command(t, os.Environ(), line[0], line[1:]...))
	}
	for _, step := range []struct {
		readOnly bool
		want     string
	}{{false, "daemon:daemon 750"}, {true, "root:daemon 750"}, {false, "daemon:daemon 750"}} {
		if got := owner(step.readOnly); got != step.want {
			t.Errorf("with read_only = %t the program belongs to %q, want %q", step.readOnly, got, step.want)
		}
	}
	unit := strings.Join(h.unit["ReadWritePaths"], " ")
	if want := filepath.Join(h.root, "opt/chat"); unit != want {
		t.Errorf("the unit lets the release write to %q, want %q", unit, want)
	}
}

func TestFetchReleaseRefusesWhatIsNotTheRelease(t *testing.T) {
	t.Parallel()
	good := tarball(t, "bin/chat", "good")
	other := tarball(t, "bin/other", "other")
	tests := map[string]struct {
		handler http.HandlerFunc
		sha256  string
		want    string
	}{
		"wrong SHA-256":     {serve(good), digest(other), "is not used"},
		"404":               {http.NotFound, digest(good), "chat.tar.gz answers with 404 Not Found"},
		"cut short":         {cutShort(good), digest(good), "was cut short after"},
		"not a tarball":     {serve([]byte("hello")), digest([]byte("hello")), "has to be a .tar.gz"},
		"another program":   {serve(other), digest(other), "no program bin/chat: the archive holds no release, at its top are: bin."},
		"redirect to files": {redirect("file:///etc/passwd"), digest(good), "answers with 302"},
		"endless redirects": {redirect("/again"), digest(good), "answers with 302"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStoreHost(t)
			out, err := h.fetchFrom(t, test.handler, test.sha256)
			if err == nil || !strings.Contains(out, test.want) {
				t.Errorf("got %v, want a failure that says %q\n%s", err, test.want, out)
			}
			if strings.Contains(out, "SECRET") {
				t.Errorf("a secret is shown: %s", out)
			}
			if h.released(t) != "" {
				t.Error("something was released")
			}
			if left := h.stored(t); len(left) > 0 {
				t.Errorf("%v was left behind", left)
			}
		})
	}
}

func TestAnArchiveThatIsNoReleaseIsToldOfWithWhatToDo(t *testing.T) {
	t.Parallel()
	deep := map[string]string{"_build/prod/rel/chat/bin/chat": "x", "_build/prod/rel/chat/releases/start_erl.data": "13.1 0.1.0"}
	misnamed := map[string]string{"bin/talk": "x", "releases/start_erl.data": "13.1 0.1.0"}
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"the build's folder": {deep, "it is in _build/prod/rel/chat, not at the top of the archive. Pack it with: tar -C _build/prod/rel/chat -czf chat.tar.gz ."},
		"another name":       {misnamed, "holds a release in . with the programs talk. Set release.name"},
		"sources":            {map[string]string{"mix.exs": "x", "lib/chat.ex": "y"}, "at its top are: lib, mix.exs. Pack what `mix release`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStoreHost(t)
			archive := archiveOf(t, test.files, 0o755)
			if out, err := h.fetchFrom(t, serve(archive), digest(archive)); err == nil || !strings.Contains(out, test.want) {
				t.Errorf("got %v, want a failure that says %q\n%s", err, test.want, out)
			}
		})
	}
}

func TestProgramsThatLostTheirModeAreMended(t *testing.T) {
	t.Parallel()
	h := newStoreHost(t)
	archive := archiveOf(t, map[string]string{"bin/chat": "x", "erts-13.1/bin/erlexec": "y", "releases/0.1.0/elixir": "z", "lib/a.beam": "b"}, 0o644)
	if out, err := h.fetchFrom(t, serve(archive), digest(archive)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for file, want := range map[string]bool{"bin/chat": true, "erts-13.1/bin/erlexec": true, "releases/0.1.0/elixir": true, "lib/a.beam": false} {
		info, err := os.Stat(filepath.Join(h.root, "opt/chat", file))
		must(t, err)
		if got := info.Mode()&0o100 != 0; got != want {
			t.Errorf("%s can be run: %t, want %t", file, got, want)
		}
	}
}

// What an archive says of owners, of devices and of places outside itself does
// not count: it is unpacked by the one who runs the release.
func TestAnArchiveCannotReachBeyondItsFolder(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	for name, header := range map[string]tar.Header{
		"a path upwards":  {Name: "../../../../outside", Mode: 0o644, Typeflag: tar.TypeReg},
		"a device":        {Name: "disk", Mode: 0o666, Typeflag: tar.TypeBlock, Devmajor: 7},
		"through a link":  {Name: "bin", Linkname: filepath.Dir(outside), Typeflag: tar.TypeSymlink},
		"a set-user-ID":   {Name: "root-shell", Mode: 0o4755, Typeflag: tar.TypeReg},
		"an env.sh: link": {Name: "releases/0.1.0", Linkname: filepath.Dir(outside), Typeflag: tar.TypeSymlink},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStoreHost(t)
			archive := packed(t, []tar.Header{header, {Name: "bin/chat", Mode: 0o755, Typeflag: tar.TypeReg}})
			_, _ = h.fetchFrom(t, serve(archive), digest(archive)) // refused or harmless
			if _, err := os.Stat(outside); err == nil {
				t.Error("a file was written outside")
			}
			out := h.command(t, os.Environ(), "find", h.root, "-type", "b", "-o", "-perm", "/6000")
			if out != "" {
				t.Errorf("unpacked %s", out)
			}
		})
	}
}

// Two servers: what is meant for one must never come to the other.
func TestHeadersAreSentToTheURLsOwnHostOnly(t *testing.T) {
	t.Parallel()
	archive := tarball(t, "bin/chat", "private")
	var mu sync.Mutex
	seen := map[string][]string{}
	note := func(who string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[who] = append(seen[who], r.URL.Path+" "+r.Header.Get("X-Token")+r.Header.Get("Authorization")+r.Header.Get("PRIVATE-token"))
	}
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("store", r)
		_, _ = w.Write(archive)
	}))
	defer store.Close()
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("own", r)
		to := map[string]string{"/a": "/b", "/b": store.URL + "/c"}[r.URL.Path]
		http.Redirect(w, r, to, http.StatusPermanentRedirect)
	}))
	defer own.Close()
	h := newStoreHost(t)
	h.node.Release.Headers = map[string]string{"X-Token": "SECRET1", "Authorization": "SECRET2", "PRIVATE-TOKEN": "SECRET3"}
	if out, err := h.fetch(t, own.URL+"/a", digest(archive)); err != nil || h.released(t) != "private" {
		t.Fatalf("%v\n%s", err, out)
	}
	want := map[string][]string{"own": {"/a SECRET1SECRET2SECRET3", "/b SECRET1SECRET2SECRET3"}, "store": {"/c "}}
	if !maps.EqualFunc(seen, want, slices.Equal[[]string]) {
		t.Errorf("the servers saw %q, want %q", seen, want)
	}
}

func TestAURLIsFetchedAsItStands(t *testing.T) {
	t.Parallel()
	archive := tarball(t, "bin/chat", "as it stands")
	for path, want := range map[string]string{
		"/[RELEASE]/{1,2}/chat.tar.gz?a={b}&c=[1-3]": "/[RELEASE]/{1,2}/chat.tar.gz?a={b}&c=[1-3]",
		"/a%20b/%2Fc?x=%5B":                          "/a%20b/%2Fc?x=%5B",
		"/über uns#part":                             "/%C3%BCber%20uns",
		`/a"b\c`:                                     `/a"b\c`,
	} {
		var asked, login string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked, login = r.RequestURI, r.Header.Get("Authorization")
			_, _ = w.Write(archive)
		}))
		h := newStoreHost(t)
		out, err := h.fetch(t, strings.Replace(server.URL, "://", "://me:p%40ss@", 1)+path, digest(archive))
		server.Close()
		if err != nil || asked != want {
			t.Errorf("%s was asked for as %s, want %s: %v\n%s", path, asked, want, err, out)
		}
		if login != "Basic bWU6cEBzcw==" {
			t.Errorf("the server saw the login %q", login)
		}
	}
}

func TestAServerThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	archive := tarball(t, "bin/chat", "at last")
	tries := 0
	h := newStoreHost(t)
	out, err := h.fetchFrom(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(archive)
	}, digest(archive))
	if err != nil || h.released(t) != "at last" || tries != 3 {
		t.Errorf("%d tries: %v\n%s", tries, err, out)
	}
}

func TestSoManyReleasesAreKept(t *testing.T) {
	t.Parallel()
	h := newStoreHost(t)
	h.node.Release.Keep = 2
	var names []string
	for n := range 4 {
		archive := tarball(t, "bin/chat", fmt.Sprint("version ", n))
		if out, err := h.fetchFrom(t, serve(archive), digest(archive)); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		names = append(names, digest(archive)[:16])
	}
	var want []string
	for _, name := range names[2:] {
		want = append(want, name, name+".tar.gz")
	}
	slices.Sort(want)
	if got := h.stored(t); !slices.Equal(got, want) {
		t.Errorf("the store has %v, want %v", got, want)
	}
	user, err := user.Current()
	must(t, err)
	for _, name := range want {
		info, err := os.Stat(filepath.Join(h.root, "var/lib/beam/releases", name))
		must(t, err)
		if !info.IsDir() && info.Mode().Perm() != 0o600 {
			t.Errorf("the archive %s of %s has mode %o", name, user.Username, info.Mode().Perm())
		}
	}
}

// tarball holds one program.
func tarball(t *testing.T, path, content string) []byte {
	t.Helper()
	return archiveOf(t, map[string]string{path: content}, 0o777)
}

// archiveOf holds files of one mode.
func archiveOf(t *testing.T, files map[string]string, mode int64) []byte {
	t.Helper()
	var headers []tar.Header
	for _, name := range slices.Sorted(maps.Keys(files)) {
		headers = append(headers, tar.Header{Name: name, Mode: mode, Size: int64(len(files[name])), Typeflag: tar.TypeReg})
	}
	return packed(t, headers, files)
}

func packed(t *testing.T, headers []tar.Header, contents ...map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	for _, header := range headers {
		must(t, archive.WriteHeader(&header))
		if header.Size > 0 {
			_, err := archive.Write([]byte(contents[0][header.Name]))
			must(t, err)
		}
	}
	must(t, archive.Close())
	must(t, compressed.Close())
	return out.Bytes()
}
