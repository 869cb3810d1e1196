package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// token is what processes identify themselves by; somebody else has another.
const token = "test"

// lifeName is the name of every life's cluster.
const lifeName = "chat"

// life is a cluster from its creation to its end, with all that may happen to it,
// decided by one seed.
type life struct {
	*testing.T
	random    *rand.Rand // decides what happens
	options   simulator.Options
	sim       *simulator.Simulator
	fleet     *fleet
	transport http.RoundTripper
	outside   *godo.Client // what somebody does behind the engine's back
	turns     *turns
	line      *line
	safety    *safety
	begun     time.Time
	ending    sync.WaitGroup // what runs until then
	processes []*process

	spec      cluster.Spec
	moves     bool     // the network may change, so that all is in one region
	rotates   bool     // the cookie may change, so that management stays
	deploys   int      // releases that were asked for
	disturbed bool     // something befell its hosts since the chapter began
	altered   bool     // somebody has changed something by hand since an apply went well
	state     string   // what Terraform keeps; empty for none
	older     []string // states of the same cluster from before

	rivals      bool             // another folder creates a cluster of the name
	rivalStates []cluster.Memory // what that has
	atWork      sync.WaitGroup   // what ends before the next chapter

	story []string
	calls []string // each with its time and answer
}

// newLife opens an account with things of others in it.
func newLife(t *testing.T, seed uint64) *life {
	l := &life{T: t, random: rand.New(rand.NewPCG(seed, 1)), begun: time.Now(), fleet: newFleet()}
	l.options = slow
	l.options.RateLimits = l.random.IntN(4) == 0
	l.options.ReservedIPLimit = 10
	if l.random.IntN(3) == 0 {
		l.options = simulator.Options{DropletLimit: 200, ReservedIPLimit: 10}
	}
	l.options.Hosts = l.fleet
	l.options.Observe = func(r simulator.Request) {
		if l.safety != nil {
			l.safety.after(r)
		}
	}
	l.sim = simulator.New(l.options)
	l.transport = simulator.Transport(l.sim)
	outside, err := godo.New(&http.Client{Transport: bearer{next: l.transport, token: "outside"}})
	if err != nil {
		t.Fatal(err)
	}
	l.outside = outside
	l.neighbours()
	l.safety = newSafety(l)
	l.turns = newTurns(rand.New(rand.NewPCG(seed, 2)))
	l.line = &line{random: rand.New(rand.NewPCG(seed, 3))}
	l.fleet.boots = l.options.BootTime + firstBoot
	return l
}

// neighbours are things of others whose names and tags look much like the
// cluster's.
func (l *life) neighbours() {
	ctx := l.Context()
	must := func(_ any, _ *godo.Response, err error) {
		if err != nil {
			l.Fatal(err)
		}
	}
	for _, region := range []string{"nyc3", "lon1"} {
		v, _, err := l.outside.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "chatter-" + region, RegionSlug: region, Description: "beam:chatter:id:0123"})
		must(v, nil, err)
		stranger, _, err := l.outside.Droplets.Create(ctx, &godo.DropletCreateRequest{
			Name: "chatter-us-1", Region: region, Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"}, VPCUUID: v.ID,
			Tags: []string{"beam", "beam:chatter", "beam:chatter:node", "beam:chatter:pool:us", "beam:chatter:id:0123", "prod"},
		})
		must(stranger, nil, err)
		l.wait(time.Minute)
		ip, _, err := l.outside.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: stranger.ID})
		must(ip, nil, err)
	}
	must(l.outside.Keys.Create(ctx, &godo.KeyCreateRequest{Name: "ann", PublicKey: annsKey}))
	must(l.outside.Firewalls.Create(ctx, &godo.FirewallRequest{
		Name: "chatter-node", Tags: []string{"beam:chatter:node"},
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"203.0.113.7/32"}}}},
	}))
	must(l.outside.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{Name: "chatter-database", Region: "nyc3", SizeGigaBytes: 10, Tags: []string{"beam", "beam:chatter"}}))
	l.wait(time.Minute) // everything has settled
}

// tell adds a sentence to the story.
func (l *life) tell(format string, args ...any) {
	at := time.Since(l.begun).Round(time.Second)
	l.story = append(l.story, fmt.Sprintf("%9s  ", at)+fmt.Sprintf(format, args...))
}

// record takes note of a call for the comparison of two lives of one seed.
func (l *life) record(p *process, r *http.Request, resp *http.Response, err error) {
	answer := fmt.Sprint(err)
	if resp != nil {
		answer = resp.Status
	}
	l.calls = append(l.calls, fmt.Sprintf("%v %d %s %s: %s", time.Since(l.begun), p.number, r.Method, r.URL.RequestURI(), answer))
}

// memory is what the state holds.
func (l *life) memory() cluster.Memory {
	var mem cluster.Memory
	if l.state == "" {
		return mem
	}
	if err := json.Unmarshal([]byte(l.state), &mem); err != nil {
		l.Fatal(err)
	}
	return mem
}

func (l *life) write(mem cluster.Memory) {
	text, err := json.Marshal(mem)
	if err != nil {
		l.Fatal(err)
	}
	if old := l.memory(); old.ID == mem.ID && l.state != "" {
		l.older = append(l.older, l.state)
	} else {
		l.older = nil
	}
	l.state = string(text)
}

// accident is what happens while a process runs.
type accident struct {
	dieAt    int  // the call at which it dies; 0 never
	answered bool // it dies after the call instead of before
	cancelAt int  // the call at which the user interrupts it
	at       map[int]func()
}

// process starts a run of Terraform with a memory.
func (l *life) process(mem cluster.Memory, a accident) (*process, *engine.Engine, context.Context) {
	p := &process{
		life: l, number: len(l.processes), at: a.at, died: make(chan struct{}), buried: make(chan struct{}),
		id: mem.ID, spec: l.spec, known: mem.Clone().Hosts,
	}
	p.dies = func(calls int, answered bool) bool { return a.dieAt > 0 && calls >= a.dieAt && answered == a.answered }
	l.processes = append(l.processes, p)
	l.safety.run(p)
	ctx, cancel := context.WithTimeout(l.Context(), time.Hour)
	p.cancel = cancel
	if a.cancelAt > 0 {
		if p.at == nil {
			p.at = map[int]func(){}
		}
		p.at[a.cancelAt] = cancel
	}
	client, err := digitalocean.New(digitalocean.Config{
		Token: token, RetryMax: 4, RetryWaitMin: time.Second, RetryWaitMax: 30 * time.Second, Transport: p,
	})
	if err != nil {
		l.Fatal(err)
	}
	eng := engine.New(client).Reaching(func(keys cluster.ManagementKeys) engine.Channel {
		return answering{process: p, spec: p.spec}
	})
	return p, eng, ctx
}

// run lets work go on until it ends or its process dies.
func (l *life) run(p *process, work func() error) (died bool, err error) {
	done := make(chan error, 1)
	l.ending.Go(func() { done <- work() })
	select {
	case err := <-done:
		p.cancel()
		return false, err
	case <-p.died:
		return true, errDead
	}
}

// apply is `terraform apply`. The state is what Terraform would have afterwards.
func (l *life) apply(a accident) error {
	mem := l.memory()
	creating := l.state == ""
	p, eng, ctx := l.process(mem, a)
	var observed cluster.Observed
	died, err := l.run(p, func() (err error) {
		observed, err = eng.Converge(ctx, p.spec, &mem)
		return err
	})
	switch {
	case died:
		l.tell("apply %d died at call %d", p.number, p.calls)
	case creating && err != nil && (refused(err) || observed.Empty() && !mem.Holds()):
		l.tell("apply %d failed, with nothing for the state: %v", p.number, err)
	default:
		l.write(mem)
		l.altered = l.altered && err != nil
		l.tell("apply %d, %d calls: %v", p.number, p.calls, brief(err))
	}
	return err
}

// destroy is `terraform destroy`.
func (l *life) destroy(a accident) error {
	mem := l.memory()
	p, eng, ctx := l.process(mem, a)
	p.destroys = true
	died, err := l.run(p, func() error { return eng.Destroy(ctx, lifeName, &mem) })
	switch {
	case died:
		l.tell("destroy %d died at call %d", p.number, p.calls)
	case err != nil:
		l.write(mem)
		l.tell("destroy %d failed: %v", p.number, brief(err))
	default:
		l.state, l.older = "", nil
		l.tell("destroy %d, %d calls", p.number, p.calls)
	}
	return err
}

// importIt is `terraform import`, which the refusal of a create names.
func (l *life) importIt() error {
	p, eng, ctx := l.process(cluster.Memory{}, accident{})
	defer p.cancel()
	_, ids, err := eng.Find(ctx, lifeName)
	if err != nil || len(ids) != 1 {
		return fmt.Errorf("import found %d clusters: %w", len(ids), err)
	}
	mem := cluster.Memory{ID: ids[0], Unmarked: ids[0] == ""}
	o, err := eng.Observe(ctx, lifeName, "", mem)
	if err != nil {
		return err
	}
	mem.Adopt(o)
	l.write(mem)
	l.tell("imported cluster %s", mem.ID)
	return nil
}

// end lets everything come to its end that still runs.
func (l *life) end() {
	for _, p := range l.processes {
		p.cancel()
		p.dead = true
		close(p.buried)
	}
	l.ending.Wait()
	l.turns.end()
}

// failure tells the whole story when something is wrong.
func (l *life) failure(seed uint64) {
	l.Helper()
	l.Errorf("seed %d:\n%s", seed, strings.Join(l.story, "\n"))
}

var requestID = regexp.MustCompile(` \(request [0-9a-f-]+\)`)

func brief(err error) string {
	if err == nil {
		return "done"
	}
	text := requestID.ReplaceAllString(err.Error(), "")
	return strings.ReplaceAll(text, "\n", "\n               ")
}

// learn reads the cluster's id from the lease that a create takes first.
func (p *process) learn(body []byte) {
	var tag struct{ Name string }
	if p.id != "" || json.Unmarshal(body, &tag) != nil {
		return
	}
	if rest, found := strings.CutPrefix(tag.Name, cluster.ClusterTag(lifeName)+":lease:"); found {
		p.id, _, _ = strings.Cut(rest, ":")
	}
}

func (p *process) remembers(o simulator.Object) bool {
	_, known := p.known[dropletID(o)]
	return known
}

func (p *process) failed(o simulator.Object) bool { return p.known[dropletID(o)].SetUpFailed }
