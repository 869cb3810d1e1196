package provider

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The documentation is made from the descriptions: each argument and each
// output has one, in whole sentences.
func TestEveryAttributeIsDescribed(t *testing.T) {
	t.Parallel()
	schemas, err := NewServer("test", os.Getenv).GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, tell(schemas.Diagnostics))
	}
	described(t, "provider", schemas.Provider.Block.Attributes)
	names := slices.Sorted(maps.Keys(schemas.ResourceSchemas))
	if want := []string{"beam_cluster", "beam_cookie", "beam_node", "erlang_cookie"}; !slices.Equal(names, want) {
		t.Errorf("resources are %v, want %v", names, want)
	}
	for _, name := range names {
		described(t, name, schemas.ResourceSchemas[name].Block.Attributes)
	}
	for name, f := range schemas.Functions {
		for _, p := range f.Parameters {
			described(t, name, []*tfprotov6.SchemaAttribute{{Name: p.Name, Description: p.Description}})
		}
	}
	for name, s := range schemas.DataSourceSchemas {
		described(t, "data."+name, s.Block.Attributes)
	}
}

func described(t *testing.T, at string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, a := range attributes {
		if !strings.HasSuffix(strings.TrimSpace(a.Description), ".") {
			t.Errorf("%s.%s has the description %q", at, a.Name, a.Description)
		}
		if a.NestedType != nil {
			described(t, at+"."+a.Name, a.NestedType.Attributes)
		}
	}
}

func TestCallsNameTheProviderAndItsVersion(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	agents := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		agents[r.UserAgent()] = true
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	p := newCore(t, &cloud{url: server.URL}, smallest())
	_, err := p.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: clusterType, Config: wire(t, p.config), PriorState: wire(t, p.state), ProposedNewState: wire(t, p.config),
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(agents) == 0 {
		t.Error("no call was made")
	}
	for agent := range agents {
		if !strings.HasPrefix(agent, "terraform-provider-beam/test ") {
			t.Errorf("the User-Agent is %q", agent)
		}
	}
}
