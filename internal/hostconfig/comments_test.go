package hostconfig

import (
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// readInBash prints what bash reads in each program that it is given.
const readInBash = `set -eu
for text; do
  eval "program() {
$text
}"
  declare -f program
done`

// readInPython prints what Python reads in each program that it is given, less the
// docstrings of functions.
const readInPython = `
import ast, sys
for text in sys.argv[1:]:
    tree = ast.parse(text)
    for function in [found for found in ast.walk(tree) if isinstance(found, ast.FunctionDef)]:
        if ast.get_docstring(function) is not None:
            del function.body[0]
    print(ast.dump(tree))
`

func TestShellProgramsDoTheSameWithoutComments(t *testing.T) {
	t.Parallel()
	// What a template fills in may be a word, or a part of one.
	filledIn := regexp.MustCompile(`{{.*?}}`)
	var whole, short []string
	for _, text := range sourcesEnding(t, ".sh.tmpl") {
		whole = append(whole, filledIn.ReplaceAllString(text, "X"))
		short = append(short, filledIn.ReplaceAllString(withoutComments(text), "X"))
	}
	readsTheSame(t, whole, short, "/bin/bash", "-c", readInBash, "bash")
}

func TestPythonProgramsDoTheSameWithoutComments(t *testing.T) {
	t.Parallel()
	var short []string
	whole := sourcesEnding(t, ".py")
	for _, text := range whole {
		short = append(short, withoutComments(withoutDocstrings(text)))
	}
	readsTheSame(t, whole, short, "/usr/bin/python3", "-c", readInPython)
}

// readsTheSame lets an interpreter of programs compare them.
func readsTheSame(t *testing.T, whole, short []string, interpreter string, arguments ...string) {
	t.Helper()
	read := func(programs []string) string {
		command := exec.CommandContext(t.Context(), testtool.Require(t, interpreter), append(arguments, programs...)...)
		var complaint strings.Builder
		command.Stderr = &complaint
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", interpreter, err, complaint.String())
		}
		return string(out)
	}
	if read(whole) != read(short) {
		t.Errorf("%s reads something else where there are no comments", interpreter)
	}
	if size, before := len(strings.Join(short, "")), len(strings.Join(whole, "")); size == 0 || size > before*9/10 {
		t.Errorf("without comments programs take %d bytes, with them %d", size, before)
	}
}

func sourcesEnding(t *testing.T, ending string) []string {
	t.Helper()
	var texts []string
	err := fs.WalkDir(sourceFiles, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ending) {
			return err
		}
		text, err := sourceFiles.ReadFile(path)
		texts = append(texts, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
