package hostconfig_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestHostsRenderAsTheGoldenFilesShow(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"loadbalancer-plain", "loadbalancer-pem", "loadbalancer-acme", "loadbalancer-no-stats",
		"database", "database-bare",
	} {
		userData, err := hosts()[name].Render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		testtool.Golden(t, name+".txt", readable(t, userData))
	}
}

func TestTheSameHostGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, host := range hosts() {
		first, err := host.Render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		second, err := host.Render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s rendered twice differs", name)
		}
		if len(first) > hostconfig.MaxUserData {
			t.Errorf("%s takes %d bytes, above the limit", name, len(first))
		}
	}
}

// TestHostsLeaveRoomForWhatUsersBring holds them to what the guide "own software"
// promises, the last of 150 nodes included.
func TestHostsLeaveRoomForWhatUsersBring(t *testing.T) {
	t.Parallel()
	const room = 10 << 10
	last := managedNode()
	for i := range 149 {
		last.Peers = append(last.Peers, fmt.Sprintf("chat@10.%d.%d.%d", 100+i%3, i*7%256, i*37%256))
	}
	hosts := managedHosts()
	hosts["the last of 150 nodes"] = last
	for name, host := range hosts {
		userData, err := host.Render()
		must(t, err)
		if len(userData) > hostconfig.MaxUserData-room {
			t.Errorf("%s takes %d bytes, which leaves less than %d", name, len(userData), room)
		}
	}
}

func TestFingerprintFollowsWhatTheHostIsTold(t *testing.T) {
	t.Parallel()
	db := exampleDatabase()
	if db.Fingerprint() != exampleDatabase().Fingerprint() {
		t.Error("equal databases have different fingerprints")
	}
	db.VolumeName = "other"
	if db.Fingerprint() == exampleDatabase().Fingerprint() {
		t.Error("the database's fingerprint misses its volume")
	}
	l := exampleLoadBalancer()
	l.Servers[1].Address = "10.109.0.4"
	if l.Fingerprint() == exampleLoadBalancer().Fingerprint() {
		t.Error("the load balancer's fingerprint misses a server's address")
	}
}

func TestTooLargeNamesTheLargestFiles(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 60_000)
	rand.Read(noise)
	db := exampleDatabase()
	db.CertificatePEM = base64.StdEncoding.EncodeToString(noise)
	_, err := db.Render()
	var tooLarge *hostconfig.TooLargeError
	if !errors.As(err, &tooLarge) {
		t.Fatalf("got %v, want a TooLargeError", err)
	}
	if tooLarge.Size <= hostconfig.MaxUserData {
		t.Errorf("refused at %d bytes, which is within the limit", tooLarge.Size)
	}
	if got := tooLarge.Parts[0].Path; got != "/etc/beam/postgresql/server.crt" {
		t.Errorf("the largest part is %s, want the certificate", got)
	}
	for _, want := range []string{"at most 65536", "server.crt (8"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), db.CertificatePEM[:20]) {
		t.Error("the error holds a file's content")
	}
}

// judgeInCloudInit runs a program of Python, cloud-init, for each #cloud-config whose
// path it is given, and prints as JSON how each run exited and what it said. To start
// cloud-init takes far longer than it takes to judge.
const judgeInCloudInit = `
import contextlib, io, json, runpy, sys
program, *paths = sys.argv[1:]
found = {}
for path in paths:
    sys.argv = [program, "schema", "--config-file", path]
    said, status = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            runpy.run_path(program, run_name="__main__")
        except SystemExit as end:
            status = end.code
    found[path] = {"Status": status or 0, "Said": said.getvalue()}
print(json.dumps(found))
`

func TestCloudInitAcceptsEveryHost(t *testing.T) {
	t.Parallel()
	cloudInit := testtool.Require(t, "cloud-init")
	wrong := filepath.Join(t.TempDir(), "user-data")
	must(t, os.WriteFile(wrong, []byte("#cloud-config\nusers: 7\n"), 0o600))
	names := map[string]string{wrong: ""}
	arguments := []string{"-c", judgeInCloudInit, cloudInit, wrong}
	for name, host := range hosts() {
		path := writeUserData(t, host)
		names[path] = name
		arguments = append(arguments, path)
	}
	python := strings.Fields(strings.TrimPrefix(testtool.File(t, cloudInit)[0], "#!"))
	out, err := exec.CommandContext(t.Context(), python[0], append(python[1:], arguments...)...).Output()
	must(t, err)
	var judged map[string]struct {
		Status int
		Said   string
	}
	must(t, json.Unmarshal(out, &judged))
	for path, name := range names {
		verdict, found := judged[path]
		valid := verdict.Status == 0 && strings.Contains(verdict.Said, "Valid")
		if !found || valid != (path != wrong) {
			t.Errorf("cloud-init schema for %q exits with %d and says\n%s", name, verdict.Status, verdict.Said)
		}
	}
}

func TestShellcheckAcceptsEveryScript(t *testing.T) {
	t.Parallel()
	shellcheck := testtool.Require(t, "shellcheck")
	seen := map[string]bool{}
	for _, host := range hosts() {
		userData, err := host.Render()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range filesOf(t, userData) {
			if !strings.HasPrefix(f.Content, "#!/bin/sh") || seen[f.Content] {
				continue
			}
			seen[f.Content] = true
			// Files to source exist on hosts only, and a user's text that
			// stands in single quotes may hold anything.
			check := exec.CommandContext(t.Context(), shellcheck, "--shell=dash", "--exclude=SC1091,SC2016", "-")
			check.Stdin = strings.NewReader(f.Content)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", f.Path, err, out)
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("only %d scripts were found", len(seen))
	}
}

func TestSystemdAcceptsEveryUnit(t *testing.T) {
	t.Parallel()
	analyze := testtool.Require(t, "systemd-analyze")
	checked := 0
	for _, host := range []renderer{loadBalancers()["acme"], exampleDatabase()} {
		userData, err := host.Render()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range filesOf(t, userData) {
			if !strings.HasPrefix(f.Path, "/etc/systemd/system/") {
				continue
			}
			checked++
			unit := writeUnit(t, f)
			out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput()
			if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
				t.Errorf("systemd-analyze verify %s: %v\n%s", f.Path, err, out)
			}
		}
	}
	if checked != 7 {
		t.Errorf("%d units were checked, want 7", checked)
	}
}

// writeUnit writes a unit where systemd-analyze can judge it: its programs,
// which need not be installed here, become /bin/true, and a drop-in becomes a
// unit of its own.
func writeUnit(t *testing.T, f writtenFile) string {
	t.Helper()
	name := filepath.Base(f.Path)
	content := strings.NewReplacer("/usr/local/sbin/beam-certificate", "/bin/true", "/usr/local/sbin/beam-boot", "/bin/true", "/usr/sbin/nft", "/bin/true").Replace(f.Content)
	if filepath.Ext(name) == ".conf" {
		name = "drop-in.service"
		content += "[Service]\nExecStart=/bin/true\n"
	}
	unit := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(unit, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return unit
}

func writeUserData(t *testing.T, host renderer) string {
	t.Helper()
	userData, err := host.Render()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(path, userData, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
