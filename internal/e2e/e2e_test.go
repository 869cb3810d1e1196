//go:build linux

package e2e_test

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const (
	debian12 = "debian-12-x64"
	debian13 = "debian-13-x64"
)

// suite is what all scenarios share: the provider, the releases, and the table
// of what was checked.
type suite struct {
	provider string
	folder   string // of the releases
	releases map[string]e2e.Release

	mu      sync.Mutex
	rows    []row
	figures []string
}

// row is a line of the table.
type row struct {
	scenario, name string
	took           time.Duration
	result         string
}

// TestEndToEnd runs each scenario in a world of its own. It boots real hosts,
// which takes root and some minutes, so it runs only where BEAM_E2E is set.
func TestEndToEnd(t *testing.T) { runStreams(t, streams) }

// TestFurther runs what takes more time than a change of the code is given.
func TestFurther(t *testing.T) { runStreams(t, further) }

func runStreams(t *testing.T, streams map[string][]scenario) {
	t.Helper()
	s := newSuite(t)
	for name, stream := range streams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, scenario := range stream {
				t.Run(scenario.name, func(t *testing.T) { scenario.run(t, s) })
			}
		})
	}
}

type scenario struct {
	name string
	run  func(*testing.T, *suite)
}

// streams are what runs side by side: two cores are busy with two clusters.
var streams = map[string][]scenario{
	"long": {
		{"debian-12-mix", aCluster},
		{"debian-12-rebar3-two-regions", aClusterOfTwoRegions},
		{"changes", aClusterThatChanges},
	},
	"short": {
		{"failures", applysFail},
		{"debian-13-mix", aClusterOfDebian13},
		{"debian-13-rebar3", aClusterOfRebar3},
		{"boots", twentyBoots},
		{"cut-boots", bootsAreCutOff},
		{"node-beside", aNodeBeside},
		{"guide", aRunThroughTheGuide},
	},
}

var further = map[string][]scenario{
	"long": {
		{"replacements", aClusterThatIsMadeAnew},
		{"certificate-authority", aCertificateFromAnAuthority},
		{"releases", releasesOfAllKinds},
	},
	"short": {
		{"struck", changesAreStruck},
	},
}

// newSuite builds what the scenarios run. The table is printed with the end of
// the test.
func newSuite(t *testing.T) *suite {
	t.Helper()
	if os.Getenv("BEAM_E2E") == "" {
		t.Skip("boots real hosts: set BEAM_E2E=1 to run it, as root")
	}
	s := &suite{provider: t.TempDir(), folder: t.TempDir(), releases: map[string]e2e.Release{}}
	must(t, playground.Build(t.Context(), s.provider))
	for _, kind := range []string{"mix", "rebar3"} {
		s.releases[kind] = s.build(t, e2e.Build{Kind: kind})
	}
	t.Cleanup(s.print)
	return s
}

// build puts a release where all worlds find it.
func (s *suite) build(t *testing.T, b e2e.Build) e2e.Release {
	t.Helper()
	release, err := e2e.BuildRelease(t.Context(), b, filepath.Join("..", "beam", "testdata", "releases"), s.folder)
	must(t, err)
	return release
}

// open makes a world that ends with the test.
func (s *suite) open(t *testing.T, name string, images ...string) *world {
	t.Helper()
	return s.openWith(t, e2e.Options{Name: name, Images: images})
}

func (s *suite) openWith(t *testing.T, o e2e.Options) *world {
	t.Helper()
	o.CLI, o.Provider, o.Releases = testtool.Terraform(t), s.provider, s.folder
	w, err := e2e.Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("remove everything: %v", err)
		}
	})
	return &world{World: w, suite: s}
}

// check runs one named check and writes it into the table.
func (s *suite) check(t *testing.T, name string, run func(*testing.T)) bool {
	t.Helper()
	start, result := time.Now(), "passed"
	passed := t.Run(name, func(t *testing.T) {
		defer func() {
			if t.Skipped() {
				result = "skipped"
			}
		}()
		run(t)
	})
	if !passed {
		result = "FAILED"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, row{path.Base(t.Name()), name, time.Since(start), result})
	return passed
}

// check is one that needs an open world alone.
type check struct {
	name string
	run  func(*testing.T, *world)
}

func (s *suite) checkWorld(t *testing.T, w *world, checks []check) {
	t.Helper()
	for _, c := range checks {
		s.check(t, c.name, func(t *testing.T) { c.run(t, w) })
	}
}

// figure keeps a measurement for the end.
func (s *suite) figure(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures = append(s.figures, fmt.Sprintf(format, args...))
}

func (s *suite) print() {
	slices.SortStableFunc(s.rows, func(a, b row) int { return cmp.Compare(a.scenario, b.scenario) })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nSCENARIO\tCHECKED\tSECONDS\tRESULT")
	for _, row := range s.rows {
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", row.scenario, row.name, row.took.Seconds(), row.result)
	}
	for _, figure := range s.figures {
		fmt.Fprintln(w, figure)
	}
	_ = w.Flush() // to the terminal
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
