//go:build linux

package e2e_test

import (
	"bufio"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"golang.org/x/crypto/ssh"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/program"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// reader does what guides say, block by block.
type reader struct {
	*world
	tools string // folder of the programs that the reader has
	key   string // fingerprint of the reader's SSH key
	main  string // the configuration
}

// page is a guide.
type page struct {
	name   string
	blocks []testtool.Block
	prose  []string // its lines
}

func guide(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", name+".md"))
	must(t, err)
	blocks, prose := testtool.Blocks(name, string(text))
	return page{name, blocks, prose}
}

// block is the one of a language that has the words.
func (p page) block(t *testing.T, language, words string) string {
	t.Helper()
	var found []string
	for _, block := range p.blocks {
		if block.Language == language && strings.Contains(block.Text, words) {
			found = append(found, block.Text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d blocks of %s with %q, want one", p.name, len(found), language, words)
	}
	return found[0]
}

// newReader has an SSH key in the account, and the programs that guides name.
func newReader(t *testing.T, w *world) *reader {
	t.Helper()
	r := &reader{world: w, tools: t.TempDir()}
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	r.key, err = w.AddPublicKey(t.Context(), "reader", signer.PublicKey())
	must(t, err)
	encoded, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	key := filepath.Join(r.tools, "key")
	must(t, os.WriteFile(key, pem.EncodeToMemory(encoded), 0o600))
	script := fmt.Sprintf("#!/bin/sh\nexec %s -i %s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \"$@\"\n",
		testtool.Require(t, "ssh"), key)
	must(t, program.Write(filepath.Join(r.tools, "ssh"), script))
	must(t, os.Symlink(testtool.Terraform(t), filepath.Join(r.tools, "terraform")))
	return r
}

// command carries out lines of a shell where Terraform is, not started yet.
func (r *reader) command(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	terraform := r.Command(t.Context())
	command := r.Hosts.Client().Command(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir = terraform.Dir
	command.Env = slices.Concat(terraform.Env, []string{"PATH=" + r.tools + ":" + os.Getenv("PATH"), "TF_CLI_ARGS=-no-color", "TERM=xterm"})
	return command
}

// tries says yes to what it is asked, and returns what was printed.
func (r *reader) tries(t *testing.T, script string) (string, error) {
	t.Helper()
	command := r.command(t, script)
	command.Stdin = strings.NewReader("yes\n")
	output, err := command.CombinedOutput()
	return string(output), err
}

// enters lines that must succeed.
func (r *reader) enters(t *testing.T, script string) string {
	t.Helper()
	output, err := r.tries(t, script)
	if err != nil {
		t.Fatalf("%v\n%s\n%s\n%s", err, script, output, r.look(t))
	}
	return output
}

// writes the configuration.
func (r *reader) writes(t *testing.T, main string) {
	t.Helper()
	r.main = main
	must(t, r.WriteText(main))
}

// applies what was written.
func (r *reader) applies(t *testing.T) {
	t.Helper()
	r.enters(t, "terraform apply")
	var err error
	r.state, err = r.State(t.Context())
	must(t, err)
	r.healed(t)
}

// packs a version of the app as the guide does, where Terraform is. Text at the
// end of files is by their names.
func (r *reader) packs(t *testing.T, version string, appended map[string]string) {
	t.Helper()
	built := r.suite.build(t, e2e.Build{Kind: "phoenix", Version: version, Appended: appended})
	lines := strings.Split(strings.TrimSpace(guide(t, "phoenix").block(t, "shell", "docker build")), "\n")
	first, last := lines[0], strings.ReplaceAll(lines[len(lines)-1], "0.1.0", version)
	// Between the two, Docker leaves the release in a folder.
	r.enters(t, fmt.Sprintf("%s\nmkdir release\ntar -xzf %s -C release\n%s", first, r.suite.path(built), last))
}

// edited is a configuration whose cluster has the arguments of a block.
func edited(t *testing.T, main, arguments string) string {
	t.Helper()
	file, chat := parsed(t, main)
	added, diags := hclwrite.ParseConfig([]byte(arguments), "block", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for name, attribute := range added.Body().Attributes() {
		chat.SetAttributeRaw(name, attribute.Expr().BuildTokens(nil))
	}
	return string(file.Bytes())
}

// withoutLifecycle is a configuration whose cluster may be destroyed.
func withoutLifecycle(t *testing.T, main string) string {
	t.Helper()
	file, chat := parsed(t, main)
	if !chat.RemoveBlock(chat.FirstMatchingBlock("lifecycle", nil)) {
		t.Error("the cluster of the guide has no lifecycle")
	}
	return string(file.Bytes())
}

func parsed(t *testing.T, main string) (*hclwrite.File, *hclwrite.Body) {
	t.Helper()
	file, diags := hclwrite.ParseConfig([]byte(main), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return file, file.Body().FirstMatchingBlock("resource", []string{"beam_cluster", "chat"}).Body()
}

// talks to a program on a terminal: it waits for words, and answers each with a
// line.
func (r *reader) talks(t *testing.T, command string, dialogue ...[2]string) {
	t.Helper()
	program := r.command(t, fmt.Sprintf("exec script --quiet --command %q /dev/null", command))
	stdin, err := program.StdinPipe()
	must(t, err)
	stdout, err := program.StdoutPipe()
	must(t, err)
	must(t, program.Start())
	defer func() {
		_ = program.Cancel()
		_ = program.Wait() // it was killed
	}()
	var shown strings.Builder
	reader := bufio.NewReader(io.TeeReader(stdout, &shown))
	for _, turn := range dialogue {
		awaited := regexp.MustCompile(turn[0])
		for line := ""; !awaited.MatchString(line); {
			char, _, err := reader.ReadRune()
			if err != nil {
				t.Fatalf("%s shows no %s: %v\n%s", command, turn[0], err, shown.String())
			}
			line += string(char)
		}
		_, err := io.WriteString(stdin, turn[1]+"\n")
		must(t, err)
	}
}
