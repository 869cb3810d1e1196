package hostconfig_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-version"
	"go.yaml.in/yaml/v3"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// grammar is what rendered files say to one program, and since which of its
// versions it understands that. Not every image's programs can be had everywhere
// that tests run, so each word is looked up once and kept in testdata/grammars.yaml.
type grammar struct {
	Program  string
	Source   string              // where versions and words were looked up
	Versions map[string]string   // by the slug of each image that is supported
	Since    map[string][]string // words by the version that brought them; the first is that of Debian 11, or before
}

// first is the version that brought each word.
func (g grammar) first() map[string]string {
	found := map[string]string{}
	for since, words := range g.Since {
		for _, word := range words {
			found[word] = since
		}
	}
	return found
}

// faults says which of the words an image's version does not understand, or may
// not: nobody has looked them up.
func (g grammar) faults(words map[string]string) []string {
	var faults []string
	first := g.first()
	for _, word := range slices.Sorted(maps.Keys(words)) {
		since, known := first[word]
		if !known {
			faults = append(faults, fmt.Sprintf("%s: %q is not in the table: look up since when %s knows it", words[word], word, g.Program))
			continue
		}
		for _, image := range slices.Sorted(maps.Keys(g.Versions)) {
			if older(g.Versions[image], since) {
				faults = append(faults, fmt.Sprintf("%s: %q came with %s %s, and %s has %s", words[word], word, g.Program, since, image, g.Versions[image]))
			}
		}
	}
	return faults
}

func older(one, other string) bool {
	return version.Must(version.NewVersion(one)).LessThan(version.Must(version.NewVersion(other)))
}

// said finds the words that a file says to a program; none in another's files.
type said func(f writtenFile) []string

// speakers are the programs that rendered files speak to.
var speakers = map[string]said{
	"HAProxy":           haproxyWords,
	"systemd":           systemdWords,
	"OpenSSH":           sshdWords,
	"cloud-init":        cloudInitWords,
	"PostgreSQL":        postgresWords,
	"postgresql-common": createClusterWords,
	"sudo":              sudoersWords,
	"nftables":          nftWords,
	"fail2ban":          fail2banWords,
	"apt":               aptWords,
	"certbot":           certbotWords,
	"Erlang/OTP":        erlangWords,
}

// allWords are the words of all rendered hosts for each program, each with a file
// that says it.
func allWords(t *testing.T) map[string]map[string]string {
	t.Helper()
	found := map[string]map[string]string{}
	for name, host := range hosts() {
		userData, err := host.Render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files := append(filesOf(t, userData), writtenFile{Path: userDataPath, Content: string(userData)})
		for _, f := range files {
			if strings.HasPrefix(f.Path, "/etc/systemd/system/") && !strings.Contains(f.Path, "beam") {
				continue // brought by the example's user
			}
			for program, words := range speakers {
				if found[program] == nil {
					found[program] = map[string]string{}
				}
				for _, word := range words(f) {
					found[program][word] = f.Path
				}
			}
		}
	}
	return found
}

func grammars(t *testing.T) map[string]grammar {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "grammars.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list []grammar
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]grammar{}
	for _, g := range list {
		found[g.Program] = g
	}
	return found
}

// What a template says in a newer word than the oldest image knows, or in one that
// nobody has looked up, is found here and not by a host that does not boot.
func TestEveryImageUnderstandsWhatIsRendered(t *testing.T) {
	t.Parallel()
	known, words := grammars(t), allWords(t)
	if len(known) != len(speakers)+1 { // Python's has no words, see below
		t.Errorf("the table has %d programs, want %d", len(known), len(speakers)+1)
	}
	for program := range speakers {
		g, said := known[program], words[program]
		for _, fault := range g.faults(said) {
			t.Error(fault)
		}
		for _, word := range slices.Sorted(maps.Keys(g.first())) {
			if said[word] == "" {
				t.Errorf("%s: the table has %q, which nothing says any more", program, word)
			}
		}
	}
}

func TestGrammarsAreOfTheSupportedImages(t *testing.T) {
	t.Parallel()
	for program, g := range grammars(t) {
		images := slices.Sorted(maps.Keys(g.Versions))
		if strings.Join(images, " ") != "debian-12-x64 debian-13-x64 ubuntu-22-04-x64 ubuntu-24-04-x64" {
			t.Errorf("%s: the table has versions of %v", program, images)
		}
		for _, image := range images {
			if fault := hostconfig.Image.Fault(image); fault != "" {
				t.Errorf("%s is not supported: %s", image, fault)
			}
		}
		if g.Source == "" {
			t.Errorf("%s: the table does not say where this was looked up", program)
		}
	}
}

func TestNewAndUnknownWordsAreFound(t *testing.T) {
	t.Parallel()
	g := grammars(t)["HAProxy"]
	g.Since = map[string][]string{"2.2": {"section global"}, "2.6": {"close-spread-time"}}
	said := map[string]string{}
	for _, word := range haproxyWords(writtenFile{Path: "/etc/haproxy/haproxy.cfg", Content: "global\n  close-spread-time 5s\n  log-profile x\n"}) {
		said[word] = "haproxy.cfg"
	}
	want := []string{
		`haproxy.cfg: "close-spread-time" came with HAProxy 2.6, and ubuntu-22-04-x64 has 2.4`,
		`haproxy.cfg: "log-profile" is not in the table: look up since when HAProxy knows it`,
	}
	if diff := cmp.Diff(want, g.faults(said)); diff != "" {
		t.Errorf("other faults (-want +got):\n%s", diff)
	}
}

// The linters judge the hosts' programs by the oldest Python that a host has.
func TestPythonIsJudgedByTheOldestVersion(t *testing.T) {
	t.Parallel()
	settings, err := os.ReadFile(filepath.Join("..", "tools", "python.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	oldest := slices.MinFunc(slices.Collect(maps.Values(grammars(t)["Python"].Versions)), func(a, b string) int {
		return version.Must(version.NewVersion(a)).Compare(version.Must(version.NewVersion(b)))
	})
	if !strings.Contains(string(settings), "\npython_version = "+oldest+"\n") {
		t.Errorf("python.cfg does not say python_version = %s", oldest)
	}
}

// The guide tells users the versions that the table has.
func TestTheGuideHasTheVersionsOfTheImages(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "upkeep.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := grammars(t)
	for _, image := range slices.Sorted(maps.Keys(known["HAProxy"].Versions)) {
		row := fmt.Sprintf("| `%s` | %s | %s | %s,", image,
			known["HAProxy"].Versions[image], known["PostgreSQL"].Versions[image], known["Erlang/OTP"].Versions[image])
		if !strings.Contains(string(guide), row) {
			t.Errorf("the guide has no row that begins with %s", row)
		}
	}
}
