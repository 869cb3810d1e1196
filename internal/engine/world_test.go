package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

// world is an account, its API and an engine that works on it.
type world struct {
	*testing.T
	sim    *simulator.Simulator
	fleet  *fleet
	engine *engine.Engine
	godo   *godo.Client // what somebody does behind the engine's back
	cut    *cutter
}

// slow is DigitalOcean as users meet it.
var slow = simulator.Options{
	Latency: 300 * time.Millisecond, AddressLag: 5 * time.Second, BootTime: 40 * time.Second,
	ActionTime: 2 * time.Second, MemberLinger: 8 * time.Second, RateLimits: true, DropletLimit: 200,
}

// inWorld runs the story on virtual time, all traffic held to the contract.
func inWorld(t *testing.T, options simulator.Options, story func(w *world)) {
	t.Helper()
	contract.Shared(t) // loaded outside the bubble, once for all tests
	synctest.Test(t, func(t *testing.T) { story(newWorld(t, options)) })
}

func newWorld(t *testing.T, options simulator.Options) *world {
	hosts := newFleet()
	options.Hosts = hosts
	sim := simulator.New(options)
	cut := &cutter{next: simulator.Transport(contract.Check(t, sim))}
	return &world{T: t, sim: sim, fleet: hosts, engine: newEngine(t, cut), godo: newGodo(t, sim, "outside"), cut: cut}
}

func newEngine(t *testing.T, transport http.RoundTripper) *engine.Engine {
	t.Helper()
	client, err := digitalocean.New(digitalocean.Config{
		Token: "test", RetryMax: 4, RetryWaitMin: time.Second, RetryWaitMax: 30 * time.Second, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine.New(client)
}

func newGodo(t *testing.T, sim *simulator.Simulator, token string) *godo.Client {
	t.Helper()
	client, err := godo.New(&http.Client{Transport: bearer{simulator.Transport(sim), token}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// cutter lets a test step in before or after a call, one call at a time.
type cutter struct {
	next   http.RoundTripper
	mu     sync.Mutex
	calls  int
	before func(n int, r *http.Request)
	after  func(n int, r *http.Request) error
}

func (c *cutter) RoundTrip(r *http.Request) (*http.Response, error) {
	n := c.begin(r)
	resp, err := c.next.RoundTrip(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.after != nil && err == nil {
		if err := c.after(n, r); err != nil {
			return nil, err
		}
	}
	return resp, err
}

func (c *cutter) begin(r *http.Request) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.before != nil {
		c.before(c.calls, r)
	}
	return c.calls
}

// chat is the recipe's cluster: nodes, load balancer and database.
func chat(nodes int) cluster.Spec {
	small := cluster.Place{Region: "nyc3", Size: "s-1vcpu-1gb", Image: "debian-12-x64"}
	return cluster.Spec{
		Name:    "chat",
		Pools:   []cluster.Pool{{Name: "us", Count: nodes, Place: small}},
		Release: &cluster.Release{Name: "chat", URL: "https://example.com/chat.tar.gz", SHA256: strings.Repeat("ab", 32), Kind: cluster.KindMix, Port: 8080},
		LoadBalancer: &cluster.LoadBalancer{
			Place: small, Algorithm: "roundrobin", StickyCookie: "SERVERID",
			HealthCheck: cluster.HealthCheck{Path: "/health", Host: "localhost", IntervalMS: 2000, Rise: 2, Fall: 3},
			Stats:       cluster.Stats{Enabled: true, Port: 8404, Path: "/haproxy?stats", User: "admin"},
		},
		Database:     &cluster.Database{Place: small, Name: "chat", User: "chat", VolumeGiB: 10},
		Access:       cluster.Access{SSHFrom: []string{"203.0.113.7/32"}},
		Network:      cluster.Network{Mode: cluster.NetworkAuto},
		Distribution: cluster.Distribution{EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Basename: "chat", Sync: cluster.SyncOptional, SyncTimeoutMS: 30000},
		Host:         cluster.Host{User: "deploy", Locale: "en_US.UTF-8", SwapMiB: 2048, UnattendedUpgrades: true, Fail2ban: true, SSHPort: 22},
	}
}

func (w *world) converge(spec cluster.Spec, mem *cluster.Memory) cluster.Observed {
	w.Helper()
	if _, err := w.engine.Converge(w.Context(), spec, mem); err != nil {
		w.Fatalf("converge: %v", err)
	}
	return w.settled(spec, *mem)
}

// settled checks that what exists is what the spec asks for, no more, no less.
func (w *world) settled(spec cluster.Spec, mem cluster.Memory) cluster.Observed {
	w.Helper()
	o := w.observe(spec, mem)
	if drift := drift(spec, mem, o); len(drift) > 0 {
		w.Errorf("drift after converge: %q", drift)
	}
	want := spec.NodeCount()
	if spec.LoadBalancer != nil {
		want++
	}
	if spec.Database != nil {
		want++
	}
	if len(o.Hosts()) != want {
		w.Errorf("%d droplets exist, want %d: %v", len(o.Hosts()), want, names(o))
	}
	return o
}

func (w *world) observe(spec cluster.Spec, mem cluster.Memory) cluster.Observed {
	w.Helper()
	o, err := w.engine.Observe(w.Context(), spec.Name, spec.ProjectID, mem)
	if err != nil {
		w.Fatalf("observe: %v", err)
	}
	return o
}

// pass lets virtual time pass.
func (w *world) pass(d time.Duration) { time.Sleep(d) }

func names(o cluster.Observed) []string {
	var out []string
	for _, d := range o.Droplets {
		out = append(out, d.Name)
	}
	return out
}

// empty checks that the account holds nothing that costs money.
func (w *world) empty() {
	w.Helper()
	ctx := context.WithoutCancel(w.Context())
	page := &godo.ListOptions{PerPage: 200}
	droplets, _, err := w.godo.Droplets.List(ctx, page)
	w.check("droplets", len(droplets), err)
	firewalls, _, err := w.godo.Firewalls.List(ctx, page)
	w.check("firewalls", len(firewalls), err)
	volumes, _, err := w.godo.Storage.ListVolumes(ctx, nil)
	w.check("volumes", len(volumes), err)
	ips, _, err := w.godo.ReservedIPs.List(ctx, page)
	w.check("reserved IPs", len(ips), err)
	peerings, _, err := w.godo.VPCs.ListVPCPeerings(ctx, page)
	w.check("peerings", len(peerings), err)
	tags, _, err := w.godo.Tags.List(ctx, page)
	left := 0
	for _, tag := range tags {
		if strings.HasPrefix(tag.Name, cluster.TagAll) {
			left++
		}
	}
	w.check("tags", left, err)
	vpcs, _, err := w.godo.VPCs.List(ctx, page)
	left = 0
	for _, v := range vpcs {
		if !v.Default {
			left++
		}
	}
	w.check("VPCs", left, err)
}

func (w *world) check(what string, left int, err error) {
	w.Helper()
	if err != nil || left != 0 {
		w.Errorf("%d %s are left (%v)", left, what, err)
	}
}

// drift says what differs from what a converge would make.
func drift(spec cluster.Spec, mem cluster.Memory, o cluster.Observed) []string {
	return plan.Diff(plan.Input{Spec: spec, Memory: mem, Observed: o, Now: time.Now()}).Drift()
}

// refused says that a converge did nothing because it must not.
func refused(err error) bool {
	var refusal *engine.RefusedError
	return errors.As(err, &refusal)
}
