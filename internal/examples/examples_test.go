package examples

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const root = "../../examples"

// requirement is what the examples of the resources' pages leave out: the
// provider's page has it.
const requirement = `terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}
`

// TestAccExamples applies every example, expects the second plan to be empty,
// runs its import, and destroys it.
func TestAccExamples(t *testing.T) {
	t.Parallel()
	cli := testtool.Terraform(t)
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			requireVersion(t, cli, folder)
			try(t, folder, open(t, cli, folder), importCommand(t, folder))
		})
	}
}

// since are the versions of Terraform and OpenTofu that examples need, by what
// their folder begins with.
var since = map[string]struct{ terraform, tofu string }{
	"ephemeral-resources":      {"1.10.0", "1.11.0"},
	"cookie-outside-the-state": {"1.11.0", "1.11.0"},
}

// requireVersion skips the test by the name of a command line that is too old for
// the example.
func requireVersion(t *testing.T, cli, folder string) {
	t.Helper()
	for prefix, least := range since {
		if strings.HasPrefix(folder, prefix) {
			testtool.RequireVersion(t, cli, least.terraform, least.tofu)
		}
	}
}

func try(t *testing.T, folder string, p *playground.Playground, imported []string) {
	t.Helper()
	before := inventory(t, p)
	must(t, p.Terraform.Apply(t.Context()))
	if strings.HasPrefix(folder, dataSources) {
		add(t, p.Terraform.WorkingDir(), folder)
		must(t, p.Terraform.Apply(t.Context()))
	}
	if changes, err := p.Terraform.Plan(t.Context()); err != nil || changes {
		t.Fatalf("second plan: changes %t, error %v; want neither", changes, err)
	}
	if imported != nil {
		tryImport(t, p, imported[0], imported[1])
	}
	if cmp.Equal(before, inventory(t, p)) {
		return // it makes nothing that a destroy could leave
	}
	must(t, p.Terraform.Destroy(t.Context()))
	if _, left := playground.Kept(inventory(t, p)); !cmp.Equal(before, left) {
		t.Errorf("the account before the apply (-) and after the destroy (+):\n%s", cmp.Diff(before, left))
	}
}

// TestAccTestedModule runs the tests that an example has for itself, those with mocks
// first and without an account.
func TestAccTestedModule(t *testing.T) {
	t.Parallel()
	cli := testtool.Terraform(t)
	p := open(t, cli, "tested")
	for _, filter := range []string{"tests/cluster.tftest.hcl", "tests/plan.tftest.hcl"} {
		before := len(p.Simulator.Requests())
		out, err := p.Command(t.Context(), "test", "-no-color", "-filter="+filter).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "0 failed") {
			t.Errorf("%s: %v\n%s", filter, err, out)
		}
		mocked := filter == "tests/cluster.tftest.hcl"
		if calls := len(p.Simulator.Requests()) - before; mocked != (calls == 0) {
			t.Errorf("%s made %d calls", filter, calls)
		}
	}
}

// tryImport forgets the resource and imports it again. Whatever the state then
// lacks, nothing that runs may be made anew because of it.
func tryImport(t *testing.T, p *playground.Playground, address, id string) {
	t.Helper()
	must(t, p.Terraform.StateRm(t.Context(), address))
	must(t, p.Terraform.Import(t.Context(), address, id))
	file := filepath.Join(t.TempDir(), "plan")
	_, err := p.Terraform.Plan(t.Context(), tfexec.Out(file))
	must(t, err)
	plan, err := p.Terraform.ShowPlanFile(t.Context(), file)
	must(t, err)
	for _, change := range plan.ResourceChanges {
		if !change.Change.Actions.NoOp() && !change.Change.Actions.Update() {
			t.Errorf("after the import, %s is to be changed by %v", change.Address, change.Change.Actions)
		}
	}
	must(t, p.Terraform.Apply(t.Context()))
}

// folders lists the folders with a configuration.
func folders(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".tf") {
			folder, _ := filepath.Rel(root, filepath.Dir(path))
			found = append(found, folder)
		}
		return err
	})
	must(t, err)
	if len(found) == 0 {
		t.Fatalf("no examples in %s", root)
	}
	return slices.Compact(found)
}

// importCommand reads the address and the id from an example's import.sh; nil
// where there is none.
func importCommand(t *testing.T, folder string) []string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(root, folder, "import.sh"))
	if err != nil {
		return nil
	}
	_, command, found := strings.Cut(string(script), "\nterraform import ")
	fields := strings.Fields(command)
	if !found || len(fields) != 2 {
		t.Fatalf("%s/import.sh has no line `terraform import ADDRESS ID`", folder)
	}
	return fields
}

// What data sources look up is there before: the example of this resource has all
// of it.
const (
	dataSources = "data-sources"
	lookedUp    = "resources/beam_node"
)

// open copies the example and gives it a DigitalOcean whose traffic is checked
// against the API description.
func open(t *testing.T, cli, folder string) *playground.Playground {
	t.Helper()
	work := t.TempDir()
	if strings.HasPrefix(folder, dataSources) {
		folder = lookedUp
	}
	add(t, work, folder)
	if strings.Contains(folder, "/") { // of a page
		must(t, os.WriteFile(filepath.Join(work, "requirement.tf"), []byte(requirement), 0o600))
	}
	p, err := playground.Open(t.Context(), playground.Options{
		CLI: cli, Test: t, Dir: work,
		Wrap: func(h http.Handler) http.Handler { return contract.Check(t, h) },
	})
	must(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// add copies an example beside what there is.
func add(t *testing.T, work, folder string) {
	t.Helper()
	must(t, os.CopyFS(work, os.DirFS(filepath.Join(root, folder))))
}

func inventory(t *testing.T, p *playground.Playground) []string {
	t.Helper()
	found, err := p.Inventory(t.Context())
	must(t, err)
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
