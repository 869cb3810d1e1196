package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// writes says which step of a plan makes a call that writes. A call that is not
// in it has no step, so that no plan would show what it does.
var writes = map[string]string{
	"POST tags, a lease": "HoldLease", "DELETE tags/*, a lease": "HoldLease", "POST tags, that hosts are told": "MarkTelling", "POST tags": "CreateTag", "DELETE tags/*": "DeleteTag", "DELETE tags/*, of a node that is being made": "DeleteTag",
	"POST tags/*/resources, droplet": "TagHosts", "POST tags/*/resources, that a node is told": "MarkTelling", "DELETE tags/*/resources, droplet": "UntagHosts", "POST tags/*/resources, volume": "TagVolume",
	"POST vpcs": "CreateVPC", "PATCH vpcs/*": "MarkVPC", "PATCH vpcs/*, without a mark": "UnmarkVPC", "DELETE vpcs/*": "DeleteVPC",
	"POST vpc_peerings": "CreatePeering", "DELETE vpc_peerings/*": "DeletePeering",
	"POST firewalls": "CreateFirewall", "PUT firewalls/*": "UpdateFirewall", "DELETE firewalls/*": "DeleteFirewall",
	"POST volumes": "CreateVolume", "POST volumes/*/actions, attach": "AttachVolume", "DELETE volumes/*": "DeleteVolume", "POST volumes/*/snapshots": "SnapshotVolume",
	"POST droplets": "CreateHosts", "DELETE droplets/*": "DeleteHost",
	"POST droplets/*/actions, power_on": "PowerOn", "POST droplets/*/actions, rename": "RenameHost", "POST droplets/*/actions, reboot": "AttachVolume",
	"POST droplets/*/actions, enable_backups": "SetBackups", "POST droplets/*/actions, disable_backups": "SetBackups",
	"POST reserved_ips": "ReserveAddress", "POST reserved_ips/*/actions, assign": "MoveAddress", "DELETE reserved_ips/*": "DeleteAddress",
	"POST projects/*/resources": "AssignProject",
}

// tells says which step of a plan has a host carry out a command of beamctl that
// changes something, by the command's first word.
var tells = map[string]string{
	"set-nodes": "Tell", "set-database": "Tell", "apply": "Apply", "stop": "Retire", "let-go": "Retire", "migrate": "Migrate",
	"store-release": "PushRelease", "share-release": "SpreadRelease", "fetch-release": "FetchRelease",
	"stage-cookie": "RotateCookie", "switch-cookie": "RotateCookie", "adopt-cookie": "RotateCookie",
	"export-acme": "CarryCertificate",
}

// along says of calls which other steps of a plan bring them about, besides those
// that are named for them: tagging makes tags that are missing, and what is made is
// known, and so goes into the project or loses a mark, only once it is there.
var along = map[string][]string{
	"POST tags":                 {"TagHosts", "TagVolume", "RotateCookie"},
	"POST projects/*/resources": {"CreateHosts"},
	"DELETE tags/*":             {"MarkTelling"}, // that of before goes
	"DELETE tags/*, of a node that is being made": {"CreateHosts"},
	"fetch-release":                    {"SpreadRelease"},
	"POST tags/*/resources, droplet":   {"RotateCookie"}, // the nodes' marks tell of the cookie
	"DELETE tags/*/resources, droplet": {"RotateCookie"},
}

// write names a call that writes by its method, its path without ids, and what
// tells it from others of its route.
func write(t *testing.T, r *http.Request) string {
	t.Helper()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[1:]
	if len(parts) > 1 {
		parts[1] = "*"
	}
	call := r.Method + " " + strings.Join(parts, "/")
	if r.Method == http.MethodDelete && parts[0] == "tags" {
		switch {
		case strings.Contains(r.URL.Path, ":lease:"):
			call += ", a lease"
		case strings.Contains(r.URL.Path, ":making:"):
			call += ", of a node that is being made"
		}
	}
	if r.GetBody == nil {
		return call
	}
	content, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Type, Name  string
		Description *string
		Resources   json.RawMessage
	}
	if json.Unmarshal(text, &body) != nil {
		return call
	}
	switch {
	case body.Type != "" && parts[len(parts)-1] == "actions":
		call += ", " + body.Type
	case parts[0] == "tags" && len(parts) == 1 && strings.Contains(body.Name, ":lease:"):
		call += ", a lease"
	case parts[0] == "tags" && len(parts) == 1 && strings.Contains(body.Name, "telling:"):
		call += ", that hosts are told"
	case parts[0] == "tags" && strings.Contains(string(body.Resources), `"volume"`):
		call += ", volume"
	case parts[0] == "tags" && strings.Contains(r.URL.Path, ":node-telling:"):
		call += ", that a node is told"
	case parts[0] == "tags" && len(parts) > 2:
		call += ", droplet"
	case parts[0] == "vpcs" && r.Method == http.MethodPatch && (body.Description == nil || *body.Description == ""):
		call += ", without a mark"
	}
	return call
}

// Every write that an apply makes is a step that its plan had in the beginning,
// and every kind of step that writes is carried out here.
func TestEveryWriteIsAStep(t *testing.T) {
	t.Parallel()
	done, planned := map[string]bool{}, map[string]bool{}
	sluggish := slow
	sluggish.BootTime, sluggish.RateLimits = 3*time.Minute, false
	inWorld(t, sluggish, func(w *world) {
		w.cut.before = func(_ int, r *http.Request) {
			if r.Method == http.MethodGet {
				return
			}
			call := write(t, r)
			step, known := writes[call]
			if !known {
				t.Errorf("no step makes the call %q", call)
			}
			if !slices.ContainsFunc(append(along[call], step), func(step string) bool { return planned[step] }) {
				t.Errorf("the call %q (%s) was made, and the plan has no %s", call, r.URL.Path, step)
			}
			done[step] = true
		}
		h := &hosts{w: w, spec: managed(2), mem: &cluster.Memory{}}
		h.told = func(host, command string) {
			word, _, _ := strings.Cut(command, " ")
			step := tells[word]
			if !slices.ContainsFunc(append(along[word], step), func(step string) bool { return planned[step] }) {
				t.Errorf("%s was told to %s, and the plan has no %s", host, word, step)
			}
			done[step] = true
		}
		w.engine = w.engine.Reaching(func(cluster.ManagementKeys) engine.Channel { return h })
		w.wholeLife(h, func(p plan.Plan, err error) {
			if err != nil {
				t.Fatal(err)
			}
			clear(planned)
			for _, s := range p.Steps {
				planned[reflect.TypeOf(s.Action).Name()] = true
			}
		})
	})
	for _, step := range writingSteps(t) {
		if !done[step] {
			t.Errorf("nothing carried out a %s", step)
		}
	}
}

// writingSteps are the types of package plan that are steps and write.
func writingSteps(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../plan/actions.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^\t(\w+) +struct \{\s*write\b`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, found[1])
	}
	if len(names) < 25 {
		t.Fatalf("only %v write", names)
	}
	return names
}

// wholeLife creates, changes, mends and destroys a cluster and a node beside it,
// and shows each plan before it is carried out.
func (w *world) wholeLife(h *hosts, show func(plan.Plan, error)) {
	ctx := w.Context()
	apply := func() cluster.Observed {
		w.Helper()
		p, _, err := w.engine.Diff(w.Context(), h.spec, *h.mem)
		show(p, err)
		return w.converge(h.spec, h.mem)
	}
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	project, _, err := w.godo.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "chat", Purpose: "chat"})
	must(err)
	h.spec.ProjectID = project.ID
	uk := h.spec.Pools[0]
	uk.Name, uk.Region, uk.Count = "uk", "lon1", 1
	h.spec.Pools = append([]cluster.Pool{uk}, h.spec.Pools...)
	o := apply()

	database := w.id(o, "chat-database")
	_, _, err = w.godo.StorageActions.DetachByDropletID(ctx, o.Volume.ID, database)
	must(err)
	_, err = w.godo.Tags.UntagResources(ctx, "beam:chat", &godo.UntagResourcesRequest{Resources: []godo.Resource{{ID: o.Volume.ID, Type: godo.VolumeResourceType}}})
	must(err)
	_, _, err = w.godo.DropletActions.PowerOff(ctx, w.id(o, "chat-us-1"))
	must(err)
	w.pass(time.Minute)
	_, _, err = w.godo.DropletActions.Rename(ctx, w.id(o, "chat-us-2"), "pet")
	must(err)
	_, _, err = w.godo.ReservedIPActions.Unassign(ctx, o.ReservedIP.IP)
	must(err)
	_, _, err = w.godo.VPCs.Update(ctx, h.mem.VPCs["lon1"], &godo.VPCUpdateRequest{Name: "mine", Description: cluster.IDTag("chat", h.mem.ID)})
	must(err)
	w.pass(time.Minute)
	h.spec.Tags, h.spec.Access.SSHFrom = []string{"prod"}, []string{"198.51.100.0/24"}
	db := *h.spec.Database
	db.Backups = true
	h.spec.Database = &db
	apply()

	h.spec.Tags, h.spec.Pools = nil, slices.Clone(h.spec.Pools[1:])
	h.spec.Pools[0].Count = 3
	apply()

	w.deploys(h, func() { apply() })

	node := &cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: h.spec.Pools[0].Place, Distribution: h.spec.Distribution, Host: h.spec.Host, Cookie: "COOKIE"}
	show(w.engine.DiffNode(ctx, *node, 0, cluster.Memory{}))
	d, err := w.engine.ConvergeNode(ctx, node, 0, &cluster.Memory{})
	must(err)
	show(plan.Plan{Steps: []plan.Step{{Action: plan.DeleteHost{}}}}, nil)
	must(w.engine.DestroyNode(ctx, *node, d.ID))
	w.toldNode(h, show)
	_, _, err = w.godo.VPCs.Set(ctx, h.mem.VPCs["nyc3"], godo.VPCSetDefault())
	must(err) // which cannot be deleted
	h.mem.FinalSnapshot = true
	p, _, err := w.engine.Diff(ctx, cluster.Spec{Name: "chat"}, *h.mem)
	show(p, err)
	must(w.engine.Destroy(ctx, "chat", h.mem))
}

// toldNode creates a node that has a channel, changes it and destroys it.
func (w *world) toldNode(h *hosts, show func(plan.Plan, error)) {
	w.Helper()
	node, id, mem := managedWorker(h.spec), 0, cluster.Memory{}
	node.Cookie = h.spec.Cookie
	for _, environment := range []map[string]string{nil, {"QUEUE": "mail"}} {
		node.Environment = environment
		show(w.engine.DiffNode(w.Context(), node, id, mem))
		d, err := w.engine.ConvergeNode(w.Context(), &node, id, &mem)
		if err != nil {
			w.Fatal(err)
		}
		id = d.ID
	}
	show(plan.Plan{Steps: []plan.Step{{Action: plan.DeleteTag{}}, {Action: plan.DeleteHost{}}}}, nil)
	if err := w.engine.DestroyNode(w.Context(), node, id); err != nil {
		w.Fatal(err)
	}
}

// deploys brings a release to the nodes over the channel, another one by its URL,
// and rotates the cookie. A load balancer hands its certificate on.
func (w *world) deploys(h *hosts, apply func()) {
	w.Helper()
	h.deploy(func(r *cluster.Release) { r.Path, r.SHA256 = archive(w.T, "second") })
	apply()
	h.deploy(func(r *cluster.Release) {
		r.URL, r.SHA256, r.Migrate = "https://example.com/chat-3.tar.gz", strings.Repeat("3", 64), "Chat.Release.migrate()"
	})
	apply()
	h.spec.Cookie = "ANOTHER"
	balancer := *h.spec.LoadBalancer
	balancer.TLS = &cluster.TLS{ACME: &cluster.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
	h.spec.LoadBalancer = &balancer
	apply()
	larger := balancer
	larger.Size = "s-2vcpu-2gb"
	h.spec.LoadBalancer = &larger
	apply()
}
