package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/digitalocean/godo"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// The acceptance tests run the whole provider under the terraform on PATH, or
// under the program that TF_ACC_TERRAFORM_PATH names, against a simulated
// DigitalOcean. All traffic is held to the API description.

// cloud is a simulated account.
type cloud struct {
	*simulator.Simulator
	url       string
	transport http.RoundTripper // for calls that stay in the process; nil for calls to the URL
	godo      *godo.Client      // what somebody does behind Terraform's back

	before simulator.Inventory // how the account was
}

// newCloud is an account that other processes reach, too.
func newCloud(t *testing.T, options simulator.Options) *cloud {
	t.Helper()
	sim := simulator.New(options)
	server := httptest.NewServer(contract.Check(t, sim))
	t.Cleanup(server.Close)
	return cloudAt(t, sim, server.URL, nil)
}

// newAccount is one that is reached without a socket, so that stories on virtual
// time can have it.
func newAccount(t *testing.T, options simulator.Options) *cloud {
	t.Helper()
	sim := simulator.New(options)
	return cloudAt(t, sim, "http://do.test", simulator.Transport(contract.Check(t, sim)))
}

func cloudAt(t *testing.T, sim *simulator.Simulator, url string, transport http.RoundTripper) *cloud {
	t.Helper()
	client, err := godo.New(&http.Client{Transport: transport}, godo.SetBaseURL(url), godo.SetRequestHeaders(map[string]string{"Authorization": "Bearer outside"}))
	if err != nil {
		t.Fatal(err)
	}
	return &cloud{Simulator: sim, url: url, transport: transport, godo: client, before: sim.Inventory()}
}

// virtually runs the story on virtual time: what it waits for comes at once.
func virtually(t *testing.T, story func(t *testing.T)) {
	t.Helper()
	contract.Shared(t) // loaded outside of it, once for all tests
	synctest.Test(t, story)
}

// provider is the provider's block for this account.
func (c *cloud) provider() string {
	return fmt.Sprintf("provider \"beam\" {\n  token = \"test\"\n  api_endpoint = %q\n}\n", c.url)
}

// droplet returns the id of the droplet of that name.
func (c *cloud) droplet(ctx context.Context, t *testing.T, name string) int {
	t.Helper()
	droplets, _, err := c.godo.Droplets.ListByName(ctx, name, &godo.ListOptions{PerPage: 200})
	if err != nil || len(droplets) != 1 {
		t.Fatalf("%d droplets are called %s (%v)", len(droplets), name, err)
	}
	return droplets[0].ID
}

// writes counts the calls that created, changed or deleted something.
func (c *cloud) writes() int {
	n := 0
	for _, r := range c.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// clear destroys the cluster behind Terraform's back.
func (c *cloud) clear(t *testing.T) {
	t.Helper()
	api, err := digitalocean.New(digitalocean.Config{Token: "outside", Endpoint: c.url, Transport: c.transport})
	if err != nil {
		t.Fatal(err)
	}
	eng := engine.New(api)
	_, ids, err := eng.Find(t.Context(), "chat")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := eng.Destroy(t.Context(), "chat", &cluster.Memory{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
}

// nothingLeft fails the test unless the account is as it was: VPCs, peerings and
// tags included, and what was there before the same by its id. Users' own tags,
// and snapshots that a destroy keeps of a database, are all that may be new.
func (c *cloud) nothingLeft(t *testing.T) {
	t.Helper()
	left := slices.DeleteFunc(c.Inventory(), func(o simulator.Object) bool {
		return o.Kind == "snapshot" && strings.Contains(o.Name, "-database-final-") || o.Kind == "tag" && !strings.HasPrefix(o.Name, "beam")
	})
	if diff := cmp.Diff(c.before, left); diff != "" {
		t.Errorf("the account before (-) and after (+):\n%s", diff)
	}
}

func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"beam": func() (tfprotov6.ProviderServer, error) { return NewServer("test", os.Getenv), nil },
	}
}

// run runs the steps of a test case under Terraform or OpenTofu.
func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	runCase(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: steps})
}

func runCase(t *testing.T, tested resource.TestCase) {
	t.Helper()
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		testtool.Require(t, "terraform")
	}
	resource.UnitTest(t, tested)
}

// runSince runs the steps where the command line has a feature that Terraform and
// OpenTofu have since those versions. An older one is named and skipped.
func runSince(t *testing.T, terraform, tofu string, steps ...resource.TestStep) {
	t.Helper()
	testtool.RequireVersion(t, testtool.Terraform(t), terraform, tofu)
	run(t, steps...)
}

// older says that the command line is older than the versions that have a feature,
// and notes it: the rest of a test holds all the same.
func older(t *testing.T, terraform, tofu string) bool {
	t.Helper()
	why := testtool.Older(t, testtool.Terraform(t), terraform, tofu)
	if why != "" {
		t.Log(why)
	}
	return why != ""
}

// never is the version of a command line that has no such feature yet.
const never = "99.0.0"

func planned(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}
