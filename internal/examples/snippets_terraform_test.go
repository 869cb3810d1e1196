package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// TestSnippetsOfTerraformAreValid lets `terraform validate` judge all blocks in
// one run, each as a module of its own.
func TestSnippetsOfTerraformAreValid(t *testing.T) {
	t.Parallel()
	cli, work := testtool.Terraform(t), t.TempDir()
	names := map[string]testtool.Block{}
	var main strings.Builder
	for _, s := range snippets(t, "terraform") {
		if s.Mark == alone || s.Mark == newer {
			continue
		}
		name := fmt.Sprintf("snippet_%d", len(names))
		names[name] = s
		whole := complete(t, s)
		must(t, os.Mkdir(filepath.Join(work, name), 0o750))
		must(t, os.WriteFile(filepath.Join(work, name, "main.tf"), []byte(whole.text), 0o600))
		for _, file := range filesBeside(s) {
			must(t, os.WriteFile(filepath.Join(work, name, file), []byte(contentOf(t, file)), 0o600))
		}
		fmt.Fprintf(&main, "module %q {\n  source = \"./%s\"\n", name, name)
		for _, variable := range whole.asked {
			fmt.Fprintf(&main, "  %s = null\n", variable)
		}
		main.WriteString("}\n")
	}
	must(t, os.WriteFile(filepath.Join(work, "main.tf"), []byte(requirement+main.String()), 0o600))
	p, err := playground.Open(t.Context(), playground.Options{CLI: cli, Test: t, Dir: work})
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	must(t, p.Terraform.Init(t.Context())) // for the modules
	said, err := p.Terraform.Validate(t.Context())
	must(t, err)
	for _, d := range said.Diagnostics {
		if d.Severity != "error" || d.Range == nil {
			continue
		}
		s := names[filepath.Base(filepath.Dir(d.Range.Filename))]
		t.Errorf("%s: %s: %s\n%s", s, d.Summary, d.Detail, s.Text)
	}
	if !said.Valid && !t.Failed() {
		t.Errorf("%+v", said.Diagnostics)
	}
}

var besideModule = regexp.MustCompile(`"\$\{path\.module\}/([\w.-]+)"`)

// filesBeside are the files that the snippet reads.
func filesBeside(s testtool.Block) []string {
	var files []string
	for _, match := range besideModule.FindAllStringSubmatch(s.Text, -1) {
		files = append(files, match[1])
	}
	return files
}

// contentOf is what an example has in a file of the name, or else anything.
func contentOf(t *testing.T, file string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("../../examples/*", file))
	must(t, err)
	if len(found) == 0 {
		return "anything"
	}
	content, err := os.ReadFile(found[0])
	must(t, err)
	return string(content)
}

// Terraform says nothing of a name inside a nested attribute that it does not
// know, and leaves it out.
func TestSnippetsOfTerraformNameWhatThereIs(t *testing.T) {
	t.Parallel()
	known := schemas(t)
	for _, s := range snippets(t, "terraform") {
		for _, block := range complete(t, s).body.Blocks {
			if block.Type != "resource" || known[block.Labels[0]] == nil {
				continue
			}
			for _, unknown := range known.unknownIn(block) {
				t.Errorf("%s: %s has no %s", s, block.Labels[0], unknown)
			}
		}
		if formatted := string(hclwrite.Format([]byte(s.Text))); formatted != s.Text {
			t.Errorf("%s is not as terraform fmt writes it:\n%s", s, formatted)
		}
	}
}

// whole is a block with all that it needs to be a configuration.
type whole struct {
	text  string
	body  *hclsyntax.Body
	asked []string // variables without a default
}

// smallest is what a resource needs, an argument each.
var smallest = map[string][]string{
	"beam_cluster":  {`name = "chat"`, `region = "nyc3"`, `node_pools = { web = {} }`, `access = { ssh_from = ["203.0.113.7/32"] }`},
	"beam_node":     {`name = "chat-worker"`, `cluster = "chat"`, `region = "nyc3"`, `cookie = "MONSTERMONSTERMONSTER"`},
	"beam_cookie":   nil,
	"erlang_cookie": {"provider = beam"},
}

var constraint = regexp.MustCompile(`version = "[~>=0-9., ]+"`)

// complete makes a configuration of a block, by the rules that CONTRIBUTING.md
// has: arguments alone are those of a beam_cluster, what a resource of this
// provider requires is added, and so are variables and resources that are named
// but not there, and the requirement of the provider.
func complete(t *testing.T, s testtool.Block) whole {
	t.Helper()
	body := parse(t, s, s.Text)
	if len(body.Blocks) == 0 {
		return complete(t, testtool.Block{Page: s.Page, Line: s.Line, Text: "resource \"beam_cluster\" \"chat\" {\n" + s.Text + "}\n"})
	}
	lines := strings.Split(s.Text, "\n")
	declared, required := map[string]bool{}, false
	var asked []string
	for _, block := range body.Blocks {
		switch block.Type {
		case "resource":
			declared[block.Labels[0]+"."+block.Labels[1]] = true
			at := block.OpenBraceRange.Start.Line - 1
			lines[at] = strings.Replace(lines[at], "{", "{\n"+strings.Join(lacking(block), "\n")+"\n", 1)
		case "variable":
			declared["var."+block.Labels[0]] = true
			if block.Body.Attributes["default"] == nil {
				asked = append(asked, block.Labels[0])
			}
		case "terraform":
			required = true
		}
	}
	text := constraint.ReplaceAllString(strings.Join(lines, "\n"), "") // the provider's version here is none of those
	if !required {
		text += requirement
	}
	for _, name := range named(body) {
		first, second, _ := strings.Cut(name, ".")
		if arguments, ours := smallest[first]; ours && !declared[name] {
			text += fmt.Sprintf("resource %q %q {\n%s\n}\n", first, second, strings.Join(arguments, "\n"))
		}
		if first == "var" && !declared[name] {
			text += fmt.Sprintf("variable %q {\n  type = any\n}\n", second)
			asked = append(asked, second)
		}
		declared[name] = true
	}
	return whole{text: text, body: parse(t, s, text), asked: asked}
}

// lacking are the arguments that a block of this provider requires and has not.
func lacking(block *hclsyntax.Block) []string {
	var lines []string
	for _, argument := range smallest[block.Labels[0]] {
		name, _, _ := strings.Cut(argument, " ")
		if block.Body.Attributes[name] == nil && block.Body.Attributes[name+"_wo"] == nil {
			lines = append(lines, argument)
		}
	}
	return lines
}

// named are the resources and variables that a configuration refers to.
func named(body *hclsyntax.Body) []string {
	var names []string
	for _, attribute := range body.Attributes {
		for _, traversal := range attribute.Expr.Variables() {
			if len(traversal) < 2 {
				continue
			}
			if second, is := traversal[1].(hcl.TraverseAttr); is {
				names = append(names, traversal.RootName()+"."+second.Name)
			}
		}
	}
	for _, block := range body.Blocks {
		names = append(names, named(block.Body)...)
	}
	return names
}

func parse(t *testing.T, s testtool.Block, text string) *hclsyntax.Body {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(text), s.String(), hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v\n%s", s, diags, text)
	}
	body, is := file.Body.(*hclsyntax.Body)
	if !is {
		t.Fatalf("%s: the body is a %T", s, file.Body)
	}
	return body
}
