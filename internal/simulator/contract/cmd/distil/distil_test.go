package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestDistilKeepsStructureAndNoProse(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "openapi.json")
	if err := run([]string{"testdata/published.yaml", output}); err != nil {
		t.Fatal(err)
	}
	got := read(t, output)
	testtool.Golden(t, "distilled.json", got)
	if strings.Contains(got, "PROSE") {
		t.Error("the document's prose came out")
	}
}

// What is distilled already has nothing more to lose: the file that the tests
// carry comes out as it went in, so it holds no prose, however it was made.
func TestCarriedDescriptionHoldsStructureOnly(t *testing.T) {
	t.Parallel()
	carried := read(t, "../../openapi.json")
	again, err := distil([]byte(carried))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(carried, "\n"), strings.Split(string(again), "\n")); diff != "" {
		t.Errorf("openapi.json is not what distil makes (-carried +distilled):\n%s", diff)
	}
}

// A document that cannot be reduced without a loss is refused.
func TestDistilRefuses(t *testing.T) {
	t.Parallel()
	operation := func(text string) string {
		return "openapi: 3.0.3\npaths: {/v2/sizes: {get: " + text + "}}\n"
	}
	schema := func(text string) string {
		return operation("{responses: {'200': {content: {application/json: {schema: " + text + "}}}}}")
	}
	tests := []struct {
		name, document, want string
	}{
		{"no YAML", "a: [", "parse the document"},
		{"newer OpenAPI", "openapi: 3.1.0\n", `OpenAPI "3.1.0"`},
		{"keyword that may matter", schema("{patternProperties: {}}"), `.schema has "patternProperties"`},
		{"reference into another file", schema("{$ref: 'size.yml'}"), "bundle the document"},
		{"reference to nothing", schema("{$ref: '#/components/schemas/size'}"), "#/components/schemas/size, which is not there"},
		{"reference that is no text", schema("{$ref: 7}"), "not a reference"},
		{"fact with parts", schema("{type: {a: b}}"), "not a single value"},
		{"list of lists", schema("{enum: [[a]]}"), ".enum[0] is"},
		{"no list", schema("{enum: a}"), "not a list"},
		{"no named parts", schema("{properties: []}"), "not an object"},
		{"operation without parts", operation("yes please"), "paths./v2/sizes.get is string, not an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := distil([]byte(tt.document))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q and the error %v, want one about %q", got, err, tt.want)
			}
		})
	}
}

func TestRunSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "openapi.json")
	// go generate passes an empty word for a variable that is not set.
	for _, args := range [][]string{nil, {"", output}, {"absent.yaml", output}} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), "published document") {
			t.Errorf("run(%q): %v, want an error about the published document", args, err)
		}
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("a file was written all the same")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
