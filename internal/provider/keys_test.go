package provider

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// planOfKeys is what a plan says of another list of SSH keys, of a cluster whose
// hosts are as spoil leaves them: which keep theirs, and what is wrong with the list.
func planOfKeys(t *testing.T, managed bool, spoil func(cluster.HostRecord)) (kept, wrong string) {
	t.Helper()
	edit := to("ssh_keys", []string{"3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"})
	p := newTrial(t, edit, managed)
	arguments := edit.before(managed)
	edit.make(arguments)
	planned := p.plan(arguments)
	for _, host := range planned.mem.Hosts {
		spoil(host)
	}
	spec, diags := planned.model.spec(t.Context())
	steps, observed, err := p.account.engine.Diff(t.Context(), spec, planned.mem.Memory)
	if err != nil || diags.HasError() {
		t.Fatalf("%v %s", err, say(diags))
	}
	in := tfsdk.Plan{Schema: clusterSchema(t), Raw: configOf(t, clusterSchema(t), arguments).Raw}
	return planned.keptKeys(spec, steps), say(planned.checkAccount(t.Context(), spec, in, steps, observed))
}

func TestAPlanSaysWhichHostsKeepTheirSSHKeys(t *testing.T) {
	t.Parallel()
	forget := func(name string) func(cluster.HostRecord) {
		return func(host cluster.HostRecord) {
			if strings.HasPrefix(host.Name, name) {
				delete(host.Parts, hostconfig.PartKeys)
			}
		}
	}
	const gone = `The account has no SSH key "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45". Leave it out, or name another`
	for name, tt := range map[string]struct {
		managed bool
		spoil   func(cluster.HostRecord)
		kept    string
	}{
		"all are told":                     {true, forget("nobody"), ""},
		"without a channel":                {false, forget("nobody"), "Hosts that run keep the SSH keys that they were made with; those"},
		"some are of an earlier version":   {true, forget("chat-us"), "for something else: chat-us-1, chat-us-2."},
		"all are of an earlier version":    {true, forget("chat"), "something else: chat-database, chat-lb-1, chat-us-1, chat-us-2."},
		"one that serves is of an earlier": {true, forget("chat-lb-1"), "something else: chat-lb-1."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				kept, wrong := planOfKeys(t, tt.managed, tt.spoil)
				if !strings.Contains(kept, tt.kept) || (kept == "") != (tt.kept == "") {
					t.Errorf("it says %q, want %q", kept, tt.kept)
				}
				if !strings.Contains(wrong, gone) { // later hosts would get it, whether or not one is told now
					t.Errorf("wrong is %q, want %q", wrong, gone)
				}
			})
		})
	}
}
