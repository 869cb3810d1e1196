package provider

import (
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// A cluster of another workspace: imported, applied without its cookie, then
// scaled, which needs the cookie.
func TestImportedClusterGetsItsCookieLater(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		p := newChanged(t, object{"cookie": "monster", "environment": object{"SECRET_KEY_BASE": strings.Repeat("k", 64)}})
		p.set("cookie", nil)
		p.set("environment", nil)
		p.must(p.imports("chat"))
		p.idle("an import")
		p.set("tags", []string{"team:chat"})
		p.applies("tags")
		before := p.node()
		p.set("node_pools", object{"us": object{"count": 2}})
		p.refused("more nodes without the cookie", "its secrets cannot be read back")
		p.set("cookie", "monster")
		p.set("environment", object{"SECRET_KEY_BASE": strings.Repeat("k", 64)})
		p.applies("the cookie, and one node more")
		if !p.node().Equal(before) {
			t.Error("the older node was made anew")
		}
		p.set("cookie", "elmo")
		p.refused("another cookie", "nodes with different cookies refuse each other")
	})
}

// An imported cluster whose data somebody deleted gets no empty volume: whether the
// database is lost is for the user to find out.
func TestImportedClusterWithoutItsVolumeGetsNoOther(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		arguments := withData()
		arguments["cookie"] = "monster"
		arguments["environment"] = object{"SECRET_KEY_BASE": strings.Repeat("k", 64), "DATABASE_URL": "ecto://chat:p@database.chat.internal/chat"}
		p := newCore(t, c, arguments)
		p.must(p.apply())
		p = newCore(t, c, arguments)
		p.must(p.imports("chat"))
		p.must(p.apply())
		volume := c.Inventory().Of("volume")[0].ID
		if _, _, err := c.godo.StorageActions.DetachByDropletID(t.Context(), volume, c.droplet(t.Context(), t, "chat-database")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.godo.Storage.DeleteVolume(t.Context(), volume); err != nil {
			t.Fatal(err)
		}
		p.refresh()
		inOrder(t, p.apply(), "The cluster chat was imported.", "The volume chat-database of its database is gone; droplet chat-database", "build a second cluster")
		if made := c.Inventory().Of("volume"); len(made) > 0 {
			t.Errorf("a new volume was made: %v", made)
		}
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}
