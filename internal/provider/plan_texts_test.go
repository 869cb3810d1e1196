package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// planned is a cluster of two nodes, with further arguments.
const planned = `
terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "chat" {
  name        = "chat"
  region      = "nyc3"
  cookie      = "monster"
  node_pools  = { us = { count = 2, size = "s-1vcpu-1gb" } }
  environment = { GREETING = "hello" }
  %s
}
`

// Clusters whose plans are looked at: one that has everything, and whose hosts can be
// told, and the smallest.
var plannedClusters = map[string]string{
	"whole": `
  load_balancer = { health_check = { path = "/health" } }
  database      = { backups = true }
  access        = { ssh_from = ["203.0.113.7/32"] }
  release = {
    name   = "chat"
    url    = "https://example.com/chat-0.1.0.tar.gz"
    sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
  }`,
	"smallest": `management = { enabled = false }`,
}

// What a person reads before saying yes is what changes, and no more: each golden
// file is a plan as the command line shows it. In a longer one, look for an output
// that could be known, or be as it was.
func TestPlansReadWell(t *testing.T) {
	t.Parallel()
	for name, arguments := range plannedClusters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := fmt.Sprintf(planned, arguments)
			w := openPlans(t, start)
			w.golden(t, name+"-create", start)
			must(t, w.Terraform.Apply(t.Context()))
			w.golden(t, name+"-same", start)
			w.golden(t, name+"-more", strings.Replace(start, "count = 2", "count = 3", 1))
			w.golden(t, name+"-fewer", strings.Replace(start, "count = 2", "count = 1", 1))
			w.golden(t, name+"-environment", strings.Replace(start, "hello", "good morning", 1))
			w.golden(t, name+"-size", strings.Replace(start, "s-1vcpu-1gb", "s-2vcpu-4gb", 1))
			w.appliesAsPlanned(t, strings.Replace(start, "environment =", "timeouts = { update = \"2h\" }\n  environment =", 1))
		})
	}
}

// plans is a folder in which a configuration is planned.
type plans struct {
	*playground.Playground
	dir string
}

func openPlans(t *testing.T, config string) *plans {
	t.Helper()
	w := &plans{dir: t.TempDir()}
	w.configure(t, config)
	var err error
	w.Playground, err = playground.Open(t.Context(), playground.Options{CLI: testtool.Terraform(t), Test: t, Dir: w.dir})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	return w
}

func (w *plans) configure(t *testing.T, config string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(config), 0o600))
}

// golden compares the plan of the configuration with the file of that name.
func (w *plans) golden(t *testing.T, name, config string) {
	t.Helper()
	w.configure(t, config)
	output, err := w.Command(t.Context(), "plan", "-no-color").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	testtool.Golden(t, filepath.Join("plans", name+".golden"), told(string(output)))
}

// appliesAsPlanned expects that an apply has nothing to say.
func (w *plans) appliesAsPlanned(t *testing.T, config string) {
	t.Helper()
	w.configure(t, config)
	output, err := w.Command(t.Context(), "apply", "-no-color", "-auto-approve").CombinedOutput()
	if err != nil || strings.Contains(string(output), "Warning") || !strings.Contains(string(output), "1 changed") {
		t.Errorf("the apply says (%v):\n%s", err, output)
	}
}

// told is what a plan says of the cluster, without what differs from run to run and
// from one version of the command line to another.
func told(output string) string {
	_, text, changes := strings.Cut(output, "will perform the following actions:\n\n")
	if !changes {
		return "No changes.\n"
	}
	text, _, _ = strings.Cut(text, "\n─")
	for _, varying := range []struct{ pattern, instead string }{
		{`\b\d+\.\d+\.\d+\.\d+\b`, "<address>"},
		{`(droplet_id +=) \d+`, "$1 <id>"},
		{`\(\d+ unchanged`, "(unchanged"},
		{`(?m)^ +[+~] cookie_wo .*\n`, ""}, // command lines show it never, at first, or always
	} {
		text = regexp.MustCompile(varying.pattern).ReplaceAllString(text, varying.instead)
	}
	return fmt.Sprintln(strings.TrimSpace(text))
}
