package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reads are the calls that change nothing. Whatever else the client can do is a
// write.
var reads = regexp.MustCompile(`^(AllDroplets|Await\w+|Count\w+|Droplet|DropletsBy\w+|Firewalls?|Image|Limits|Peerings?|` +
	`Project\w+|Regions|ReservedIPs?|SSHKey|Sizes|TagExists|Tags|VPCs?|Volumes?|WaitFor\w+)$`)

// outsideSteps write although no step says so: a create takes its lease before
// anything is looked at, and gives it back when it has ended, however it did.
var outsideSteps = []string{"begin", "release"}

// What an apply changes is what the plan said: every call that writes is made
// where a step is carried out.
func TestEveryWriteHasAStep(t *testing.T) {
	t.Parallel()
	functions := functionsIn(t, ".")
	reached := map[string]bool{}
	var reach func(name string)
	reach = func(name string) {
		f, exists := functions[name]
		if !exists || reached[name] {
			return
		}
		reached[name] = true
		ast.Inspect(f, func(n ast.Node) bool {
			if call, is := n.(*ast.CallExpr); is {
				reach(calledHere(call))
			}
			return true
		})
	}
	reach("prepare")
	writes := 0
	for name, f := range functions {
		for _, call := range callsToTheAPI(f) {
			if reads.MatchString(call) {
				continue
			}
			writes++
			if !reached[name] && !slices.Contains(outsideSteps, name) {
				t.Errorf("%s calls %s, and no step leads there", name, call)
			}
		}
	}
	if writes == 0 {
		t.Error("no call that writes was found")
	}
}

// Every action that is done by somebody has a function that does it.
func TestEveryActionIsCarriedOut(t *testing.T) {
	t.Parallel()
	functions := functionsIn(t, ".")
	for embedded, carrier := range map[string]string{"write": "prepare", "note": "note"} {
		var carried []string
		ast.Inspect(functions[carrier], func(n ast.Node) bool {
			if s, is := n.(*ast.SelectorExpr); is && named(s.X, "plan") {
				carried = append(carried, s.Sel.Name)
			}
			return true
		})
		for _, action := range actionsWith(t, embedded) {
			if !slices.Contains(carried, action) {
				t.Errorf("%s does not know plan.%s", carrier, action)
			}
		}
	}
}

// actionsWith lists the actions that embed the kind.
func actionsWith(t *testing.T, kind string) []string {
	t.Helper()
	var names []string
	for _, file := range filesIn(t, "../plan") {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is {
				return true
			}
			if s, is := spec.Type.(*ast.StructType); is && slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
				return len(f.Names) == 0 && named(f.Type, kind)
			}) {
				names = append(names, spec.Name.Name)
			}
			return true
		})
	}
	if len(names) == 0 {
		t.Fatalf("package plan has no action that embeds %s", kind)
	}
	return names
}

// calledHere names the function of this package, or the method of a variable,
// that is called; empty for any other call.
func calledHere(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if _, ofVariable := f.X.(*ast.Ident); ofVariable {
			return f.Sel.Name
		}
	}
	return ""
}

// callsToTheAPI lists the client's methods that the function calls.
func callsToTheAPI(f *ast.FuncDecl) []string {
	var calls []string
	ast.Inspect(f, func(n ast.Node) bool {
		method, is := n.(*ast.SelectorExpr)
		if !is {
			return true
		}
		if client, is := method.X.(*ast.SelectorExpr); is && client.Sel.Name == "api" {
			calls = append(calls, method.Sel.Name)
		}
		return true
	})
	return calls
}

// functionsIn finds the functions and methods of a package by name.
func functionsIn(t *testing.T, dir string) map[string]*ast.FuncDecl {
	t.Helper()
	functions := map[string]*ast.FuncDecl{}
	for _, file := range filesIn(t, dir) {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				functions[f.Name.Name] = f
			}
		}
	}
	return functions
}

func filesIn(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func named(e ast.Expr, name string) bool {
	id, is := e.(*ast.Ident)
	return is && id.Name == name
}
