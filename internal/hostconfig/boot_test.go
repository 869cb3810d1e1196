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
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestBootCarriesOutEachStepOnce(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	out := h.mustStart(t)
	entries, err := os.ReadDir(filepath.Join(h.dir, "var/lib/beam/steps"))
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for _, entry := range entries {
		done = append(done, entry.Name())
	}
	if diff := cmp.Diff(h.steps(t), done, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("steps that are done (-want +got):\n%s%s", diff, out)
	}
	calls := h.read(t, "calls")
	if strings.Contains(calls, "apt-get") {
		t.Errorf("packages that are installed were installed again:\n%s", calls)
	}
	h.mustStart(t)
	if again := strings.TrimPrefix(h.read(t, "calls"), calls); again != "" {
		t.Errorf("steps that were done are carried out again:\n%s", again)
	}
}

func TestNothingThatAStepWroteCanBeLostOnceItIsDone(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	h.standIn(t, "sync", `[ $# -gt 0 ] || ls '`+h.dir+`/var/lib/beam/steps' >>'`+h.dir+`/synced'`)
	h.standIn(t, "ls", `exec /usr/bin/ls "$@"`)
	h.mustStart(t)
	// Each whole sync finds all steps done but the one that it is for.
	if got, steps := strings.Count(h.read(t, "calls"), "sync \n"), len(h.steps(t)); got != steps {
		t.Errorf("the disk was synced %d times for %d steps", got, steps)
	}
	if last := h.steps(t)[len(h.steps(t))-1]; strings.Contains("\n"+h.read(t, "synced"), "\n"+last+"\n") {
		t.Errorf("the step %s counted as done before the disk was synced", last)
	}
}

func TestAStepThatFailsIsTriedAgainAndThenTold(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	h.standIn(t, "ufw", `[ "$1" != --force ] || exit 3`)
	out, err := h.start(t)
	if err == nil {
		t.Fatal("the service hides the failure")
	}
	if got := h.read(t, "var/lib/beam/boot-step"); got != "failed close the firewall\n" {
		t.Errorf("boot-step is %q, want the firewall's", got)
	}
	if want := `beam: the step "close the firewall" failed with exit status 3; its messages are above`; !strings.Contains(out, want) {
		t.Errorf("the log does not say %s:\n%s", want, out)
	}
	calls := h.read(t, "calls")
	if strings.Contains(calls, "haproxy") {
		t.Errorf("the boot went on after the failure:\n%s", calls)
	}
	for _, pause := range []string{"5", "15", "30", "60"} {
		if strings.Count(calls, "sleep "+pause+"\n") != 1 {
			t.Errorf("no pause of %s s between tries:\n%s", pause, calls)
		}
	}

	// A person mends it and starts the service: it goes on from there.
	h.standIn(t, "ufw", "")
	h.mustStart(t)
	if calls := h.read(t, "calls"); strings.Count(calls, "restart beam-metadata.service") != 1 {
		t.Errorf("steps that were done before are carried out again:\n%s", calls)
	}
}

func TestAStepThatWorksAtTheSecondTryIsNoFailure(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	h.standIn(t, "haproxy", `[ -e '`+h.dir+`/tried' ] || { : >'`+h.dir+`/tried'; exit 1; }`)
	if out := h.mustStart(t); !strings.Contains(out, `beam: the step "start HAProxy" failed with exit status 1; it is tried again in 5 seconds`) {
		t.Errorf("the log does not tell of the first try:\n%s", out)
	}
}

func TestAStepThatCannotWorkIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	h.standIn(t, "haproxy", "exit 65")
	out, err := h.start(t)
	if calls := h.read(t, "calls"); err == nil || strings.Contains(calls, "sleep") || h.read(t, "var/lib/beam/boot-step") != "failed start HAProxy\n" {
		t.Errorf("%v\n%s%s", err, out, calls)
	}
}

// cutEvery is how many calls lie between the points at which boots are cut off.
func cutEvery() int {
	if testtool.Everything() {
		return 1
	}
	return 80
}

// The programs' calls are counted, so the power can go away wherever something
// changes. The host must then become what it becomes without that.
func TestABootThatIsCutOffAnywhereEndsAsOneThatIsNot(t *testing.T) {
	t.Parallel()
	release := emptyRelease(t, "bin/chat", "releases/start_erl.data")
	sum := sha256.Sum256(release)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(release) // a client that was cut off asks again
	}))
	t.Cleanup(server.Close)
	for name, prepare := range map[string]func(*testing.T) bootHost{
		"load balancer": func(t *testing.T) bootHost { return newBootHost(t, exampleLoadBalancer()) },
		"node": func(t *testing.T) bootHost {
			return newBootNode(t, server.URL+"/chat.tar.gz", hex.EncodeToString(sum[:]))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := prepare(t)
			whole.countWrites(t)
			whole.mustStart(t)
			want := whole.became(t)
			for at := 1; at <= strings.Count(whole.read(t, "calls"), "\n"); at += cutEvery() {
				t.Run(fmt.Sprintf("at call %d", at), func(t *testing.T) {
					t.Parallel()
					h := prepare(t)
					h.countWrites(t)
					h.write(t, "cut", fmt.Sprintf("%d ", at), false)
					if _, err := h.start(t); err == nil {
						t.Fatal("the boot was not cut off")
					}
					h.remove(t, "cut")
					out := h.mustStart(t)
					if diff := cmp.Diff(want, h.became(t)); diff != "" {
						t.Errorf("(-whole +cut off):\n%s%s", diff, out)
					}
				})
			}
		})
	}
}

// newBootNode is a node that fetches a release.
func newBootNode(t *testing.T, url, sha256 string) bootHost {
	t.Helper()
	n := exampleNode()
	n.Release.URL, n.Release.SHA256 = url, sha256
	h := newBootHost(t, n)
	// The release is unpacked as whoever runs the test.
	const settings = "etc/beam/release.json"
	h.write(t, settings, strings.ReplaceAll(h.read(t, settings), `"deploy"`, `"`+myGroup(t)+`"`), false)
	return h
}

// emptyRelease is a tarball of empty programs of these names.
func emptyRelease(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, name := range names {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for _, closer := range []interface{ Close() error }{archive, zipped} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestCloudInitHandsOverOnceAllFilesAreSafe(t *testing.T) {
	t.Parallel()
	h := newBootHost(t, exampleLoadBalancer())
	// The image is that of another host, whose steps were all done.
	h.write(t, "/var/lib/beam/steps/haproxy", "", false)
	h.write(t, "/var/lib/beam/boot-step", "done\n", false)
	begun := filepath.Join(h.dir, "var/lib/cloud/instance/sem/beam")
	h.standIn(t, "systemctl", `[ "$1" != start ] || [ -e '`+begun+`' ] || exit 1`)
	if out, err := h.run(t, "/usr/local/lib/beam/begin-boot"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []string{
		"systemctl daemon-reload", "systemctl enable beam-boot.service", "sync ",
		"sync " + begun + " " + filepath.Dir(begun), "systemctl start beam-boot.service", "",
	}
	if diff := cmp.Diff(want, strings.Split(h.read(t, "calls"), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h.mustStart(t)
	if calls := h.read(t, "calls"); !strings.Contains(calls, "restart haproxy.service") {
		t.Errorf("a step that another host did counts as done:\n%s", calls)
	}
}

func TestStepsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, host := range hosts() {
		userData, err := host.Render()
		if err != nil {
			t.Fatal(err)
		}
		var slugs []string
		for _, f := range filesOf(t, userData) {
			if step, isStep := strings.CutPrefix(f.Path, "/usr/local/lib/beam/steps/"); isStep {
				slugs = append(slugs, step[3:])
			}
		}
		unique := slices.Compact(slices.Sorted(slices.Values(slugs)))
		if len(unique) != len(slugs) || len(slugs) < 5 {
			t.Errorf("%s has the steps %v", name, slugs)
		}
	}
}
