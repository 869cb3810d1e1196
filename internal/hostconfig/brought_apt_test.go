package hostconfig_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// aptKeyring makes a key and returns it in armour, with a program that signs.
func aptKeyring(t *testing.T) (armor string, sign func(text string) string) {
	t.Helper()
	gpg, home := testtool.Require(t, "gpg"), t.TempDir()
	must(t, os.Chmod(home, 0o700))
	run := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), gpg, append([]string{"--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("gpg %v: %v", args, err)
		}
		return string(out)
	}
	run("", "--quick-generate-key", "archive@example.com", "rsa2048", "sign", "never")
	return run("", "--armor", "--export"), func(text string) string { return run(text, "--clearsign") }
}

// aptRepository is one with a package, signed.
func aptRepository(t *testing.T, sign func(string) string) string {
	t.Helper()
	packages := aptPackages
	release := fmt.Sprintf("Suite: stable\nCodename: stable\nComponents: main\nArchitectures: all amd64\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %x %d main/binary-all/Packages\n %x %d main/binary-amd64/Packages\n",
		sha256.Sum256([]byte(packages)), len(packages), sha256.Sum256([]byte(packages)), len(packages))
	return aptFolder(t, map[string]string{
		"dists/stable/InRelease": sign(release), "dists/stable/main/binary-all/Packages": packages, "dists/stable/main/binary-amd64/Packages": packages,
	})
}

// flatRepository is one without suites and components, as some publish.
func flatRepository(t *testing.T, sign func(string) string) string {
	t.Helper()
	release := fmt.Sprintf("Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %x %d Packages\n", sha256.Sum256([]byte(aptPackages)), len(aptPackages))
	return aptFolder(t, map[string]string{"InRelease": sign(release), "Packages": aptPackages})
}

const aptPackages = "Package: beam-hello\nVersion: 1.2.3\nArchitecture: all\nMaintainer: x\nFilename: beam-hello.deb\nSize: 1\n" +
	"SHA256: 0000000000000000000000000000000000000000000000000000000000000000\nDescription: x\n"

func aptFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return folder
}

// apt has the lists and the packages of one source alone, and says what it
// installs as beam-hello.
func apt(t *testing.T, source hostconfig.AptSource) (string, error) {
	t.Helper()
	root := t.TempDir()
	balancer := exampleLoadBalancer()
	balancer.Apt = map[string]hostconfig.AptSource{"hello": source}
	userData, err := balancer.Render()
	must(t, err)
	for _, f := range filesOf(t, userData) {
		if strings.HasPrefix(f.Path, "/etc/apt/") {
			must(t, os.MkdirAll(filepath.Dir(root+f.Path), 0o755))
			must(t, os.WriteFile(root+f.Path, []byte(strings.ReplaceAll(f.Content, "/etc/apt", root+"/etc/apt")), 0o644))
		}
	}
	for _, folder := range []string{"state/lists/partial", "cache/archives/partial"} {
		must(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(root, "status"), nil, 0o644))
	options := []string{
		"Dir::Etc::SourceList=/dev/null", "Dir::Etc::SourceParts=" + root + "/etc/apt/sources.list.d", "Dir::Etc::Trusted=/dev/null", "Dir::Etc::TrustedParts=" + root,
		"Dir::State=" + root + "/state", "Dir::State::Status=" + root + "/status", "Dir::Cache=" + root + "/cache", "APT::Sandbox::User=",
		"APT::Architecture=amd64", "APT::Architectures=amd64",
	}
	run := func(program, command string, arguments ...string) (string, error) {
		args := []string{command}
		for _, o := range options {
			args = append(args, "-o", o)
		}
		out, err := exec.CommandContext(t.Context(), testtool.Require(t, program), append(args, arguments...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := run("apt-get", "update"); err != nil {
		return out, err
	}
	return run("apt-cache", "policy", "beam-hello")
}

// apt itself takes packages from a source, and only such as its key signed.
func TestAptTakesPackagesFromASource(t *testing.T) {
	t.Parallel()
	testtool.Require(t, "apt-get")
	key, sign := aptKeyring(t)
	source := hostconfig.AptSource{
		Types: []string{"deb"}, URIs: []string{"file:" + aptRepository(t, sign)}, Suites: []string{"stable"}, Components: []string{"main"},
		Architectures: []string{"amd64"}, Key: strings.ReplaceAll(key, "\n", "\r\n"),
	}
	if out, err := apt(t, source); err != nil || !strings.Contains(out, "Candidate: 1.2.3") {
		t.Errorf("%v\n%s", err, out)
	}
	flat := hostconfig.AptSource{Types: []string{"deb"}, URIs: []string{"file:" + flatRepository(t, sign)}, Key: key}
	for _, folder := range []string{"/", "./"} {
		flat.Suites = []string{folder}
		if out, err := apt(t, flat); err != nil || !strings.Contains(out, "Candidate: 1.2.3") {
			t.Errorf("with the suite %s: %v\n%s", folder, err, out)
		}
	}
	source.Key, _ = aptKeyring(t)
	if out, err := apt(t, source); err == nil || !strings.Contains(out, "NO_PUBKEY") {
		t.Errorf("with the key of somebody else: %v\n%s", err, out)
	}
	source.Key = ""
	if out, err := apt(t, source); err == nil || !strings.Contains(out, "NO_PUBKEY") {
		t.Errorf("without a key: %v\n%s", err, out)
	}
}

func TestSourcesThatAptDoesNotReadAreRefused(t *testing.T) {
	t.Parallel()
	for story, tt := range map[string]struct {
		change func(*hostconfig.AptSource)
		want   string
	}{
		"a good one":               {func(*hostconfig.AptSource) {}, ""},
		"a folder":                 {func(s *hostconfig.AptSource) { s.Suites, s.Components = []string{"./"}, nil }, ""},
		"the root":                 {func(s *hostconfig.AptSource) { s.Suites, s.Components = []string{"/"}, nil }, ""},
		"a folder below the root":  {func(s *hostconfig.AptSource) { s.Suites, s.Components = []string{"/stable/main/"}, nil }, ""},
		"the root with components": {func(s *hostconfig.AptSource) { s.Suites = []string{"/"} }, "its suites are folders"},
		"a path without its end":   {func(s *hostconfig.AptSource) { s.Suites = []string{"/stable"} }, "use the name of a suite"},
		"no address":               {func(s *hostconfig.AptSource) { s.URIs = nil }, "lacks uris, suites or types"},
		"a password":               {func(s *hostconfig.AptSource) { s.URIs = []string{"https://ann:HUNTER2@example.com/"} }, "auth.conf.d"},
		"a second field":           {func(s *hostconfig.AptSource) { s.Suites = []string{"stable\nTrusted: yes"} }, "use the name of a suite"},
		"no components":            {func(s *hostconfig.AptSource) { s.Components = nil }, "has no components"},
		"components of a folder":   {func(s *hostconfig.AptSource) { s.Suites = []string{"stable/"} }, "its suites are folders"},
		"a folder and a suite":     {func(s *hostconfig.AptSource) { s.Suites = []string{"./", "stable"} }, "suites and folders"},
		"another type":             {func(s *hostconfig.AptSource) { s.Types = []string{"rpm"} }, `use "deb" or "deb-src"`},
		"a private key":            {func(s *hostconfig.AptSource) { s.Key = strings.ReplaceAll(testtool.PublicKey, "PUBLIC", "PRIVATE") }, "use a public key in ASCII armour"},
		"two keys":                 {func(s *hostconfig.AptSource) { s.Key = testtool.PublicKey + "\n" + testtool.PublicKey }, ""},
		"no key in the armour":     {func(s *hostconfig.AptSource) { s.Key = inArmour("ZXhhbXBsZQ==") }, "use a public key in ASCII armour"},
		"a signature":              {func(s *hostconfig.AptSource) { s.Key = inArmour("iAA=") }, "use a public key in ASCII armour"},
		"a page around the key":    {func(s *hostconfig.AptSource) { s.Key = "<html>\n" + testtool.PublicKey }, "use a public key in ASCII armour"},
		"a key that was cut":       {func(s *hostconfig.AptSource) { s.Key = s.Key[:len(s.Key)/2] }, "use a public key in ASCII armour"},
		"an architecture of ARM's": {func(s *hostconfig.AptSource) { s.Architectures = []string{"arm64, amd64"} }, "use the name of an architecture"},
	} {
		source := exampleSource()
		tt.change(&source)
		balancer := exampleLoadBalancer()
		balancer.Apt = map[string]hostconfig.AptSource{"hello": source}
		_, err := balancer.Render()
		if (tt.want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "HUNTER2")) {
			t.Errorf("%s: %v, want %q", story, err, tt.want)
		}
	}
}

func inArmour(body string) string {
	return "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + body + "\n-----END PGP PUBLIC KEY BLOCK-----\n"
}

func exampleSource() hostconfig.AptSource {
	return hostconfig.AptSource{
		Types: []string{"deb"}, URIs: []string{"https://packages.example.com/debian"}, Suites: []string{"trixie"}, Components: []string{"main", "contrib"}, Key: testtool.PublicKey,
	}
}
