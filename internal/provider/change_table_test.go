package provider

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const changesGuide = "../../templates/guides/changes.md.tmpl"

// The table of the guide on changes says of every argument what a change of it
// does. It is no claim but what plans of a cluster that exists have: each edit is
// planned once with the management channel and once without.
func TestTheTableOfChangesIsWhatPlansDo(t *testing.T) {
	t.Parallel()
	all := edits(t)
	slices.SortStableFunc(all, func(a, b trialEdit) int { return cmp.Compare(a.attribute, b.attribute) })
	var table strings.Builder
	table.WriteString("| Change of | With the management channel | Without it |\n| --- | --- | --- |\n")
	synctest.Test(t, func(t *testing.T) { // makes clusters on virtual time
		trials := trials{}
		for _, e := range all {
			fmt.Fprintf(&table, "| %s | %s |\n", e.title(), strings.Join(trials.outcomes(t, e), " | "))
		}
	})
	testtool.Section(t, changesGuide, "table of changes", table.String())
}

// trials are clusters by their configuration, so that edits of the same share one.
type trials map[string]*trial

// outcomes says what the edit does with the management channel and without it.
func (all trials) outcomes(t *testing.T, e trialEdit) []string {
	t.Helper()
	var found []string
	for _, managed := range []bool{true, false} {
		if managed && e.only == withoutChannel || !managed && e.only == withChannel {
			found = append(found, "–")
			continue
		}
		key := fmt.Sprint(e.before(managed))
		if all[key] == nil {
			all[key] = newTrial(t, e, managed)
		}
		found = append(found, all[key].outcome(e))
	}
	if found[0] == found[1] {
		found[1] = "the same"
	}
	return found
}

// Whoever adds an argument says with an edit what a change of it does.
func TestEveryArgumentHasAnEdit(t *testing.T) {
	t.Parallel()
	var edited []string
	for _, e := range edits(t) {
		edited = append(edited, e.attribute)
	}
	var arguments []string
	visitArguments(clusterSchema(t).Attributes, "", func(argument string, _ schema.Attribute) {
		arguments = append(arguments, argument)
		if !slices.Contains(edited, argument) {
			t.Errorf("%s has no edit: add it to edits", argument)
		}
	})
	for _, attribute := range edited {
		if !slices.ContainsFunc(arguments, func(a string) bool { return a == attribute || strings.HasPrefix(a, attribute+".") }) {
			t.Errorf("the schema has no argument %s", attribute)
		}
	}
}

// What the table says of an argument, and what descriptions say of hosts.
var (
	rowOfTable = regexp.MustCompile("(?m)^\\| `([^`]+)`.* \\| (.+) \\| (.+) \\|$")
	saysAnew   = regexp.MustCompile(`\banew\b|whole second set`)
	allAnew    = regexp.MustCompile(`[Aa] change makes .*\banew\b`) // of what is in a block
)

// Who sets an argument shall know that another value makes hosts anew, even where
// running hosts can be told of others.
func TestWhatMakesHostsAnewIsSaidWhereItIsSet(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(changesGuide)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "## What happens when I change an argument")
	described, found := descriptions(clusterSchema(t).Attributes, ""), 0
	for _, row := range rowOfTable.FindAllStringSubmatch(section, -1) {
		at, outcome := strings.ReplaceAll(row[1], ".<pool>.", ".*."), row[2]
		if outcome == "–" {
			outcome = row[3]
		}
		if !strings.Contains(outcome, "replaced") {
			continue
		}
		found++
		block := at[:max(strings.LastIndex(at, "."), 0)]
		if !saysAnew.MatchString(described[at]) && !allAnew.MatchString(described[block]) {
			t.Errorf("%s: %s, and its description does not say so: %s", at, outcome, described[at])
		}
	}
	if found == 0 {
		t.Error("the table makes no host anew")
	}
}

// descriptions are those of arguments and of the blocks that they are in, by path.
func descriptions(attributes map[string]schema.Attribute, within string) map[string]string {
	found := map[string]string{}
	for name, attribute := range attributes {
		found[within+name] = attribute.GetMarkdownDescription()
		switch a := attribute.(type) {
		case schema.SingleNestedAttribute:
			maps.Copy(found, descriptions(a.Attributes, within+name+"."))
		case schema.MapNestedAttribute:
			maps.Copy(found, descriptions(a.NestedObject.Attributes, within+name+".*."))
		}
	}
	return found
}

// visitArguments calls f with each innermost argument that users may set and its
// path, in order. A "*" stands for the names of pools. What is brought under names
// of the user's own is one argument.
func visitArguments(attributes map[string]schema.Attribute, within string, f func(at string, a schema.Attribute)) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		switch a := attributes[name].(type) {
		case schema.SingleNestedAttribute:
			visitArguments(a.Attributes, within+name+".", f)
		case schema.MapNestedAttribute:
			switch {
			case name == "node_pools":
				visitArguments(a.NestedObject.Attributes, within+name+".*.", f)
			case a.IsOptional():
				f(within+name, a)
			}
		default:
			if (a.IsRequired() || a.IsOptional()) && !a.IsWriteOnly() { // a version stands for what no state has
				f(within+name, a)
			}
		}
	}
}

// trial is a cluster of records whose changes are planned and never applied.
type trial struct {
	*testing.T
	account account
	managed bool
	state   clusterModel
	others  map[any]string // ids of what else the account has
}

func newTrial(t *testing.T, e trialEdit, managed bool) *trial {
	t.Helper()
	sim := simulator.New(simulator.Options{})
	api, err := digitalocean.New(digitalocean.Config{Token: "test", Transport: simulator.Transport(sim)})
	if err != nil {
		t.Fatal(err)
	}
	p := &trial{T: t, account: account{engine: engine.New(api)}, managed: managed, others: othersIn(t, sim)}
	made := p.plan(e.before(managed))
	spec, diags := made.model.spec(t.Context())
	mem := clusterMemory{}
	observed, err := p.account.engine.Converge(t.Context(), spec, &mem.Memory)
	if err != nil {
		t.Fatal(err)
	}
	p.state = made.model
	if diags.Append(p.state.reach(spec, mem, observed, nil)...); diags.HasError() {
		t.Fatal(say(diags))
	}
	return p
}

// plan is the plan of Terraform that leads from the state to the arguments.
func (p *trial) plan(arguments object) *clusterPlan {
	p.Helper()
	p.identified(arguments)
	config := configOf(p.T, clusterSchema(p.T), arguments)
	planned := &clusterPlan{create: p.state.ID.IsNull(), account: p.account, model: modelOf(p.T, config), state: p.state}
	if diags := planned.resolve(p.Context()); diags.HasError() {
		p.Fatalf("%v: %s", arguments, say(diags))
	}
	return planned
}

// outcome says in the words of the guide what the edit would do.
func (p *trial) outcome(e trialEdit) string {
	p.Helper()
	arguments := e.before(p.managed)
	e.make(arguments)
	planned := p.plan(arguments)
	if refusals(p.Context(), planned.changes, configOf(p.T, clusterSchema(p.T), arguments), false).HasError() {
		return "[refused](#what-is-refused)"
	}
	spec, diags := planned.model.spec(p.Context())
	if diags.HasError() {
		p.Fatalf("%s: %s", e.title(), say(diags))
	}
	steps, _, err := p.account.engine.Diff(p.Context(), spec, planned.mem.Memory)
	if err != nil {
		p.Fatalf("%s: %v", e.title(), err)
	}
	if len(steps.Refusals) > 0 {
		return "[refused](#what-is-refused)"
	}
	told := effects(steps)
	switch {
	case told == "" && planned.kept(spec, steps) != "":
		return "nothing; counts for hosts that are made from then on"
	case told == "":
		return "nothing"
	}
	return told
}

// othersIn makes what the account has beside the cluster, and returns their ids.
func othersIn(t *testing.T, sim *simulator.Simulator) map[any]string {
	t.Helper()
	client, err := godo.New(&http.Client{Transport: simulator.Transport(sim)}, godo.SetRequestHeaders(map[string]string{"Authorization": "Bearer outside"}))
	if err != nil {
		t.Fatal(err)
	}
	vpc, _, err := client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "another", RegionSlug: "nyc3"})
	if err != nil {
		t.Fatal(err)
	}
	project, _, err := client.Projects.Create(t.Context(), &godo.CreateProjectRequest{Name: "another", Purpose: "chat", Environment: "Production"})
	if err != nil {
		t.Fatal(err)
	}
	return map[any]string{anotherVPC: vpc.ID, anotherProject: project.ID}
}

// identified puts ids in the place of what stands for them.
func (p *trial) identified(value any) any {
	inner, is := value.(object)
	switch {
	case is:
		for name, value := range inner {
			inner[name] = p.identified(value)
		}
	case value == anotherVPC || value == anotherProject:
		return p.others[value]
	}
	return value
}
