package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// A plan warns of what happens to hosts that run and of what is lost, in few
// lines; the golden file holds what the user is told, story by story. Where
// nothing but additions happen there is nothing to read.
func TestWarningsOfPlans(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		var out strings.Builder
		c := newAccount(t, simulator.Options{DropletLimit: 50})
		arguments := withData()
		arguments["wait_for"] = "active" // droplets are records here
		p := newCore(t, c, arguments)
		pools := func(us int) object {
			return object{"us": object{"count": us}, "uk": object{"count": 1, "region": "lon1"}}
		}
		story := func(title string, change func()) {
			t.Helper()
			change()
			refused, warned := p.plan()
			fmt.Fprintf(&out, "# %s\n%s%s\n", title, refused, warned)
		}
		applied := func(title string, change func()) {
			t.Helper()
			story(title, change)
			p.must(p.apply())
			if drift := p.refresh(); len(drift) > 0 {
				t.Errorf("%s: drift %q", title, drift)
			}
		}
		set := func(name string, value any) func() {
			return func() {
				arguments[name] = value
				p.configure(arguments)
			}
		}
		applied("a new cluster", func() {})
		applied("nothing changes", func() {})
		applied("two nodes more, and a region, without management", set("node_pools", pools(3)))
		story("twelve nodes more", set("node_pools", pools(15)))
		applied("fewer nodes", set("node_pools", pools(1)))
		story("pools that the database does not carry", set("environment", object{"POOL_SIZE": "200", "PHX_HOST": "https://chat.example.com", "SECRET_KEY_BASE": "hunter2"}))
		set("environment", nil)()
		applied("access, and with it management", set("access", object{"ssh_from": []string{"203.0.113.7/32"}}))
		applied("no final snapshot", set("database", object{"final_snapshot": false}))
		fmt.Fprintf(&out, "# destroy without a final snapshot\n%s\n", warnings(p.planFrom(p.state, p.nothing()).Diagnostics))
		applied("a final snapshot", set("database", object{}))
		fmt.Fprintf(&out, "# destroy\n%s\n", warnings(p.planFrom(p.state, p.nothing()).Diagnostics))
		fmt.Fprintf(&out, "# replaced, as after taint\n%s\n", warnings(p.planFrom(p.nothing(), p.config).Diagnostics))
		text := regexp.MustCompile(`final-[a-z0-9]+`).ReplaceAllString(out.String(), "final-<id>")
		text = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`).ReplaceAllString(text, "<address>")
		testtool.Golden(t, "warnings.golden", text)
		p.must(p.destroy())
		c.nothingLeft(t)
	})
}
