package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// TestAccDemo runs the demo without its waits and reads what a person would.
func TestAccDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := show(t.Context(), &out, testtool.Terraform(t), "../../examples/two-regions", simulator.Options{}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	sections := strings.Split(strings.Join(strings.Fields(out.String()), " "), "===")
	for section, want := range map[string][]string{
		"The hosts":             {"chat-us-1 node nyc3", "chat-uk-1 node lon1", "chat-lb-1 load-balancer nyc3", "chat-database database nyc3"},
		"The firewalls":         {"tcp 4369 beam:chat:node", "tcp 8080 beam:chat:load-balancer", "tcp 443 0.0.0.0/0", "tcp 5432 beam:chat:node"},
		"The wiring":            {"dials chat@", "finds database.chat.internal at", "sends requests to chat-us-1 at", "serves the database chat to the role chat"},
		"terraform second plan": {"No changes"},
		"What is left":          {"Nothing"},
		"The cost of it":        {"apply", "second plan", "destroy"},
	} {
		i := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), section) })
		for _, text := range want {
			if i < 0 || !strings.Contains(sections[i], text) {
				t.Errorf("section %q does not say %q:\n%s", section, text, &out)
			}
		}
	}
}

func TestWiringIsReadFromTheHostsFiles(t *testing.T) {
	t.Parallel()
	got := wiring(map[string]string{
		"/etc/beam/peers": "%% comment\n'chat@10.0.0.2'.\n'chat@10.0.0.3'.\n",
		"/usr/local/lib/beam/steps/11-database-name": "echo '10.0.0.9 database.chat.internal' >>/etc/hosts\n",
		"/etc/haproxy/beam/nodes.cfg":                "backend nodes\n  server chat-us-1 10.0.0.2:8080 cookie chat-us-1\n",
		"/etc/postgresql/pg_hba.conf": "local   all all peer\n" +
			"hostssl \"chat\" \"chat\" 10.0.0.0/8 scram-sha-256\nhostssl \"chat\" \"chat\" 172.16.0.0/12 scram-sha-256\n",
	})
	want := []string{
		"dials chat@10.0.0.2",
		"dials chat@10.0.0.3",
		"finds database.chat.internal at 10.0.0.9",
		"sends requests to chat-us-1 at 10.0.0.2:8080",
		"serves the database chat to the role chat",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wiring (-want +got):\n%s", diff)
	}
}
