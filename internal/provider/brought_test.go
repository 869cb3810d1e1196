package provider

import "testing"

// What users bring is for new hosts: a change makes those anew that have it, and
// the same in another spelling none.
func TestWhatIsBroughtMakesHostsAnew(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		file := func(arguments object) object {
			return object{"files": object{"/etc/chat/x": with(object{"content": "x"}, arguments)}}
		}
		p := newChanged(t, object{"host": file(object{})})
		before := p.node()
		for story, arguments := range map[string]object{
			"the defaults, written down": {"owner": "root", "group": "root", "mode": "0644"},
			"a mode of three digits":     {"mode": "644"},
		} {
			p.set("host", file(arguments))
			p.applies(story)
			if !p.node().Equal(before) {
				t.Errorf("%s: the node was made anew", story)
			}
		}
		p.set("node_pools", object{"us": object{"count": 1, "host": object{}}})
		p.applies("nothing for a pool of its own")
		if !p.node().Equal(before) {
			t.Error("a pool that gets nothing was made anew")
		}
		for _, change := range []struct {
			argument string
			value    any
		}{
			{"host", file(object{"content": "y"})},
			{"node_pools", object{"us": object{"count": 1, "host": file(object{"content": "z"})}}},
			{"host", nil},
		} {
			before := p.node()
			p.set(change.argument, change.value)
			p.applies(change.argument)
			// The pool's own file goes before that of all hosts.
			if own := change.value == nil; p.node().Equal(before) != own {
				t.Errorf("%s: the node is the same one: %t", change.argument, !own)
			}
		}
	})
}
