package plan

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// toldNode is a beam_node with a channel, as it is after its create.
func toldNode(change func(*cluster.NodeSpec)) NodeInput {
	cluster1 := made(managed(chat(1)))
	spec := cluster.NodeSpec{
		Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small"}, Cookie: "COOKIE", Peers: []string{"chat@10.0.0.2"},
		Release: &cluster.Release{Name: "jobs", Kind: cluster.KindMix, Port: 8080, URL: "https://example.com/1.tar.gz", SHA256: strings.Repeat("ab", 32)},
		Host:    cluster.Host{SSHPort: 22}, Management: cluster.Management{Enabled: true, Port: 22}, WaitFor: cluster.WaitFormed,
	}
	mem := cluster.Memory{Secrets: cluster.Secrets{Management: cluster.ManagementKeys{AuthorizedKey: "key"}}}
	record := NewRecord(Input{Spec: spec.Alone(), Memory: mem}, CreateHosts{Role: cluster.RoleNode, Pool: spec.Name})
	record.Name = spec.Name
	mem.Remember(7, record)
	host := cluster.Droplet{
		ID: 7, Name: "worker", Region: "nyc3", Size: "small", Status: cluster.StatusActive, CreatedAt: time.Unix(9, 0),
		Tags: append(spec.WantedTags(), spec.ToldTag()),
	}
	addressed(&host)
	o := cluster1.Observed
	o.Droplets = append(slices.Clone(o.Droplets), host)
	change(&spec)
	return NodeInput{Spec: spec, Memory: mem, Observed: o, Wanted: true}.besideCookie(cookie.Fingerprint(spec.Cookie))
}

// besideCookie lets the marks of the cluster's nodes tell of the cookie with the
// fingerprint; empty for none.
func (in NodeInput) besideCookie(fingerprint string) NodeInput {
	in.Observed.Droplets = slices.Clone(in.Observed.Droplets)
	for i, d := range in.Observed.Droplets {
		d.Tags = slices.DeleteFunc(slices.Clone(d.Tags), func(tag string) bool { return cluster.IsCookieTag("chat", tag) })
		if d.ID != 7 && fingerprint != "" {
			d.Tags = append(d.Tags, cluster.CookieTag("chat", fingerprint))
		}
		in.Observed.Droplets[i] = d
	}
	return in
}

func TestABeamNodeIsChangedInTheGentlestWay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change        func(*cluster.NodeSpec)
		steps, refuse string
		says          string
	}{
		"nothing":           {func(*cluster.NodeSpec) {}, "formed", "", ""},
		"another URL":       {func(n *cluster.NodeSpec) { n.Release.URL = "https://example.com/2.tar.gz" }, "formed", "", ""},
		"packages":          {func(n *cluster.NodeSpec) { n.Host.Packages = []string{"htop"} }, "mark telling, apply 7, formed", "", "Told, running on: worker."},
		"SSH keys":          {func(n *cluster.NodeSpec) { n.SSHKeys = []string{"512190"} }, "mark telling, apply 7, formed", "", "Told, running on: worker."},
		"peers":             {func(n *cluster.NodeSpec) { n.Peers = nil }, "mark telling, apply 7, formed", "", "Told, running on: worker."},
		"environment":       {func(n *cluster.NodeSpec) { n.Environment = map[string]string{"A": "b"} }, "mark telling, apply 7, formed", "", "The node is down for 5s at least.\nRestarted: worker."},
		"trigger":           {func(n *cluster.NodeSpec) { n.Release.Triggers = map[string]string{"a": "b"} }, "mark telling, apply 7, formed", "", "The node is down for 5s at least.\nRestarted: worker."},
		"release by URL":    {func(n *cluster.NodeSpec) { n.Release.SHA256 = strings.Repeat("cd", 32) }, "fetch release 7, mark telling, apply 7, formed", "", "The node is down for 5s at least.\nRestarted: worker."},
		"release by a file": {byFile, "push release, migrate, mark telling, apply 7, formed", "", "The node is down for 5s at least.\nThe database is migrated once, on worker, before the first node restarts.\nRestarted: worker."},
		"user":              {func(n *cluster.NodeSpec) { n.Host.User = "app" }, "formed", "terraform apply -replace", ""},
		"another cookie":    {func(n *cluster.NodeSpec) { n.Cookie = "ANOTHER" }, "mark telling, cookie, formed", "", "The node takes the cluster's cookie, and does not restart for it."},
		"cookie and environment": {func(n *cluster.NodeSpec) { n.Cookie, n.Environment = "ANOTHER", map[string]string{"A": "b"} }, "mark telling, cookie, apply 7, formed", "",
			"The node is down for 5s at least.\nThe node takes the cluster's cookie, and does not restart for it.\nRestarted: worker."},
	} {
		p := DiffNode(toldNode(tt.change))
		var refused []string
		for _, problem := range p.Refusals {
			refused = append(refused, problem.Detail)
		}
		if got := strings.Join(stepKeys(p), ", "); got != tt.steps || p.Summary() != tt.says {
			t.Errorf("%s: %q, which says\n%s\nwant %q, and\n%s", name, got, p.Summary(), tt.steps, tt.says)
		}
		if got := strings.Join(refused, "\n"); (got == "") != (tt.refuse == "") || !strings.Contains(got, tt.refuse) {
			t.Errorf("%s: refused is %q, want %q", name, got, tt.refuse)
		}
	}
}

func byFile(n *cluster.NodeSpec) {
	release := *n.Release
	release.URL, release.Path, release.SHA256, release.Migrate = "", "jobs.tar.gz", strings.Repeat("cd", 32), "Jobs.migrate()"
	n.Release = &release
}

// A node that the cluster's nodes would refuse is worse than one with an old cookie.
func TestABeamNodeIsRefusedACookieThatTheClusterHasNot(t *testing.T) {
	t.Parallel()
	in := toldNode(func(n *cluster.NodeSpec) { n.Cookie = "ANOTHER" })
	for _, fingerprint := range []string{"0123456789ab", ""} {
		refused := DiffNode(in.besideCookie(fingerprint)).Refusals
		if (len(refused) == 1 && refused[0].Path[0] == "cookie") != (fingerprint != "") {
			t.Errorf("nodes with the cookie %q: %v", fingerprint, refused)
		}
	}
}

// What cannot be told any more, or never worked, is made anew.
func TestABeamNodeWhoseKeysAreLostIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*cluster.HostRecord){
		"keys are lost": func(r *cluster.HostRecord) { r.Unmanaged = true },
		"set-up failed": func(r *cluster.HostRecord) { r.SetUpFailed = true },
	} {
		in := toldNode(func(*cluster.NodeSpec) {})
		in.Memory.Hosts = maps.Clone(in.Memory.Hosts)
		record := in.Memory.Hosts[7]
		spoil(&record)
		in.Memory.Remember(7, record)
		p := DiffNode(in)
		if !slices.Equal(p.Removed(), []string{"worker"}) || len(p.Refusals) > 0 || len(p.Drift()) != 1 {
			t.Errorf("%s: %s", name, text(p))
		}
	}
}

// The provider comes through the firewall of the cluster.
func TestABeamNodeThatCannotBeReachedIsRefused(t *testing.T) {
	t.Parallel()
	in := toldNode(func(*cluster.NodeSpec) {})
	in.Memory = cluster.Memory{}
	in.Observed.Droplets = slices.DeleteFunc(slices.Clone(in.Observed.Droplets), func(d cluster.Droplet) bool { return d.ID == 7 })
	refused := DiffNode(in).Refusals
	if len(refused) != 1 || !slices.Equal(refused[0].Path, []string{"management", "enabled"}) {
		t.Errorf("through a firewall without SSH: %v", refused)
	}
	open := chat(1)
	open.Access.SSHFrom, open.Host.SSHPort = []string{"203.0.113.7/32"}, 22
	in.Observed.Firewalls = open.WantedFirewalls(cluster.Memory{})
	if refused := DiffNode(in).Refusals; len(refused) > 0 {
		t.Errorf("through a firewall with SSH: %v", refused)
	}
}

// A state of before an apply that told the node does not know what that runs. What
// the droplet carries tells, and goes with it.
func TestABeamNodeIsToldAnewByAStateOfBefore(t *testing.T) {
	t.Parallel()
	marked := func(change func(*cluster.NodeSpec)) NodeInput {
		in := toldNode(change)
		for i, d := range in.Observed.Droplets {
			if d.ID == 7 {
				in.Observed.Droplets[i].Tags = append(slices.Clone(d.Tags), cluster.NodeTellingTag("chat", 7, 2))
			}
		}
		return in
	}
	in := marked(func(*cluster.NodeSpec) {})
	if keys := stepKeys(DiffNode(in)); !slices.Contains(keys, Apply{Droplet: cluster.Droplet{ID: 7}}.Key()) || !slices.Contains(keys, (ForgetTold{}).Key()) {
		t.Errorf("a state of before has the node do %q", keys)
	}
	in.Memory.Tellings = 2
	if p := DiffNode(in); p.Changes() {
		t.Errorf("a state that knows has the node do %q", stepKeys(p))
	}
	in.Spec.Environment = map[string]string{"A": "b"}
	mark := DiffNode(in).Steps[0].Action.(MarkTelling)
	if mark.Tag != cluster.NodeTellingTag("chat", 7, 3) || !slices.Equal(mark.Old, []string{cluster.NodeTellingTag("chat", 7, 2)}) || mark.On.ID != 7 {
		t.Errorf("the next apply marks %+v", mark)
	}
	in.Wanted = false
	if keys := stepKeys(DiffNode(in)); !slices.Equal(keys, []string{"delete tag " + cluster.NodeTellingTag("chat", 7, 2), "delete droplet 7"}) {
		t.Errorf("to destroy it takes %q", keys)
	}
	in = marked(func(n *cluster.NodeSpec) { n.Management = cluster.Management{} })
	if p := DiffNode(in); slices.Contains(stepKeys(p), (ForgetTold{}).Key()) {
		t.Errorf("a node that cannot be told is to do %q", stepKeys(p))
	}
}

func stepKeys(p Plan) (keys []string) {
	for _, s := range p.Steps {
		keys = append(keys, s.Key())
	}
	return keys
}
