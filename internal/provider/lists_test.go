package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// The clusters of an account are found, and the nodes beside them, each with the
// identity that imports it.
func TestListResources(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{DropletLimit: 20})
		first := newCore(t, c, object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 2}}, "load_balancer": object{}})
		first.must(first.apply())
		second := newCore(t, c, object{"name": "talk", "region": "lon1", "node_pools": object{"us": object{}}})
		second.must(second.apply())
		for name, clusterName := range map[string]string{"worker-1": "chat", "worker-2": "talk"} {
			region := map[string]string{"chat": "nyc3", "talk": "lon1"}[clusterName]
			node := newCoreOf(t, c, "beam_node", nodeSchema(t), object{"name": name, "cluster": clusterName, "cookie": "monster", "region": region})
			node.must(node.apply())
		}
		for _, tt := range []struct {
			name, typeName string
			cluster        string
			limit          int64
			want           []string
		}{
			{"clusters", "beam_cluster", "", 0, []string{"chat", "talk"}},
			{"one cluster", "beam_cluster", "", 1, []string{"chat"}},
			{"nodes", "beam_node", "", 0, []string{"worker-1", "worker-2"}},
			{"nodes of a cluster", "beam_node", "talk", 0, []string{"worker-2"}},
			{"nodes of no cluster", "beam_node", "chatter", 0, nil},
		} {
			got := listed(t, first, tt.typeName, tt.cluster, tt.limit)
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

// listed are the names of what is found. Each has its identity and the name among
// its attributes.
func listed(t *testing.T, p *core, typeName, clusterName string, limit int64) []string {
	t.Helper()
	attributes := map[string]tftypes.Value{}
	if typeName == "beam_node" {
		attributes["cluster"] = tftypes.NewValue(tftypes.String, nil)
	}
	if clusterName != "" {
		attributes["cluster"] = tftypes.NewValue(tftypes.String, clusterName)
	}
	types := map[string]tftypes.Type{}
	for name := range attributes {
		types[name] = tftypes.String
	}
	lister, is := p.server.(tfprotov6.ListResourceServer)
	if !is {
		t.Fatal("the server lists nothing")
	}
	stream, err := lister.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: typeName, Config: wire(t, tftypes.NewValue(tftypes.Object{AttributeTypes: types}, attributes)), IncludeResource: true, Limit: limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]tftypes.Type{
		"beam_cluster": clusterSchema(t).Type().TerraformType(t.Context()), "beam_node": nodeSchema(t).Type().TerraformType(t.Context()),
	}
	var names []string
	for result := range stream.Results {
		if told := tell(result.Diagnostics); told != "" {
			t.Fatal(told)
		}
		found, err := result.Resource.Unmarshal(schemas[typeName])
		if err != nil || result.Identity == nil {
			t.Fatal(err, result.Identity)
		}
		if shown := found.String(); !strings.Contains(shown, `"`+result.DisplayName+`"`) {
			t.Errorf("%s is not in %s", result.DisplayName, shown)
		}
		names = append(names, result.DisplayName)
	}
	return names
}
