package provider_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// Each folder of testdata/states has a state as an earlier version left it, its
// configuration, and what the account held then. internal/playground/record
// makes them.

// Whatever an earlier version left, this one goes on with it: it plans nothing
// where all is well, mends what is not, replaces what is tainted, and destroys all of
// it.
func TestAccKeptStates(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("testdata", "states", "*"))
	must(t, err)
	unwell := map[string]func(*kept, *testing.T){"drifted": (*kept).repairs, "half-made": (*kept).completes, "smallest": (*kept).replaces}
	for _, folder := range folders {
		name := filepath.Base(folder)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := openKept(t, folder)
			if mend := unwell[name]; mend != nil {
				mend(k, t)
			}
			k.plansNothing(t)
			must(t, k.Terraform.Destroy(t.Context()))
			_, left := playground.Kept(k.inventory(t))
			if diff := cmp.Diff(k.empty, left); diff != "" {
				t.Errorf("the account before the cluster (-) and after the destroy (+):\n%s", diff)
			}
		})
	}
}

// An attribute that a state lacks was added by a later version. One that says
// nothing by itself, and one that the account can tell, changes nothing.
func TestAccStateWithoutALaterAttribute(t *testing.T) {
	t.Parallel()
	k := openKept(t, filepath.Join("testdata", "states", "managed"))
	for _, lacking := range []string{
		"cookie project_id timeouts load_balancer.tls network.ip_ranges network.vpc_uuid release.migrate",
		"drift edeliver_config estimated_monthly_cost firewall_ids node_names nodes remote_console url vpc_uuids",
	} {
		t.Run(lacking, func(t *testing.T) {
			k.putState(t, without(t, k.state, strings.Fields(lacking)))
			k.plansNothing(t)
		})
	}
}

// A destroy takes tags away last. When its process dies before, the state still
// has the cluster, and the next destroy takes away what is left.
func TestAccDestroyGoesOnWhereOnlyTagsAreLeft(t *testing.T) {
	t.Parallel()
	k := openKept(t, filepath.Join("testdata", "states", "smallest"))
	must(t, k.Terraform.Destroy(t.Context()))
	k.putState(t, k.state)
	must(t, k.Call(t.Context(), http.MethodPost, "/v2/tags", map[string]string{"name": "beam:hello"}, nil))
	must(t, k.Terraform.Destroy(t.Context()))
	if diff := cmp.Diff(k.empty, k.inventory(t)); diff != "" {
		t.Errorf("the account before the cluster (-) and after the second destroy (+):\n%s", diff)
	}
}

// kept is a kept state in a folder of its own, with a DigitalOcean that holds
// what belongs to it.
type kept struct {
	*playground.Playground
	dir   string
	state string   // as it was kept
	empty []string // what any account has
}

// openKept copies the state and its configuration, and fills an account with
// what there was, under the same ids.
func openKept(t *testing.T, folder string) *kept {
	t.Helper()
	k := &kept{dir: t.TempDir()}
	must(t, os.CopyFS(k.dir, os.DirFS(folder)))
	state, err := os.ReadFile(filepath.Join(folder, "terraform.tfstate"))
	must(t, err)
	k.state = asWrittenHere(string(state))
	k.putState(t, k.state)
	k.Playground, err = playground.Open(t.Context(), playground.Options{
		CLI: testtool.Terraform(t), Test: t, Dir: k.dir,
		Wrap: func(h http.Handler) http.Handler { return contract.Check(t, h) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, k.Close()) })
	k.empty = k.inventory(t)
	account, err := os.ReadFile(filepath.Join(folder, "account.json"))
	must(t, err)
	var dump simulator.Dump
	must(t, json.Unmarshal(account, &dump))
	must(t, k.Simulator.Restore(dump))
	return k
}

// asWrittenHere is a state of Terraform as the command line under test would
// have written it: OpenTofu looks providers up under its own registry's name.
func asWrittenHere(state string) string {
	host := os.Getenv("TF_ACC_PROVIDER_HOST")
	if host == "" {
		return state
	}
	return strings.ReplaceAll(state, "registry.terraform.io/", host+"/")
}

func (k *kept) putState(t *testing.T, state string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(k.dir, "terraform.tfstate"), []byte(state), 0o600))
}

// inventory is what the account holds, without the user's own tags, which a
// destroy leaves.
func (k *kept) inventory(t *testing.T) []string {
	t.Helper()
	lines, err := k.Inventory(t.Context())
	must(t, err)
	return slices.DeleteFunc(lines, func(line string) bool {
		tag, isTag := strings.CutPrefix(line, "tags ")
		return isTag && tag != "beam" && !strings.HasPrefix(tag, "beam:")
	})
}

// plan returns the plan, also in a form to be read.
func (k *kept) plan(t *testing.T) (*tfjson.Plan, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan")
	_, err := k.Terraform.Plan(t.Context(), tfexec.Out(file))
	must(t, err)
	plan, err := k.Terraform.ShowPlanFile(t.Context(), file)
	must(t, err)
	text, err := k.Terraform.ShowPlanFileRaw(t.Context(), file)
	must(t, err)
	return plan, text
}

// plansNothing leaves it to the exit code whether something changes.
func (k *kept) plansNothing(t *testing.T) {
	t.Helper()
	changes, err := k.Terraform.Plan(t.Context())
	if err != nil {
		t.Fatalf("the plan fails: %v", err)
	}
	if changes {
		_, text := k.plan(t)
		t.Fatalf("the plan has changes:\n%s", text)
	}
}

// repairs expects that what the refresh had found is repaired in place.
func (k *kept) repairs(t *testing.T) {
	t.Helper()
	plan, text := k.plan(t)
	if len(plan.ResourceChanges) != 1 || !plan.ResourceChanges[0].Change.Actions.Update() {
		t.Errorf("the plan is not to change the cluster in place:\n%s", text)
	}
	k.completes(t)
}

// replaces expects that a cluster which is well and tainted is in nobody's way, also
// with -refresh=false, and comes with other droplets.
func (k *kept) replaces(t *testing.T) {
	t.Helper()
	k.plansNothing(t)
	before := k.Simulator.Inventory().Of("droplet")
	must(t, k.Terraform.Taint(t.Context(), "beam_cluster.hello"))
	must(t, k.Terraform.Apply(t.Context(), tfexec.Refresh(false)))
	after := k.Simulator.Inventory().Of("droplet")
	if len(after) != len(before) || slices.ContainsFunc(after, func(is simulator.Object) bool {
		return slices.ContainsFunc(before, func(was simulator.Object) bool { return was.ID == is.ID })
	}) {
		t.Errorf("the droplets were %v and are %v", before, after)
	}
}

// completes expects that an apply leaves one cluster that is whole.
func (k *kept) completes(t *testing.T) {
	t.Helper()
	must(t, k.Terraform.Apply(t.Context()))
	whole := []string{
		"droplets chat-database", "droplets chat-lb-1", "droplets chat-us-1", "droplets chat-us-2",
		"firewalls chat-database", "firewalls chat-load-balancer", "firewalls chat-node",
		"reserved_ips", "volumes chat-database", "vpcs chat-nyc3",
	}
	var made []string
	for _, line := range k.inventory(t) {
		family, _, _ := strings.Cut(line, " ")
		switch {
		case slices.Contains(k.empty, line) || family == "tags" || family == "snapshots":
		case family == "reserved_ips": // whatever the address
			made = append(made, family)
		default:
			made = append(made, line)
		}
	}
	if diff := cmp.Diff(whole, made); diff != "" {
		t.Errorf("what the cluster consists of (-want +got):\n%s", diff)
	}
}

// without takes attributes, named by their paths, out of the only resource of a
// state.
func without(t *testing.T, state string, paths []string) string {
	t.Helper()
	var whole map[string]any
	must(t, json.Unmarshal([]byte(state), &whole))
	instance := whole["resources"].([]any)[0].(map[string]any)["instances"].([]any)[0].(map[string]any)
	for _, path := range paths {
		parent, names := instance["attributes"].(map[string]any), strings.Split(path, ".")
		last := len(names) - 1
		for _, name := range names[:last] {
			parent = parent[name].(map[string]any)
		}
		if _, has := parent[names[last]]; !has {
			t.Fatalf("the state has no %s", path)
		}
		delete(parent, names[last])
	}
	text, err := json.Marshal(whole)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
