package provider

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// What a fault of the API looks like to a user: the cause in words, no page of
// HTML, one way to go on; and the way leads on.
func TestFaultsAsUsersMeetThem(t *testing.T) {
	t.Parallel()
	betweenLooks := object{"create": "4500ms"} // what is waited for is told, and not the call that was cut off
	for name, tt := range map[string]struct {
		fault simulator.Fault
		with  object
		want  []string // all in this order
	}{
		"no droplets in the answer": {simulator.Fault{Kind: simulator.EmptyObject, Call: "POST /v2/droplets", Times: 1}, nil, nil},
		"revoked token": {simulator.Fault{Kind: simulator.Unauthorized, Call: "POST /v2/volumes"}, nil,
			[]string{"DigitalOcean answered 401", "The token was refused", "To continue, run `terraform untaint"}},
		"time": {simulator.Fault{Kind: simulator.NeverActive, Call: "POST /v2/droplets"}, object{"timeouts": betweenLooks},
			[]string{"to be active", "This took longer than timeouts allows", "Of cluster chat there are now", "To continue, run `terraform untaint"}},
		"rate limit": {simulator.Fault{Kind: simulator.RateLimited, Call: "POST /v2/volumes", Delay: time.Second}, object{"timeouts": betweenLooks},
			[]string{"rate limit is reached", "longer than timeouts allows", "To continue, run `terraform untaint"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				c := newAccount(t, simulator.Options{Faults: []simulator.Fault{tt.fault}})
				arguments := withData()
				for name, value := range tt.with {
					arguments[name] = value
				}
				p := newCore(t, c, arguments)
				told := p.apply()
				inOrder(t, told, tt.want...)
				for _, never := range []string{"<html", "context deadline", "context canceled", "again to continue", "panic"} {
					if strings.Contains(told, never) {
						t.Errorf("the user is told %q, with %q", told, never)
					}
				}
				c.SetFaults(nil)
				arguments["timeouts"] = object{}
				p.configure(arguments)
				if tt.fault.Kind != simulator.NeverActive { // such droplets are waited for as long as an apply may take
					p.must(p.apply())
				}
				p.must(p.destroy())
				c.nothingLeft(t)
			})
		})
	}
}

// inOrder fails the test unless the text has the parts, in this order; it is
// empty for none.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	if len(parts) == 0 && text != "" {
		t.Errorf("the user is told %q", text)
	}
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("the user is told %q, want %q in its place", text, part)
		}
		rest = after
	}
}

// A destroy that its time limit ends says what it waited for.
func TestDestroyThatTakesTooLong(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{MemberLinger: time.Minute})
		arguments := object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 1}}, "timeouts": object{"delete": "5s"}}
		p := newCore(t, c, arguments)
		p.must(p.apply())
		told := p.destroy()
		inOrder(t, told, "Waiting for the VPC chat-nyc3 to be free", "longer than timeouts allows", "Run the same command again to continue.")
		if strings.Contains(told, "context deadline") {
			t.Errorf("the user is told %q", told)
		}
		if p.state.IsNull() {
			t.Error("a destroy that did not end lost the state")
		}
	})
}

// A look that fails leaves outputs as they were.
func TestUpdateAfterAFailedLook(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		c := newAccount(t, simulator.Options{})
		arguments := withData()
		p := newCore(t, c, arguments)
		p.must(p.apply())
		before := p.state
		arguments["tags"] = []string{"team:chat"}
		p.configure(arguments)
		planned := p.planFrom(p.state, p.config)
		p.must(tell(planned.Diagnostics))
		c.SetFaults([]simulator.Fault{{Kind: simulator.Unauthorized}})
		inOrder(t, p.carryOut(p.config, planned), "DigitalOcean answered 401", "The token was refused")
		if !p.state.Equal(before) {
			t.Error("the state changed although nobody looked")
		}
		c.SetFaults(nil)
		p.must(p.apply())
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}

// Whenever an address is bound, and whatever ends the apply meanwhile, there is
// one, and the state knows it.
func TestInterruptedWhileTheAddressComes(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"late": {Kind: simulator.BoundLate, Delay: 3 * time.Second, Call: "POST /v2/reserved_ips"},
		"not":  {Kind: simulator.NeverBound, Call: "POST /v2/reserved_ips", Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				var p *core
				c := newAccount(t, simulator.Options{Faults: []simulator.Fault{fault}, Observe: once("POST /v2/reserved_ips", func() { p.stop() })})
				p = newCore(t, c, withData())
				inOrder(t, p.apply(), "It was interrupted.", "To continue, run `terraform untaint")
				made := c.Inventory().Of("reserved_ip")
				if model := p.model(); len(made) != 1 || !strings.Contains(model.Memory.ValueString(), made[0].ID) {
					t.Errorf("the state does not know the address %v", made)
				}
				p.refresh()
				p.must(p.apply())
				if after := c.Inventory().Of("reserved_ip"); len(after) != 1 || after[0].ID != made[0].ID {
					t.Errorf("addresses before %v and after %v", made, after)
				}
				p.must(p.destroy())
				c.nothingLeft(t)
			})
		})
	}
}

// A destroy that ended at the tags goes on with them; and tags alone are no
// cluster that would be in the way of a new one.
func TestDestroyInterruptedAtTheTags(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"destroyed again", "created again"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				var p *core
				var destroying atomic.Bool
				c := newAccount(t, simulator.Options{Observe: func(r simulator.Request) {
					if strings.HasPrefix(r.Route, "DELETE /v2/tags/") && destroying.Swap(false) {
						p.stop()
					}
				}})
				p = newCore(t, c, withData())
				p.must(p.apply())
				destroying.Store(true)
				inOrder(t, p.destroy(), "It was interrupted.")
				if way == "created again" {
					second := newCore(t, c, withData())
					second.must(second.apply())
					second.must(second.destroy())
				}
				p.refresh()
				p.must(p.destroy())
				c.nothingLeft(t)
			})
		})
	}
}

// A cluster that is half there can be imported, and then completed or destroyed.
func TestImportOfAHalfMadeCluster(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"applied", "destroyed"} {
		for _, after := range []string{"POST /v2/volumes", "POST /v2/droplets"} {
			t.Run(way+" after "+after, func(t *testing.T) {
				t.Parallel()
				virtually(t, func(t *testing.T) {
					var p *core
					c := newAccount(t, simulator.Options{Observe: once(after, func() { p.stop() })})
					arguments := withData()
					arguments["cookie"] = "monster"
					arguments["environment"] = object{"SECRET_KEY_BASE": strings.Repeat("k", 64), "DATABASE_URL": "ecto://chat:p@database.chat.internal/chat"}
					p = newCore(t, c, arguments)
					inOrder(t, p.apply(), "It was interrupted.")
					p = newCore(t, c, arguments)
					p.must(p.imports("chat"))
					if way == "applied" {
						p.must(p.apply())
						if drift := p.refresh(); len(drift) > 0 {
							t.Errorf("drift after the apply: %q", drift)
						}
					}
					p.must(p.destroy())
					c.nothingLeft(t)
				})
			})
		}
	}
}

// A beam_node whose create died before its state was written is found by its
// mark.
func TestNodeIsAdoptedByItsMark(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		var node *core
		c := newAccount(t, simulator.Options{})
		p := newCore(t, c, object{"name": "chat", "region": "nyc3", "node_pools": object{"us": object{"count": 1}}, "cookie": "monster"})
		p.must(p.apply())
		c.SetFaults([]simulator.Fault{{Kind: simulator.NeverActive, Call: "POST /v2/droplets", Times: 1}})
		arguments := object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3", "timeouts": object{"create": "4s"}}
		node = newCoreOf(t, c, "beam_node", nodeSchema(t), arguments)
		inOrder(t, node.apply(), "This took longer than timeouts allows.", "To continue, run `terraform untaint beam_node.<name>`")
		id := c.droplet(t.Context(), t, "worker-1")
		node = newCoreOf(t, c, "beam_node", nodeSchema(t), arguments)
		inOrder(t, node.apply(), "This took longer than timeouts allows.")
		if again := c.droplet(t.Context(), t, "worker-1"); again != id {
			t.Errorf("droplet %d was made beside %d", again, id)
		}
		node.must(node.destroy())
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}
