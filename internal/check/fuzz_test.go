package check

import (
	"encoding/json"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// encoded is a seed as JSON.
func encoded(f *testing.F, value any) []byte {
	f.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		f.Fatal(err)
	}
	return text
}

// Whatever a spec holds, it is judged; and one that is accepted can be rendered.
func FuzzSpec(f *testing.F) {
	f.Add(encoded(f, validSpec()))
	acme := validSpec()
	acme.LoadBalancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
	f.Add(encoded(f, acme))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"Pools": [{"Count": -9223372036854775808}, {"Count": 9223372036854775807, "Name": "us"}], "LoadBalancer": {"TLS": {"ACME": {}}}}`))
	f.Add([]byte(`{"Network": {"IPRanges": {"": "0.0.0.0/0", "nyc3": "::ffff:10.0.0.0/112"}}, "Access": {"SSHFrom": ["fe80::1%eth0/64", "1.2.3.4"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var spec cluster.Spec
		if json.Unmarshal(text, &spec) != nil {
			return
		}
		if found := Spec(spec); len(found) > 0 || spec.LoadBalancer == nil || spec.Database == nil {
			return
		}
		if err := renderings(spec); err != nil {
			t.Error(err)
		}
	})
}

func FuzzNode(f *testing.F) {
	f.Add(encoded(f, validNode()))
	f.Add([]byte(`{"Peers": ["@"], "Release": {}, "Environment": {"": ""}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var spec cluster.NodeSpec
		if json.Unmarshal(text, &spec) != nil || len(Node(spec)) > 0 || spec.Cookie == "" {
			return
		}
		if _, err := spec.HostConfig().Render(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzCatalogue(f *testing.F) {
	type question struct {
		Catalogue cluster.Catalogue
		Spec      cluster.Spec
		Node      cluster.NodeSpec
		Demand    Demand
	}
	f.Add(encoded(f, question{Spec: validSpec(), Node: validNode(), Demand: Demand{Droplets: 4, ReservedIPs: 1, Volumes: 1}}))
	f.Add([]byte(`{"Catalogue": {"Sizes": {"": {}}, "Regions": {"nyc3": {"Available": true}}, "Projects": {}}, "Spec": {"ProjectID": "x"}}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		var q question
		if json.Unmarshal(text, &q) == nil {
			Catalogue(q.Catalogue, q.Spec, q.Demand)
			NodeCatalogue(q.Catalogue, q.Node)
		}
	})
}
