package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// What is imported by its identity is what is imported by its id.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		p := newCore(t, c, object{"name": "chat", "region": "nyc3", "cookie": "monster", "node_pools": object{"us": object{}}})
		p.must(p.apply())
		node := newCoreOf(t, c, "beam_node", nodeSchema(t), object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"})
		node.must(node.apply())
		file := filepath.Join(t.TempDir(), "cookie")
		if err := os.WriteFile(file, []byte("monster\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
		id := tftypes.NewValue(tftypes.Number, c.droplet(t.Context(), t, "worker-1"))
		fingerprint := text(cookie.Fingerprint("monster"))
		for _, tt := range []struct {
			name, typeName string
			identity       map[string]tftypes.Value
			told           string // empty for no error
		}{
			{"cluster", "beam_cluster", map[string]tftypes.Value{"name": text("chat")}, ""},
			{"node", "beam_node", map[string]tftypes.Value{"droplet_id": id}, ""},
			{"cookie", "beam_cookie", map[string]tftypes.Value{"fingerprint": fingerprint, "source": text("file:" + file)}, ""},
			{"cookie under its other name", "erlang_cookie", map[string]tftypes.Value{"fingerprint": fingerprint, "source": text("file:" + file)}, ""},
			{"another cookie", "beam_cookie", map[string]tftypes.Value{"fingerprint": text("0123456789ab"), "source": text("file:" + file)}, "the identity says 0123456789ab"},
			{"no source", "beam_cookie", map[string]tftypes.Value{"fingerprint": fingerprint, "source": tftypes.NewValue(tftypes.String, nil)}, "set source to env:NAME or file:PATH"},
			{"no known source", "beam_cookie", map[string]tftypes.Value{"fingerprint": fingerprint, "source": text("monster")}, "neither env:NAME nor file:PATH"},
			{"no such node", "beam_node", map[string]tftypes.Value{"droplet_id": tftypes.NewValue(tftypes.Number, 7)}, "no droplet 7"},
		} {
			told := importRead(t, p.server, tt.typeName, tt.identity)
			if !strings.Contains(told, tt.told) || (told == "") != (tt.told == "") || strings.Contains(told, "monster") {
				t.Errorf("%s: told %q, want %q", tt.name, told, tt.told)
			}
		}
	})
}

// importRead imports by an identity and reads what was imported. It returns what
// the user is told, and fails where the identity is not the one that was given.
func importRead(t *testing.T, server tfprotov6.ProviderServer, typeName string, attributes map[string]tftypes.Value) string {
	t.Helper()
	types := map[string]tftypes.Type{}
	for name, v := range attributes {
		types[name] = v.Type()
	}
	identity := tftypes.NewValue(tftypes.Object{AttributeTypes: types}, attributes)
	imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: wire(t, identity)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if told := tell(imported.Diagnostics); told != "" {
		return told
	}
	read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: typeName, CurrentState: imported.ImportedResources[0].State, CurrentIdentity: imported.ImportedResources[0].Identity,
		Private: imported.ImportedResources[0].Private,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read.NewIdentity.IdentityData.Unmarshal(identity.Type()); err != nil || !got.Equal(identity) {
		t.Errorf("the identity is %v (%v), want %v", got, err, identity)
	}
	return tell(read.Diagnostics)
}
