package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestLookingUpWhatIsNotThere(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newCore(t, newAccount(t, simulator.Options{}), object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{}}})
		p.must(p.apply())
		for _, tt := range []struct {
			typeName string
			config   object
			told     string
		}{
			{"beam_cluster", object{"name": "chta"}, `The account has no cluster named "chta"`},
			{"beam_node", object{"name": "worker-9"}, `The account has no droplet named "worker-9". Check the name, and that the provider's token is one of the account in which the node is.`},
			{"beam_node", object{"droplet_id": 12}, `The account has no droplet 12. Check the id, and that the provider's token is one of the account in which the node is.`},
			{"beam_node", object{"droplet_id": 1.5}, `droplet_id is 1.5. Use a whole number`},
			{"beam_node", object{"name": "chat-us-1"}, `is no beam_node`},
			{"beam_node", object{}, `Neither name nor droplet_id is set`},
			{"beam_node", object{"name": "a", "droplet_id": 12}, `Both name and droplet_id are set`},
		} {
			_, told := p.lookUp(tt.typeName, tt.config)
			inOrder(t, told, tt.told)
		}
	})
}

// To look a cluster up costs as few calls for many nodes as for one.
func TestLookingUpCostsAsMuchForManyNodes(t *testing.T) {
	t.Parallel()
	calls := map[int]int{}
	for _, nodes := range []int{1, 30} {
		virtually(t, func(t *testing.T) {
			c := newAccount(t, simulator.Options{DropletLimit: 30})
			p := newCore(t, c, object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": nodes}}})
			p.must(p.apply())
			before := len(c.Requests())
			if got := len(p.found("chat")); got != nodes {
				t.Errorf("%d nodes are found, want %d", got, nodes)
			}
			calls[nodes] = len(c.Requests()) - before
		})
	}
	if calls[1] != calls[30] || calls[1] == 0 {
		t.Errorf("calls by the number of nodes: %v", calls)
	}
}

// found are the nodes that the data source finds under the name.
func (p *core) found(name string) map[string]tftypes.Value {
	p.Helper()
	value, told := p.lookUp(clusterType, object{"name": name})
	p.must(told)
	var attributes, nodes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		p.Fatal(err)
	}
	if err := attributes["nodes"].As(&nodes); err != nil {
		p.Fatal(err)
	}
	return nodes
}

// lookUp is what a data source finds, or what a user is told instead.
func (p *core) lookUp(typeName string, arguments object) (found tftypes.Value, told string) {
	p.Helper()
	schemas, err := p.server.GetProviderSchema(p.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		p.Fatal(err)
	}
	typ := schemas.DataSourceSchemas[typeName].ValueType()
	config := wire(p.T, ofJSON(p.T, arguments, typ))
	checked, err := p.server.ValidateDataResourceConfig(p.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: config})
	if err != nil {
		p.Fatal(err)
	}
	if told := tell(checked.Diagnostics); told != "" {
		return found, told
	}
	read, err := p.server.ReadDataSource(p.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: config})
	if err != nil {
		p.Fatal(err)
	}
	if told := tell(read.Diagnostics); told != "" {
		return found, told
	}
	if found, err = read.State.Unmarshal(typ); err != nil {
		p.Fatal(err)
	}
	return found, ""
}
