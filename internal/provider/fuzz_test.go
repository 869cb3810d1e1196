package provider

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// Whatever somebody imports, it is imported or refused with words, and read
// afterwards.
func FuzzImport(f *testing.F) {
	for _, id := range []string{"", "chat", "512", "-1", "9223372036854775808", "a/b", "../droplets", "?x=y", "%2e", "mon ster", "monster ", "é", "\x00", "\xff", strings.Repeat("x", 300)} {
		f.Add(id)
	}
	api := httptest.NewServer(simulator.New(simulator.Options{}))
	f.Cleanup(api.Close)
	f.Fuzz(func(t *testing.T, id string) {
		server := newCore(t, &cloud{url: api.URL}, smallest()).server
		for _, resource := range []string{"beam_cluster", "beam_node", "erlang_cookie"} {
			imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: resource, ID: id})
			if err != nil {
				t.Fatalf("%s: %v", resource, err)
			}
			for _, r := range imported.ImportedResources {
				if _, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: resource, CurrentState: r.State}); err != nil {
					t.Fatalf("%s: %v", resource, err)
				}
			}
			for _, d := range imported.Diagnostics {
				if strings.TrimSpace(d.Summary) == "" || strings.TrimSpace(d.Detail) == "" {
					t.Errorf("%s is refused without words: %+v", resource, d)
				}
			}
		}
	})
}
