package hostconfig_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// carrier is a host with a file whose content is free.
func carrier(content string) hostconfig.Database {
	db := exampleDatabase()
	db.CertificatePEM = content
	return db
}

const carriedFile = "/etc/beam/postgresql/server.crt"

func TestFilesArriveExactlyAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[ -~\n\t]*`),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.String(), func(s string) string { return strings.Repeat(s, 300) }),
		).Draw(rt, "content")
		userData, err := carrier(content).Render()
		if err != nil {
			rt.Fatal(err)
		}
		if got := fileOf(t, userData, carriedFile); got != content {
			rt.Errorf("%q arrived as %q", content, got)
		}
	})
}

// decodeInPython prints, as JSON, the content of one file of each
// #cloud-config whose path it is given, read with the parser cloud-init uses.
const decodeInPython = `
import base64, gzip, json, sys, yaml
found = []
for path in sys.argv[2:]:
    for f in yaml.safe_load(open(path, "rb"))["write_files"]:
        if f["path"] != sys.argv[1]:
            continue
        content, encoding = f["content"].encode(), f.get("encoding", "")
        if "b64" in encoding:
            content = base64.b64decode(content)
        if "gz" in encoding:
            content = gzip.decompress(content)
        found.append(content.hex())
print(json.dumps(found))
`

func TestCloudInitsParserReadsAwkwardFiles(t *testing.T) {
	t.Parallel()
	python := testtool.Require(t, hostPython)
	contents := []string{
		"", "\n", " ", "no newline", "two\n\n\nlines \n", "  indented\n\ttab\n", "- a: b # c\n", "%YAML: &x *y !!z\n",
		`'single' "double" \back $HOME`, "null", "true", "0x10", "1e3", "ends with \r\n", "bell \a", "nul \x00",
		"naïve — 日本語 🦊\n", "\u0085\u2028\u2029", "\ufeffmark", "\xff\xfe", strings.Repeat("long line ", 400),
	}
	arguments := []string{"-c", decodeInPython, carriedFile}
	for _, content := range contents {
		arguments = append(arguments, writeUserData(t, carrier(content)))
	}
	out, err := exec.CommandContext(t.Context(), python, arguments...).Output()
	if err != nil {
		t.Fatalf("python3: %v (it needs the module yaml, which cloud-init brings)", err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, content := range contents {
		want = append(want, hex.EncodeToString([]byte(content)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contents in hex (-want +got):\n%s", diff)
	}
}

// TestHAProxyReadsEveryPassword gives one HAProxy the `stats auth` lines of
// many load balancers, and logs in with each.
func TestHAProxyReadsEveryPassword(t *testing.T) {
	t.Parallel()
	names, passwords := rapid.StringMatching(`[A-Za-z0-9_.-]{1,20}`), rapid.StringMatching(`[ -~]{1,30}`)
	l := trafficLoadBalancer(t, startNode(t, "chat-us-1"))
	logins := map[string]string{}
	var lines []string
	for seed := range 100 {
		one := l
		one.Stats = &hostconfig.Stats{Port: 8404, Path: "/stats", User: names.Example(seed), Password: passwords.Example(seed)}
		userData, err := one.Render()
		if err != nil {
			t.Fatal(err)
		}
		if _, taken := logins[one.Stats.User]; taken {
			continue
		}
		logins[one.Stats.User] = one.Stats.Password
		lines = append(lines, lineWith(t, fileOf(t, userData, "/etc/haproxy/haproxy.cfg"), "  stats auth "))
	}
	front := startHAProxy(t, l, "  stats auth 'admin:STATSPASSWORD'", strings.Join(lines, "\n"))
	for user, password := range logins {
		request := newRequest(t, "http://"+front.stats+l.Stats.Path)
		request.SetBasicAuth(user, password)
		if got := get(t, &http.Client{}, request).StatusCode; got != http.StatusOK {
			t.Errorf("user %q with password %q is answered %d", user, password, got)
		}
	}
}

func lineWith(t *testing.T, text, prefix string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	t.Fatalf("no line begins with %q", prefix)
	return ""
}
